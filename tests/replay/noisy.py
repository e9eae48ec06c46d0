#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Noisy neighbours: one vNIC, or what is for one vNIC, takes all that the worker can do, and more. The others keep their packets.

    noisy.py small | large | bad | network | nobody | public | pool | cells | alone

The worker does a limited number of packets a second, and a frame that was not fetched for 5 ms is lost in its guest. Four
quiet vNICs send to a fifth port, or are sent to from the network; each must get at least 95 % of its packets through, counted
frame by frame in what left.
"""
import json
import os
import socket
import struct
import sys
import tempfile

from frames import udp, write_pcap
from replay import read_pcap, run

TIME = 200_000_000  # ns that the traffic lasts
PATIENCE = 5_000_000
QUIET = ("q1", "q2", "q3", "q4")
NOISY, SINK = "noisy", "sink"
NUMBER = {name: i + 1 for i, name in enumerate((NOISY, SINK, *QUIET))}

NET = """version: 1
options: {sessions: 65536}
underlay: {neighbors: [{address: 192.0.2.2, mac: 02:aa:00:00:00:02}]}
vpcs: [{name: blue, vni: 100}]
subnets: [{name: front, vpc: blue, prefix4: 10.1.0.0/24}]
mappings: [{vpc: blue, address: 10.1.0.99, mac: 02:00:00:00:00:99, vtep: 192.0.2.2}]
security_groups:
  - name: open
    rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]
ports:
  - {name: up, role: uplink, type: kernel, device: up, mac: 02:aa:00:00:00:01, address: 192.0.2.1/24}
"""
OUTSIDE = "routes: [{vpc: blue, prefix: 0.0.0.0/0, type: external}]\n"
PORT = ("  - {{name: {0}, role: vnic, type: tap, mac: \"02:00:00:00:00:{1:02}\", subnet: front, "
        "addresses: [10.1.0.1{1}], security_groups: [open]}}\n")


def mac(number):
    return bytes((2, 0, 0, 0, 0)) + bytes.fromhex(f"{number:02}")


def between(sender, receiver, flow, size=30, bad=False):
    a, b = NUMBER[sender], NUMBER[receiver]
    return udp(mac(a), mac(b), f"10.1.0.1{a}", f"10.1.0.1{b}", 1000 + flow, 9, size, bad)


def from_network(receiver, flow, dmac=None):
    b = NUMBER[receiver]
    inner = udp(mac(99), dmac or mac(b), "10.1.0.99", f"10.1.0.1{b}", 1000 + flow, 9, 30)
    outer = udp(b"\x02\xaa\0\0\0\x02", b"\x02\xaa\0\0\0\x01", "192.0.2.2", "192.0.2.1", 50000 + flow % 50, 4789, 8 + len(inner))
    return outer[:42] + struct.pack("!II", 8 << 24, 100 << 8) + inner


def from_outside(dst, flow):
    return udp(b"\x02\xaa\0\0\0\x02", b"\x02\xaa\0\0\0\x01", "192.0.2.2", dst, 1000 + flow, 9, 30)


def at_rate(pps, make, offset=0):
    """Frames with their times, for as long as the traffic lasts."""
    frames = [make(i) for i in range(min(pps, 20))]
    step = 10**9 // pps
    return [(offset + i * step, frames[i % len(frames)]) for i in range(TIME // step)]


class Noise:
    def __init__(self, captures, worker_rate, *options, more=""):
        with tempfile.TemporaryDirectory(prefix="avs-noisy-") as out:
            config = os.path.join(out, "net.yaml")
            with open(config, "w", encoding="utf-8") as f:
                f.write(NET + "".join(PORT.format(name, number) for name, number in NUMBER.items()) + more)
            inputs = []
            for port, frames in captures.items():
                file = os.path.join(out, f"in-{port}.pcap")
                write_pcap(file, frames)
                inputs.append(f"-p{port}={file}")
            self.report = json.loads(run(["-c", config, *inputs, "-o", out, "--json", "--worker-rate", str(worker_rate),
                                          "--patience", str(PATIENCE), *options]))
            self.sent = {}
            for port in NUMBER:
                with open(os.path.join(out, f"{port}.pcap"), "rb") as f:
                    self.sent[port] = read_pcap(f.read())
        if not self.report["ok"] or any(self.report["leaks"].values()):
            raise AssertionError(f"{self.report['conservation']}, leaks {self.report['leaks']}")
        self.port = {p["name"]: p for p in self.report["ports"]}

    def kept(self, name, offered, arrived):
        """At least 95 % of a quiet one's packets arrive."""
        print(f"{name}: {arrived} of {offered} packets arrived, {self.port[name]['missed']} missed, "
              f"held {self.port[name]['rx_held']} turns")
        if arrived < 0.95 * offered:
            raise AssertionError(f"{name} keeps {arrived} of {offered} packets")

    def drops(self, port, reason):
        return sum(d["packets"] for d in self.report["drops"] if d["port"] == port and d["reason"] == reason)


