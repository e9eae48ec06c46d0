#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Public addresses, both families: what leaves is built here once more from the ends it should have, and tshark reads it.

Flows by an EIP from either side, a pool, forwarded ports and hairpin, over UDP, TCP and ICMP, with ICMP errors about them. The same
bytes with every vector, on either path, with headers and payloads apart, with and without flow index; with two workers for all
whose port is not a worker's choice.
"""
import collections
import json
import os
import random
import shutil
import socket
import struct
import sys
import tempfile

from oracle_tshark import findings
from replay import read_pcap, run

GUESTS = {"a": ("02:00:00:00:00:05", "10.1.0.5", "fd00:1::5"), "b": ("02:00:00:00:00:06", "10.1.0.6", "fd00:1::6"),
          "c": ("02:00:00:00:00:07", "10.1.0.7", "fd00:1::7")}
GATEWAY, UPLINK, ROUTER = "02:00:5e:00:01:fe", "02:aa:00:00:00:01", "02:aa:00:00:00:fe"
EIP, POOL = ("203.0.113.5", "2001:db8:203::5"), ("203.0.113.100", "2001:db8:203::100")
SYN, ACK, FIN = 2, 16, 1
SERVICE, OUTER, INNER = 9999, 9998, 9990  # tshark is told to see nothing in what is behind those
FLOWS = 400
CONFIG = f"""
version: 1
options: {{timeouts: {{udp_single: 600, icmp: 600}}}}
underlay: {{neighbors: [{{address: 192.0.2.254, mac: {ROUTER}}}, {{address: "fd00:99::fe", mac: {ROUTER}}}]}}
ports:
  - {{name: up, role: uplink, type: "null", mac: {UPLINK}, address: 192.0.2.1/24, gateway: 192.0.2.254,
     address6: "fd00:99::1/64", gateway6: "fd00:99::fe"}}
""" + "".join(f"""  - {{name: {name}, role: vnic, type: "null", mac: {mac}, subnet: s, addresses: [{four}, "{six}"], security_groups: [open]}}
""" for name, (mac, four, six) in GUESTS.items()) + f"""
vpcs: [{{name: v, vni: 100}}]
subnets: [{{name: s, vpc: v, prefix4: 10.1.0.0/24, gateway4: 10.1.0.254, prefix6: "fd00:1::/64", gateway_mac: {GATEWAY}}}]
routes: [{{vpc: v, prefix: 0.0.0.0/0, type: external}}, {{vpc: v, prefix: "::/0", type: external}}]
eips: [{{name: one4, address: {EIP[0]}, vnic: a}}, {{name: one6, address: "{EIP[1]}", vnic: a}}]
snat: [{{name: pool, vpc: v, addresses: [{POOL[0]}, "{POOL[1]}"], ports: 20000-59999}}]
forwards:
  - {{name: web4, address: {POOL[0]}, protocol: tcp, port: {OUTER}, vnic: c, inside_port: {INNER}}}
  - {{name: web6, address: "{POOL[1]}", protocol: tcp, port: {OUTER}, vnic: c, inside_port: {INNER}}}
  - {{name: dns4, address: {POOL[0]}, protocol: udp, port: {OUTER}, vnic: c, inside_port: {INNER}}}
  - {{name: dns6, address: "{POOL[1]}", protocol: udp, port: {OUTER}, vnic: c, inside_port: {INNER}}}
security_groups:
  - {{name: open, rules: [{{direction: egress, action: allow}}, {{direction: ingress, action: allow}}]}}
