# SPDX-License-Identifier: Apache-2.0
"""Between a vNIC and a guest of another host, by VXLAN over the uplink: out (vxlan) and in (vxlan-in), stateful groups. 60-byte UDP."""
from harness import avs_bench
from harness.benchmark import MPPS, Benchmark
from peers import ovs


def benchmark(case, title, flows, **more):
    return Benchmark(f"{case}-{flows // 1000}k", f"{title}, stateful groups, 60 B, {flows:,} flows in random order",
                     devices=[avs_bench.device(case, flows), ovs.device(f"{case}-ct", case, flows),
                              ovs.device(case, case, flows, name="ovs-stateless")],
                     figures=[MPPS], quick=False, **more)


BENCHMARKS = [benchmark("vxlan", "vNIC to uplink inside VXLAN", 1000, ndr=True),
              benchmark("vxlan", "vNIC to uplink inside VXLAN", 100000, rounds=3),
              benchmark("vxlan-in", "uplink to vNIC out of VXLAN", 1000),
              benchmark("vxlan-in", "uplink to vNIC out of VXLAN", 100000, rounds=3)]
