# SPDX-License-Identifier: Apache-2.0
"""The paper's table 2: where a vSwitch in software alone spends its time."""
from harness.benchmark import Benchmark, Device, Figure
from models import measured

PAPER = {"parse": 27.36, "match": 11.2, "action": 24.32, "driver": 29.85, "operation": 7.17}
TITLES = {"parse": "parse, without checksums", "match": "match: hash, session, state", "action": "actions: MACs, VXLAN",
          "driver": "driver: queues, copy, checksums", "operation": "operation: counters, flow log"}
BEYOND_CACHE = ("--flows", 100000)  # whose instructions are those of fewer flows
WORKS = (("60 B", ("--flows", 1000)), ("60 B, 100 K flows", BEYOND_CACHE), ("1,000 B", ("--flows", 1000, "--size", 1000)))


def shares(stages):
    """Per cent by the paper's stages. The checksum that the parser verifies is the driver's there."""
    parts = {"parse": stages["parse"] - stages["checksum"], "match": stages["match"], "action": stages["action"],
             "driver": stages["driver_rx"] + stages["checksum"] + stages["driver_tx"], "operation": stages["operation"]}
    total = sum(parts.values())
    return {**{name: 100 * part / total for name, part in parts.items()}, "checksum": 100 * stages["checksum"] / total}


def work(run, options):
    found = measured.in_turn(run, it=lambda: measured.software(run, "--case", "vxlan", *options, stages=True))["it"]
    it = measured.best(found)
    return {"cycles": it["cycles_per_packet"], "pps": it["pps_core"],
            "shares": shares(min((each["stage_cycles_per_packet"] for each in found), key=lambda stages: sum(stages.values()))),
            "instructions": None if options is BEYOND_CACHE else measured.instructions(run, "avs-software", "--case", "vxlan", *options)}


def measure(run):
    works = [work(run, options) for _, options in WORKS]
    rows = [(TITLES[name], f"{PAPER[name]} %", *(f"{each['shares'][name]:.1f} %" for each in works)) for name in PAPER]
    rows.append(("of it checksums", "8 % pNIC + 4 % vNIC", *(f"{each['shares']['checksum']:.1f} %" for each in works)))
    rows.append(("cycles a packet", "", *(f"{each['cycles']:.0f}" for each in works)))
    rows.append(("instructions a packet", "", *(f"{each['instructions']:.0f}" if each["instructions"] else "" for each in works)))
    rows.append(("Mpps a core", "1.5", *(f"{each['pps'] / 1e6:.1f}" for each in works)))
    rows.append(("Gbit/s a core", "10", *(f"{each['pps'] * size * 8 / 1e9:.1f}" for each, size in zip(works, (60, 60, 1000)))))
    bars = [bar for name in PAPER for bar in ((f"{name}, paper", PAPER[name], 1), (f"{name}, here", works[0]["shares"][name], 0))]
    return {"ok": True, "software_cycles": works[0]["cycles"], "software_mpps": works[0]["pps"] / 1e6,
            "tables": [{"title": "Software AVS: share of the CPU time by stage (ours: measured)",
                        "head": ("stage", "paper", *(f"here, {title}" for title, _ in WORKS)), "rows": rows}],
            "plots": [{"title": "Software AVS: where the time goes (60 B, 1,000 flows)", "unit": "% of a packet's time", "bars": bars}]}


BENCHMARKS = [Benchmark(
    "paper-t2", "the paper's table 2: a vSwitch in software alone, by stage",
    devices=[Device("ours", "software baseline", measure, peer=False)],
    figures=[Figure("software_cycles", "cycles a packet", better="lower"), Figure("software_mpps", "Mpps a core")],
    quick=False, rounds=1,
    notes="Comparable: which stages there are, and what each costs on one core. With 60 bytes the look-up is the largest part here (hash, session, state "
          "of the protocol, whose lines are the first to leave the cache) and parsing a small one: the parser takes usual packets in a straight "
          "line, and what it would wait for is in the cache. Not comparable: the driver. Ours is a virtqueue in this core's cache, with "
          "nobody on the other side; the paper's guest runs on another core, so that its rings and buffers are cold and its doorbells cost. The paper's 1.5 Mpps are of a production "
          "switch with all its features on a slower SoC core; ours carries one tenant's simple policy. Shares are by cycles of each stage "
          "over a batch; the rate is of packets one after the other. Baseline: perf/baselines, nothing of it is in the product.")]
