# SPDX-License-Identifier: Apache-2.0
"""Frames between two guests behind one router: 10.1.0.5 (side 0) and 10.2.0.5 (side 1)."""
import struct

FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def address(side):
    return bytes([10, side + 1, 0, 5])


def ethernet(side, packet):
    """From a side's guest to its gateway."""
    return bytes.fromhex(f"02005e000{side + 1}fe") + bytes.fromhex(f"02000000000{side + 1}") + b"\x08\x00" + packet


def ipv4(side, protocol, ident, payload):
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), ident, 0x4000, 64, protocol, 0, address(side), address(1 - side))
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + payload


def tcp(side, ports, flags, numbers, payload, ident):
    """`ports`: of side 0 and of side 1; `numbers`: sequence and acknowledgement."""
    head = struct.pack("!HHIIBBHHH", ports[side], ports[1 - side], *(n & 0xFFFFFFFF for n in numbers), 0x50, flags, 20000, 0, 0)
    pseudo = address(side) + address(1 - side) + struct.pack("!BBH", 0, 6, len(head) + len(payload))
    total = checksum(pseudo + head + payload)
    return ethernet(side, ipv4(side, 6, ident, head[:16] + struct.pack("!H", total) + head[18:] + payload))
