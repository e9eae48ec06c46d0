#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What one core does here, measured for docs/performance/scale.md, and kept in docs/performance/scale.json; scale_page.py writes the page.

    perf/scale_measure.py [PART ...]
                    all parts or some of them (AVS_BUILD_DIR, default build/release; root for none of it, valgrind for one; ten minutes)
"""
import json
import os
import re
import shlex
import sys
import tempfile

from harness import machine
from harness.run import BUILD, ROOT, Run
from models import measured
from models.card import LINE

KEPT = os.path.join(ROOT, "docs", "performance", "scale.json")
SIZES = (60, 350, 1500, 8500)
FLOWS = (1000, 100000, 1000000)
TURNS = 7
EXTERNAL = 4194304  # entries of a flow index that holds all of them
CACHE = "1048576,16,64"  # bytes, ways, line: what a core has of the last cache
PAIRS = (100000, 200000)  # packets, once so many and twice


class Measuring:
    """Runs commands and keeps what they said, with the command."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory()
        self.run = Run(cpu=max(os.sched_getaffinity(0)), seconds=0.3, warmup=0.2, build=os.path.abspath(BUILD), directory=self.directory.name)
        self.found = {}

    def command(self, words):
        text = shlex.join(map(str, words))
        return text.replace(self.run.build + os.sep, "build/release/").replace(ROOT + os.sep, "").replace(self.directory.name + os.sep, "")

    def best(self, name, key, *words, turns=TURNS):
        """The run of several that was disturbed least: who else uses the machine makes runs slower, never faster."""
        results = [self.run.json(*words) for _ in range(turns)]
        result = min(results, key=key)
        keep = {word: value for word, value in result.items() if isinstance(value, (int, float, dict))}
        self.found[name] = {"command": self.command(words), "runs": turns, "spread": [key(one) for one in results], **keep}
        print(f"{name}: {key(result):.4g}", file=sys.stderr)
        return result


def firmware(m):
    for case in ("forward", "overlay"):
        for flows in FLOWS:
            m.best(f"firmware-{case}-{flows}", measured.firmware_cycles, m.run.program("avs-bench"), "--case", case, "--flows", flows, "--flow-index",
                   EXTERNAL, "--cpu", m.run.cpu, "--seconds", m.run.seconds, "--stages")
            m.found[f"firmware-{case}-{flows}"]["firmware_cycles"] = min(m.found[f"firmware-{case}-{flows}"]["spread"])


def ring_bytes(m):
    for size in SIZES:
        for slice_ in ("off", "on"):
            m.best(f"ring-{size}-{slice_}", lambda result: result["bytes_to_fw"], m.run.program("avs-bench"), "--case", "overlay", "--size", size,
                   "--slice", slice_, "--count", 20000, turns=1)


def fetched(m):
    """Bytes that dp_poll() fetches from memory for a packet, by callgrind's caches."""
    counts = []
    for packets in PAIRS:
        words = [m.run.tool("valgrind"), "--tool=callgrind", f"--callgrind-out-file={m.run.file('out')}", f"--log-file={m.run.file('log')}",
                 "--cache-sim=yes", f"--LL={CACHE}", "--toggle-collect=dp_poll*", m.run.program("avs-bench"), "--case", "overlay", "--flows",
                 FLOWS[1], "--flow-index", EXTERNAL, "--count", packets]
        m.run.text(*words, timeout=1800)
        with open(m.run.file("log"), encoding="utf-8") as file:
            counts.append(int(re.search(r"LLd misses: +([\d,]+)", file.read()).group(1).replace(",", "")))
    lines = (counts[1] - counts[0]) / (PAIRS[1] - PAIRS[0])
    m.found["fetched"] = {"command": m.command(words) + f", less the same with --count {PAIRS[0]}", "lines": lines, "bytes": lines * LINE}
    print(f"fetched: {lines:.3g} lines", file=sys.stderr)


def sessions(m):
    program = m.run.program("avs-bench-sessions")
    m.best("capacity", lambda result: result["bytes_each"], program, "--case", "capacity", "--sessions", 2000000, turns=1)
    for case in ("connections", "connections-overlay"):
        m.best(case, lambda result: result["cycles_per_connection"], program, "--case", case, "--cpu", m.run.cpu, "--seconds", 1, turns=4)


def configuration(m):
    for kind in ("mappings", "routes"):
        words = [os.path.join(ROOT, "perf", "config_load.py"), kind, 1000, 10000, 65000]
        m.found[kind] = {"command": m.command(words), **m.run.json(*words, timeout=1800)}
        print(f"{kind}: {m.found[kind]['rows'][-1]}", file=sys.stderr)


def overload(m):
    """The path itself on a virtual clock at 120 % of a core: what comes out."""
    def rate(result):
        load = result["hardware"]["loads"][0]
        return -load["delivered"] / load["seconds"]

    m.best("overload", rate, m.run.program("avs-bench-latency"), "--json", "--case", "overlay", "--cpu", m.run.cpu, "--load", 120, "--frames",
           1000000, turns=3)


def two_workers(m):
    """What two workers bring beside one."""
    output = m.run.file("bench")
    m.run.text(os.path.join(ROOT, "perf", "bench.py"), "--peer", "none", "--output", output, "workers-2", timeout=1800)
    with open(os.path.join(output, "summary.json"), encoding="utf-8") as file:
        ours = next(each for each in json.load(file)["benchmarks"][0]["devices"] if each["name"] == "ours")
    if "scale" in ours["figures"]:
        m.found["workers-2"] = {"command": "./run bench --peer none workers-2", "scale": ours["figures"]["scale"]}
    print(f"workers-2: {ours['figures']}", file=sys.stderr)


MEASURES = {part.__name__: part for part in (firmware, ring_bytes, sessions, configuration, overload, two_workers, fetched)}


def measure(names):
    """Some parts anew, each with the machine that it was measured on, and when: the others stay as they were kept."""
    m, kept = Measuring(), {"machines": {}, "found": {}}
    here = machine.describe(m.run.build, ROOT)
    if os.path.exists(KEPT):
        with open(KEPT, encoding="utf-8") as file:
            kept = json.load(file)
    for name in names:
        MEASURES[name](m)
        kept["machines"][name] = here
    kept["found"].update(m.found)
    with open(KEPT, "w", encoding="utf-8") as file:
        json.dump(kept, file, indent=1)
        file.write("\n")


def main():
    names = sys.argv[1:] or list(MEASURES)
    if not set(names) <= set(MEASURES):
        sys.exit(f"{__doc__}\nparts: {', '.join(MEASURES)}")
    measure(names)


if __name__ == "__main__":
    main()
