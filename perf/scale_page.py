#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Carries what one core does here to a card, to several and to a fleet: writes the tables and plots of docs/performance/scale.md.

    perf/scale_page.py              the page out of docs/performance/scale.json
    perf/scale_page.py --measure [PART ...]
                                    measures all or some parts anew first, and keeps that (AVS_BUILD_DIR, default build/release; root for
                                    none of it, valgrind for one; ten minutes)

Text is written by hand around blocks between two comments; a block is replaced. Every figure is one of scale.json, which names its
command, or follows from one by perf/models and what is assumed there.
"""
import json
import os
import re
import shlex
import sys
import tempfile
import time

from harness import machine, plot
from harness.run import Run
from models import card, fleet, queues
from models.bus import Bus
from paper_page import ROOT, markdown, replaced

PAGE = os.path.join(ROOT, "docs", "performance", "scale.md")
KEPT = os.path.join(ROOT, "docs", "performance", "scale.json")
SIZES = (60, 350, 1500, 8500)
FLOWS = (1000, 100000, 1000000)
TURNS = 7
EXTERNAL = 4194304  # entries of a flow index that holds all of them
CACHE = "1048576,16,64"  # bytes, ways, line: what a core has of the last cache
PAIRS = (100000, 200000)  # packets, once so many and twice
CUT = 400  # Gb/s, of the plot
PLOT = f"One card: Gb/s by what limits it (cut off at {CUT})"
PARTS = {"cores": "cores", "bus": "bus", "blocks": "Pre and Post", "memory": "memory", "wire": "wire"}


# ---- what is measured


class Measuring:
    """Runs commands and keeps what they said, with the command."""

    def __init__(self):
        build = os.environ.get("AVS_BUILD_DIR", os.path.join(ROOT, "build", "release"))
        self.directory = tempfile.TemporaryDirectory()
        self.run = Run(cpu=max(os.sched_getaffinity(0)), seconds=0.3, warmup=0.2, build=os.path.abspath(build), directory=self.directory.name)
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


def firmware_cycles(result):
    """Its part of a packet's CPU time, by the steps read apart."""
    steps = result["stage_cycles_per_packet"]
    return result["cycles_per_packet"] * steps["firmware"] / sum(steps.values())


