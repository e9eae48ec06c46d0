# SPDX-License-Identifier: Apache-2.0
"""TCP between two network namespaces, one connection of iperf3 with both ends on CPU 0; avsd polls on CPU 1."""
from harness.benchmark import GBPS, Aim, Benchmark
from peers import bridge

BENCHMARKS = [Benchmark(
    "tcp", "TCP between two namespaces through two tap ports, TSO kept whole",
    devices=[bridge.tcp("ours", "avs", "ours", peer=False), bridge.tcp("bridge", "bridge", "Linux bridge")],
    figures=[GBPS.aim(Aim("A-9", ratio=0.8, peer="bridge"))],
    notes="The bridge works in the sender's own context and has no core of its own; ours polls on a second one.")]
