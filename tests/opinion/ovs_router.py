#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which of these packets does Open vSwitch's connection tracking let pass? Run in a network namespace of its own.

    ovs_router.py < packets.json > verdicts.json

packets: [[side, frame in hex], ...] in order, side 0 or 1; verdicts: [true, false, ...]. The datapath is the one in user space.
"""
import contextlib
import pathlib
import subprocess
import sys
import tempfile
import time

import conntrack_router
import opinion

OVS = pathlib.Path(__file__).parent.parent / "lib" / "ovs.sh"
# Port 1 and 2 are the sides; markers pass, and so does what belongs to a connection or may begin one.
FLOWS = """
table=0,priority=20,udp,tp_dst=9,in_port=1,actions=2
table=0,priority=20,udp,tp_dst=9,in_port=2,actions=1
table=0,priority=10,ip,actions=ct(table=1)
table=1,priority=20,ct_state=+inv,actions=drop
table=1,priority=10,ct_state=+new,tcp,in_port=1,actions=ct(commit),2
table=1,priority=10,ct_state=+new,tcp,in_port=2,actions=ct(commit),1
table=1,priority=10,ct_state=+est,in_port=1,actions=2
table=1,priority=10,ct_state=+est,in_port=2,actions=1
table=1,priority=10,ct_state=+rpl,in_port=1,actions=2
table=1,priority=10,ct_state=+rpl,in_port=2,actions=1
"""


@contextlib.contextmanager
def switch():
    """A command runner for an Open vSwitch that lives as long as the context."""
    with tempfile.TemporaryDirectory(prefix="avs-opinion-ovs-") as room, contextlib.ExitStack() as stack:
        def run(verb, *words, **options):
            return subprocess.run([OVS, verb, room, *words], text=True, stdout=sys.stderr, **options)

        def start(verb):
            program = subprocess.Popen([OVS, verb, room], stdin=subprocess.DEVNULL, stdout=sys.stderr)
            stack.callback(lambda: (program.terminate(), program.wait()))

        start("database")
        deadline = time.monotonic() + 20
        while run("vsctl", "--no-wait", "init", stderr=subprocess.DEVNULL).returncode:
            if time.monotonic() > deadline:
                sys.exit("Open vSwitch's database does not answer")
            time.sleep(0.05)
        start("switch")
        yield run


def bridge(run):
    for side in (0, 1):
        opinion.sh(f"""ip link add in{side} type veth peer name out{side}
            ip link set in{side} up
            ip link set out{side} promisc on up""")
    run("vsctl", "add-br", "br", "--", "set", "bridge", "br", "datapath_type=netdev", "fail_mode=secure", "--", "add-port", "br", "in0", "--",
        "set", "interface", "in0", "ofport_request=1", "--", "add-port", "br", "in1", "--", "set", "interface", "in1", "ofport_request=2",
        check=True)
    run("ofctl", "add-flows", "br", "-", input=FLOWS, check=True)


if __name__ == "__main__":
    with switch() as commands:
        opinion.run_router(lambda: bridge(commands), ("out0", "out1"), [conntrack_router.marker_of(side) for side in (0, 1)],
                           conntrack_router.passes)
