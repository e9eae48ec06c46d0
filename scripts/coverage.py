#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Line coverage by directory of an instrumented build, after its tests ran: coverage.py BUILD_DIR.

Exit 1 when the rooms below, together, are covered less than MINIMUM, or one of them is not measured at all.
"""
import json
import pathlib
import subprocess
import sys

MINIMUM = 90.0
ROOMS = ("hsring", "session", "preproc_rtl/model", "postproc_rtl/model", "vswitch")


def measure(build):
    """gcovr's summary per file."""
    output = build / "coverage.json"
    command = ["gcovr", "--root", ".", "--object-directory", str(build), "--exclude", ".*/tests?/",
               "--exclude-unreachable-branches", "--json-summary", str(output), "-j", "2", str(build)]
    for room in ROOMS:
        command += ["--filter", f"{room}/"]
    log = subprocess.run(command, capture_output=True, text=True, check=False)
    if log.returncode != 0:
        sys.exit(f"coverage: gcovr failed\n{log.stderr[-3000:]}")
    return json.loads(output.read_text(encoding="utf-8"))["files"]


def main():
    folders = {}
    for entry in measure(pathlib.Path(sys.argv[1])):
        name = str(pathlib.PurePath(entry["filename"]).parent)
        total, covered = folders.get(name, (0, 0))
        folders[name] = (total + entry["line_total"], covered + entry["line_covered"])

    print(f"\n{'directory':<36} {'lines':>7} {'covered':>8} {'%':>6}")
    for name, (total, covered) in sorted(folders.items()):
        print(f"{name:<36} {total:>7} {covered:>8} {100 * covered / total if total else 100:>6.1f}")
    total = sum(value[0] for value in folders.values())
    covered = sum(value[1] for value in folders.values())
    percent = 100 * covered / total if total else 0.0
    print(f"{'all':<36} {total:>7} {covered:>8} {percent:>6.1f}")

    failed = False
    for room in ROOMS:
        if any(pathlib.Path(room).rglob("*.c")) and not any(f"{name}/".startswith(f"{room}/") for name in folders):
            print(f"coverage: {room} has C files, but none was measured")
            failed = True
    if percent < MINIMUM:
        print(f"coverage: {percent:.1f} % of lines, at least {MINIMUM:.0f} % are wanted")
        failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
