# SPDX-License-Identifier: Apache-2.0
"""vNIC to a guest of another host: anti-spoofing, stateful groups, then VXLAN out of the uplink. 60-byte UDP."""
from harness import avs_bench
from harness.benchmark import MPPS, Benchmark
from peers import ovs


def benchmark(name, flows, **more):
    return Benchmark(name, f"vNIC to uplink inside VXLAN, stateful groups, 60 B, {flows:,} flows in random order",
                     devices=[avs_bench.device("vxlan", flows), ovs.device("vxlan-ct", "vxlan", flows),
                              ovs.device("vxlan", "vxlan", flows, name="ovs-stateless")],
                     figures=[MPPS], **more)


BENCHMARKS = [benchmark("vxlan-1k", 1000, quick=False, ndr=True), benchmark("vxlan-100k", 100000, quick=False, rounds=3)]
