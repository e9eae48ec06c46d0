#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each planted defect is found within a few seeds, and the line printed then finds it again, with the same words.

    not_blind.py SEEDS TWICE      a defect within SEEDS; the first TWICE seeds run alike twice
"""
import os
import pathlib
import subprocess
import sys

SIM = pathlib.Path(os.environ["AVS_BUILD_DIR"], "bin", "sim")


def run(*words):
    return subprocess.run([str(SIM), *map(str, words)], text=True, capture_output=True, check=False)


def finding(done, what):
    """What was found, and the options that find it again."""
    lines = done.stderr.splitlines()
    again = next((line.split("./run sim ")[1] for line in lines if line.startswith("sim: again: ")), "")
    found = next((line for line in lines if line.startswith("sim: seed ")), "")
    if done.returncode != 1 or not again or not found:
        sys.exit(f"{what}: exit code {done.returncode}, no finding with its line\n{done.stderr}")
    return found, again


def main():
    seeds, twice = sys.argv[1:3]
    for plant in run("--plant", "list").stdout.split():
        found, again = finding(run("--plant", plant, seeds), plant)
        print(f"{plant}: {found}")
        repeated, _ = finding(run(*again.split()), again)
        if repeated != found:
            sys.exit(f"'{again}' finds something else: {repeated}")
    digests = [run("--digest", twice).stderr.split(" seeds in ")[0] for _ in range(2)]
    if digests[0] != digests[1] or digests[0].count("seed ") < int(twice):
        sys.exit(f"twice the same seeds, and not the same:\n{digests[0]}\n{digests[1]}")
    print(digests[0])


if __name__ == "__main__":
    main()
