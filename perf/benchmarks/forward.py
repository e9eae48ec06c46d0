# SPDX-License-Identifier: Apache-2.0
"""vNIC to vNIC of one subnet: anti-spoofing, stateful security groups on both sides, new MAC addresses. 60-byte UDP."""
from harness import avs_bench
from harness.benchmark import MPPS, Benchmark
from peers import ovs


def benchmark(name, flows, **more):
    return Benchmark(name, f"vNIC to vNIC of one subnet, stateful groups, 60 B, {flows:,} flows in random order",
                     devices=[avs_bench.device("forward", flows), ovs.device("ct", "forward", flows),
                              ovs.device("forward", "forward", flows, name="ovs-stateless", quick=False)],
                     figures=[MPPS], **more)


BENCHMARKS = [benchmark("forward-1k", 1000, ndr=True), benchmark("forward-100k", 100000, quick=False, rounds=3)]
