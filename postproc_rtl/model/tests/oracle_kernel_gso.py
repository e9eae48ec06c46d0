#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The Linux kernel's software segmentation and fragmentation as oracle for the model's.

A GSO super-frame (TCP, UDP as datagrams, UDP as fragments) goes through AF_PACKET with a virtio_net_hdr into one end of
a veth pair that has no segmentation offload, so that the kernel cuts it. A packet larger than a path is sent to a kernel
that forwards it over a link of smaller MTU. What arrives at the other end must be what bin/po-segment makes of the same
frame, in one piece of memory and in cells of 2 KiB. Everything happens in a network namespace of its own that ends with
this process.
"""
import ctypes
import os
import select
import shutil
import socket
import struct
import subprocess
import sys

CLONE_NEWNET = 0x40000000
PACKET_VNET_HDR = 15
SOL_PACKET = 263
ETH_P_ALL = 3
PACKET_OUTGOING = 4
NEEDS_CSUM, GSO_TCPV4, GSO_UFO, GSO_TCPV6, GSO_USO = 1, 1, 3, 4, 5
MAC_R = bytes.fromhex("02000000000c")
MAC_A, MAC_B = bytes.fromhex("02000000000a"), bytes.fromhex("02000000000b")
ACK, PSH, FIN = 0x10, 0x08, 0x01
TIMESTAMPS = bytes.fromhex("0101080a1122334455667788")
MTU, ROUTE_MTU = 9000, 1000


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def command(*words):
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        skip(f"{' '.join(words)}: {done.stderr.strip()}")


def own_namespace():
    if os.geteuid() != 0:
        skip("needs root")
    for tool in ("ip", "ethtool"):
        if shutil.which(tool) is None:
            skip(f"{tool} is not installed")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        skip(f"unshare: {os.strerror(ctypes.get_errno())}")


def link(name, mac, peer, peer_mac):
    command("ip", "link", "add", name, "address", mac.hex(":"), "mtu", str(MTU), "type", "veth",
            "peer", "name", peer, "address", peer_mac.hex(":"), "mtu", str(MTU))
    for end in (name, peer):
        setting(f"ipv6/conf/{end}/disable_ipv6", "1")
        command("ethtool", "-K", end, "tso", "off", "gso", "off", "gro", "off", "lro", "off", "tx", "off")
        command("ip", "link", "set", end, "up")


def setting(name, value):
    with open(f"/proc/sys/net/{name}", "w", encoding="ascii") as file:
        file.write(value)


def router():
    """From wa into the kernel by ra, and out by rb, whose link takes ROUTE_MTU, to wb."""
    link("wa", MAC_A, "ra", MAC_R)
    link("rb", MAC_R, "wb", MAC_B)
    command("ip", "address", "add", "10.1.2.1/24", "dev", "ra")
    command("ip", "address", "add", "10.1.3.1/24", "dev", "rb")
    command("ip", "link", "set", "rb", "mtu", str(ROUTE_MTU))
    command("ip", "neighbor", "add", "10.1.3.4", "lladdr", MAC_B.hex(":"), "dev", "rb")
    setting("ipv4/ip_forward", "1")
    setting("ipv4/conf/wb/forwarding", "0")
    for end in ("all", "ra"):
        setting(f"ipv4/conf/{end}/rp_filter", "0")


def packet_socket(name):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.bind((name, ETH_P_ALL))
    return sock


FIELD = {"tso": 16, "uso": 6, "ufo": 6, "frag": 6}


def fold(data, start=0):
    if len(data) % 2:
        data += b"\0"
    total = start + sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def frame_of(work, ipv6, ip_options, l4_head, ident, payload, hops=64, source=MAC_A, to=MAC_B):
    """The super-frame; its checksum field holds the pseudo-header sum, as virtio wants it. Where L4 begins."""
    proto = 6 if work == "tso" else 17
    l4_len = len(l4_head) + len(payload)
    if ipv6:
        addresses = bytes.fromhex("fd00000000000000000000000000000a" "fd00000000000000000000000000000b")
        ip = struct.pack("!IHBB", 0x60012345, l4_len, proto, hops) + addresses
    else:
        addresses = bytes((10, 1, 2, 3, 10, 1, 3, 4))
        ihl = 5 + len(ip_options) // 4
        flags = 0x4000 if work == "tso" else 0
        head = struct.pack("!BBHHHBB", 0x40 | ihl, 0x08, 4 * ihl + l4_len, ident, flags, hops, proto)
        csum = ~fold(head + addresses + ip_options) & 0xFFFF
        ip = head + struct.pack("!H", csum) + addresses + ip_options
    at = FIELD[work]
    pseudo = struct.pack("!H", fold(addresses, proto + l4_len))
    l4 = l4_head[:at] + pseudo + l4_head[at + 2:] + payload
    return to + source + struct.pack("!H", 0x86DD if ipv6 else 0x0800) + ip + l4, 14 + len(ip)


def tcp(options, flags):
    return struct.pack("!HHIIBBHHH", 40001, 443, 0xFFFFF000, 0x01020304, (5 + len(options) // 4) << 4, flags,
                       0x7210, 0, 0) + options


def udp(payload_len):
    return struct.pack("!HHHH", 40001, 4433, 8 + payload_len, 0)


def received(receiver, wanted):
    frames = []
    while len(frames) < wanted and select.select([receiver], [], [], 10)[0]:
        data, address = receiver.recvfrom(1 << 17)
        if address[2] != PACKET_OUTGOING and data[:6] == MAC_B and data[12:14] != b"\x08\x06":
            frames.append(data)
    return frames


def by_kernel(sender, receiver, work, frame, l4, headers, gso_size, ipv6, wanted):
    kind = {"tso": GSO_TCPV6 if ipv6 else GSO_TCPV4, "uso": GSO_USO, "ufo": GSO_UFO}[work]
    vnet = struct.pack("=BBHHHH", NEEDS_CSUM, kind, headers, gso_size, l4, FIELD[work])
    sender.send(vnet + frame)
    return received(receiver, wanted)


def by_model(tool, work, frame, l4, gso_size, ipv6, mtu=MTU):
    text = f"{work} 14 {l4} {gso_size} {int(ipv6)} {mtu}\n{frame.hex()}\n"
    outputs = []
    for span in ([], ["2048"]):
        done = subprocess.run([tool] + span, input=text, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit(f"po-segment: {done.stderr}")
        outputs.append(done.stdout)
    if outputs[0] != outputs[1]:
        sys.exit(f"{work}: in cells it is another output")
    return [bytes.fromhex(line) for line in outputs[0].split()]


def same_ident(frames):
    """IPv6 fragments: the identification is the sender's choice, but one for all; 0 in its place."""
    ids = {frame[58:62] for frame in frames}
    if len(ids) != 1:
        sys.exit(f"fragments of one packet with {len(ids)} identifications")
    return [frame[:58] + bytes(4) + frame[62:] for frame in frames]


