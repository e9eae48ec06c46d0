# SPDX-License-Identifier: Apache-2.0
"""vNIC to vNIC of one subnet: anti-spoofing, stateful security groups on both sides, new MAC addresses. 60-byte UDP, and as much over IPv6."""
from harness import avs_bench
from harness.benchmark import MPPS, Benchmark
from peers import ovs


def benchmark(name, flows, **more):
    return Benchmark(name, f"vNIC to vNIC of one subnet, stateful groups, 60 B, {flows:,} flows in random order",
                     devices=[avs_bench.device("forward", flows), ovs.device("ct", "forward", flows),
                              ovs.device("forward", "forward", flows, name="ovs-stateless", quick=False)],
                     figures=[MPPS], **more)


BENCHMARKS = [
    benchmark("forward-1k", 1000, ndr=True), benchmark("forward-100k", 100000, quick=False, rounds=3),
    Benchmark("forward6-1k", "the same over IPv6, 80 B, 1,000 flows in random order",
              devices=[avs_bench.device("forward6", 1000), ovs.device("ct6", "forward6", 1000),
                       ovs.device("forward6", "forward6", 1000, name="ovs-stateless")],
              figures=[MPPS], quick=False, rounds=3),
]
