# SPDX-License-Identifier: Apache-2.0
"""Packets between guests 10.1.0.x behind a router that translates, and hosts outside."""
import socket
import struct

from tcp_frames import checksum

GUESTS = {"10.1.0.5": "02:00:00:00:00:05", "10.1.0.6": "02:00:00:00:00:06", "10.1.0.7": "02:00:00:00:00:07"}
POOL_PORTS = 20000, 20999
GATEWAY = ("02005e0001fe", "02aa00000001")  # inside, outside


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def frame(side, packet):
    """As a side's sender gives it to the router."""
    source = mac(GUESTS[socket.inet_ntoa(packet[12:16])]) if side == 0 else mac("02aa000000fe")
    return mac(GATEWAY[side]) + source + b"\x08\x00" + packet


def ipv4(src, dst, protocol, ident, payload):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident, 0x4000, 64, protocol, 0,
                       socket.inet_aton(src), socket.inet_aton(dst))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def pseudo(src, dst, protocol, length):
    return socket.inet_aton(src) + socket.inet_aton(dst) + struct.pack("!BBH", 0, protocol, length)


def udp(src, dst, sport, dport, ident, payload=b"", no_sum=False):
    head = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0)
    total = checksum(pseudo(src, dst, 17, len(head) + len(payload)) + head + payload) or 0xFFFF
    return ipv4(src, dst, 17, ident, head[:6] + struct.pack("!H", 0 if no_sum else total) + payload)


def tcp(src, dst, sport, dport, ident, flags, seq, ack, payload=b""):
    head = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 20000, 0, 0)
    total = checksum(pseudo(src, dst, 6, len(head) + len(payload)) + head + payload)
    return ipv4(src, dst, 6, ident, head[:16] + struct.pack("!H", total) + head[18:] + payload)


def icmp(src, dst, ident, kind, code, rest, body=b""):
    head = struct.pack("!BBH", kind, code, 0) + rest
    return ipv4(src, dst, 1, ident, head[:2] + struct.pack("!H", checksum(head + body)) + rest + body)


def echo(src, dst, ident, kind, number, body=b"ping"):
    return icmp(src, dst, ident, kind, 0, struct.pack("!HH", number, 1), body)


def error(src, dst, ident, kind, code, quoted):
    return icmp(src, dst, ident, kind, code, bytes(4), quoted)
