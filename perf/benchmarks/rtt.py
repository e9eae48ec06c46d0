# SPDX-License-Identifier: Apache-2.0
"""One message under way between two network namespaces."""
from harness.benchmark import Benchmark, Figure
from peers import wire

BENCHMARKS = [Benchmark(
    "rtt", "sockperf ping-pong over UDP, half a round trip", devices=wire.devices("rtt"),
    figures=[Figure("p50_us", "us, p50", better="lower"), Figure("p99_us", "us, p99", better="lower")], quick=False, rounds=2,
    notes=wire.NOTES)]
