# SPDX-License-Identifier: Apache-2.0
"""Frames of several sizes: seven of 64 bytes, four of 594, one of 1,518 (RFC 6985: aaaaaaaAAAAg, A of 594 bytes). UDP."""
from harness import avs_bench
from harness.benchmark import MPPS, Benchmark, Figure
from peers import ovs

SIZES = ("--size", "imix")
BITS = Figure("gbps_core", "Gbit/s a core")


def benchmark(name, case, work, title, **more):
    return Benchmark(name, f"{title}, IMIX aaaaaaaAAAAg (A: 594 B), 1,000 flows in random order",
                     devices=[avs_bench.device(case, 1000, SIZES), ovs.device(work, case, 1000, options=SIZES)], figures=[MPPS, BITS],
                     notes="Each flow has one size. Bits are those of the frames as they come in, without FCS, preamble and gap. Ours copies each "
                           "frame into its slot and sums up all of its bytes, as a NIC would; OVS-DPDK's source hands out the same buffers again and "
                           "again, and neither copies nor sums, so the larger the frames, the more this favours it.", **more)


BENCHMARKS = [
    benchmark("imix", "forward", "ct", "vNIC to vNIC of one subnet, stateful groups", quick=False, rounds=3),
    benchmark("imix-overlay", "overlay", "vxlan-snat", "security group + SNAT + VXLAN", quick=False, rounds=3),
]
