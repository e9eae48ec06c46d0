#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Has every drop reason of the definition been counted in a test, and in which?

The unit tests that have a NIC note what they provoked (seen.h), each in a file of its own, which its next run replaces: what
is looked at here is the last run of each. Reasons that a test wrote itself, playing the firmware, do not count. Where one of those
tests has not run yet (a filtered run in a new build directory) this one is skipped.
"""
import os
import pathlib
import sys
import tomllib

SOURCE, BUILD = (pathlib.Path(os.environ[name]) for name in ("AVS_SOURCE_DIR", "AVS_BUILD_DIR"))


def main():
    with open(SOURCE / "hsring/hsring.toml", "rb") as file:
        reasons = [reason["name"].lower() for stage in tomllib.load(file)["drop"] for reason in stage["reasons"]]
    tests = (BUILD / "seeing.txt").read_text(encoding="utf-8").split()
    late = [test for test in tests if not (BUILD / "seen" / test).exists()]
    seen = {}
    for test in tests:
        if test not in late:
            for reason in (BUILD / "seen" / test).read_text(encoding="utf-8").split():
                seen.setdefault(reason, []).append(test)
    for reason in reasons:
        print(f"{reason:<16} {len(seen.get(reason, [])):>3}  {' '.join(seen.get(reason, ['by no test'])[:3])}")
    missing = [reason for reason in reasons if reason not in seen]
    if missing and late:
        print(f"skipped: {len(late)} tests that provoke drops have not run here yet ({late[0]} ...)")
        return 77
    if missing:
        print(f"no test provokes {', '.join(missing)}")
        return 1
    print(f"all {len(reasons)} reasons are provoked, by {len(tests)} tests")
    return 0


if __name__ == "__main__":
    sys.exit(main())
