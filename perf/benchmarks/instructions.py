# SPDX-License-Identifier: Apache-2.0
"""Instructions a packet by callgrind: the same in each run, so that perf/baseline.json can hold them."""
from harness import stable
from harness.benchmark import INSTRUCTIONS, Benchmark


def benchmark(case, title, flows=1000, name=None):
    return Benchmark(f"instructions-{name or case}", f"instructions a packet, {title}", [stable.instructions(case, flows)], [INSTRUCTIONS],
                     rounds=1, quick=(name or case) in ("forward", "overlay"))


BENCHMARKS = [
    benchmark("forward", "vNIC to vNIC, 1,000 flows"),
    benchmark("vxlan", "vNIC to uplink inside VXLAN, 1,000 flows"),
    benchmark("vxlan-in", "uplink to vNIC out of VXLAN, 1,000 flows"),
    benchmark("overlay", "vNIC to outside by a shared address inside VXLAN, 1,000 flows"),
    benchmark("snat", "vNIC to outside by a shared address, 1,000 flows"),
    benchmark("forward", "vNIC to vNIC, one flow: vectors of 16", flows=1, name="vectors"),
    Benchmark("instructions-mixed", "instructions a packet of the replay tests' captures: first packets, fragments, ICMP, ARP, IPv6, refused ones",
              [stable.replayed("tests/data/replay/mixed")], [INSTRUCTIONS], rounds=1, quick=False,
              notes="What no benchmark of one kind of packet sees; turns without a packet are in it."),
]