def source_of(frame):
    return socket.inet_ntoa(frame[26:30])


def arrived(noise, name):
    return sum(source_of(frame) == f"10.1.0.1{NUMBER[name]}" for frame in noise.sent[SINK])


def senders(noisy, worker_rate, quiet_pps, large=None, size=30, options=()):
    """Quiet ones send small frames, but for `large`, whose 60 KB are more than leaves by a port: what came in is counted."""
    captures = {name: at_rate(quiet_pps, lambda i, n=name: between(n, SINK, i, 60000 if n == large else size), 1000 * NUMBER[name])
                for name in QUIET}
    noise = Noise(captures | {NOISY: noisy}, worker_rate, *options)
    for name in QUIET:
        noise.kept(name, len(captures[name]), noise.port[name]["rx_packets"] if name == large else arrived(noise, name))
        if noise.port[name]["rx_held"] != 0:
            raise AssertionError(f"{name} was held back {noise.port[name]['rx_held']} times, for another's packets")
    port = noise.port[NOISY]
    print(f"{NOISY}: {len(noisy)} offered, {port['rx_packets']} fetched, {port['missed']} missed, held {port['rx_held']} turns")
    if port["rx_packets"] + port["missed"] != len(noisy):
        raise AssertionError("frames of the noisy one are unaccounted for")
    return noise, port


def pushed_back(port, noisy):
    if port["missed"] < len(noisy) // 4 or port["rx_held"] == 0:
        raise AssertionError("the noisy one was not held back: this proves nothing")


def small():
    noisy = at_rate(1_000_000, lambda i: between(NOISY, SINK, i))
    pushed_back(senders(noisy, 200_000, 10_000)[1], noisy)


def large():
    """Frames of 60 KB, more than the worker takes on; what they take are the largest runs of slots."""
    noisy = at_rate(8_000, lambda i: between(NOISY, SINK, i, 60000))
    pushed_back(senders(noisy, 4_000, 500, "q1")[1], noisy)


def bad():
    """Malformed frames at full rate cost the worker what their meter lets pass."""
    noisy = at_rate(1_000_000, lambda i: between(NOISY, SINK, i, bad=True))
    noise, port = senders(noisy, 100_000, 10_000)
    seen, unseen = noise.drops(NOISY, "ip_csum"), noise.drops(NOISY, "bad_limit")
    if seen + unseen != port["rx_packets"] or seen > 500 + 10_000 * TIME // 10**9 + 10:
        raise AssertionError(f"{seen} bad packets were looked at, {unseen} were not")


def cells():
    """Payloads stay in the NIC: one that would fill all of its memory has its share, and what the others send is sliced."""
    noisy = at_rate(1_000_000, lambda i: between(NOISY, SINK, i, 1400))
    noise, port = senders(noisy, 100_000, 5_000, size=1400, options=("--slice", "on:100000"))
    pushed_back(port, noisy)
    whole = {name: noise.port[name]["not_sliced"] for name in (NOISY, *QUIET)}
    print(f"handed over whole: {whole}; most cells of {NOISY} {port['cells_high']}, of all {noise.report['nic']['cells_high']}")
    if whole.pop(NOISY) == 0 or any(whole.values()):
        raise AssertionError("it is not the noisy one's packets, and no other's, that were not sliced")


