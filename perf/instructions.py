#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where the instructions of a packet go: avs-bench under callgrind, with many packets less with one.

    perf/instructions.py [--case NAME] [--count N] [--by directory|file|function|line|step] [--svg FILE] [--most N]
                         [--bench PATH] [-- OPTION...]

Prints instructions a packet: all of them, then by directory, source file, function, line, or step of a packet's way. What is inlined
counts where it is written, with --by function or step where it ended up. --svg draws the same. Options behind -- go to avs-bench.
Exit codes: 0; 1: failed, or more than --most; 77: there is no valgrind.
"""
import argparse
import collections
import os
import re
import shutil
import subprocess
import sys
import tempfile

from harness import plot
from harness.run import BUILD

ROOMS = re.compile(r"(hsring|preproc_rtl|postproc_rtl|session|vswitch|perf)/.*")


def source(path):
    """A file of ours from the root of the tree on; of others, the name."""
    ours = ROOMS.search(path.split("../")[-1])
    return ours.group(0) if ours else os.path.basename(path)


# The steps of a packet's way, in order, by the functions that gcc makes of each in a build that is optimised as a whole.
STEPS = (
    ("frame out of its port", r"nic_rx_ports|ring_rx"),
    ("parse, hash", r"parse_usual|pp_pre_frame|pp_parse|hsr_hash_words"),
    ("flow index, aggregate", r"rx_port|pp_agg|pp_targets|pp_pre_usual_admit|take_more"),
    ("vectors to the ring", r"nic_rx_vectors"),
    ("load, check", r"dp_load|load_more|begin_burst"),
    ("match, state, actions", r"dp_|ses_|run|act_|udp_|vector|flow|leave"),
    ("check, to its port", r"nic_poll|nic_tx|process_entry|unusual"),
    ("out, slots back", r"release|flush_port|ring_tx|free_burst|complete"),
)


class Profile:
    """What callgrind wrote: cost by (file, function, line), without that of calls."""

    def __init__(self, lines):
        self.cost = collections.Counter()
        self.names = {}
        self.file = self.function = ""
        self.line = 0
        self.called = False
        for text in lines:
            self.take(text.rstrip("\n"))

    def name(self, kind, text):
        """Names are said once, then by number."""
        number, _, rest = text.partition(" ")
        if not number.startswith("("):
            return text
        if rest:
            self.names[kind, number] = rest
        return self.names[kind, number]

    def take(self, text):
        key, _, value = text.partition("=")
        if key in ("fl", "fi", "fe"):
            self.file = self.name("file", value)
        elif key in ("cfi", "cfl"):
            self.name("file", value)
        elif key == "fn":
            self.function = self.name("function", value)
        elif key == "cfn":
            self.name("function", value)
        elif key == "calls":
            self.called = True
        else:
            self.count(re.fullmatch(r"([-+*]?\d*) (\d+)", text))

    def count(self, match):
        """A line and its cost; behind a call, that of the callee."""
        if not match:
            return
        at = match.group(1)
        if at[0] in "+-":
            self.line += int(at)
        elif at != "*":
            self.line = int(at)
        if not self.called:
            self.cost[self.file, self.function, self.line] += int(match.group(2))
        self.called = False


def run(bench, case, count, more):
    with tempfile.NamedTemporaryFile("r") as out:
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out.name}", bench, "--case", case,
                   "--count", str(count), *more]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"instructions.py: {' '.join(command)}: {done.stderr.strip()}")
        return Profile(open(out.name, encoding="utf-8", errors="replace")).cost


def group(key, by):
    file, function, line = key
    where = source(file)
    if by == "function":
        return function
    if by == "step":
        return next((name for name, functions in STEPS if re.match(functions, function)), "else")
    if by == "line":
        return f"{where}:{line}"
    return os.path.dirname(where) or "libraries" if by == "directory" else where


def draw(args, groups):
    names = [name for name, _ in STEPS] + ["else"] if args.by == "step" else [name for name, _ in groups.most_common(16)]
    entries = []
    for name in names:
        each = groups[name] / args.count
        entries.append((name, {"median": each, "min": each, "max": each}, 0))
    with open(args.svg, "w", encoding="utf-8") as out:
        out.write(plot.file_text(plot.bars(f"{args.case}: where the instructions of a packet go", "instructions", entries)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", default="forward")
    parser.add_argument("--count", type=int, default=100000)
    parser.add_argument("--by", choices=("directory", "file", "function", "line", "step"), default="file")
    parser.add_argument("--svg")
    parser.add_argument("--most", type=int, default=sys.maxsize)
    parser.add_argument("--bench", default=os.path.join(BUILD, "bin", "avs-bench"))
    parser.add_argument("more", nargs="*")
    args = parser.parse_args()
    if shutil.which("valgrind") is None:
        print("instructions.py: no valgrind", file=sys.stderr)
        sys.exit(77)
    cost = run(args.bench, args.case, args.count + 1, args.more)
    cost.subtract(run(args.bench, args.case, 1, args.more))
    groups = collections.Counter()
    for key, n in cost.items():
        groups[group(key, args.by)] += n
    each = sum(groups.values()) / args.count
    print(f"{each:8.1f} instructions a packet, {args.case}")
    for name, n in groups.most_common():
        if n >= args.count:
            print(f"{n / args.count:8.1f} {name}")
    if args.svg:
        draw(args, groups)
    if each > args.most:
        sys.exit(f"instructions.py: {each:.0f} instructions a packet, at most {args.most} are allowed")


if __name__ == "__main__":
    main()
