# SPDX-License-Identifier: Apache-2.0
"""The firmware alone: what dp_poll() takes of a packet, read between the steps of the same loop (A-3). 60-byte UDP."""
from harness import avs_bench
from harness.benchmark import FIRMWARE, Aim, Benchmark


def benchmark(name, flows, most, **more):
    return Benchmark(name, f"dp_poll() alone, vNIC to vNIC, {flows:,} flows in random order, by the time-stamp counter",
                     devices=avs_bench.devices("forward", flows), figures=[FIRMWARE.aim(Aim("A-3", most=most))],
                     notes="Whoever takes the core away in the middle of a step is counted with it: on a shared machine the least "
                           "of the rounds is nearest to the truth.", **more)


BENCHMARKS = [benchmark("firmware-1k", 1000, 70), benchmark("firmware-1m", 1000000, 140, quick=False, rounds=3)]
