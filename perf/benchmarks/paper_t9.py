# SPDX-License-Identifier: Apache-2.0
"""The paper's figure 9: latency that the way over the HS-ring adds."""
from harness.benchmark import Benchmark, Device, Figure, Missing
from models import measured
from models.bus import Bus
from models.paper_scale import RING


def measure(run):
    if run.other_cpu == run.cpu:
        raise Missing("needs two CPUs")
    found = measured.in_turn(run, ring=lambda: run.json(run.program("ring-crossing"), run.other_cpu, run.cpu),
                             ours=lambda: measured.ours(run, "--case", "vxlan"))
    ring = measured.best(found["ring"], "p50_ns")
    p50, p99 = ring["p50_ns"], ring["p99_ns"]
    software = measured.best(found["ours"])["firmware_cycles"] * 1e9 / found["ours"][0]["cycle_hz"]
    parts = Bus().crossing(*RING, software)
    total = sum(parts.values())
    rows = [("ring there and back between two cores, p50", "", f"{p50:.0f} ns", measured.MEASURED),
            ("the same, p99", "", f"{p99:.0f} ns", measured.MEASURED),
            ("firmware's work on one packet", "", f"{software:.0f} ns", measured.MEASURED),
            *((f"bus: {name}", "", f"{ns:.0f} ns", measured.MODELLED) for name, ns in parts.items() if name != "software"),
            ("added by the crossing, bus and firmware", "2.5 us (2 us in the introduction)", f"{total / 1e3:.2f} us", measured.SCALED)]
    sense = [(f"{ns:.0f}", f"{sum(Bus(read_ns=ns).crossing(*RING, software).values()) / 1e3:.2f}") for ns in (500, 700, 900, 1200)]
    return {"ok": True, "ring_ns": p50, "modelled_us": total / 1e3,
            "tables": [{"title": "Latency of the HS-ring", "head": measured.HEAD, "rows": rows},
                       {"title": "What hangs on the bus", "head": ("ns of a read across the bus", "us added"), "rows": sense}],
            "plots": [{"title": "Latency added by the crossing", "unit": "us",
                       "bars": [["paper", 2.5, 1], ["modelled with the bus", total / 1e3, 0], ["ring alone, two cores here", p50 / 1e3, 2]]}]}


BENCHMARKS = [Benchmark(
    "paper-t9", "the paper's figure 9: latency added by the HS-ring", devices=[Device("ours", "ours", measure, peer=False)],
    figures=[Figure("ring_ns", "ns there and back, two cores", better="lower"), Figure("modelled_us", "us, with the bus", better="lower")],
    quick=False, rounds=1,
    notes="Measured is what the ring itself costs when two cores of one machine share a cache: slot, entry, both rings. On a SmartNIC the "
          "two ends are an FPGA and a SoC, and the time is the bus's: a posted write of headers and metadata, a doorbell, and the card's "
          "read of the slot. The bus's read time is from the literature (Neugebauer et al., SIGCOMM 2018), not from this machine, "
          "which has no such bus; the second table shows how much hangs on it. Queueing is in neither.")]