def compare(name, model, kernel):
    if len(model) != len(kernel):
        sys.exit(f"{name}: {len(model)} segments of the model, {len(kernel)} of the kernel")
    for index, (ours, theirs) in enumerate(zip(model, kernel)):
        if ours != theirs:
            sys.exit(f"{name}: segment {index} differs\n model  {ours[:120].hex()}\n kernel {theirs[:120].hex()}")
    print(f"{name}: {len(model)} segments equal")


def cases():
    nops = bytes([1] * 7 + [0])
    for ipv6 in (False, True):
        family = "ipv6" if ipv6 else "ipv4"
        yield f"{family} plain", "tso", ipv6, b"", tcp(b"", ACK | PSH), 7, 60000, 1460
        yield f"{family} timestamps", "tso", ipv6, b"", tcp(TIMESTAMPS, ACK | PSH | FIN), 65530, 64999, 1448
        yield f"{family} odd size", "tso", ipv6, b"", tcp(TIMESTAMPS, ACK), 0, 60001, 777
        yield f"{family} jumbo", "tso", ipv6, b"", tcp(TIMESTAMPS, ACK | PSH), 9, 65000, 8900
        yield f"{family} exact multiple", "tso", ipv6, b"", tcp(b"", ACK | FIN), 1, 14600, 1460
        for size, gso_size in ((60000, 1472), (33001, 777), (14720, 1472), (65000, 8900)):
            yield f"{family} datagrams of {gso_size}", "uso", ipv6, b"", udp(size), 65533, size, gso_size
        for size, gso_size in ((60000, 1480), (33001, 776), (14792, 1480), (65000, 8896)):
            yield f"{family} fragments of {gso_size}", "ufo", ipv6, b"", udp(size), 65533, size, gso_size
    yield "ipv4 options", "tso", False, nops, tcp(TIMESTAMPS, ACK | PSH), 100, 50000, 1400
    yield "ipv4 full options", "tso", False, nops * 5, tcp(TIMESTAMPS, ACK), 101, 50000, 1200


def vnet_socket(name):
    sock = packet_socket(name)
    try:
        sock.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    except OSError as error:
        skip(f"PACKET_VNET_HDR: {error}")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    return sock


def segments(tool):
    link("va", MAC_A, "vb", MAC_B)
    sender, receiver = vnet_socket("va"), packet_socket("vb")
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    for name, work, ipv6, ip_options, l4_head, ident, size, gso_size in cases():
        payload = bytes((i * 31 + i // 251) & 0xFF for i in range(size))
        frame, l4 = frame_of(work, ipv6, ip_options, l4_head, ident, payload)
        model = by_model(tool, work, frame, l4, gso_size, ipv6)
        kernel = by_kernel(sender, receiver, work, frame, l4, l4 + len(l4_head), gso_size, ipv6, len(model))
        if ipv6 and work == "ufo":
            model, kernel = same_ident(model), same_ident(kernel)
        compare(name, model, kernel)


def fragments(tool):
    """The packet that the kernel forwards has one hop less, and is all the model gets to see."""
    router()
    sender, receiver = packet_socket("wa"), packet_socket("wb")
    full_record = bytes((7, 7, 8, 10, 0, 0, 1))
    lists = {"no options": b"", "copied": bytes((0x88, 4, 1, 2)), "not copied": full_record + b"\1",
             "both": bytes((0x88, 4, 1, 2)) + full_record + b"\0", "end": full_record + b"\0"}
    for name, options in lists.items():
        for size in (2000, 976 * 3 - 8, 8900):
            payload = bytes((i * 29 + i // 241) & 0xFF for i in range(size))
            there, _ = frame_of("frag", False, options, udp(size), 4711, payload, to=MAC_R)
            frame, l4 = frame_of("frag", False, options, udp(size), 4711, payload, 63, MAC_R)
            model = by_model(tool, "frag", frame, l4, 0, False, ROUTE_MTU)
            sender.send(there)
            compare(f"forwarded, {name}, {size}", model, received(receiver, len(model)))


def main():
    tool = os.path.join(os.environ.get("AVS_BUILD_DIR", "build/release"), "bin", "po-segment")
    if not os.path.exists(tool):
        sys.exit(f"{tool} is not built")
    own_namespace()
    segments(tool)
    fragments(tool)


if __name__ == "__main__":
    main()
