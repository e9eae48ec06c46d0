# SPDX-License-Identifier: Apache-2.0
"""The generator alone: source and sink with no path between them, what any figure of a path can be at most. 60-byte UDP."""
from harness import avs_bench
from harness.benchmark import MPPS, Aim, Benchmark
from peers import testpmd

BENCHMARKS = [Benchmark(
    "generator", "our source and sink with nothing between them, 60 B, 1,000 flows",
    devices=[avs_bench.device("forward", 1000, ("--generator",), stages=False), testpmd.device(copies=True), testpmd.device(copies=False)],
    figures=[MPPS.aim(Aim("generator", least=25))], quick=False, rounds=3,
    notes="A frame of ours is copied out of the set into a slot taken from the pool, given to the sink, and the slot goes back; so is one of "
          "testpmd's where it copies: null to null, with the copy at both ends. Without the copies testpmd passes mbufs whose bytes nobody "
          "touches, which is the most that DPDK's own loop does on this core; here the two cannot be told apart.")]
