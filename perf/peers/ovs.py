# SPDX-License-Identifier: Apache-2.0
"""Debian's OVS-DPDK with one PMD core: the same frames from memory, to a sink that forgets them."""
import os

from harness import avs_bench
from harness.benchmark import Device
from harness.run import PERF

TITLES = {"forward": "OVS-DPDK stateless", "ct": "OVS-DPDK ct", "snat": "OVS-DPDK ct+SNAT", "vxlan": "OVS-DPDK VXLAN stateless",
          "vxlan-ct": "OVS-DPDK VXLAN+ct", "vxlan-snat": "OVS-DPDK VXLAN+ct+SNAT"}


def device(work, case, flows=1000, name="ovs"):
    """`work` is one of TITLES; the frames are those of our `case`."""

    def measure(run):
        run.need_root()
        # Before the clock starts, time for a million connections to open.
        settle = 1.5 + flows / 200000
        return run.json(os.path.join(PERF, "peers", "ovs_dpdk.sh"), work, avs_bench.capture(run, case, flows), run.cpu,
                        run.seconds, settle, timeout=120 + run.seconds)

    return Device(name, TITLES[work], measure, huge_pages=512)
