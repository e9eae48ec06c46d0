#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""NAT, a second opinion: the same packets through avs-replay and through the kernel's connection tracking and nftables.

Flows by an EIP, a shared address, forwarded ports and hairpin, from either side, with ICMP errors about them and packets that
nobody asked for. What leaves must be the same bytes from the IP header on. Where two flows want the same port of the shared
address, each may choose: there the binding has to be one of the pool, and another one than the first flow's.
"""
import collections
import random
import sys

import opinion
from nat_frames import GUESTS, POOL_PORTS, echo, error, frame, tcp, udp

FLOWS = 900
EIP, POOL, A, B, C = "203.0.113.5", "203.0.113.100", "10.1.0.5", "10.1.0.6", "10.1.0.7"
FIN, SYN, ACK = 1, 2, 16
PORTS = {A: "a", B: "b", C: "c"}

CONFIG = f"""
version: 1
options: {{sessions: 16384, timeouts: {{udp_single: 600, icmp: 600, tcp_time_wait: 600, tcp_embryonic: 600}}}}
underlay: {{neighbors: [{{address: 192.0.2.254, mac: 02:aa:00:00:00:fe}}]}}
ports:
  - {{name: up, role: uplink, type: "null", mac: 02:aa:00:00:00:01, address: 192.0.2.1/24, gateway: 192.0.2.254}}
  - {{name: a, role: vnic, type: "null", mac: {GUESTS[A]}, subnet: s, addresses: [{A}], security_groups: [open]}}
  - {{name: b, role: vnic, type: "null", mac: {GUESTS[B]}, subnet: s, addresses: [{B}], security_groups: [open]}}
  - {{name: c, role: vnic, type: "null", mac: {GUESTS[C]}, subnet: s, addresses: [{C}], security_groups: [open]}}
vpcs: [{{name: v, vni: 100}}]
subnets: [{{name: s, vpc: v, prefix4: 10.1.0.0/24, gateway4: 10.1.0.254, gateway_mac: 02:00:5e:00:01:fe}}]
routes: [{{vpc: v, prefix: 0.0.0.0/0, type: external}}]
eips: [{{name: one, address: {EIP}, vnic: a}}]
snat: [{{name: pool, vpc: v, addresses: [{POOL}], ports: {POOL_PORTS[0]}-{POOL_PORTS[1]}}}]
forwards:
  - {{name: web, address: {POOL}, protocol: tcp, port: 8080, vnic: c, inside_port: 80}}
  - {{name: dns, address: {POOL}, protocol: udp, port: 53, vnic: c, inside_port: 5353}}
security_groups:
  - {{name: open, rules: [{{direction: egress, action: allow}}, {{direction: ingress, action: allow}}]}}