def firmware(m):
    for case in ("forward", "overlay"):
        for flows in FLOWS:
            m.best(f"firmware-{case}-{flows}", firmware_cycles, m.run.program("avs-bench"), "--case", case, "--flows", flows, "--flow-index",
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
    m.found["fetched"] = {"command": m.command(words) + f", less the same with --count {PAIRS[0]}", "lines": lines, "bytes": lines * card.LINE}
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
    """All of it, or some parts anew: then the others stay as they were kept."""
    m, kept = Measuring(), {"found": {}}
    if names:
        with open(KEPT, encoding="utf-8") as file:
            kept = json.load(file)
    for name in names or MEASURES:
        MEASURES[name](m)
    kept.update({"machine": machine.describe(m.run.build, ROOT), "date": time.strftime("%Y-%m-%d", time.gmtime()),
                 "found": {**kept["found"], **m.found}})
    with open(KEPT, "w", encoding="utf-8") as file:
        json.dump(kept, file, indent=1)
        file.write("\n")


# ---- what follows


class Kept:
    def __init__(self, kept):
        self.found, self.machine = kept["found"], kept["machine"]

    def cycles(self, case, flows):
        return self.found[f"firmware-{case}-{flows}"]["firmware_cycles"]

    def ring(self, size, slice_):
        one = self.found[f"ring-{size}-{slice_}"]
        return one["bytes_to_fw"] / one["packets"], one["bytes_from_fw"] / one["packets"]

    def costs(self, size, slice_="on", flows=FLOWS[0], case="overlay"):
        return card.Costs(self.cycles(case, flows), self.found["fetched"]["bytes"] if flows > FLOWS[0] else 0.0, *self.ring(size, slice_))

    def line(self, key):
        """Seconds of a host without mappings, and of each more: a line through the least and the most that were measured."""
        small, *_, large = self.found["mappings"]["rows"]
        each = (large[key] - small[key]) / (large["count"] - small["count"])
        return max(small[key] - each * small["count"], 0), each

    def fleet_costs(self):
        large = self.found["mappings"]["rows"][-1]
        (base_s, each_s), (all_base_s, all_each_s) = self.line("change_s"), self.line("again_s")
        return fleet.Costs(mapping_bytes=large["bytes_each"], session_bytes=self.found["capacity"]["bytes_each"],
                           message_bytes=large["change_bytes"], base_s=base_s, each_s=each_s, all_base_s=all_base_s, all_each_s=all_each_s,
                           most=65536)


def row(*cells):
    """Numbers to three digits, as everywhere; whole ones of a thousand and more with commas."""
    return tuple(f"{cell:,.0f}" if isinstance(cell, (int, float)) and not isinstance(cell, bool) and abs(cell) >= 1000 else cell
                 for cell in cells)


def table(title, head, rows):
    return markdown({"title": title, "head": head, "rows": [row(*cells) for cells in rows]})


def measured(kept):
    found, each = kept.found, []
    for case in ("forward", "overlay"):
        for flows in FLOWS:
            one = found[f"firmware-{case}-{flows}"]
            low, high = min(one["spread"]), max(one["spread"])
            each.append((f"firmware, `{case}`, {flows:,} flows", f"{low:.1f} ({low:.1f}..{high:.1f})", "ticks a packet", f"`{one['command']}`"))
    for name, key, unit, title in (("fetched", "bytes", "bytes a packet", "the firmware from memory, 100,000 flows, 1 MiB of last cache"),
                                   ("capacity", "bytes_each", "bytes", "a session, all in all"),
                                   ("connections", "cycles_per_connection", "ticks", "a TCP connection of 12 packets, NIC model included"),
                                   ("connections-overlay", "cycles_per_connection", "ticks", "the same with SNAT and VXLAN")):
        each.append((title, found[name][key], unit, f"`{found[name]['command']}`"))
    rows = [(f"{one['count']:,} {kind}", one["bytes_each"], 1e3 * one["apply_s"], 1e3 * one["again_s"], 1e3 * one["change_s"], one["change_bytes"])
            for kind in ("mappings", "routes") for one in found[kind]["rows"]]
    hz = found["firmware-overlay-1000"]["cycle_hz"]
    return "\n\n".join([table("Measured", ("what", "value", "unit", "command"), each),
                        table("A configuration, measured (CPU time of `avsd`)",
                              ("holds", "bytes of memory each", "ms, all applied", "ms, all again but one", "ms, one change by itself",
                               "bytes of that, both ways"), rows),
                        f"`{found['mappings']['command']}`, and the same with `routes`.",
                        f"A tick is one of the time-stamp counter, {hz / 1e9:.2f} GHz here. {machine.line(kept.machine)}."])


def of_card(kept, one, size, slice_, flows):
    found = card.limits(one, size, kept.costs(size, slice_, flows))
    return (found, *card.first(found))


def one_card(kept):
    rows = []
    for size in SIZES:
        for slice_ in ("off", "on"):
            found, name, pps = of_card(kept, card.CARD, size, slice_, FLOWS[0])
            rows.append((f"{size:,} B, {'sliced' if slice_ == 'on' else 'whole'}", *(found[part] / 1e6 for part in PARTS),
                         f"**{PARTS[name]}**", pps * (size + card.WIRE) * 8 / 1e9))
    head = ("frame", *(f"{name}, Mpps" for name in PARTS.values()), "full first", "Gb/s on the wire")
    return "\n\n".join([table("What each part of the card lets through, 1,000 flows, `overlay`", head, rows), f"![{PLOT}](images/scale-card.svg)"])


def card_plot(kept):
    """Gb/s over the size of a frame, a line for each part that may be first."""
    cores = card.cores_pps(card.CARD, kept.cycles("overlay", FLOWS[0]))
    whole, sliced = kept.ring(SIZES[0], "off"), kept.ring(SIZES[-1], "on")
    series = {"cores": [], "wire": [], "bus, whole": [], "bus, sliced": []}
    for size in (60, 100, 150, 200, 250, 300, 350, 400, 500, 600, 700, 800, 1000, 1250, 1500):
        there, back = (crossing + size - SIZES[0] for crossing in whole)
        rates = {"cores": cores, "bus, whole": card.CARD.bus.pps(there, back), "wire": card.CARD.line_bps / 8 / (size + card.WIRE),
                 "bus, sliced": card.CARD.bus.pps(min(there, sliced[0]), min(back, sliced[1]))}
        for name, pps in rates.items():
            series[name].append((size, min(pps * (size + card.WIRE) * 8 / 1e9, CUT)))
    return plot.file_text(plot.lines(PLOT, "bytes of a frame", "Gb/s", list(series.items())))


def sensitivity(kept):
    rows = []
    changes = [("as assumed", {}), *((f"work of a cycle {work:g}", {"work": work}) for work in (0.35, 0.75, 1.0)), ("clock 2.0 GHz", {"hz": 2.0e9}),
               ("clock 3.0 GHz", {"hz": 3.0e9}), ("4 cores", {"cores": 4}), ("16 cores", {"cores": 16}),
               ("crossings on links of their own", {"bus": Bus(shared=False)}), ("a DMA takes 8 ns", {"bus": Bus(dma_ns=8)}),
               ("a DMA moves a whole vector", {"bus": Bus(dma_ns=1)})]
    for name, change in changes:
        one, cells = card.CARD.but(**change), []
        for flows in (FLOWS[0], FLOWS[2]):
            _, part, pps = of_card(kept, one, 60, "on", flows)
            cells += [card.cores_pps(one, kept.cycles("overlay", flows)) / 1e6, f"{pps / 1e6:.1f}, {PARTS[part]}"]
        _, part, pps = of_card(kept, one, 1500, "on", FLOWS[2])
        rows.append((name, *cells, f"{pps * (1500 + card.WIRE) * 8 / 1e9:.0f}, {PARTS[part]}",
                     f"{card.connections(one, kept.found['connections']['cycles_per_connection']) / 1e6:.2f}"))
    by_memory, by_index = card.sessions(card.CARD, kept.found["capacity"]["bytes_each"])
    return "\n\n".join([
        table("What hangs on what is assumed", ("changed", "cores, 1 K flows, Mpps", "card, 60 B, 1 K flows", "cores, 1 M flows, Mpps",
                                                "card, 60 B, 1 M flows", "Gb/s, 1,500 B, 1 M flows", "M connections/s"), rows),
        f"Sessions: {by_memory / 1e6:.0f} million fit into {card.CARD.memory_bytes / 1e9:g} GB; both directions of {by_index:,.0f} "
        f"of them into a flow index of {card.CARD.index_entries:,} entries."])


def several(kept):
    rows = []
    for size in SIZES:
        _, part, pps = of_card(kept, card.CARD, size, "on", FLOWS[2])
        bps = pps * (size + card.WIRE) * 8
        cards = card.cards_for(1e12, bps)
        rows.append((f"{size:,} B", bps / 1e9, PARTS[part], str(cards), cards * pps / 1e6, 2 * 1e12 / 8 * size / (size + card.WIRE) / 1e9))
    hot = []
    for zipf in (0.0, 0.8, 1.0, 1.2):
        for flows in (1000, 100000):
            shares = [queues.shares(queues.Traffic(flows=flows, zipf=zipf), n) for n in (5, 8)]
            hot.append((f"{zipf:g}", f"{flows:,}", *(f"{100 / (len(each) * max(each)):.0f} %" for each in shares)))
    return "\n\n".join([
        table("Cards for 1 Tb/s, 1 M flows a card, sliced",
              ("frame", "Gb/s a card", "full first", "cards", "Mpps in all", "GB/s of the host's memory"), rows),
        table("What of all is used when the hottest is full, flows by Zipf's law, each at one place",
              ("exponent", "flows", "5 cards", "8 cores"), hot)])


def reached(found):
    """Seconds until the last host has a change, by itself and with all others."""
    if found["document"] > 1:
        return "too many mappings", "too many mappings"
    return "never" if found["last_s"] is None else f"{found['last_s']:.2f}", f"{found['together_s']:.2f}"


def of_fleet(kept):
    costs, rows = kept.fleet_costs(), []
    changes = [("as assumed", {}), ("100 hosts", {"hosts": 100}), ("10,000 hosts", {"hosts": 10000}), ("VPCs of 200 guests", {"vpc_guests": 200}),
               ("one VPC of all", {"vpc_guests": 50000}),
               ("guests that live an hour", {"life_s": 3600}), ("guests that live ten minutes", {"life_s": 600})]
    for name, change in changes:
        found = fleet.found(fleet.FLEET.but(**change), costs)
        part, share = fleet.first(found)
        rows.append((name, found["mappings"], f"{found['memory_bytes'] / 1e6:,.0f}", f"{found['changes']:.3g}", f"{found['messages']:,.0f}",
                     f"{found['bits'] / 1e6:.3g}", f"{1e3 * found['apply_s']:.0f}",
                     *reached(found), f"{part}, {100 * share:.0f} %"))
    return "\n\n".join([
        table("A fleet", ("changed", "mappings a host", "MB a host", "changes/s", "messages/s", "Mb/s of control", "ms a change at a host",
                          "s until the last host has it", "the same, all at once", "fullest"), rows),
        f"A change by itself takes {1e3 * costs.base_s:.1f} ms and {1e6 * costs.each_s:.1f} us for each mapping that is there; all of them again "
        f"{1e3 * costs.all_base_s:.1f} ms and {1e6 * costs.all_each_s:.1f} us for each; a mapping {costs.mapping_bytes:,.0f} bytes of memory."])


def difference(simulated, formula):
    return f"{100 * (simulated / formula - 1):+.1f} %"


def checks(kept):
    core = card.cores_pps(card.CARD, kept.cycles("overlay", FLOWS[0])) / card.CARD.cores
    bus = card.CARD.bus.pps(*kept.ring(60, "on"))
    rows = []
    for zipf, flows, cores in ((0.0, 1000, 1), (0.0, 1000, 8), (0.8, 1000, 8), (1.0, 100000, 8), (1.2, 1000, 8)):
        traffic = queues.Traffic(flows=flows, zipf=zipf)
        formula = queues.bound(traffic, cores, core)
        simulated = queues.onset(traffic, cores, core, 1e12)
        rows.append((f"first loss: {cores} core{'s' * (cores > 1)}, {flows:,} flows, exponent {zipf:g}", formula / 1e6, simulated / 1e6, difference(simulated, formula)))
    for name, limit in (("without the bus", 1e12), ("with it", bus)):
        traffic = queues.Traffic(zipf=1.0, packets=400000)
        formula = queues.through(traffic, 8, core, limit, 8 * core)
        simulated = queues.simulate(traffic, 8, core, limit, 8 * core)["pps"]
        rows.append((f"through at 8 times a core's rate, exponent 1, {name}", formula / 1e6, simulated / 1e6, difference(simulated, formula)))
    one = kept.found["overload"]
    load = one["hardware"]["loads"][0]
    rate, formula = load["delivered"] / load["seconds"], kept.found["firmware-overlay-1000"]["cycle_hz"] / kept.cycles("overlay", FLOWS[0])
    rows.append(("one core, the path itself on a virtual clock at 120 % (ticks by full bursts, alone)", formula / 1e6, rate / 1e6,
                 difference(rate, formula)))
    return "\n\n".join([table("Formula and simulation, Mpps", ("what", "formula", "simulated", "difference"), rows), workers(kept)])


def workers(kept):
    """That more cores do so many times as much, as far as there are two of them here."""
    two = kept.found.get("workers-2")
    if two is None:
        return ("Two workers beside one are not measured yet: `perf/scale_page.py --measure two_workers` does so where the benchmark "
                "`workers-2` runs.")
    scale = two["scale"]
    return table("Two workers, measured", ("what", "formula", "measured", "difference", "command"),
                 [("rate of both at once, times that of one alone", 2, f"{scale['median']:.2f} ({scale['min']:.2f}..{scale['max']:.2f})",
                   difference(scale["median"], 2), f"`{two['command']}`")])


BLOCKS = {"measured": measured, "card": one_card, "sensitivity": sensitivity, "cards": several, "fleet": of_fleet, "checks": checks}


def main():
    if sys.argv[1:2] == ["--measure"] and set(sys.argv[2:]) <= set(MEASURES):
        measure(sys.argv[2:])
    elif sys.argv[1:]:
        sys.exit(f"{__doc__}\nparts: {', '.join(MEASURES)}")
    with open(KEPT, encoding="utf-8") as file:
        kept = Kept(json.load(file))
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    for name, block in BLOCKS.items():
        page = replaced(page, name, block(kept))
    with open(os.path.join(os.path.dirname(PAGE), "images", "scale-card.svg"), "w", encoding="utf-8") as file:
        file.write(card_plot(kept))
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(page)


if __name__ == "__main__":
    main()
