#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The Linux kernel's software segmentation as oracle for the model's.

A GSO super-frame goes through AF_PACKET with a virtio_net_hdr into one end of a veth pair that has no segmentation
offload, so that the kernel cuts it. What arrives at the other end must be what bin/po-segment makes of the same frame.
Everything happens in a network namespace of its own that ends with this process.
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
NEEDS_CSUM, GSO_TCPV4, GSO_TCPV6 = 1, 1, 4
MAC_A, MAC_B = bytes.fromhex("02000000000a"), bytes.fromhex("02000000000b")
ACK, PSH, FIN = 0x10, 0x08, 0x01
TIMESTAMPS = bytes.fromhex("0101080a1122334455667788")
MTU = 9000


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


def veth_pair():
    command("ip", "link", "add", "va", "address", MAC_A.hex(":"), "mtu", str(MTU), "type", "veth",
            "peer", "name", "vb", "address", MAC_B.hex(":"), "mtu", str(MTU))
    for name in ("va", "vb"):
        with open(f"/proc/sys/net/ipv6/conf/{name}/disable_ipv6", "w", encoding="ascii") as file:
            file.write("1")
        command("ethtool", "-K", name, "tso", "off", "gso", "off", "gro", "off", "lro", "off", "tx", "off")
        command("ip", "link", "set", name, "up")


def packet_socket(name):
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    sock.bind((name, ETH_P_ALL))
    return sock


def fold(data, start=0):
    if len(data) % 2:
        data += b"\0"
    total = start + sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total


def tcp_frame(ipv6, ip_options, tcp_options, flags, ident, payload):
    """The super-frame; its TCP checksum field holds the pseudo-header sum, as virtio wants it."""
    tcp_len = 20 + len(tcp_options) + len(payload)
    if ipv6:
        addresses = bytes.fromhex("fd00000000000000000000000000000a" "fd00000000000000000000000000000b")
        ip = struct.pack("!IHBB", 0x60012345, tcp_len, 6, 64) + addresses
    else:
        addresses = bytes((10, 1, 2, 3, 10, 1, 2, 4))
        ihl = 5 + len(ip_options) // 4
        head = struct.pack("!BBHHHBB", 0x40 | ihl, 0x08, 4 * ihl + tcp_len, ident, 0x4000, 64, 6)
        csum = ~fold(head + addresses + ip_options) & 0xFFFF
        ip = head + struct.pack("!H", csum) + addresses + ip_options
    tcp = struct.pack("!HHIIBBHHH", 40001, 443, 0xFFFFF000, 0x01020304, (5 + len(tcp_options) // 4) << 4, flags,
                      0x7210, fold(addresses, 6 + tcp_len), 0) + tcp_options
    return MAC_B + MAC_A + struct.pack("!H", 0x86DD if ipv6 else 0x0800) + ip + tcp + payload, 14 + len(ip)


def by_kernel(sender, receiver, frame, l4, headers, gso_size, ipv6, wanted):
    vnet = struct.pack("=BBHHHH", NEEDS_CSUM, GSO_TCPV6 if ipv6 else GSO_TCPV4, headers, gso_size, l4, 16)
    sender.send(vnet + frame)
    frames = []
    while len(frames) < wanted and select.select([receiver], [], [], 10)[0]:
        data, address = receiver.recvfrom(1 << 17)
        if address[2] != PACKET_OUTGOING and data[:6] == MAC_B:
            frames.append(data)
    return frames


def by_model(tool, frame, l4, gso_size, ipv6):
    text = f"14 {l4} {gso_size} {int(ipv6)} {MTU}\n{frame.hex()}\n"
    done = subprocess.run([tool], input=text, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"po-segment: {done.stderr}")
    return [bytes.fromhex(line) for line in done.stdout.split()]


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
        yield f"{family} plain", ipv6, b"", b"", ACK | PSH, 7, 60000, 1460
        yield f"{family} timestamps", ipv6, b"", TIMESTAMPS, ACK | PSH | FIN, 65530, 64999, 1448
        yield f"{family} odd size", ipv6, b"", TIMESTAMPS, ACK, 0, 60001, 777
        yield f"{family} jumbo", ipv6, b"", TIMESTAMPS, ACK | PSH, 9, 65000, 8900
        yield f"{family} exact multiple", ipv6, b"", b"", ACK | FIN, 1, 14600, 1460
    yield "ipv4 options", False, nops, TIMESTAMPS, ACK | PSH, 100, 50000, 1400
    yield "ipv4 full options", False, nops * 5, TIMESTAMPS, ACK, 101, 50000, 1200


def main():
    tool = os.path.join(os.environ.get("AVS_BUILD_DIR", "build/release"), "bin", "po-segment")
    if not os.path.exists(tool):
        sys.exit(f"{tool} is not built")
    own_namespace()
    veth_pair()
    sender, receiver = packet_socket("va"), packet_socket("vb")
    try:
        sender.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    except OSError as error:
        skip(f"PACKET_VNET_HDR: {error}")
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    for name, ipv6, ip_options, tcp_options, flags, ident, size, gso_size in cases():
        payload = bytes((i * 31 + i // 251) & 0xFF for i in range(size))
        frame, l4 = tcp_frame(ipv6, ip_options, tcp_options, flags, ident, payload)
        model = by_model(tool, frame, l4, gso_size, ipv6)
        kernel = by_kernel(sender, receiver, frame, l4, l4 + 20 + len(tcp_options), gso_size, ipv6, len(model))
        compare(name, model, kernel)


if __name__ == "__main__":
    main()