"""

# Both ends of a flow as the one who begins knows them, and as the other does.
Way = collections.namedtuple("Way", "what begins answers near far seen_near seen_far chosen")
# A packet: where it comes in and leaves, as which, and whether a worker chooses a port in it.
Packet = collections.namedtuple("Packet", "flow enters leaves came goes chosen")


def fold(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def packed(address):
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def ip(src, dst, protocol, payload, ident, ttl):
    src, dst = packed(src), packed(dst)
    if len(src) == 16:
        return struct.pack("!IHBB", 6 << 28 | ident, len(payload), protocol, ttl) + src + dst + payload
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), ident, 0x4000, ttl, protocol, 0) + src + dst
    return head[:10] + struct.pack("!H", fold(head)) + head[12:] + payload


def summed(src, dst, protocol, segment, at):
    """The segment with its checksum at that place."""
    src, dst = packed(src), packed(dst)
    pseudo = b"" if protocol == 1 else src + dst + struct.pack("!IHBB", len(segment), 0, 0, protocol)
    total = fold(pseudo + segment) or (0xFFFF if protocol == 17 else 0)
    return segment[:at] + struct.pack("!H", total) + segment[at + 2:]


class Content:
    """What a packet is, without its ends: `build` puts it between two."""

    def __init__(self, kind, ident, data=b"", flags=0, seq=0, ack=0, quoted=None):
        self.kind, self.ident, self.data, self.flags, self.seq, self.ack = kind, ident, data, flags, seq, ack
        self.quoted = quoted  # of an error: content of the packet, that is cut

    def build(self, source, destination, ttl, quoted_ends=None):
        (src, sport), (dst, dport) = source, destination
        icmp = 58 if ":" in src else 1
        if self.kind == "udp":
            return ip(src, dst, 17, summed(src, dst, 17, struct.pack("!HHHH", sport, dport, 8 + len(self.data), 0) + self.data, 6),
                      self.ident, ttl)
        if self.kind == "tcp":
            head = struct.pack("!HHIIBBHHH", sport, dport, self.seq, self.ack, 0x50, self.flags, 20000, 0, 0)
            return ip(src, dst, 6, summed(src, dst, 6, head + self.data, 16), self.ident, ttl)
        if self.kind == "error":
            quoted = self.quoted.build(*quoted_ends, 63)[:548]
            head = struct.pack("!BBHI", *((1, 4) if icmp == 58 else (3, 3)), 0, 0)
            return ip(src, dst, icmp, summed(src, dst, icmp, head + quoted, 2), self.ident, ttl)
        kinds = {"ping": (8, 128), "pong": (0, 129)}[self.kind]
        number = sport if self.kind == "ping" else dport
        head = struct.pack("!BBHHH", kinds[icmp == 58], 0, 0, number, 1)
        return ip(src, dst, icmp, summed(src, dst, icmp, head + self.data, 2), self.ident, ttl)


def frame(smac, dmac, packet):
    return bytes.fromhex((dmac + smac).replace(":", "")) + (b"\x86\xdd" if packet[0] >> 4 == 6 else b"\x08\x00") + packet


def entering(port, packet):
    return frame(ROUTER, UPLINK, packet) if port == "up" else frame(GUESTS[port][0], GATEWAY, packet)


def leaving(port, packet):
    return frame(UPLINK, ROUTER, packet) if port == "up" else frame(GATEWAY, GUESTS[port][0], packet)


class Draw:
    def __init__(self):
        self.random = random.Random(5)
        self.bursts = []  # of packets that come at one time
        self.ident = 0

    def way(self, number, six, kind):
        host = f"2001:db8:1::{number + 1:x}" if six else f"198.51.{100 + number // 200}.{number % 200 + 1}"
        eip, pool, (a, b, c) = EIP[six], POOL[six], (guest[1 + six] for guest in GUESTS.values())
        port = 20000 + number
        ways = [Way("EIP out", "a", "up", (a, port), (host, SERVICE), (eip, port), (host, SERVICE), False),
                Way("EIP in", "up", "a", (host, port), (eip, SERVICE), (host, port), (a, SERVICE), False),
                Way("pool", "b", "up", (b, port), (host, SERVICE), (pool, port), (host, SERVICE), True),
                Way("hairpin", "b", "a", (b, port), (eip, SERVICE), (pool, port), (a, SERVICE), True)]
        if kind != "ping":
            ways += [Way("forward", "up", "c", (host, port), (pool, OUTER), (host, port), (c, INNER), False),
                     Way("hairpin to a forward", "a", "c", (a, port), (pool, OUTER), (eip, port), (c, INNER), False)]
        return self.random.choice(ways)

    def send(self, flow, w, back, contents):
        """At once, from one end to the other."""
        burst = []
        for c in contents:
            if back:
                came = entering(w.answers, c.build(w.seen_far, w.seen_near, 64))
                burst.append(Packet(flow, w.answers, w.begins, came, leaving(w.begins, c.build(w.far, w.near, 63)), w.chosen))
            else:
                came = entering(w.begins, c.build(w.near, w.far, 64))
                burst.append(Packet(flow, w.begins, w.answers, came, leaving(w.answers, c.build(w.seen_near, w.seen_far, 63)), w.chosen))
        self.bursts.append(burst)

    def error(self, flow, w, quoted):
        """By who has got it. Not of those that would be cut: tshark holds their checksums to be of what is quoted."""
        if len(quoted.data) > 400:
            return
        e = Content("error", self.next(), quoted=quoted)
        source, to = (w.seen_far[0], 0), (w.seen_near[0], 0)
        came = entering(w.answers, e.build(source, to, 64, (w.seen_near, w.seen_far)))
        goes = leaving(w.begins, e.build((w.far[0], 0), (w.near[0], 0), 63, (w.near, w.far)))
        self.bursts.append([Packet(flow, w.answers, w.begins, came, goes, w.chosen)])

    def next(self):
        self.ident += 1
        return self.ident

    def datagrams(self, kind):
        return [Content(kind, self.next(), self.random.randbytes(self.random.choice((0, 1, 33, 300, 1400))))
                for _ in range(self.random.randrange(1, 9))]

    def udp(self, flow, w):
        for _ in range(self.random.randrange(1, 4)):
            there = self.datagrams("udp")
            self.send(flow, w, False, there)
            if self.random.random() < 0.3:
                self.error(flow, w, there[-1])
            self.send(flow, w, True, self.datagrams("udp"))

    def ping(self, flow, w):
        for _ in range(self.random.randrange(1, 4)):
            there = self.datagrams("ping")
            self.send(flow, w, False, there)
            self.send(flow, w, True, [Content("pong", self.next(), c.data) for c in there])

    def tcp(self, flow, w):
        at = [101, 901]  # what each sends next

        def segment(back, flags, size=0):
            c = Content("tcp", self.next(), self.random.randbytes(size), flags, at[back], at[not back])
            at[back] += size + (flags & FIN != 0)
            return c

        self.send(flow, w, False, [Content("tcp", self.next(), flags=SYN, seq=100)])
        self.send(flow, w, True, [Content("tcp", self.next(), flags=SYN | ACK, seq=900, ack=101)])
        for back in (False, True, False, True):
            data = [segment(back, ACK, self.random.choice((1, 40, 700, 1400))) for _ in range(self.random.randrange(1, 8))]
            self.send(flow, w, back, data)
            if not back and self.random.random() < 0.3:
                self.error(flow, w, data[0])
        self.send(flow, w, False, [segment(False, FIN | ACK)])
        self.send(flow, w, True, [segment(True, FIN | ACK)])
        self.send(flow, w, False, [segment(False, ACK)])

    def all(self):
        for number in range(FLOWS):
            kind = self.random.choice(("udp", "udp", "tcp", "ping"))
            w = self.way(number, self.random.random() < 0.4, kind)
            getattr(self, kind)((number, w.what, kind), w)
        return self.bursts


def ident_of(frame_bytes):
    return struct.unpack_from("!I", frame_bytes, 14)[0] & 0xFFFFF if frame_bytes[12] == 0x86 else struct.unpack_from("!H", frame_bytes, 18)[0]


def write(path, frames):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1))
        for at, data in frames:
            f.write(struct.pack("<IIII", 1_600_000_000 + at // 10**9, at % 10**9, len(data), len(data)) + data)


def play(bursts, *options):
    """Report, and raw captures of what the ports sent."""
    ports = ("up", *GUESTS)
    came = {port: [(n * 10000, p.came) for n, burst in enumerate(bursts) for p in burst if p.enters == port] for port in ports}
    with tempfile.TemporaryDirectory(prefix="avs-nat-") as folder:
        config = os.path.join(folder, "nat.yaml")
        with open(config, "w", encoding="utf-8") as f:
            f.write(CONFIG)
        for port in ports:
            write(f"{folder}/in.{port}", came[port])
        report = json.loads(run(["-c", config, "-o", folder, "--json", *[f"-p{port}={folder}/in.{port}" for port in ports], *options]))
        raw = {}
        for port in ports:
            with open(f"{folder}/{port}.pcap", "rb") as f:
                raw[port] = f.read()
    return report, raw


def check(bursts, raw, options):
    """Each packet leaves once, where it should and as it should; those of a flow in their order. `chosen`: but for a port."""
    left, last = {}, {}
    for port, data in raw.items():
        for f in read_pcap(data):
            assert ident_of(f) not in left, f"{options}: packet {ident_of(f)} leaves twice"
            left[ident_of(f)] = port, f
    several = "--workers=2" in options
    for p in (p for burst in bursts for p in burst):
        port, f = left.pop(ident_of(p.goes), (None, b""))
        if several and p.chosen:
            continue  # its answers go to the port that one worker would have chosen
        if port != p.leaves or f != p.goes:
            raise AssertionError(f"{options} {p.flow}: left by {port}, not {p.leaves}:\n{f.hex()}\n{p.goes.hex()}")
    assert not left, f"{options}: nobody sent {list(left)[:5]}"
    for port, data in raw.items():
        flow_at = {ident_of(p.goes): p for burst in bursts for p in burst}
        for f in read_pcap(data):
            p = flow_at[ident_of(f)]
            assert last.get((p.flow, p.leaves), 0) < ident_of(f), f"{options} {p.flow}: packet {ident_of(f)} late"
            last[p.flow, p.leaves] = ident_of(f)
        found = findings(data)
        assert not found, f"{options} port {port}: {found[:2000]}"


def main():
    if shutil.which("tshark") is None:
        print("tshark is not installed: ./run deps test")
        return 77
    bursts = Draw().all()
    seen = collections.Counter(p.flow[1:] for burst in bursts for p in burst)
    for (what, kind), n in sorted(seen.items()):
        print(f"{n:6}  {what}, {kind}")
    assert len(seen) == 16, "not all ways are drawn"
    first, vectors = None, {}
    for options in (("--vector=16",), ("--vector=1",), ("--slow",), ("--no-flow-index",), ("--slice=on",), ("--workers=2",)):
        report, raw = play(bursts, *options)
        if first is None or (raw != first and "--workers=2" in options):
            check(bursts, raw, options)
        elif raw != first:
            raise AssertionError(f"{options}: other bytes or order")
        first = first or raw
        vectors[options[0]] = sum(w["vectors"] for w in report["workers"])
        if "--slice=on" in options and report["nic"]["sliced"] < 500:
            raise AssertionError("hardly anything is sliced")
    if vectors["--vector=16"] > 0.6 * vectors["--vector=1"]:
        raise AssertionError(f"hardly any vector of more than one packet: {vectors}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
