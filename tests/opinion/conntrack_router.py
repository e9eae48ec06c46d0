#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which of these packets does a Linux firewall forward? Run in a network namespace of its own, whose router this becomes.

    conntrack_router.py < packets.json > verdicts.json

packets: [[side, frame in hex], ...] in order, side 0 or 1; verdicts: [true, false, ...].
"""
import socket

import opinion
import tcp_frames

RULES = """
table ip opinion {
    chain untracked { type filter hook prerouting priority raw; udp dport 9 notrack; }
    chain forward { type filter hook forward priority filter; ct state invalid drop; }
}
"""


def router():
    """Interfaces in0 and in1 route; what they send is read at, and what they receive written to, the veths' other ends."""
    for side in (0, 1):
        network = f"10.{side + 1}.0"
        opinion.sh(f"""ip link add in{side} type veth peer name out{side}
            ip link set in{side} address 02:00:5e:00:0{side + 1}:fe up
            ip link set out{side} promisc on up
            ip addr add {network}.254/24 dev in{side}
            ip neigh add {network}.5 lladdr 02:00:00:00:00:0{side + 1} dev in{side}""")
    opinion.sh("sysctl -qw net.ipv4.ip_forward=1 net.netfilter.nf_conntrack_tcp_loose=0")
    opinion.load_rules(RULES)


def passes(ends, side, frame, marker):
    """Does the frame come through? By its IP identification."""
    ends[side].send(frame)
    ends[side].send(marker)
    return frame[18:20] in [got[18:20] for got in opinion.until_marker(ends[1 - side])]


def marker_of(side):
    return tcp_frames.ethernet(side, tcp_frames.ipv4(side, socket.IPPROTO_UDP, 0, bytes.fromhex("0009000900080000")))


if __name__ == "__main__":
    opinion.run_router(router, ("out0", "out1"), [marker_of(side) for side in (0, 1)], passes)
