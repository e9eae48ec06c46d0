# SPDX-License-Identifier: Apache-2.0
"""Public addresses: a shared one on the way out (snat), one's own on the way in (eip). 60-byte UDP."""
from harness import avs_bench
from harness.benchmark import MPPS, Benchmark
from peers import ovs


def snat(name, flows, **more):
    return Benchmark(name, f"vNIC to outside by a shared public address, stateful groups, 60 B, {flows:,} flows in random order",
                     devices=[avs_bench.device("snat", flows), ovs.device("snat", "snat", flows)], figures=[MPPS], **more)


BENCHMARKS = [
    snat("snat-1k", 1000, quick=False), snat("snat-100k", 100000, quick=False, rounds=3), snat("snat-1m", 1000000, quick=False, rounds=3),
    Benchmark("eip-1k", "outside to the vNIC behind a public address of its own, 60 B, 1,000 flows in random order",
              devices=[avs_bench.device("eip", 1000)], figures=[MPPS], quick=False),
]