"""

# How a flow goes: its own addresses and ports, and what the other end sees and answers to.
Way = collections.namedtuple("Way", "what side near far seen_near seen_far back_side")
Packet = collections.namedtuple("Packet", "what side data choice")


class Draw:
    def __init__(self):
        self.random = random.Random(7)
        self.packets = []
        self.pings = 0

    def put(self, what, side, data, choice=None):
        self.packets.append(Packet(what, side, data, choice))

    def ident(self):
        return len(self.packets) + 1

    def way(self):
        """Ports are drawn so that both keep them: of the pool, and of no collision, which Linux would remember."""
        n = len(self.packets)
        host, port = f"198.51.{100 + n // 250 % 100}.{n % 250 + 1}", POOL_PORTS[0] + n % 900
        return self.random.choice([
            Way("EIP out", 0, (A, port), (host, 80), (EIP, port), (host, 80), 1),
            Way("EIP in", 1, (host, port), (EIP, 80), (host, port), (A, 80), 0),
            Way("pool", 0, (B, port), (host, 80), (POOL, port), (host, 80), 1),
            Way("pool", 0, (C, port), (host, 80), (POOL, port), (host, 80), 1),
            Way("hairpin", 0, (B, port), (EIP, 80), (POOL, port), (A, 80), 0),
        ])

    def forward_way(self, proto):
        n = len(self.packets)
        host, port = f"198.51.{100 + n // 250 % 100}.{n % 250 + 1}", 30000 + n % 1000
        outer, inner = (8080, 80) if proto == 6 else (53, 5353)
        return self.random.choice([
            Way("forward", 1, (host, port), (POOL, outer), (host, port), (C, inner), 0),
            Way("hairpin to a forward", 0, (A, port), (POOL, outer), (EIP, port), (C, inner), 0),
        ])

    def udp_flow(self, w):
        for _ in range(self.random.randrange(1, 4)):
            size = self.random.choice([0, 1, 33, 700])
            there = udp(w.near[0], w.far[0], w.near[1], w.far[1], self.ident(), bytes(size), self.random.random() < 0.1)
            self.put(w.what, w.side, there)
            if self.random.random() < 0.8:
                back = udp(w.seen_far[0], w.seen_near[0], w.seen_far[1], w.seen_near[1], self.ident(), bytes(size))
                self.put(w.what + ", back", w.back_side, back)
        self.errors(w, udp(w.near[0], w.far[0], w.near[1], w.far[1], 0xFFFF, b"quoted"),
                    udp(w.seen_near[0], w.seen_far[0], w.seen_near[1], w.seen_far[1], 0xFFFF, b"quoted"))

    def tcp_flow(self, w):
        def there(flags, seq, ack, payload=b""):
            self.put(w.what, w.side, tcp(w.near[0], w.far[0], w.near[1], w.far[1], self.ident(), flags, seq, ack, payload))

        def back(flags, seq, ack, payload=b""):
            self.put(w.what + ", back", w.back_side,
                     tcp(w.seen_far[0], w.seen_near[0], w.seen_far[1], w.seen_near[1], self.ident(), flags, seq, ack, payload))

        there(SYN, 100, 0)
        back(SYN | ACK, 900, 101)
        there(ACK, 101, 901, b"question")
        back(ACK, 901, 109, b"an answer")
        self.errors(w, None, tcp(w.seen_near[0], w.seen_far[0], w.seen_near[1], w.seen_far[1], 0xFFFF, ACK, 101, 901, b"question"))
        there(FIN | ACK, 109, 910)
        back(FIN | ACK, 910, 110)
        there(ACK, 110, 911)

    def ping(self, w):
        self.pings += 1
        number = POOL_PORTS[0] + self.pings  # our pools have a range for identifiers, too; nft's do not
        self.put(w.what + ", ping", w.side, echo(w.near[0], w.far[0], self.ident(), 8, number))
        self.put(w.what + ", pong", w.back_side, echo(w.seen_far[0], w.seen_near[0], self.ident(), 0, number))

    def errors(self, w, sent, seen):
        """By the far end, or a router outside, about what it has seen; by the near end about an answer."""
        if self.random.random() > 0.5:
            return
        who = "192.0.2.254" if w.back_side == 1 and self.random.random() < 0.5 else w.seen_far[0]
        kind, code = self.random.choice([(3, 3), (3, 1), (11, 0), (12, 0)])
        cut = self.random.choice([28, 40, len(seen)])
        self.put(w.what + ", error", w.back_side, error(who, w.seen_near[0], self.ident(), kind, code, seen[:cut]))
        if sent:
            answer = udp(w.far[0], w.near[0], w.far[1], w.near[1], 0xFFFF, b"quoted")
            self.put(w.what + ", error of the first", w.side, error(w.near[0], w.far[0], self.ident(), 3, 3, answer[:cut]))

    def unasked(self):
        host = f"198.51.100.{self.random.randrange(1, 250)}"
        self.put("unasked", 1, udp(host, POOL, 5, 21000 + self.random.randrange(1000), self.ident()))
        self.put("unasked", 1, echo(host, POOL, self.ident(), 8, 77))
        self.put("unasked", 1, tcp(host, POOL, 5, 8081, self.ident(), SYN, 1, 0))

    def collision(self):
        """Two guests, one port, one host."""
        n = len(self.packets)
        host, port = f"198.52.{n // 250 % 250}.{n % 250 + 1}", POOL_PORTS[0] + 900 + n % 100
        self.put("collision, first", 0, udp(B, host, port, 80, self.ident()))
        self.put("collision, second", 0, udp(C, host, port, 80, self.ident()), choice=port)
        outside = self.random.randrange(1, POOL_PORTS[0])
        self.put("port outside of the pool", 0, udp(C, host, outside, 81, self.ident()), choice=outside)

    def all(self):
        for number in range(FLOWS):
            if number % 5 == 4:
                proto = self.random.choice([6, 17])
                (self.tcp_flow if proto == 6 else self.udp_flow)(self.forward_way(proto))
            elif number % 30 == 7:
                self.collision()
            elif number % 30 == 11:
                self.unasked()
            else:
                self.random.choice([self.udp_flow, self.udp_flow, self.tcp_flow, self.ping])(self.way())
        return self.packets


def kernel(packets):
    answers = opinion.ask_router("nat_router.py", [(p.side, frame(p.side, p.data)) for p in packets])
    return [[(side, bytes.fromhex(raw)) for side, raw in found] for found in answers]


def ours(packets):
    """By IP identification; a packet leaves at once."""
    came = [("up" if p.side else PORTS[".".join(map(str, p.data[12:16]))], frame(p.side, p.data)) for p in packets]
    sent = collections.defaultdict(list)
    for port, raw in opinion.replay(CONFIG, ("up", *PORTS.values()), came):
        sent[int.from_bytes(raw[18:20], "big")].append((int(port == "up"), raw[14:]))
    return [sent[i + 1] for i in range(len(packets))]


def valid_choice(p, sent):
    """Out of the uplink, from the pool, and (the second of two) another port than the first's."""
    if len(sent) != 1 or sent[0][0] != 1:
        return False
    packet = sent[0][1]
    port = int.from_bytes(packet[20:22], "big")
    return (packet[12:16] == bytes([203, 0, 113, 100]) and POOL_PORTS[0] <= port <= POOL_PORTS[1]
            and port != p.choice and packet[22:24] == p.data[22:24])


def main():
    packets = Draw().all()
    assert len(packets) < 65000, "IP identifications would repeat"
    seen, wrong = collections.Counter(), []
    for p, we, they in zip(packets, ours(packets), kernel(packets)):
        if p.choice is not None:
            good = valid_choice(p, we) and valid_choice(p, they)
        else:
            good = we == they
        seen[p.what, "passes" if we else "dropped"] += 1
        if not good and len(wrong) < 10:
            wrong.append(f"{p.what}: {p.data.hex()}\n  we   {[(s, d.hex()) for s, d in we]}\n  they {[(s, d.hex()) for s, d in they]}")
    for (what, verdict), n in sorted(seen.items()):
        print(f"{n:6}  {verdict}: {what}")
    kinds = {what for what, verdict in seen if verdict == "passes"}
    for needed in ("EIP out", "EIP in, back", "pool", "pool, error", "forward", "forward, back", "hairpin, back",
                   "hairpin to a forward, error", "EIP in, error of the first", "pool, pong", "collision, second"):
        if needed not in kinds:
            wrong.append(f"nothing of this passed: {needed}")
    if not seen["unasked", "dropped"]:
        wrong.append("nothing unasked")
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
