# SPDX-License-Identifier: Apache-2.0
"""Real traffic between two network namespaces (perf/wire): what may join them, and how it is measured once."""
import os

from harness.benchmark import Device
from harness.run import PERF

JOINS = {"avs": "ours", "bridge": "Linux bridge", "bridge-cpu": "Linux bridge on 2 CPUs", "nftables": "bridge+nftables ct",
         "ovs": "OVS-DPDK", "ovs-ct": "OVS-DPDK ct"}
NOTES = ("Both ends run on one CPU. Ours and OVS-DPDK poll on another one; the bridge works in the sender's context and needs none, or has its "
         "receiving side moved there (2 CPUs). So every packet of ours wakes the other CPU, and its payload is copied out of the kernel and back.")


def devices(source, most=3.0, joins=tuple(JOINS)):
    """Ours first, then the peers; `source` is one of perf/wire, measured for at most so many seconds."""

    def one(join):
        def measure(run):
            run.need_root()
            return run.json(os.path.join(PERF, "wire", "run.sh"), join, source, max(1, min(run.seconds, most)), run.cpu, timeout=120)

        # Its huge pages are asked for, and given back, by join_ovs.sh.
        return Device("ours" if join == "avs" else join, JOINS[join], measure, peer=join != "avs")

    return [one(join) for join in joins]
