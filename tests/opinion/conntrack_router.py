#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which of these packets does a Linux firewall forward? Run in a network namespace of its own, whose router this becomes.

    conntrack_router.py < packets.json > verdicts.json

packets: [[side, frame in hex], ...] in order, side 0 or 1; verdicts: [true, false, ...].
"""
import json
import os
import socket
import subprocess
import sys

import tcp_frames

RULES = """
table ip opinion {
    chain untracked { type filter hook prerouting priority raw; udp dport 9 notrack; }
    chain forward { type filter hook forward priority filter; ct state invalid drop; }
}
"""


def sh(text):
    subprocess.run(["sh", "-ec", text], check=True)


def router():
    """Interfaces in0 and in1 route; what they send is read at, and what they receive written to, the veths' other ends."""
    for side in (0, 1):
        network = f"10.{side + 1}.0"
        sh(f"""ip link add in{side} type veth peer name out{side}
            ip link set in{side} address 02:00:5e:00:0{side + 1}:fe up
            ip link set out{side} promisc on up
            ip addr add {network}.254/24 dev in{side}
            ip neigh add {network}.5 lladdr 02:00:00:00:00:0{side + 1} dev in{side}""")
    sh("sysctl -qw net.ipv4.ip_forward=1 net.netfilter.nf_conntrack_tcp_loose=0")
    subprocess.run(["nft", "-f", "-"], input=RULES, text=True, check=True)


def passes(sender, receiver, frame, marker):
    """Does the frame come through? It does before a marker that was sent behind it, and always comes through."""
    sender.send(frame)
    sender.send(marker)
    passed = False
    while True:
        got, address = receiver.recvfrom(65535)
        if address[2] == socket.PACKET_OUTGOING:
            continue
        if got[23] == socket.IPPROTO_UDP:
            return passed
        passed = passed or got[18:20] == frame[18:20]  # IP identification


def main():
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # one backlog: what is sent first arrives first
    router()
    ends = [socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800)) for _ in range(2)]
    for side, end in enumerate(ends):
        end.bind((f"out{side}", 0x0800))
        end.settimeout(20)
    markers = [marker_of(side) for side in (0, 1)]
    verdicts = [passes(ends[side], ends[1 - side], bytes.fromhex(frame), markers[side]) for side, frame in json.load(sys.stdin)]
    json.dump(verdicts, sys.stdout)


def marker_of(side):
    return tcp_frames.ethernet(side, tcp_frames.ipv4(side, socket.IPPROTO_UDP, 0, bytes.fromhex("0009000900080000")))


if __name__ == "__main__":
    main()
