#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""TCP state, a second opinion: the same packets through avs-replay and through connection tracking of somebody else.

    tcp_states.py kernel|ovs

Connections that open, talk and end in the usual ways, with packets thrown in that do not belong. Both must let pass and
refuse the same, but for what EXPLAINED names; each of its rows must occur. A connection is compared up to the first
difference, since what follows may depend on it.
"""
import collections
import random
import sys

import opinion
from tcp_frames import ACK, FIN, RST, SYN, tcp

CONNECTIONS = 1500
FLAGS = 47  # offset of the TCP flags in a frame

# What, and what we do where the kernel does the opposite: why.
EXPLAINED = {
    "kernel": {
        ("SYN again", "pass"): "the end point answers with a challenge ACK, and a restarted host finds its way (RFC 5961, 4.2)",
        ("SYN+ACK again", "pass"): "likewise (RFC 9293, 3.10.7.4); Linux refuses it of the side that was first",
        ("old data", "drop"): "a whole window below what was acknowledged; Linux ignores it, and passes what it ignores",
        ("far RST", "drop"): "outside the window (RFC 5961, 3.2); Linux does not look while the connection closes",
    },
    "ovs": {
        ("SYN again", "pass"): "outside the window, too, the end point answers with a challenge ACK (RFC 5961, 4.2)",
        ("RST in the window", "pass"): "not the next octet: a challenge ACK (RFC 5961, 3.2); Open vSwitch takes the next one alone",
        ("far RST", "drop"): "as above; Open vSwitch hardly looks while the connection closes",
        ("acknowledges what was not sent", "drop"): "(RFC 9293, 3.10.7.4); likewise, while the connection closes it looks at no acknowledgement",
    },
}
ROUTERS = {"kernel": "conntrack_router.py", "ovs": "ovs_router.py"}

CONFIG = """
version: 1
ports:
  - {name: side0, role: vnic, type: "null", mac: 02:00:00:00:00:01, subnet: s0, addresses: [10.1.0.5], security_groups: [open]}
  - {name: side1, role: vnic, type: "null", mac: 02:00:00:00:00:02, subnet: s1, addresses: [10.2.0.5], security_groups: [open]}
vpcs: [{name: v, vni: 100}]
subnets:
  - {name: s0, vpc: v, prefix4: 10.1.0.0/24, gateway4: 10.1.0.254, gateway_mac: 02:00:5e:00:01:fe}
  - {name: s1, vpc: v, prefix4: 10.2.0.0/24, gateway4: 10.2.0.254, gateway_mac: 02:00:5e:00:02:fe}
security_groups:
  - {name: open, rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]}
"""

Packet = collections.namedtuple("Packet", "connection side what frame")


class Connection:
    """What both ends say, in the order in which it passes the firewall."""

    def __init__(self, draw, number, packets):
        self.draw, self.number, self.packets = draw, number, packets
        self.next = [draw.getrandbits(32), draw.getrandbits(32)]
        self.ended = [False, False]

    def say(self, side, flags, what, size=0, seq=0, ack=0):
        """A packet; the end goes on from it unless `seq` or `ack` moves it away from where it should be."""
        numbers = self.next[side] + seq, (self.next[1 - side] + ack) * bool(flags & ACK)
        frame = tcp(side, (10000 + self.number, 80), flags, numbers, b"x" * size, len(self.packets) % 65536)
        self.packets.append(Packet(self.number, side, what, frame))

    def go_on(self, side, flags, size=0):
        self.say(side, flags, "usual", size)
        self.next[side] += size + bool(flags & SYN) + bool(flags & FIN)
        self.ended[side] = self.ended[side] or bool(flags & FIN)

    def talk(self):
        self.disturb()
        side = self.draw.randrange(2)
        self.go_on(side, ACK, 0 if self.ended[side] else self.draw.choice([0, 1, 100, 1400]))

    def disturb(self):
        """Something that does not belong: forged, old, or of an end that has lost its mind."""
        while self.draw.random() < 0.25:
            side, far = self.draw.randrange(2), self.draw.choice([200000, 3000000])
            self.draw.choice([
                lambda: self.say(side, ACK, "data ahead", 10, seq=far),
                lambda: self.say(side, ACK, "old data", 10, seq=-far),
                lambda: self.say(side, ACK, "acknowledges what was not sent", 10, ack=far),
                lambda: self.say(side, RST, "far RST", seq=self.draw.choice([far, -far])),
                lambda: self.say(side, RST | ACK, "RST in the window", seq=1000),
                lambda: self.say(side, SYN, "SYN again", seq=self.draw.choice([0, 77777])),
                lambda: self.say(side, SYN | ACK, "SYN+ACK again"),
                lambda: self.say(side, 0, "no flags", 5),
                lambda: self.say(side, SYN | FIN, "SYN and FIN"),
                lambda: self.say(side, ACK, "duplicate ACK"),
            ])()

    def run(self):
        self.go_on(0, SYN)
        self.go_on(1, SYN | ACK)
        self.go_on(0, ACK)
        for _ in range(self.draw.randrange(7)):
            self.talk()
        first = self.draw.randrange(2)
        for side, flags in self.draw.choice([
                [(first, FIN | ACK), (1 - first, ACK), (1 - first, FIN | ACK), (first, ACK)],
                [(first, FIN | ACK), (1 - first, FIN | ACK), (first, ACK)],
                [(first, RST | ACK)],
                []]):
            self.disturb()
            self.go_on(side, flags)


def draw_packets():
    draw, packets = random.Random(5), []
    for number in range(CONNECTIONS):
        Connection(draw, number, packets).run()
    return packets


def theirs(who, packets):
    return opinion.ask_router(ROUTERS[who], [(p.side, p.frame) for p in packets])


def ours(packets):
    """By IP identification, of which there are enough within what may be under way at a time: a packet passes at once."""
    left = opinion.replay(CONFIG, ("side0", "side1"), [(f"side{p.side}", p.frame) for p in packets])
    passed = {(port, int.from_bytes(frame[18:20], "big")) for port, frame in left}
    return [(f"side{1 - p.side}", i % 65536) in passed for i, p in enumerate(packets)]


def main(who):
    explained = EXPLAINED[who]
    packets = draw_packets()
    assert len(packets) < 65536, "IP identifications would repeat"
    verdicts = collections.Counter()
    differences = collections.Counter()
    different, closing = set(), set()
    for p, we, they in zip(packets, ours(packets), theirs(who, packets)):
        if p.connection in different:
            continue
        if p.frame[FLAGS] & (FIN | RST):
            closing.add(p.connection)
        if we == they:
            verdicts[p.what, "pass" if we else "drop"] += 1
            if p.what == "SYN again" and p.connection in closing:  # to them a new connection, sooner than to us
                different.add(p.connection)
            continue
        different.add(p.connection)
        differences[p.what, "pass" if we else "drop"] += 1
    for (what, we), n in sorted(verdicts.items()):
        print(f"{n:6}  both {we}: {what}")
    for key, n in sorted(differences.items()):
        print(f"{n:6}  we {key[1]}, {who} does not: {key[0]} ({explained.get(key, 'NOT EXPLAINED')})")
    wrong = [f"not explained: {key}" for key in differences.keys() - explained.keys()]
    wrong += [f"explained, and does not occur: {key}" for key in explained.keys() - differences.keys()]
    wrong += [f"hardly any {we}" for we in ("pass", "drop") if sum(n for (_, v), n in verdicts.items() if v == we) < 500]
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main(sys.argv[1])
