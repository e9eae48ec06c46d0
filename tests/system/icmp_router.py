#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a Linux router says about a packet that it cannot pass on, and what our gateway says: byte for byte.

The same frames go into a router between links of 9,000 and 1,500 bytes, two namespaces joined by a veth, and through
avs-replay, where the gateway stands between two subnets with those MTUs. Every error is compared but for the identification
of its IPv4 header and what covers that. tshark judges the errors as well.
"""
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile

PROGRAM = os.path.join(os.environ.get("AVS_BUILD_DIR", ""), "bin", "avs-replay")
GUEST, GATEWAY = bytes.fromhex("020000000001"), bytes.fromhex("02005e0001fe")
CONFIG = """
version: 1
vpcs: [{name: blue, vni: 100}]
subnets:
  - {name: front, vpc: blue, prefix4: 10.1.0.0/24, prefix6: 'fd00:1::/64', gateway4: 10.1.0.254, gateway6: 'fd00:1::fe',
     gateway_mac: 02:00:5e:00:01:fe}
  - {name: back, vpc: blue, prefix4: 10.2.0.0/24, prefix6: 'fd00:2::/64', gateway4: 10.2.0.254, gateway6: 'fd00:2::fe',
     gateway_mac: 02:00:5e:00:02:fe}
security_groups:
  - {name: default, rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]}
ports:
  - {name: a, role: vnic, type: pcap, mtu: 9000, mac: 02:00:00:00:00:01, subnet: front, addresses: [10.1.0.5, 'fd00:1::5']}
  - {name: c, role: vnic, type: pcap, mtu: 1500, mac: 02:00:00:00:00:03, subnet: back, addresses: [10.2.0.5, 'fd00:2::5']}
