# SPDX-License-Identifier: Apache-2.0
"""The stateful overlay: security group, a shared public address, VXLAN to a gateway host, all in one packet (A-1, A-2). 60-byte UDP."""
from harness import avs_bench
from harness.benchmark import MPPS, Aim, Benchmark
from peers import ovs

NOTES = ("OVS-DPDK does the same work: conntrack, source address and port, VXLAN. Beside it the same without state: VXLAN alone. "
         "OVS-DPDK's source holds a quarter of a million frames, so a million flows are compared with 240,000 of it, "
         "which favours it. A hundred thousand flows and a million are measured with a flow index of four million entries, which "
         "stands for one in the card's external memory, and with a chip's of 65,536: what that does not hold the firmware finds in "
         "its own table.")


def benchmark(name, flows, aims, **more):
    return Benchmark(name, f"security group + SNAT + VXLAN, 60 B, {flows:,} flows in random order",
                     devices=[*avs_bench.devices("overlay", flows), ovs.device("vxlan-snat", "overlay", flows, quick=flows == 1000),
                              ovs.device("vxlan", "overlay", flows, name="ovs-stateless", quick=flows == 1000)],
                     figures=[MPPS.aim(*aims)], notes=NOTES, **more)


BENCHMARKS = [
    benchmark("overlay-1k", 1000, [Aim("A-1", least=12), Aim("A-1", ratio=5.5, peer="ovs"),
                                   Aim("A-1", ratio=1, peer="ovs-stateless")], ndr=True),
    benchmark("overlay-100k", 100000, [Aim("A-2", least=8), Aim("A-2", ratio=6, peer="ovs")], rounds=3),
    benchmark("overlay-1m", 1000000, [Aim("A-2", least=6), Aim("A-2", ratio=6, peer="ovs")], quick=False, rounds=3),
]
