#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the captures of this folder: mixed.<port>.pcap, for mixed.yaml. Deterministic; needs scapy.

    ./make_captures.py        writes beside itself
"""
import os
import random

from scapy.all import (ARP, Ether, ICMP, IP, IPv6, ICMPv6EchoReply, ICMPv6EchoRequest, ICMPv6ND_NS,
                       ICMPv6NDOptSrcLLAddr, Raw, TCP, UDP, wrpcap)
from scapy.layers.vxlan import VXLAN

HERE = os.path.dirname(os.path.abspath(__file__))
MAC = {"web": "02:00:00:00:00:01", "db": "02:00:00:00:00:02", "far": "02:00:00:00:00:09",
       "gw": "02:00:5e:00:01:fe", "gw2": "02:00:5e:00:02:fe", "up": "02:aa:00:00:00:01",
       "host2": "02:aa:00:00:00:02", "red": "02:00:00:00:00:01", "back": "02:00:00:00:00:03"}
ADDR = {"web": "10.1.0.5", "db": "10.1.0.6", "far": "10.1.0.9", "red": "10.1.0.5", "back": "10.2.0.5"}
ADDR6 = {"web": "fd00:1::5", "db": "fd00:1::6"}
VNI = {"blue": 100, "red": 200}


class Scene:
    """Frames by port and time; time runs in steps that a quantum of 100 us gathers in bursts."""

    def __init__(self):
        self.random = random.Random(20)
        self.ports = {name: [] for name in ("uplink0", "web", "db", "red", "back")}
        self.now = 1_600_000_000.0

    def put(self, port, frame):
        frame.time = self.now
        self.ports[port].append(frame)

    def step(self, seconds=0.001):
        self.now += seconds


def tunnel(frame, vni, src="192.0.2.2", tos=0):
    return (Ether(src=MAC["host2"], dst=MAC["up"]) / IP(src=src, dst="192.0.2.1", tos=tos, id=7) /
            UDP(sport=50000, dport=4789, chksum=0) / VXLAN(flags=8, vni=vni) / frame)


def send(scene, who, frame, vni=None):
    scene.put("uplink0" if vni else who, tunnel(frame, vni) if vni else frame)


def tcp(scene, a, b, sport, size, vni=None, routed=False):
    """A whole connection; `vni`: the far end b is behind the tunnel."""
    down = dict(src=ADDR[a], dst=ADDR[b])
    up = dict(src=ADDR[b], dst=ADDR[a])
    there = Ether(src=MAC[a], dst=MAC["gw"] if routed else MAC[b])
    back = Ether(src=MAC[b], dst=MAC["gw2"] if routed else MAC[a])
    seq, ack = 1000, 9000

    def out(flags, data=b""):
        send(scene, a, there / IP(**down) / TCP(sport=sport, dport=80, flags=flags, seq=seq, ack=ack) / Raw(data))

    def reply(flags, data=b""):
        send(scene, b, back / IP(**up) / TCP(sport=80, dport=sport, flags=flags, seq=ack, ack=seq) / Raw(data), vni)

    out("S"); yield
    seq += 1
    reply("SA"); yield
    ack += 1
    out("A"); yield
    for i in range(0, size, 300):
        chunk = bytes((i + k) % 251 for k in range(min(300, size - i)))
        for _ in range(3):
            out("A", chunk)
            seq += len(chunk)
        yield
        reply("PA", b"ok %d" % i)
        ack += len(b"ok %d" % i)
        yield
    out("FA"); yield
    seq += 1
    reply("FA"); yield
    ack += 1
    out("A"); yield


def udp(scene, a, b, sport, n, vni=None, routed=False):
    for i in range(n):
        there = Ether(src=MAC[a], dst=MAC["gw"] if routed else MAC[b])
        back = Ether(src=MAC[b], dst=MAC["gw2"] if routed else MAC[a])
        for k in range(scene.random.randint(1, 5)):
            send(scene, a, there / IP(src=ADDR[a], dst=ADDR[b]) / UDP(sport=sport, dport=9999) / Raw(b"q%d.%d" % (i, k)))
        yield
        if i % 2:
            send(scene, b, back / IP(src=ADDR[b], dst=ADDR[a]) / UDP(sport=9999, dport=sport) / Raw(b"r" * (i + 1)), vni)
            yield


def udp6(scene, sport, n):
    for i in range(n):
        for k in range(3):
            send(scene, "web", Ether(src=MAC["web"], dst=MAC["db"]) / IPv6(src=ADDR6["web"], dst=ADDR6["db"]) /
                 UDP(sport=sport, dport=9999) / Raw(b"six%d.%d" % (i, k)))
        yield
        send(scene, "db", Ether(src=MAC["db"], dst=MAC["web"]) / IPv6(src=ADDR6["db"], dst=ADDR6["web"]) /
             UDP(sport=9999, dport=sport) / Raw(b"back"))
        yield


def ping(scene, ident):
    send(scene, "web", Ether(src=MAC["web"], dst=MAC["db"]) / IP(src=ADDR["web"], dst=ADDR["db"]) /
         ICMP(type=8, id=ident, seq=1) / Raw(b"x" * 32))
    yield
    send(scene, "db", Ether(src=MAC["db"], dst=MAC["web"]) / IP(src=ADDR["db"], dst=ADDR["web"]) /
         ICMP(type=0, id=ident, seq=1) / Raw(b"x" * 32))
    yield
    send(scene, "web", Ether(src=MAC["web"], dst=MAC["gw"]) / IP(src=ADDR["web"], dst="10.1.0.254") /
         ICMP(type=8, id=ident, seq=2))
    yield
    send(scene, "web", Ether(src=MAC["web"], dst=MAC["db"]) / IPv6(src=ADDR6["web"], dst=ADDR6["db"]) /
         ICMPv6EchoRequest(id=ident, data=b"y" * 20))
    yield
    send(scene, "db", Ether(src=MAC["db"], dst=MAC["web"]) / IPv6(src=ADDR6["db"], dst=ADDR6["web"]) /
         ICMPv6EchoReply(id=ident, data=b"y" * 20))
    yield


def neighbours(scene):
    send(scene, "web", Ether(src=MAC["web"], dst="ff:ff:ff:ff:ff:ff") /
         ARP(op=1, hwsrc=MAC["web"], psrc=ADDR["web"], pdst="10.1.0.254"))
    yield
    scene.put("uplink0", tunnel(Ether(src=MAC["far"], dst="ff:ff:ff:ff:ff:ff") /
                                ARP(op=1, hwsrc=MAC["far"], psrc=ADDR["far"], pdst=ADDR["web"]), 100, tos=3))
    yield
    send(scene, "web", Ether(src=MAC["web"], dst="33:33:ff:00:00:06") /
         IPv6(src=ADDR6["web"], dst="ff02::1:ff00:6", hlim=255) / ICMPv6ND_NS(tgt=ADDR6["db"]) /
         ICMPv6NDOptSrcLLAddr(lladdr=MAC["web"]))
    yield


def errors(scene, sport):
    """An unreachable port: the error quotes the session's packet."""
    asked = IP(src=ADDR["web"], dst=ADDR["db"]) / UDP(sport=sport, dport=9) / Raw(b"anyone?")
    send(scene, "web", Ether(src=MAC["web"], dst=MAC["db"]) / asked)
    yield
    send(scene, "db", Ether(src=MAC["db"], dst=MAC["web"]) / IP(src=ADDR["db"], dst=ADDR["web"]) /
         ICMP(type=3, code=3) / Raw(bytes(asked)[:28]))
    yield


