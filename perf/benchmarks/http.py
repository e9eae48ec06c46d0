# SPDX-License-Identifier: Apache-2.0
"""wrk to nginx between two network namespaces."""
from harness.benchmark import Benchmark, Figure
from peers import wire

FIGURES = [Figure("rps", "k requests/s", 1e-3), Figure("p50_us", "us, p50", better="lower"), Figure("p99_us", "us, p99", better="lower")]

BENCHMARKS = [
    Benchmark("http", "HTTP requests on 16 connections that are kept", devices=wire.devices("http"), figures=FIGURES, quick=False,
              rounds=3, notes=wire.NOTES),
    Benchmark("http-close", "HTTP, a connection for each request", devices=wire.devices("http-close"), figures=FIGURES, quick=False,
              rounds=3, notes=wire.NOTES),
]
