# SPDX-License-Identifier: Apache-2.0
"""Connect, request, response, close: TCP connections of one byte each way between two network namespaces."""
from harness.benchmark import Benchmark, Figure
from peers import wire

FIGURES = [Figure("cps", "k connections/s", 1e-3), Figure("p50_us", "us, p50", better="lower"), Figure("p99_us", "us, p99", better="lower")]

BENCHMARKS = [
    Benchmark("crr", "Connect, request, response, close, one after the other", devices=wire.devices("crr"), figures=FIGURES,
              quick=False, rounds=3, notes=wire.NOTES),
    Benchmark("crr-32", "The same, 32 at once", devices=wire.devices("crr-32"), figures=FIGURES, quick=False, rounds=3, notes=wire.NOTES),
]
