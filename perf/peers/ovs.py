# SPDX-License-Identifier: Apache-2.0
"""Debian's OVS-DPDK with one PMD core: the same frames from memory, to a sink that forgets them."""
import os

from harness import avs_bench, capture_file
from harness.benchmark import Device
from harness.run import PERF

TITLES = {"forward": "OVS-DPDK stateless", "ct": "OVS-DPDK ct", "snat": "OVS-DPDK ct+SNAT",
          "forward6": "OVS-DPDK stateless", "ct6": "OVS-DPDK ct",
          "vxlan": "OVS-DPDK VXLAN stateless", "vxlan-ct": "OVS-DPDK VXLAN+ct", "vxlan-snat": "OVS-DPDK VXLAN+ct+SNAT",
          "vxlan-in": "OVS-DPDK VXLAN stateless", "vxlan-in-ct": "OVS-DPDK VXLAN+ct",
          "connections": "OVS-DPDK ct", "vxlan-connections": "OVS-DPDK VXLAN+ct"}
MOST = 240000  # flows: its source holds each frame in a buffer of the one pool, which has 262,144


def device(work, case, flows=1000, name="ovs", quick=True, options=()):
    """`work` is one of TITLES; the frames are those of our `case`, as many flows as it takes; `options` as our device has them."""
    title = TITLES[work] if flows <= MOST else f"{TITLES[work]}, {MOST:,} flows"
    flows = min(flows, MOST)
    # Before the clock starts, time for a million connections to open.
    return replay(work, title, lambda run: avs_bench.capture(run, case, flows, options), 1.5 + flows / 200000, name, quick)


def replay(work, title, capture, settle=2.0, name="ovs", quick=True):
    """The frames of any capture, `capture(run)`."""

    def measure(run):
        run.need_root()
        path = capture(run)
        result = run.json(os.path.join(PERF, "peers", "ovs_dpdk.sh"), work, path, run.cpu, run.seconds, settle, timeout=120 + run.seconds)
        if "pps_core" in result:
            result["gbps_core"] = result["pps_core"] * capture_file.mean_frame(path) * 8 / 1e9
        return result

    return Device(name, title, measure, quick=quick, huge_pages=512)