def inbound(flood, of=from_network, more=""):
    """What is for quiet vNICs comes through the same uplink as the flood."""
    pps = 10_000
    captures = {name: at_rate(pps, lambda i, n=name: of(n, i), 1000 * NUMBER[name]) for name in QUIET}
    noise = Noise({"up": [x for frames in (flood, *captures.values()) for x in frames]}, 200_000, more=more)
    for name in QUIET:
        noise.kept(name, len(captures[name]), len(noise.sent[name]))
        if noise.port[name]["net_drops"] != 0:
            raise AssertionError(f"{noise.port[name]['net_drops']} packets of {name} were dropped for another's flood")
    return noise


def held_off(noise, flood):
    dropped = noise.port[NOISY]["net_drops"]
    if dropped < len(flood) // 2 or dropped != noise.drops("up", "pre_share"):
        raise AssertionError(f"{dropped} packets of the flood were dropped before the ring: too few")
    if len(noise.sent[NOISY]) + dropped != len(flood):
        raise AssertionError("packets of the flood are unaccounted for")


def network():
    flood = at_rate(1_000_000, lambda i: from_network(NOISY, i))
    held_off(inbound(flood), flood)


def to_eip(name, flow):
    return from_outside(f"203.0.113.{NUMBER[name]}", flow)


def public():
    """Untunnelled, to public addresses: of the quiet ones, and at the noisy one's."""
    flood = at_rate(1_000_000, lambda i: to_eip(NOISY, i))
    eips = ", ".join(f"{{name: {n}, address: 203.0.113.{NUMBER[n]}, vnic: {n}}}" for n in (NOISY, *QUIET))
    held_off(inbound(flood, to_eip, f"{OUTSIDE}eips: [{eips}]\n"), flood)


def pool():
    """At a shared public address, where ports of it are the quiet ones': its share is not theirs."""
    def forwarded(name, flow):
        frame = from_outside("203.0.113.100", flow)
        return frame[:36] + struct.pack("!H", 80 + NUMBER[name]) + frame[38:]

    forwards = ", ".join(f"{{name: {n}, address: 203.0.113.100, protocol: udp, port: {80 + NUMBER[n]}, vnic: {n}}}" for n in QUIET)
    noise = inbound(at_rate(1_000_000, lambda i: from_outside("203.0.113.100", i)), forwarded,
                    f"{OUTSIDE}snat: [{{name: out, vpc: blue, addresses: [203.0.113.100]}}]\nforwards: [{forwards}]\n")
    dropped, refused = noise.report["nic"]["pool_drops"], noise.drops("up", "nat_none")
    if dropped != noise.drops("up", "pre_share") or dropped < TIME // 2000 or dropped + refused != TIME // 1000:
        raise AssertionError(f"of a flood at the pool {dropped} packets were dropped before the ring, {refused} refused behind it")


def nobody():
    noise = inbound(at_rate(1_000_000, lambda i: from_network(NOISY, i, mac(66))))
    if noise.drops("up", "pre_share") == 0 or noise.sent[NOISY]:
        raise AssertionError("a flood to an address that nobody has was not held off")


def alone():
    """One that is alone has all of the worker: credit costs it nothing."""
    frames = at_rate(190_000, lambda i: between(NOISY, SINK, i))
    noise = Noise({NOISY: frames}, 200_000)
    if noise.port[NOISY]["missed"] or len(noise.sent[SINK]) != len(frames):
        raise AssertionError(f"{len(noise.sent[SINK])} of {len(frames)} arrived")


if __name__ == "__main__":
    {f.__name__: f for f in (small, large, bad, network, nobody, public, pool, cells, alone)}[sys.argv[1]]()
