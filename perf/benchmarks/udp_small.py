# SPDX-License-Identifier: Apache-2.0
"""Small UDP packets between two network namespaces."""
from harness.benchmark import Benchmark, Figure
from peers import wire

BENCHMARKS = [Benchmark(
    "udp-small", "64-byte frames from one namespace into another", devices=wire.devices("udp"),
    figures=[Figure("pps", "Mpps", 1e-6)], quick=False, rounds=3,
    notes=f"{wire.NOTES} Counted is what the receiver's device got, which drops it then; the rest of what sockperf sent was lost on the way.")]
