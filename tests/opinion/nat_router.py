#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What does a Linux router that translates addresses make of these packets? Run in a network namespace of its own.

    nat_router.py < packets.json > sent.json

packets: [[side, frame in hex], ...] in order, side 0 inside, 1 outside; sent: for each what left, [[side, packet in hex], ...].
"""
import socket

import opinion
from nat_frames import GUESTS, POOL_PORTS, frame, udp

RULES = f"""
table ip opinion {{
    chain untracked {{ type filter hook prerouting priority raw; udp dport 9 notrack; }}
    chain to {{
        type nat hook prerouting priority dstnat;
        ip daddr 203.0.113.5 dnat to 10.1.0.5
        ip daddr 203.0.113.100 tcp dport 8080 dnat to 10.1.0.7:80
        ip daddr 203.0.113.100 udp dport 53 dnat to 10.1.0.7:5353
    }}
    chain from {{
        type nat hook postrouting priority srcnat;
        ip saddr 10.1.0.5 snat to 203.0.113.5
        ip saddr 10.1.0.0/24 meta l4proto {{ tcp, udp }} snat to 203.0.113.100:{POOL_PORTS[0]}-{POOL_PORTS[1]}
        ip saddr 10.1.0.0/24 snat to 203.0.113.100
    }}
    chain forward {{
        type filter hook forward priority filter; policy drop;
        udp dport 9 accept
        ct state invalid drop
        iifname "in" accept
        ct state established,related accept
        ct status dnat accept
    }}
}}
"""


def router():
    """Interfaces in and out route; what they send is read at, and what they receive written to, the veths' other ends."""
    opinion.sh("""ip link add in type veth peer name end0
        ip link add out type veth peer name end1
        ip link set in address 02:00:5e:00:01:fe up
        ip link set out address 02:aa:00:00:00:01 up
        ip link set end0 promisc on up
        ip link set end1 promisc on up
        ip addr add 10.1.0.254/24 dev in
        ip addr add 192.0.2.1/24 dev out
        ip neigh add 192.0.2.254 lladdr 02:aa:00:00:00:fe dev out
        ip route add default via 192.0.2.254
        ip neigh add 10.1.0.99 lladdr 02:00:00:00:00:63 dev in""")
    for address, mac in GUESTS.items():
        opinion.sh(f"ip neigh add {address} lladdr {mac} dev in")
    opinion.sh("""sysctl -qw net.ipv4.ip_forward=1 net.netfilter.nf_conntrack_tcp_loose=0 net.ipv4.conf.all.rp_filter=0
        sysctl -qw net.ipv4.conf.in.send_redirects=0 net.ipv4.conf.all.send_redirects=0""")
    opinion.load_rules(RULES)


def sent(ends, side, raw, marker):
    """What leaves by either end before the marker."""
    ends[side].send(raw)
    ends[side].send(marker)
    found = [[1 - side, got[14:].hex()] for got in opinion.until_marker(ends[1 - side])]
    ends[side].setblocking(False)
    try:
        while True:
            got, address = ends[side].recvfrom(65535)
            if address[2] != socket.PACKET_OUTGOING:
                found.append([side, got[14:].hex()])
    except BlockingIOError:
        pass
    ends[side].settimeout(20)
    return found


if __name__ == "__main__":
    opinion.run_router(router, ("end0", "end1"),
                       [frame(0, udp("10.1.0.6", "198.51.100.77", 9, 9, 0)), frame(1, udp("198.51.100.77", "10.1.0.99", 9, 9, 0))], sent)