"""


def fold(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def with_sum(l4, at, pseudo):
    return l4[:at] + struct.pack("!H", fold(pseudo + l4) or 0xFFFF) + l4[at + 2:]


def udp(pseudo, sport, size):
    data = bytes((sport + i) % 251 for i in range(size))
    return with_sum(struct.pack("!HHHH", sport, 9, 8 + size, 0) + data, 6, pseudo(17, 8 + size))


def echo(pseudo, proto, kind, size):
    return with_sum(struct.pack("!BBHHH", kind, 0, 0, 77, 1) + bytes(size), 2, pseudo(proto, 8 + size) if proto == 58 else b"")


def ip4(proto, l4, tos=0, ttl=64, flags=0x4000, options=b"", dst="10.2.0.5"):
    head = struct.pack("!BBHHHBBH", 0x45 + len(options) // 4, tos, 20 + len(options) + len(l4), 0x4321, flags, ttl, proto, 0)
    head = with_sum(head + socket.inet_aton("10.1.0.5") + socket.inet_aton(dst) + options, 10, b"")
    return GATEWAY + GUEST + b"\x08\x00" + head + l4


def ip6(proto, l4, hops=64, tclass=0, extension=b""):
    src, dst = (socket.inet_pton(socket.AF_INET6, a) for a in ("fd00:1::5", "fd00:2::5"))
    head = struct.pack("!IHBB", 6 << 28 | tclass << 20, len(extension) + len(l4), 60 if extension else proto, hops)
    return GATEWAY + GUEST + b"\x86\xdd" + head + src + dst + extension + l4


def pseudo4(proto, length):
    return socket.inet_aton("10.1.0.5") + socket.inet_aton("10.2.0.5") + struct.pack("!BBH", 0, proto, length)


def pseudo6(proto, length):
    return b"".join(socket.inet_pton(socket.AF_INET6, a) for a in ("fd00:1::5", "fd00:2::5")) + struct.pack("!IBBBB", length, 0, 0, 0, proto)


def frames():
    """Name and frame; those that must not be answered say so."""
    quoted = ip4(17, udp(pseudo4, 900, 20))[14:]
    error = with_sum(struct.pack("!BBHI", 3, 1, 0, 0) + quoted + bytes(1600), 2, b"")
    return [
        ("one byte too many", ip4(17, udp(pseudo4, 1, 1473))),
        ("far too big", ip4(17, udp(pseudo4, 2, 8000))),
        ("with a TOS", ip4(17, udp(pseudo4, 3, 2000), tos=0x2E)),
        ("with a precedence and ECN", ip4(17, udp(pseudo4, 4, 2000), tos=0xBA)),
        ("with options", ip4(17, udp(pseudo4, 5, 2000), options=b"\x01\x01\x01\x00")),
        ("echo", ip4(1, echo(pseudo4, 1, 8, 3000))),
        ("another protocol", ip4(47, bytes(1600))),
        ("error, no answer", ip4(1, error)),
        ("no hops left", ip4(17, udp(pseudo4, 6, 40), ttl=1)),
        ("no hops left, longer than a quote", ip4(17, udp(pseudo4, 7, 1400), ttl=1)),
        ("no hops left, without DF", ip4(17, udp(pseudo4, 8, 40), ttl=1, flags=0)),
        ("no hops left, echo", ip4(1, echo(pseudo4, 1, 8, 100), ttl=1)),
        ("error without hops, no answer", ip4(1, error[:100], ttl=1)),
        ("IPv6, one byte too many", ip6(17, udp(pseudo6, 21, 1453))),
        ("IPv6, far too big", ip6(17, udp(pseudo6, 22, 8000), tclass=0xB8)),
        ("IPv6, echo", ip6(58, echo(pseudo6, 58, 128, 3000))),
        ("IPv6, destination options", ip6(17, udp(pseudo6, 23, 2000), extension=struct.pack("!BBBB4s", 17, 0, 1, 4, b""))),
        ("IPv6, no hops left", ip6(17, udp(pseudo6, 24, 40), hops=1)),
        ("IPv6, no hops left, longer than a quote", ip6(17, udp(pseudo6, 25, 1400), hops=1)),
    ]


def write_pcap(path, sent):
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHIIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for number, frame in enumerate(sent):
            f.write(struct.pack("<IIII", 1, number * 1000, len(frame), len(frame)) + frame)


def read_pcap(path):
    with open(path, "rb") as f:
        raw = f.read()
    found, at = [], 24
    while at < len(raw):
        length, = struct.unpack_from("<I", raw, at + 8)
        found.append(raw[at + 16:at + 16 + length])
        at += 16 + length
    return found


def is_error(frame):
    if frame[12:14] == b"\x08\x00":
        return frame[23] == 1 and frame[34] in (3, 11)
    return frame[12:14] == b"\x86\xdd" and frame[20] == 58 and frame[54] in (2, 3)


def ours(sent, tmp):
    with open(f"{tmp}/config.yaml", "w", encoding="ascii") as f:
        f.write(CONFIG)
    write_pcap(f"{tmp}/in.a", sent)
    write_pcap(f"{tmp}/in.c", [])
    os.mkdir(f"{tmp}/out")
    subprocess.run([PROGRAM, "-c", f"{tmp}/config.yaml", f"-pa={tmp}/in.a", f"-pc={tmp}/in.c", "-o", f"{tmp}/out"], check=True,
                   capture_output=True)
    return [f for f in read_pcap(f"{tmp}/out/a.pcap") if is_error(f)]


def inject(source, result):
    """In the sender's namespace: everything in, then an echo request to the router; what came before its answer."""
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.bind(("s0", 0))
    s.settimeout(20)
    marker = ip4(1, echo(pseudo4, 1, 8, 8), dst="10.1.0.254")
    got = []
    for frame in read_pcap(source) + [marker]:
        s.send(frame)
    while True:
        frame, address = s.recvfrom(65535)
        if address[2] == socket.PACKET_OUTGOING:
            continue
        if is_error(frame):
            got.append(frame)
        elif frame[12:14] == b"\x08\x00" and frame[23] == 1 and frame[34] == 0:
            break
    write_pcap(result, got)
    return 0


