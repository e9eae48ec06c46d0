# SPDX-License-Identifier: Apache-2.0
"""What it costs to look on: each way alone beside nobody looking. 60-byte UDP from vNIC to vNIC, 1,000 flows."""
from harness import avs_bench, stable
from harness.benchmark import MPPS, Benchmark, Figure

WAYS = (
    ("latency", "latency on"),
    ("capture-none", "capture at all points, no packet matches"),
    ("capture-some", "capture at all points, all match, 1,000 a second"),
    ("trace", "trace, 10,000 a second"),
    ("scrape", "metrics scraped"),
)
# Not stable by name: with nobody looking on it is instructions-forward, which the baseline has.
INSTRUCTIONS = Figure("instructions", "instructions a packet", better="lower")


def options(way):
    return ("--observe", way)


BENCHMARKS = [
    Benchmark(
        "observability", "vNIC to vNIC, 1,000 flows: instructions with somebody looking on",
        devices=[stable.instructions("forward", title="ours, nobody looks on"),
                 *(stable.instructions("forward", options=options(way), name=way, title=f"ours, {title}") for way, title in WAYS)],
        figures=[INSTRUCTIONS], rounds=1, quick=False,
        notes="A scrape each 10,000 packets, all it asks of the datapath counted, also what the control thread does; the clock is read by a "
              "system call under callgrind, whose instructions are not counted."),
    Benchmark(
        "observability-rate", "vNIC to vNIC, 1,000 flows: rate with somebody looking on",
        devices=[avs_bench.device("forward", title="ours, nobody looks on", stages=False),
                 *(avs_bench.device("forward", options=options(way), name=way, title=f"ours, {title}", stages=False) for way, title in WAYS)],
        figures=[MPPS], quick=False, rounds=3, notes="Ten scrapes a second."),
]
