#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the captures of this directory. Deterministic: run it again and nothing changes.

Names that begin with `tunnel_` are of an uplink whose end points are 10.9.0.2 and fd09::2, others of a vNIC.
"""
import os
import random

from scapy.all import (ARP, BOOTP, DHCP, ICMP, IP, TCP, UDP, Dot1AD, Dot1Q, Ether, ICMPv6DestUnreach,
                       ICMPv6EchoRequest, ICMPv6EchoReply, ICMPv6ND_NA, ICMPv6ND_NS, ICMPv6ND_RA, ICMPv6ND_RS,
                       ICMPv6NDOptDstLLAddr, ICMPv6NDOptPrefixInfo, ICMPv6NDOptSrcLLAddr, ICMPv6PacketTooBig,
                       IPOption_NOP, IPOption_RR, IPOption_Timestamp, IPv6, IPv6ExtHdrDestOpt,
                       IPv6ExtHdrFragment, IPv6ExtHdrHopByHop, IPv6ExtHdrRouting, PadN, Raw, conf, fragment,
                       fragment6, wrpcap)
from scapy.contrib.geneve import GENEVE, GeneveOptions
from scapy.layers.dhcp6 import DHCP6_Solicit
from scapy.layers.sctp import SCTP, SCTPChunkData, SCTPChunkInit
from scapy.layers.vxlan import VXLAN

HERE = os.path.dirname(os.path.abspath(__file__))
A, B = "02:00:00:00:00:01", "02:00:00:00:00:02"
conf.checkIPaddr = False
random.seed(1)


def eth(**more):
    return Ether(src=A, dst=B, **more)


def ip4(**more):
    return IP(src="10.0.0.1", dst="10.0.0.2", id=7, **more)


def ip6(**more):
    return IPv6(src="2001:db8::1", dst="2001:db8::2", **more)


def data(n):
    return Raw(random.randbytes(n))


def outer(dport, v6=False, **more):
    head = IPv6(src="fd09::1", dst="fd09::2") if v6 else IP(src="10.9.0.1", dst="10.9.0.2", id=9)
    return eth() / head / UDP(sport=random.randint(49152, 65535), dport=dport, **more)


def spoil(packet, at):
    raw = bytearray(bytes(packet))
    raw[at] ^= 0x55
    return Ether(bytes(raw))


def basic():
    for i in range(8):
        for ip in (ip4, ip6):
            yield eth() / ip() / UDP(sport=1000 + i, dport=2000) / data(i * 9)
            yield eth() / ip() / TCP(sport=3000 + i, dport=80, flags="PA", seq=i) / data(i * 31)
    yield eth() / ip4() / UDP(sport=5, dport=6, chksum=0) / data(8)
    yield eth(type=0x88CC) / data(50)
    yield eth() / ip4() / UDP(sport=1, dport=2) / data(1) / Raw(b"")
    for proto in (0, 4, 47, 50, 89, 255):
        yield eth() / ip4(proto=proto) / Raw(bytes(24))
    yield Ether(src=A, dst="01:00:5e:00:00:09") / IP(src="10.0.0.1", dst="224.0.0.9") / UDP(sport=9, dport=9)


def vlan():
    for ip in (ip4, ip6):
        yield eth() / Dot1Q(vlan=100) / ip() / UDP(sport=1, dport=2) / data(20)
        yield eth() / Dot1AD(vlan=7) / Dot1Q(vlan=100, prio=5) / ip() / TCP(sport=1, dport=2, flags="A")
        yield eth() / Dot1Q(vlan=1) / Dot1Q(vlan=2) / Dot1Q(vlan=3) / ip() / UDP()
    yield eth() / Dot1Q(vlan=0, prio=7) / ip4() / UDP(sport=1, dport=2) / data(1)


def options():
    for opts in ([IPOption_NOP()] * 4, [IPOption_RR(routers=["0.0.0.0"])], [IPOption_Timestamp()]):
        yield eth() / ip4(options=opts) / UDP(sport=1, dport=2) / data(9)
        yield eth() / ip4(options=opts) / TCP(sport=1, dport=2, flags="A") / data(9)


def ip6ext():
    hop, dst = IPv6ExtHdrHopByHop(options=[PadN(optdata=bytes(4))]), IPv6ExtHdrDestOpt(options=[PadN()])
    for chain in (hop, dst, hop / dst, hop / dst / dst, IPv6ExtHdrRouting(type=0, segleft=0),
                  IPv6ExtHdrFragment(id=5)):
        yield eth() / ip6() / chain / UDP(sport=1, dport=2) / data(11)
        yield eth() / ip6() / chain / TCP(sport=1, dport=2, flags="A") / data(11)
    long = ip6()
    for _ in range(9):
        long = long / IPv6ExtHdrDestOpt(options=[PadN()])
    yield eth() / long / UDP(sport=1, dport=2)
    yield eth() / ip6() / dst / hop / UDP(sport=1, dport=2)
    yield eth() / ip6(nh=59) / data(4)


def fragments():
    for p in fragment(ip4() / UDP(sport=1, dport=2) / data(1000), 400):
        yield eth() / p
    for p in fragment(ip4() / TCP(sport=1, dport=2, flags="A") / data(1000), 400):
        yield eth() / p
    whole = ip6() / IPv6ExtHdrFragment(id=0xDEADBEEF) / UDP(sport=1, dport=2) / data(1500)
    for p in fragment6(whole, 600):
        yield eth() / p


def inner(i, v6):
    ip = ip6 if v6 else ip4
    l4 = TCP(sport=1, dport=2, flags="A") if i % 2 else UDP(sport=3, dport=4)
    return eth() / ip() / l4 / data(i * 5)


def tunnel_vxlan():
    for i in range(16):
        yield outer(4789, i & 4, **({"chksum": 0} if i in (1, 2) else {})) / VXLAN(vni=i + 1, flags=8) / inner(i, i & 2)
    yield outer(4789) / VXLAN(vni=5000, flags=8) / inner(1, False)
    yield outer(4789) / VXLAN(vni=5, flags=0) / inner(1, False)
    yield outer(4789) / VXLAN(vni=5, flags=8) / eth() / ARP(psrc="10.0.0.1", pdst="10.0.0.2", hwsrc=A)
    yield outer(4789) / VXLAN(vni=5, flags=8) / eth() / ip4() / ICMP(id=77, seq=1) / data(10)
    yield outer(4790) / data(40)
    yield spoil(outer(4789) / VXLAN(vni=5, flags=8) / inner(1, False), 41)


def tunnel_geneve():
    option = GeneveOptions(classid=0x102, type=1, data=bytes([9, 9, 9, 9]))
    for i in range(16):
        opts = [option] * (i % 4)
        yield outer(6081, i & 4) / GENEVE(vni=i + 1, proto=0x6558, options=opts) / inner(i, i & 2)
    yield outer(6081) / GENEVE(vni=5, proto=0x6558, options=[GeneveOptions(classid=1, type=0x81, data=bytes(4))]) / inner(1, 0)
    yield outer(6081) / GENEVE(vni=5, proto=0x0800) / ip4() / UDP(sport=1, dport=2)


def icmp():
    for kind in (0, 8, 13, 14):
        yield eth() / ip4() / ICMP(type=kind, id=0xBEEF, seq=1, ts_ori=1, ts_rx=2, ts_tx=3) / data(12)
    quoted = IP(src="10.0.0.2", dst="10.0.0.1") / UDP(sport=7, dport=8) / data(8)
    for kind in (3, 11, 12):
        yield eth() / ip4() / ICMP(type=kind) / quoted
    yield eth() / ip6() / ICMPv6EchoRequest(id=0xCAFE, data=b"abc")
    yield eth() / ip6() / ICMPv6EchoReply(id=0xCAFE, data=b"abcd")
    quoted = IPv6(src="2001:db8::2", dst="2001:db8::1") / UDP(sport=7, dport=8) / data(8)
    yield eth() / ip6() / ICMPv6DestUnreach(code=4) / quoted
    yield eth() / ip6() / ICMPv6PacketTooBig(mtu=1400) / quoted


def sctp():
    for ip in (ip4, ip6):
        yield eth() / ip() / SCTP(sport=1000, dport=2000, tag=1) / SCTPChunkInit()
        yield eth() / ip() / SCTP(sport=1000, dport=2000, tag=1) / SCTPChunkData(data=b"hello")
        yield spoil(eth() / ip() / SCTP(sport=1000, dport=2000, tag=1) / SCTPChunkData(data=b"hello"), -1)


def neighbours():
    yield Ether(src=A, dst="ff:ff:ff:ff:ff:ff") / ARP(psrc="10.0.0.1", pdst="10.0.0.2", hwsrc=A)
    yield eth() / ARP(op=2, psrc="10.0.0.1", pdst="10.0.0.2", hwsrc=A, hwdst=B) / Raw(bytes(18))
    yield eth() / ARP(psrc="10.0.0.1", hwsrc="03:00:00:00:00:01")
    yield eth() / ip6(hlim=255) / ICMPv6ND_NS(tgt="2001:db8::2") / ICMPv6NDOptSrcLLAddr(lladdr=A)
    yield eth() / ip6(hlim=255) / ICMPv6ND_NA(tgt="2001:db8::1") / ICMPv6NDOptDstLLAddr(lladdr=A)
    yield eth() / ip6(hlim=255) / ICMPv6ND_RS()
    yield eth() / ip6(hlim=255) / ICMPv6ND_RA() / ICMPv6NDOptPrefixInfo(prefix="2001:db8::")
    yield eth() / ip6(hlim=64) / ICMPv6ND_NS(tgt="2001:db8::2")
    yield (Ether(src=A, dst="ff:ff:ff:ff:ff:ff") / IP(src="0.0.0.0", dst="255.255.255.255") / UDP(sport=68, dport=67)
           / BOOTP(chaddr=bytes(6), xid=1) / DHCP(options=[("message-type", "discover"), "end"]))
    yield (Ether(src=A, dst="33:33:00:01:00:02") / IPv6(src="fe80::1", dst="ff02::1:2") / UDP(sport=546, dport=547)
           / DHCP6_Solicit(trid=1))


def bad_lengths():
    good = bytes(eth() / ip4() / UDP(sport=1, dport=2) / data(20))
    for n in (15, 20, 33, 40, 50):
        yield Ether(good[:n])
    yield eth() / ip4(ihl=4) / UDP() / data(8)
    yield eth() / ip4(len=19) / UDP() / data(8)
    yield eth() / ip4(len=200) / UDP() / data(8)
    yield eth() / ip4() / UDP(sport=1, dport=2, len=7) / data(8)
    yield eth() / ip4() / UDP(sport=1, dport=2, len=100) / data(8)
    yield eth() / ip6(plen=500) / UDP(sport=1, dport=2) / data(8)
    yield eth() / ip4() / TCP(sport=1, dport=2, dataofs=4, flags="A") / data(8)
    yield eth() / ip4() / TCP(sport=1, dport=2, dataofs=15, flags="A") / data(8)
    yield Ether(good + bytes(13))


def bad_checksums():
    for ip, l4 in ((ip4, 34), (ip6, 54)):
        yield spoil(eth() / ip() / UDP(sport=1, dport=2) / data(20), l4 + 6)
        yield spoil(eth() / ip() / UDP(sport=1, dport=2) / data(21), -1)
        yield spoil(eth() / ip() / TCP(sport=1, dport=2, flags="A") / data(20), -1)
    yield spoil(eth() / ip4() / UDP(sport=1, dport=2) / data(20), 24)
    yield spoil(eth() / ip4() / ICMP(id=1) / data(20), -1)
    yield spoil(eth() / ip6() / ICMPv6EchoRequest(id=1, data=b"abcd"), -1)
    yield eth() / ip6() / UDP(sport=1, dport=2, chksum=0) / data(4)


def tcp_sessions():
    opts = [("MSS", 1460), ("SAckOK", b""), ("Timestamp", (1, 0)), ("NOP", None), ("WScale", 7)]
    stamp = [("NOP", None), ("NOP", None), ("Timestamp", (2, 1))]
    for ip, there, back in ((IP, "10.0.0.1", "10.0.0.2"), (IPv6, "2001:db8::1", "2001:db8::2")):
        for flags, way, n in (("S", 0, 0), ("SA", 1, 0), ("A", 0, 0), ("PA", 0, 300), ("A", 1, 0), ("PA", 1, 700),
                              ("FA", 0, 0), ("FA", 1, 0), ("A", 0, 0), ("R", 1, 0)):
            src, dst, sport, dport = (there, back, 40000, 80) if way == 0 else (back, there, 80, 40000)
            yield (eth() / ip(src=src, dst=dst) / TCP(sport=sport, dport=dport, flags=flags, seq=1,
                   options=opts if "S" in flags else stamp) / data(n))
    for flags in ("", "SF", "SR", "F", "FPU"):
        yield eth() / ip4() / TCP(sport=1, dport=2, flags=flags)


def main():
    for make in (basic, vlan, options, ip6ext, fragments, tunnel_vxlan, tunnel_geneve, icmp, sctp, neighbours,
                 bad_lengths, bad_checksums, tcp_sessions):
        packets = list(make())
        for number, packet in enumerate(packets):
            packet.time = 1700000000 + number / 1000
        wrpcap(os.path.join(HERE, make.__name__ + ".pcap"), packets, linktype=1)


main()
