#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Datagrams in pieces: in order, backwards, shuffled, with duplicates, overlapping, incomplete, refused.

What leaves is held against the rules told in a few lines here, and tshark puts it together again.
"""
import collections
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile

from frames import address, csum, pseudo, write_pcap
from replay import DATA, PORTS, read_pcap, run

MAC = {"web": "020000000001", "db": "020000000002", "far": "020000000009", "gw": "02005e0001fe", "back": "020000000003",
       "gw2": "02005e0002fe", "up": "02aa00000001", "host2": "02aa00000002"}
WAYS = {  # name: receiving port, port it leaves by, source and destination MAC, addresses, tunnelled
    "local4": ("web", "db", "web", "db", "10.1.0.5", "10.1.0.6"),
    "local6": ("web", "db", "web", "db", "fd00:1::5", "fd00:1::6"),
    "out": ("web", "uplink0", "web", "far", "10.1.0.5", "10.1.0.9"),
    "in": ("uplink0", "web", "far", "web", "10.1.0.9", "10.1.0.5"),
    "refused": ("db", None, "db", "gw", "10.1.0.6", "10.2.0.5"),
}
MS = 1_000_000


def addresses(way):
    return address(WAYS[way][4]), address(WAYS[way][5])


def udp(way, sport, size, rng):
    """UDP header and data, with the checksum that the whole has."""
    src, dst = addresses(way)
    data = rng.randbytes(size)
    head = struct.pack("!HHHH", sport, 9, 8 + size, 0)
    return head[:6] + struct.pack("!H", csum(pseudo(src, dst, 17, 8 + size) + head + data) or 0xFFFF) + data


def frame(way, number, at, data, more):
    """One fragment as it comes in, and the tunnel's part of it."""
    _, _, smac, dmac, _, _ = WAYS[way]
    src, dst = addresses(way)
    ether = bytes.fromhex(MAC[dmac] + MAC[smac])
    if len(src) == 16:
        return ether + struct.pack("!HIHBB", 0x86DD, 6 << 28, 8 + len(data), 44, 64) + src + dst + \
            struct.pack("!BBHI", 17, 0, at | more, number) + data
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(data), number, at // 8 | (0x2000 if more else 0), 64, 17, 0) + src + dst
    return ether + b"\x08\x00" + head[:10] + struct.pack("!H", csum(head)) + head[12:] + data


def tunnel(inner):
    outer = struct.pack("!HHHH", 50000, 4789, 16 + len(inner), 0) + struct.pack("!II", 8 << 24, 100 << 8) + inner
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(outer), 7, 0, 64, 17, 0) + bytes((192, 0, 2, 2, 192, 0, 2, 1))
    return bytes.fromhex(MAC["up"] + MAC["host2"]) + b"\x08\x00" + head[:10] + struct.pack("!H", csum(head)) + head[12:] + outer


