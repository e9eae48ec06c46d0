#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The wait for the neighbour behind an uplink, on the virtual clock: packets to a host whose MAC address has to be asked for.

    neighbor.py 4 | 6

It answers: all leave, in their order, not before. It does not: three questions, a second apart, and none leaves. Too many wait:
the rest is dropped at once. It answers later: what comes then leaves. Twice each, the second time with payloads in the NIC.
"""
import json
import os
import struct
import sys
import tempfile

from frames import arp_reply, neighbor_advertisement, udp, write_pcap
from replay import run

NET = """version: 1
options: {{sessions: 4096}}
vpcs: [{{name: blue, vni: 100}}]
subnets: [{{name: front, vpc: blue, prefix4: 10.1.0.0/24}}]
mappings: [{{vpc: blue, address: 10.1.0.9, mac: 02:00:00:00:00:09, vtep: "{host}"}}]
security_groups:
  - name: open
    rules: [{{direction: egress, action: allow}}, {{direction: ingress, action: allow}}]
ports:
  - {{name: up, role: uplink, type: kernel, device: up, mac: 02:aa:00:00:00:01, {link}}}
  - {{name: a, role: vnic, type: tap, mac: 02:00:00:00:00:05, subnet: front, addresses: [10.1.0.5], security_groups: [open]}}
"""
UNDERLAY = {4: {"host": "192.0.2.2", "us": "192.0.2.1", "link": "address: 192.0.2.1/24", "inner": 50},
            6: {"host": "2001:db8::2", "us": "2001:db8::1", "link": "address6: '2001:db8::1/64'", "inner": 70}}
US, HOST = b"\x02\xaa\0\0\0\x01", b"\x02\xaa\0\0\0\x02"
MS, SECOND = 10**6, 10**9
END = 10 * SECOND
TICK = arp_reply(b"\x02\0\0\0\0\x05", b"\xff" * 6, "10.1.0.5", "10.1.0.5")  # answers nobody; time goes by with frames alone
WAIT = 64  # packets, for one next hop (vswitch/datapath/internal.h)


def timed(raw):
    """Frames of a capture with nanoseconds, and when they left, from the first frame of the captures on."""
    at, frames = 24, []
    while at < len(raw):
        seconds, ns, length, _ = struct.unpack_from("<IIII", raw, at)
        frames.append((seconds * SECOND + ns - 1_600_000_000 * SECOND, raw[at + 16:at + 16 + length]))
        at += 16 + length
    return frames


class Wait:
    """One replay: what a sends and when the host answers; then questions and packets that left, with their times."""

    def __init__(self, family, sends, answers, *options):
        under = UNDERLAY[family]
        answer = (arp_reply if family == 4 else neighbor_advertisement)(HOST, US, under["host"], under["us"])
        with tempfile.TemporaryDirectory(prefix="avs-neighbor-") as out:
            config = os.path.join(out, "net.yaml")
            with open(config, "w", encoding="utf-8") as f:
                f.write(NET.format(**under))
            write_pcap(f"{out}/in.a", [(at, packet(number)) for number, at in sends] + [(at, TICK) for at in range(0, END, 50 * MS)])
            write_pcap(f"{out}/in.up", [(at, answer) for at in answers])
            self.report = json.loads(run(["-c", config, f"-pa={out}/in.a", f"-pup={out}/in.up", "-o", out, "--json", *options]))
            with open(f"{out}/up.pcap", "rb") as f:
                sent = timed(f.read())
        if not self.report["ok"] or any(self.report["leaks"].values()):
            raise AssertionError(f"{self.report['conservation']}, leaks {self.report['leaks']}")
        tunnel, question = (b"\x08\x00", b"\x08\x06") if family == 4 else (b"\x86\xdd", b"\x86\xdd")
        self.left = [(at, frame) for at, frame in sent if frame[:6] == HOST and frame[12:14] == tunnel and len(frame) > 90]
        self.asked = [at for at, frame in sent if frame[:6] in (b"\xff" * 6, b"\x33\x33\xff\0\0\x02") and frame[12:14] == question]
        others = len(sent) - len(self.left) - len(self.asked)
        if others > 0 and not answers:
            raise AssertionError(f"{others} frames that are neither questions nor packets")
        self.numbers = [struct.unpack_from("!H", frame, under["inner"] + 38)[0] - 308 for _, frame in self.left]

    def drops(self):
        return {d["reason"]: d["packets"] for d in self.report["drops"]}


def packet(number):
    """Of one of two flows; it is as long as its number says."""
    return udp(b"\x02\0\0\0\0\x05", b"\x02\0\0\0\0\x09", "10.1.0.5", "10.1.0.9", 1000 + number % 2, 9, 300 + number)


def expect(what, got, wanted):
    if got != wanted:
        raise AssertionError(f"{what}: {got} instead of {wanted}")


def answered(family, *options):
    sends = [(n, n * MS) for n in range(1, 31)]
    w = Wait(family, sends, [500 * MS], *options)
    expect("what left, in its order", w.numbers, [n for n, _ in sends])
    expect("questions", len(w.asked), 1)
    expect("drops", w.drops(), {})
    if w.left[0][0] < 499 * MS or w.left[-1][0] > 502 * MS:
        raise AssertionError(f"packets left {w.left[0][0]} to {w.left[-1][0]} ns after the first came; the answer came at 500 ms")


def in_vain(family, *options):
    sends = [(n, n * MS) for n in range(1, 31)] + [(100, 5 * SECOND)]
    w = Wait(family, sends, [], *options)
    expect("what left", w.numbers, [])
    expect("drops", w.drops(), {"neigh_timeout": len(sends)})
    expect("questions until it was given up", len([at for at in w.asked if at < 5 * SECOND]), 3)
    if any(b - a < SECOND - MS for a, b in zip(w.asked, w.asked[1:])):
        raise AssertionError(f"asked at {w.asked} ns")


def crowd(family, *options):
    sends = [(n, n * MS) for n in range(1, 101)]
    w = Wait(family, sends, [500 * MS], *options)
    expect("what left", w.numbers, [n for n, _ in sends][:WAIT])
    expect("drops", w.drops(), {"neigh_pending": 100 - WAIT})


def late(family, *options):
    """Given up after some three seconds, asked again some five later: the answer to that is believed."""
    w = Wait(family, [(1, MS), (2, 5 * SECOND), (3, 9 * SECOND)], [int(8.8 * SECOND)], *options)
    expect("what left", w.numbers, [3])
    expect("drops", w.drops(), {"neigh_timeout": 2})
    expect("questions", len(w.asked), 4)


if __name__ == "__main__":
    for test in (answered, in_vain, crowd, late):
        for sliced in ((), ("--slice", "on")):
            test(int(sys.argv[1]), *sliced)