def refused(scene, i):
    web = Ether(src=MAC["web"], dst=MAC["db"])
    send(scene, "web", web / IP(src="10.1.0.77", dst=ADDR["db"]) / UDP(sport=i, dport=1))
    send(scene, "web", Ether(src="02:00:00:00:00:99", dst=MAC["db"]) / IP(src=ADDR["web"], dst=ADDR["db"]) / UDP(sport=i, dport=1))
    send(scene, "web", Ether(src=MAC["web"], dst=MAC["gw"]) / IP(src=ADDR["web"], dst="10.77.0.1") / UDP(sport=i, dport=1))
    send(scene, "db", Ether(src=MAC["db"], dst=MAC["gw"]) / IP(src=ADDR["db"], dst=ADDR["back"]) / UDP(sport=i, dport=1))
    yield
    send(scene, "web", web / IP(src=ADDR["web"], dst=ADDR["db"]) / TCP(sport=i, dport=1, flags="A", seq=5, ack=5))
    send(scene, "web", web / IP(src=ADDR["web"], dst=ADDR["db"], id=i, frag=2, proto=17) / Raw(b"z" * 16))
    send(scene, "web", web / IP(src=ADDR["web"], dst=ADDR["db"]) / UDP(sport=i, dport=1, chksum=0x1234) / Raw(b"bad"))
    send(scene, "web", Ether(bytes(web / IP(src=ADDR["web"], dst=ADDR["db"]) / UDP(sport=i, dport=1))[:30]))
    yield
    far = Ether(src=MAC["far"], dst=MAC["web"]) / IP(src=ADDR["far"], dst=ADDR["web"]) / UDP(sport=i, dport=1)
    scene.put("uplink0", tunnel(far, 999))
    scene.put("uplink0", tunnel(far, 100, src="192.0.2.66"))
    scene.put("uplink0", tunnel(far, 100, tos=3))
    scene.put("uplink0", Ether(src=MAC["host2"], dst=MAC["up"]) / IP(src="192.0.2.2", dst="192.0.2.1") / UDP(sport=i, dport=7))
    yield


def main():
    scene = Scene()
    flows = [neighbours(scene)]
    for i in range(12):
        flows.append(tcp(scene, "web", "db", 2000 + i, 900))
        flows.append(tcp(scene, "web", "back", 3000 + i, 600, routed=True))
        flows.append(udp(scene, "web", "db", 44000 + i, 6))
        flows.append(udp(scene, "web", "back", 44500 + i, 3, routed=True))
        flows.append(udp6(scene, 45000 + i, 3))
        flows.append(errors(scene, 41000 + i))
    for i in range(8):
        flows.append(tcp(scene, "web", "far", 2500 + i, 600, VNI["blue"]))
        flows.append(udp(scene, "web", "far", 44200 + i, 5, VNI["blue"]))
        flows.append(udp(scene, "red", "far", 44200 + i, 4, VNI["red"]))
        flows.append(ping(scene, 300 + i))
        flows.append(refused(scene, 600 + i))
    while flows:
        # Some flows advance at the same time, each by at most one turn: the order within a flow is given.
        chosen = scene.random.sample(flows, min(len(flows), 6))
        for flow in chosen:
            if next(flow, flow) is flow:
                flows.remove(flow)
        scene.step()
    for name, frames in scene.ports.items():
        wrpcap(os.path.join(HERE, f"mixed.{name}.pcap"), frames, linktype=1, nano=True)


if __name__ == "__main__":
    main()
