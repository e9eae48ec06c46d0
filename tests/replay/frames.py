# SPDX-License-Identifier: Apache-2.0
"""Frames for the replay tests, built byte by byte, and captures of them. Standard library only."""
import socket
import struct


def csum(data):
    """The checksum of the internet (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def address(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def pseudo(src, dst, proto, length):
    """Pseudo header for a checksum; addresses as bytes."""
    return src + dst + struct.pack("!IHBB", length, 0, 0, proto)


def udp(smac, dmac, src, dst, sport, dport, size, bad=False):
    """An Ethernet frame with UDP without a checksum over IPv4; `bad`: its IP header's checksum is wrong."""
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + size, 0, 0, 64, 17, 0, address(src), address(dst))
    ip = ip[:10] + struct.pack("!H", csum(ip) ^ (0x5555 if bad else 0)) + ip[12:]
    return dmac + smac + b"\x08\x00" + ip + struct.pack("!HHHH", sport, dport, 8 + size, 0) + bytes(size)


def arp_reply(smac, dmac, src, dst):
    return dmac + smac + b"\x08\x06" + struct.pack("!HHBBH", 1, 0x0800, 6, 4, 2) + smac + address(src) + dmac + address(dst)


def neighbor_advertisement(smac, dmac, src, dst):
    """Of the sender's own address, as an answer (RFC 4861, 4.4)."""
    src, dst = address(src), address(dst)
    body = struct.pack("!BBHI", 136, 0, 0, 0x60000000) + src + b"\x02\x01" + smac
    body = body[:2] + struct.pack("!H", csum(pseudo(src, dst, 58, len(body)) + body)) + body[4:]
    return dmac + smac + b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, len(body), 58, 255) + src + dst + body


def write_pcap(path, frames):
    """Frames with their times, ns, in the order of those."""
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
        for ns, frame in sorted(frames, key=lambda x: x[0]):
            f.write(struct.pack("<IIII", 1_600_000_000 + ns // 10**9, ns % 10**9, len(frame), len(frame)) + frame)
