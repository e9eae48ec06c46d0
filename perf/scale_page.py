#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Carries what one core does here to a card, to several and to a fleet: writes the tables and plots of docs/performance/scale.md.

    perf/scale_page.py              the page out of docs/performance/scale.json, which scale_measure.py writes

Text is written by hand around blocks between two comments; a block is replaced. Every figure is one of scale.json, which names its
command, or follows from one by perf/models and what is assumed there.
"""
import json
import os
import sys

from harness import machine, markdown, plot
from harness.run import ROOT
from models import card, fleet, queues
from models.bus import Bus
from scale_measure import FLOWS, KEPT, SIZES

PAGE = os.path.join(ROOT, "docs", "performance", "scale.md")
CUT = 400  # Gb/s, of the plot
PLOT = f"One card: Gb/s by what limits it (cut off at {CUT})"
PARTS = {"cores": "cores", "bus": "bus", "blocks": "Pre and Post", "memory": "memory", "wire": "wire"}


class Kept:
    def __init__(self, kept):
        self.found, self.machines = kept["found"], kept["machines"]

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
    return markdown.text({"title": title, "head": head, "rows": [row(*cells) for cells in rows]})


def spread(one, key):
    """A figure, with the range where there were several runs."""
    if one.get("runs", 1) == 1:
        return one[key]
    best, low, high = (f"{value:,.0f}" if value >= 1000 else f"{value:.1f}" for value in (one[key], min(one["spread"]), max(one["spread"])))
    return f"{best} ({low}..{high})"


def machines(kept):
    """What the parts were measured on: one line for all, or each with its parts."""
    parts = {}
    for part, one in kept.machines.items():
        parts.setdefault(machine.line(one), []).append(part)
    return " ".join(f"{line}." if len(parts) == 1 else f"`{'`, `'.join(names)}`: {line}." for line, names in parts.items())


def measured(kept):
    found, each = kept.found, []
    for case in ("forward", "overlay"):
        for flows in FLOWS:
            one = found[f"firmware-{case}-{flows}"]
            each.append((f"firmware, `{case}`, {flows:,} flows", spread(one, "firmware_cycles"), "ticks a packet", f"`{one['command']}`"))
    for name, key, unit, title in (("fetched", "bytes", "bytes a packet", "the firmware from memory, 100,000 flows, 1 MiB of last cache"),
                                   ("capacity", "bytes_each", "bytes", "a session, all in all"),
                                   ("connections", "cycles_per_connection", "ticks", "a TCP connection of six packets, NIC model included"),
                                   ("connections-overlay", "cycles_per_connection", "ticks", "the same with SNAT and VXLAN")):
        each.append((title, spread(found[name], key), unit, f"`{found[name]['command']}`"))
    rows = [(f"{one['count']:,} {kind}", one["bytes_each"], 1e3 * one["apply_s"], 1e3 * one["again_s"], 1e3 * one["change_s"], one["change_bytes"])
            for kind in ("mappings", "routes") for one in found[kind]["rows"]]
    hz = found["firmware-overlay-1000"]["cycle_hz"]
    return "\n\n".join([table("Measured", ("what", "value", "unit", "command"), each),
                        table("A configuration, measured (CPU time of `avsd`)",
                              ("holds", "bytes of memory each", "ms, all applied", "ms, all again but one", "ms, one change by itself",
                               "bytes of that, both ways"), rows),
                        f"`{found['mappings']['command']}`, and the same with `routes`.",
                        f"A tick is one of the time-stamp counter, {hz / 1e9:.2f} GHz here. {machines(kept)}"])


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
    cores = card.cores_per_second(card.CARD, kept.cycles("overlay", FLOWS[0]))
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
            cells += [card.cores_per_second(one, kept.cycles("overlay", flows)) / 1e6, f"{pps / 1e6:.1f}, {PARTS[part]}"]
        _, part, pps = of_card(kept, one, 1500, "on", FLOWS[2])
        rows.append((name, *cells, f"{pps * (1500 + card.WIRE) * 8 / 1e9:.0f}, {PARTS[part]}",
                     f"{card.cores_per_second(one, kept.found['connections']['cycles_per_connection']) / 1e6:.2f}"))
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
    core = card.cores_per_second(card.CARD, kept.cycles("overlay", FLOWS[0])) / card.CARD.cores
    bus = card.CARD.bus.pps(*kept.ring(60, "on"))
    rows = []
    for zipf, flows, cores in ((0.0, 1000, 1), (0.0, 1000, 8), (0.8, 1000, 8), (1.0, 100000, 8), (1.2, 1000, 8)):
        traffic = queues.Traffic(flows=flows, zipf=zipf)
        formula = queues.bound(traffic, cores, core)
        simulated = queues.onset(traffic, cores, core, 1e12)
        rows.append((f"first loss: {cores} core{'s' * (cores > 1)}, {flows:,} flows, exponent {zipf:g}", formula / 1e6, simulated / 1e6,
                     difference(simulated, formula)))
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
        return ("Two workers beside one are not measured yet: `perf/scale_measure.py two_workers` does so where the benchmark "
                "`workers-2` runs.")
    scale = two["scale"]
    return table("Two workers, measured", ("what", "formula", "measured", "difference", "command"),
                 [("rate of both at once, times that of one alone", 2, f"{scale['median']:.2f} ({scale['min']:.2f}..{scale['max']:.2f})",
                   difference(scale["median"], 2), f"`{two['command']}`")])


BLOCKS = {"measured": measured, "card": one_card, "sensitivity": sensitivity, "cards": several, "fleet": of_fleet, "checks": checks}


def main():
    if sys.argv[1:]:
        sys.exit(__doc__)
    with open(KEPT, encoding="utf-8") as file:
        kept = Kept(json.load(file))
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    for name, block in BLOCKS.items():
        page = markdown.replaced(page, name, block(kept))
    with open(os.path.join(os.path.dirname(PAGE), "images", "scale-card.svg"), "w", encoding="utf-8") as file:
        file.write(card_plot(kept))
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(page)


if __name__ == "__main__":
    main()
