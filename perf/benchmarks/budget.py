# SPDX-License-Identifier: Apache-2.0
"""What avsd costs at default sizes: time from exec to the first packet answered, memory, CPU when idle."""
import os

from harness.benchmark import Aim, Benchmark, Device, Figure
from harness.run import PERF

BENCHMARKS = [Benchmark(
    "budget", "avsd at default sizes with one port: start to the first answer, resident memory, CPU over five idle seconds",
    devices=[Device("ours", "avsd", lambda run: run.json(os.path.join(PERF, "budget.sh")), peer=False)],
    figures=[Figure("start_ms", "ms to the first packet", better="lower", aims=(Aim("budget", most=1000),)),
             Figure("rss_mb", "MB resident", better="lower", aims=(Aim("budget", most=256),)),
             Figure("idle_percent", "% of a core, idle", better="lower", aims=(Aim("budget", most=3),))],
    rounds=1)]