def linux(sent, tmp):
    name = f"avs-router-{os.getpid()}"
    sender, router = f"{name}-s", f"{name}-r"

    def ip(*words):
        subprocess.run(["ip", *words], check=True)

    def sysctl(*words):
        subprocess.run(["ip", "netns", "exec", router, "sysctl", "-qw", *words], check=True)

    try:
        for space in (sender, router):
            ip("netns", "add", space)
        sysctl("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1", "net.ipv4.icmp_ratelimit=0", "net.ipv6.icmp.ratelimit=0",
               "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0", "net.ipv6.conf.default.accept_dad=0", "net.ipv6.auto_flowlabels=0")
        ip("-n", sender, "link", "add", "s0", "type", "veth", "peer", "name", "r0", "netns", router)
        ip("-n", sender, "link", "set", "s0", "mtu", "9000", "address", "02:00:00:00:00:01", "addrgenmode", "none", "up")
        ip("-n", router, "link", "set", "r0", "mtu", "9000", "address", "02:00:5e:00:01:fe", "addrgenmode", "none", "up")
        ip("-n", router, "link", "add", "r1", "mtu", "1500", "type", "veth", "peer", "name", "nobody")
        for device in ("r1", "nobody"):
            ip("-n", router, "link", "set", device, "addrgenmode", "none", "up")
        for device, four, six in (("r0", "10.1.0.254/24", "fd00:1::fe/64"), ("r1", "10.2.0.254/24", "fd00:2::fe/64")):
            ip("-n", router, "addr", "add", four, "dev", device)
            ip("-n", router, "addr", "add", six, "dev", device, "nodad")
        for device, address, mac in (("r0", "10.1.0.5", "01"), ("r0", "fd00:1::5", "01"), ("r1", "10.2.0.5", "03"), ("r1", "fd00:2::5", "03")):
            ip("-n", router, "neigh", "replace", address, "lladdr", f"02:00:00:00:00:{mac}", "dev", device, "nud", "permanent")
        write_pcap(f"{tmp}/in.linux", sent)
        subprocess.run(["ip", "netns", "exec", sender, sys.executable, __file__, "inject", f"{tmp}/in.linux", f"{tmp}/linux.pcap"],
                       check=True)
        return read_pcap(f"{tmp}/linux.pcap")
    finally:
        for space in (sender, router):
            subprocess.run(["ip", "netns", "del", space], check=False)


def comparable(frame):
    """All of an error but for its identification, which is anybody's to choose."""
    if frame[12:14] == b"\x08\x00":
        return frame[:18] + b"\0\0" + frame[20:24] + b"\0\0" + frame[26:]
    return frame


def judge(path):
    """What tshark finds wrong with the errors in a capture; what they quote is cut off and may well look so."""
    wrong = subprocess.run(["tshark", "-n", "-r", path, "-o", "ip.check_checksum:TRUE", "-Y",
                            "ip.checksum.status == 0 || icmp.checksum.status == 0 || icmpv6.checksum.status == 0"],
                           capture_output=True, text=True, check=True).stdout
    if wrong:
        raise AssertionError(f"tshark: {wrong}")


def main():
    if os.geteuid() != 0 or shutil.which("tshark") is None:
        print("skipped: needs root for network namespaces, and tshark")
        return 77
    cases = frames()
    with tempfile.TemporaryDirectory(prefix="avs-router-") as tmp:
        sent = [frame for _, frame in cases]
        got, wanted = ours(sent, tmp), linux(sent, tmp)
        expected = [name for name, _ in cases if "no answer" not in name]
        if len(wanted) != len(expected):
            raise AssertionError(f"Linux answers {len(wanted)} times, not {len(expected)}")
        if len(got) != len(wanted):
            raise AssertionError(f"we answer {len(got)} times, Linux {len(wanted)} times")
        for name, a, b in zip(expected, got, wanted):
            if comparable(a) != comparable(b):
                raise AssertionError(f"{name}:\nwe    {a.hex()}\nLinux {b.hex()}")
        write_pcap(f"{tmp}/got.pcap", got)
        judge(f"{tmp}/got.pcap")
    print(f"{len(expected)} errors as a Linux router sends them, {len(cases) - len(expected)} packets that nobody answers")
    return 0


if __name__ == "__main__":
    sys.exit(inject(*sys.argv[2:]) if sys.argv[1:2] == ["inject"] else main())
