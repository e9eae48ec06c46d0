# SPDX-License-Identifier: Apache-2.0
"""A Linux bridge between two namespaces by veth pairs, offloads on; it works in the sender's context, on the sender's core."""
import os

from harness.benchmark import Device
from harness.run import PERF


def tcp(name, what, title, peer=True):
    """iperf3 between two namespaces, both ends on CPU 0, through `what`: bridge, or avs for our tap ports."""
    return Device(name, title, lambda run: run.json(os.path.join(PERF, "peers", "bridge.sh"), what, max(run.seconds, 2)), peer)