class Datagram:
    def __init__(self, rng, way, number):
        self.way, self.number = way, number
        whole = udp(way, 1000 + number % 50000, rng.randrange(100, 9000), rng)
        step = rng.choice((64, 576, 1240, 1400)) // 8 * 8
        if len(whole) > 40 * step:
            step = 1400
        self.pieces = [(at, whole[at:at + step], at + step < len(whole)) for at in range(0, len(whole), step)]
        order = rng.choice(("kept", "kept", "back", "mixed", "mixed"))
        if order == "back":
            self.pieces.reverse()
        elif order == "mixed":
            rng.shuffle(self.pieces)
        self.kind = rng.choice(("good",) * 5 + ("twice", "overlap", "headless"))
        if len(self.pieces) < 3:
            self.kind = "good"
        place = rng.randrange(1, len(self.pieces)) if len(self.pieces) > 1 else 0
        if self.kind == "twice":
            self.pieces.insert(place, self.pieces[place - 1])
        elif self.kind == "overlap":
            at, data, _ = self.pieces[place - 1]
            data = whole[at + 8:at + 8 + len(data)]
            self.pieces.insert(place, (at + 8, data[:len(data) // 8 * 8] or b"8 bytes.", True))
        elif self.kind == "headless":
            self.pieces = [p for p in self.pieces if p[0] != 0]

    def expected(self):
        """Offsets in the order in which they leave, and the reasons of those that do not."""
        seen, held, left, drops, first, dead = set(), [], [], collections.Counter(), False, None
        total = None
        for at, data, more in self.pieces:
            units = set(range(at // 8, (at + len(data) + 7) // 8))
            if dead:
                drops[dead] += 1
                continue
            beyond = total is not None and (max(units) >= total or (not more and max(units) + 1 != total))
            short = not more and seen and max(units) < max(seen)
            if units <= seen and not beyond:
                drops["frag_dup"] += 1
                continue
            if units & seen or beyond or short:
                dead = "frag_overlap"
                drops[dead] += 1 + len(held)
                held = []
                continue
            seen |= units
            if not more:
                total = max(units) + 1
            if at == 0 and self.way == "refused":
                dead = "sg_ingress"
                drops[dead] += 1 + len(held)
                held = []
            elif at == 0:
                first, left, held = True, [0, *held], []
            elif first:
                left.append(at)
            else:
                held.append(at)
        drops["fragment"] += len(held)
        return left, drops


def make(seed, count):
    rng = random.Random(seed)
    datagrams = [Datagram(rng, rng.choice(list(WAYS)), 1 + n) for n in range(count)]
    ports = collections.defaultdict(list)
    for n, d in enumerate(datagrams):
        for i, (at, data, more) in enumerate(d.pieces):
            f = frame(d.way, d.number, at, data, more)
            # Some datagrams are under way at any time: one begins every 20 ms and takes 60.
            ports[WAYS[d.way][0]].append((n * 20 * MS + i * 60 * MS // len(d.pieces), tunnel(f) if d.way == "in" else f))
    return datagrams, {port: sorted(frames, key=lambda f: f[0]) for port, frames in ports.items()}


def parse(f, port):
    """Way, number and offset of a fragment that left."""
    if port == "uplink0":
        assert f[12:14] == b"\x08\x00" and f[23] == 17
        f = f[50:]
    if f[12:14] == b"\x86\xdd":
        at, number = struct.unpack_from("!HI", f, 56)
        return "local6", number, at & ~7
    number, at = struct.unpack_from("!HH", f, 18)
    way = {bytes((10, 1, 0, 6)): "local4", bytes((10, 1, 0, 9)): "out", bytes((10, 1, 0, 5)): "in"}[f[30:34]]
    return way, number, (at & 0x1FFF) * 8


def reassembled(path):
    """UDP datagrams that tshark puts together and finds right, by source port."""
    out = subprocess.run(["tshark", "-n", "-r", path, "-o", "udp.check_checksum:TRUE", "-d", "udp.port==9,data",
                          "-Y", "udp.checksum.status == 1 && (ip.reassembled.length || ipv6.reassembled.length)",
                          "-T", "fields", "-e", "udp.srcport"], capture_output=True, text=True, check=True).stdout
    return {int(line.split(",")[-1]) for line in out.splitlines()}


def play(datagrams, inputs, *options):
    with tempfile.TemporaryDirectory(prefix="avs-replay-") as out:
        arguments = ["-c", f"{DATA}/mixed.yaml", "-o", out, "--json", *options]
        for port in PORTS:
            write_pcap(f"{out}/in.{port}", inputs.get(port, []))
            arguments.append(f"-p{port}={out}/in.{port}")
        report = json.loads(run(arguments))
        left = collections.defaultdict(list)
        together = set()
        for port in PORTS:
            with open(f"{out}/{port}.pcap", "rb") as f:
                for data in read_pcap(f.read()):
                    way, number, at = parse(data, port)
                    left[way, number].append(at)
            together |= reassembled(f"{out}/{port}.pcap")
    drops = collections.Counter()
    for d in report["drops"]:
        drops[d["reason"]] += d["packets"]
    check(datagrams, left, together, drops, options)
    return report


def check(datagrams, left, together, drops, options):
    expected_drops = collections.Counter()
    whole = 0
    for d in datagrams:
        wanted, reasons = d.expected()
        expected_drops += reasons
        got = left.pop((d.way, d.number), [])
        if "--quantum" in options and d.kind == "overlap":
            wanted = got  # in one burst with the first, what was held before may not have left yet
        if got != wanted:
            raise AssertionError(f"{options} {d.way} {d.number} {d.kind}: left {got}, not {wanted}; "
                                 f"came {[p[0] for p in d.pieces]}")
        if d.kind in ("good", "twice") and d.way != "refused" and len(d.pieces) > 1:
            whole += 1
            if 1000 + d.number % 50000 not in together:
                raise AssertionError(f"{options} {d.way} {d.number} {d.kind}: tshark cannot put it together")
    if left:
        raise AssertionError(f"{options}: nobody sent {list(left)[:5]}")
    if "--quantum" in options:
        expected_drops["frag_overlap"] = drops["frag_overlap"]
    if "--workers" in options:  # who handed a datagram over goes by its own books: what overlaps is not refused by a group
        drops = collections.Counter(all=drops.total())
        expected_drops = collections.Counter(all=expected_drops.total())
    if +drops != +expected_drops:
        raise AssertionError(f"{options}: drops {drops}, not {expected_drops}")
    if whole < len(datagrams) // 3 or ("--workers" not in options and len(expected_drops) < 4):
        raise AssertionError(f"{whole} whole datagrams, drops {expected_drops}: this compares too little")


def main():
    if shutil.which("tshark") is None:
        print("tshark is not installed: ./run deps test")
        return 77
    datagrams, inputs = make(3, 250)
    for options in ((), ("--vector", "1"), ("--quantum", "200000000"), ("--slow",), ("--no-flow-index",), ("--workers", "2"),
                    ("--workers", "4")):
        report = play(datagrams, inputs, *options)
        held = [t for t in report["tables"] if t["table"] == "fragments_held"]
        if any(t["used"] for t in held) or not any(t["high_water"] for t in held):
            raise AssertionError(f"held fragments: {held}")
        handed = sum(w["handed_out"] for w in report["workers"])
        if (handed > 0) != ("--workers" in options):
            raise AssertionError(f"{options}: {handed} packets handed over")
    return 0


if __name__ == "__main__":
    sys.exit(main())
