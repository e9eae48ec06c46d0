#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Are the tests that docs/dev/contract.md names tests?"""
import os
import pathlib
import re
import sys

page = pathlib.Path(os.environ["AVS_SOURCE_DIR"], "docs/dev/contract.md").read_text()
tests = {line.split("\t")[0] for line in pathlib.Path(os.environ["AVS_BUILD_DIR"], "tests.tsv").read_text().splitlines()}
named = [name for line in page.splitlines() if line.startswith("| ") for name in re.findall(r"`(\w+)`", line.split("|")[2])]
unknown = [name for name in named if name not in tests and not (name.endswith("_") and any(t.startswith(name) for t in tests))]
print(f"{len(named)} names of {len(tests)} tests")
sys.exit("\n".join(f"docs/dev/contract.md: there is no test {name}" for name in unknown) or (0 if named else "no names at all"))
