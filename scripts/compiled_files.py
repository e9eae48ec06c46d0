#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prints the sources that a build directory compiles, relative to the repository: compiled_files.py BUILD_DIR."""
import json
import os
import pathlib
import sys

path = pathlib.Path(sys.argv[1], "compile_commands.json")
database = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []  # none without a target
for name in sorted({os.path.relpath(os.path.join(entry["directory"], entry["file"])) for entry in database}):
    print(name)
