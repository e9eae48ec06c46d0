#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""First inputs for the fuzzers, made of the repository's captures, examples and tests.

seeds.py NAME DIRECTORY     files for the fuzzer NAME; what is worth keeping of them goes to corpus/NAME by `./run fuzz --keep`
"""
import hashlib
import json
import pathlib
import struct
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def frames(pattern):
    """Frames of captures (pcap of the classic kind)."""
    for path in sorted(ROOT.glob(pattern)):
        data = path.read_bytes()
        order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
        at = 24
        while at + 16 <= len(data):
            length = struct.unpack_from(order + "I", data, at + 8)[0]
            yield data[at + 16:at + 16 + length]
            at += 16 + length


def parse():
    for frame in frames("tests/data/*/*.pcap"):
        if len(frame) < 2000:
            yield b"\x00" + frame
            yield b"\x01" + frame
    yield from tunnelled()
    # What a guest claims: a partial checksum, segments of 100 bytes.
    for frame in frames("tests/data/parser/tcp_sessions.pcap"):
        yield b"\x02" + struct.pack("<BBHHHH", 1, 0, 0, 0, 34, 16) + frame
        yield b"\x02" + struct.pack("<BBHHHH", 1, 1, 54, 100, 34, 16) + frame + bytes(300)
        yield b"\x02" + struct.pack("<BBHHHH", 1, 4, 74, 100, 54, 16) + frame + bytes(300)


def ip4(proto, source, target, data):
    """An IPv4 packet; its sums are mended by the fuzzer."""
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(data), 7, 0, 64, proto, 0, bytes(source), bytes(target)) + data


def ip6(proto, source, target, data):
    return struct.pack(">IHBB", 6 << 28, len(data), proto, 64) + source + target + data


def v6(last, net=1):
    return bytes([0xfd, 0, 0, net]) + bytes(11) + bytes([last])


def udp(data=b"payload."):
    return struct.pack(">HHHH", 1000, 2000, 8 + len(data), 1) + data


def tcp(flags=2):
    return struct.pack(">HHIIBBHHH", 1000, 80, 1, 0, 0x60, flags, 8192, 0, 0) + bytes([2, 4, 5, 0xb4])


def eth(kind, packet, target=1, source=9):
    return bytes([2, 0, 0, 0, 0, target, 2, 0, 0, 0, 0, source]) + struct.pack(">H", kind) + packet


def inner_frames():
    """From 10.1.0.9 of either tenant to a (r)."""
    nine, five, gate = (10, 1, 0, 9), (10, 1, 0, 5), (10, 1, 0, 254)
    yield eth(0x0800, ip4(17, nine, five, udp()))
    yield eth(0x0800, ip4(6, nine, five, tcp()))
    yield eth(0x0800, ip4(1, nine, five, struct.pack(">BBHHH", 8, 0, 0, 1, 1) + bytes(20)))
    yield eth(0x0800, ip4(1, nine, five, struct.pack(">BBHHH", 3, 3, 0, 0, 0) + ip4(17, five, nine, udp())))
    yield eth(0x0800, ip4(1, nine, gate, struct.pack(">BBHHH", 8, 0, 0, 1, 1) + bytes(20)))
    yield eth(0x86dd, ip6(17, v6(9), v6(5), udp()))
    yield eth(0x86dd, ip6(6, v6(9), v6(5), tcp()))
    yield eth(0x86dd, ip6(58, v6(9), v6(5), struct.pack(">BBHHH", 128, 0, 0, 1, 1) + bytes(20)))
    yield eth(0x86dd, ip6(44, v6(9), v6(5), struct.pack(">BBHI", 17, 0, 1, 77) + udp()))
    yield eth(0x0806, struct.pack(">HHBBH6s4s6s4s", 1, 0x800, 6, 4, 1, bytes([2, 0, 0, 0, 0, 9]), bytes(nine),
                                  bytes(6), bytes(five)))
    yield eth(0x8100, struct.pack(">HH", 5, 0x0800) + ip4(17, nine, five, udp()))


def decap():
    for inner in inner_frames():
        for how, head in ((16, b"\x08\0\0\0\0\0d\0"), (17, b"\x08\0\0\0\0\0d\0"),
                          (18, b"\x01\0\x65\x58\0\0\xc8\0\x01\x02\x03\0"),
                          (19, b"\x02\0\x65\x58\0\0\xc8\0\x01\x02\x03\x01abcd"),
                          (20, b"\x08\0\0\0\0\0d\0"), (2, b"\0\0\x65\x58\0\0\x07\0"), (1, b"\0" * 8)):
            body = head + inner
            yield struct.pack("<BH", how, len(body)) + body
    # Several in one input: a handshake's answer behind its first packet.
    packets = [struct.pack("<BH", 16, 8 + len(f)) + b"\x08\0\0\0\0\0d\0" + f for f in inner_frames()]
    yield b"".join(packets[:3])
    yield b"".join(packets[5:8])


def tunnelled():
    """Tunnel packets to the end points of the parser's tests."""
    vtep6 = bytes([0x20, 1, 0xd, 0xb8]) + bytes(11)
    for head in (b"\x08\0\0\0\0\0\x05\0", b"\0\0\x65\x58\0\0\x05\0", b"\x01\0\x65\x58\0\0\x05\0\x01\x02\x03\0"):
        for inner in inner_frames():
            data = head + inner
            outer = struct.pack(">HHHH", 5000, 4789 if head[0] == 8 else 6081, 8 + len(data), 0) + data
            yield b"\x01" + eth(0x0800, ip4(17, (10, 0, 0, 1), (10, 0, 0, 2), outer))
            yield b"\x01" + eth(0x86dd, ip6(17, vtep6 + b"\1", vtep6 + b"\2", outer[:6] + b"\0\1" + outer[8:]))


def fragments():
    """(way | id << 3 | last << 7, offset / 8, (length - 16) / 8) each."""
    three = [(0, 0, 48), (0, 50, 48), (0x80, 100, 48)]

    def put(pieces):
        return bytes(byte for piece in pieces for byte in piece)

    for way in range(6):
        pieces = [(way | head, at, length) for head, at, length in three]
        yield put(pieces)
        yield put(pieces[::-1])
        yield put([pieces[1], pieces[0], pieces[2]])
        yield put([pieces[0], (way, 40, 48), pieces[2]])
        yield put([pieces[0], pieces[0], pieces[1], pieces[2]])
        yield put([pieces[1], (7, 0, 0), pieces[0], pieces[2]])
        yield put([piece for p in pieces[::-1] for piece in (p, (p[0] ^ 1, p[1], p[2]), (p[0] ^ 8, p[1], p[2]))])


def metadata():
    for shape in range(10):
        yield bytes([shape])
        for at in (16, 32, 36, 38, 40, 44, 48, 50, 60, 104, 110):
            yield bytes([shape | 0x10, 0, at, 0xff])
            yield bytes([shape | 0x10, 1, at, 1, at + 1, 7, shape])
        for at in (0, 3, 4, 8, 12, 18, 20, 28, 30, 31, 56):
            yield bytes([shape | 0x20, 0, at, 0xff])
            yield bytes([shape | 0x30, 0, at, 2, 0, at, 1, shape, shape])


def session():
    """A byte of tuple and side, then what read_packet() takes."""
    def packet(tuple_, answer, *rest):
        return bytes([tuple_ | answer << 4, *rest])

    def segment(t, answer, flags, payload=0):
        return packet(t, answer, flags, 2, *struct.pack("<H", payload)) if payload else packet(t, answer, flags, 0)

    def shaken(t):
        return segment(t, 0, 2) + segment(t, 1, 0x12) + segment(t, 0, 0x10)

    def scaled(t):
        return packet(t, 0, 2, 16, 7) + packet(t, 1, 0x12, 16, 7) + segment(t, 0, 0x10)

    for t in range(4):
        data = segment(t, 0, 0x18, 100) + segment(t, 1, 0x10) + segment(t, 1, 0x18, 8192) + segment(t, 0, 0x10)
        closed = segment(t, 0, 0x11) + segment(t, 1, 0x11) + segment(t, 0, 0x10)
        yield shaken(t) + data + closed + segment(t, 0, 2)
        yield scaled(t) + data + data + closed
        yield shaken(t) + segment(t, 0, 4) + segment(t, 0, 2)
        yield segment(t, 0, 2) + segment(t, 1, 0x14) + segment(t, 0, 2)
        yield segment(t, 0, 2) + segment(t, 1, 2) + segment(t, 1, 0x12) + segment(t, 0, 0x12)
        yield segment(t, 0, 0x10) + segment(t, 1, 0x10) + segment(t, 0, 0x18, 50)
        yield shaken(t) + packet(t, 0, 0x10, 4, 0, 0, 0, 16) + packet(t, 0, 4, 4, 0, 1, 0, 0) + packet(t, 0, 6, 0)
    for t in (10, 12, 13, 14, 15):
        kinds = {12: (8, 0), 13: (128, 129)}.get(t, (0, 0))
        yield packet(t, 0, kinds[0]) + packet(t, 1, kinds[1]) + packet(t, 1, 3) + b"\xe0\xff" + packet(t, 0, kinds[0])
    yield b"".join(segment(t, 0, 2) for t in range(10)) + shaken(1) + b"\xe0\x30" + b"\xf8"
    yield b"".join(shaken(t) for t in range(9)) + packet(10, 0, 0) + b"\xe0\xff\xe0\xff"


def attach():
    def body(kind, data=b"", flags=0):
        return bytes([kind | flags]) + (b"" if kind == 0 else struct.pack("<H", len(data)) + data)

    def port(index, kind, name, device, uplink=0, fd=0):
        return struct.pack("<HBBIHBBBBH32s128s64s152sIII6s6x", index, kind, uplink, 7, 1500, 1, fd, 0, 1, 0, name,
                           device, b"", b"", 100, 100, 100, bytes([2, 0, 0, 0, 0, 1]))

    def item(kind, at, value):
        spec, mask = bytearray(40), bytearray(40)
        spec[at:at + len(value)] = value
        mask[at:at + len(value)] = b"\xff" * len(value)
        return bytes([kind]) + bytes(7) + bytes(spec) + bytes(40) + bytes(mask)

    def rule(number, items, actions):
        return struct.pack("<IB3xIIIHHBB6xQ", number, 0, 0, 0, 0, 1, 2, len(items), actions, 0) + b"".join(items)

    hello, ring = body(0), body(4, port(1, 5, b"p", b"ring"))
    null, uplink = body(4, port(2, 4, b"q", b"")), body(4, port(3, 4, b"u", b"", 1))
    tcp_80 = [item(1, 12, b"\x08\0"), item(3, 9, b"\x06"), item(5, 2, b"\0\x50")]
    yield hello + ring + null + uplink + body(3) + body(8) + body(9)
    yield hello + ring + ring + body(5, struct.pack("<H", 1)) + body(5, struct.pack("<H", 9))
    yield hello + null + body(10, rule(5, tcp_80, 5)) + body(12, struct.pack("<IH", 5, 1)) + body(13, struct.pack("<IH", 0, 1))
    yield hello + ring + null + body(10, rule(5, tcp_80, 5)) + body(12, struct.pack("<IH", 5, 1)) + \
        body(10, rule(6, tcp_80[:1], 20)) + body(11, struct.pack("<IH", 5, 1)) + body(13, struct.pack("<IH", 0, 1))
    yield hello + body(6, struct.pack("<IIB", 100, 7, 1)) + body(6, struct.pack("<IIB", 100, 0, 1))
    yield hello + body(7, bytes([10, 0, 0, 1]) + bytes(12) + b"\x04") + body(7, bytes(16) + b"\x06\x01")
    yield hello + body(15, struct.pack("<QIHB", 1000, 10, 3, 1)) + body(15, struct.pack("<QIHB", 0, 0, 3, 1))
    yield hello + body(16, struct.pack("<QIB3x", 8192, 1, 0) + b"one") + body(18, bytes(16) + b"one")
    yield hello + body(17, struct.pack("<QIB3x", 4096, 1, 0) + b"two", 0x40) + body(16, struct.pack("<QIB3x", 4096, 1, 0) + b"two")
    yield hello + body(21, bytes(range(48))) + body(25, bytes([0, 1] * 128)) + body(25, b"\x09")
    yield hello + body(22, struct.pack("<IHBB", 0, 0, 0, 1)) + body(23, struct.pack("<IHH", 7, 0xffff, 1)) + \
        body(22, struct.pack("<IHBB", 5, 1, 0, 0)) + body(23, struct.pack("<IHH", 0, 1, 1))
    yield hello + ring + body(24, bytes([203, 0, 113, 1]) + bytes(12) + struct.pack("<BBHHHII", 4, 6, 80, 1, 0, 0, 0))
    yield hello + body(26, struct.pack("<IB", 0, 1), 0x40) + body(26, struct.pack("<IB", 0, 0))
    yield hello + body(4, port(1, 1, b"p", b"", 0, 1), 0x40) + body(20, port(1, 1, b"p", b""))
    second = bytes([30]) + hello
    yield hello + second + body(3) + body(22, struct.pack("<IHBB", 0, 0, 0, 1)) + body(23, struct.pack("<IHH", 7, 0xffff, 1)) + \
        body(22, struct.pack("<IHBB", 5, 1, 1, 0)) + bytes([30]) + body(3) + body(22, struct.pack("<IHBB", 0, 0, 1, 1))
    yield second + body(3) + hello
    yield body(3) + hello
    yield hello + hello + bytes([3 | 0x80, 5])
    yield bytes([0x20]) + struct.pack("<H", 20) + struct.pack("<IHHII", 0x52495448, 3, 16, 1, 0)
    yield body(1, struct.pack("<HHIQ", 9, 0, 1, 0) + b"other")


def control():
    port = {"name": "p", "role": "vnic", "type": "tap", "mac": "02:00:00:00:00:05", "subnet": "s", "addresses": ["10.1.0.7"]}
    net = {"version": 1, "vpcs": [{"name": "v", "vni": 1}], "subnets": [{"name": "s", "vpc": "v", "prefix4": "10.1.0.0/24"}]}
    call = lambda method, **params: json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    document = call("config.apply", document=net)
    lines = [
        document, call("config.apply", document=net, dry_run=True), call("config.apply", document=net, confirm_s=9),
        call("config.confirm"), call("config.revert"), call("config.trial"), call("config.get"), call("config.settled"),
        call("workers.set", workers=2, dry_run=True), call("object.add", list="ports", object=port),
        call("object.remove", list="ports", object={"name": "p"}), call("object.list", list="vpcs"), call("schema.get"),
        call("session.list", filter={"proto": "tcp"}, cursor=0, limit=2), call("session.show", flow_id="0x10001"),
        call("session.flush", filter={"port": "p"}), call("flow.validate", port="busy", rule="ingress pattern eth / end actions drop / end"),
        call("flow.create", port="busy", rule="ingress pattern eth / ipv4 src is 10.0.0.1 / tcp / end actions count / drop / end"),
        call("flow.query", port="busy", rule=0, action="count"), call("flow.list", port="busy"),
        call("flow.destroy", port="busy", rule=0), call("flow.flush", port="busy"),
        call("meter.create", id=1, unit="pps", rate=1000, burst=10), call("meter.delete", id=1), call("meter.list"),
        call("latency.get") + call("latency.set", on=True) + call("latency.reset"),
        call("capture.start", filter="tcp", port="p", points=["drop"], snap=64, rate=5, drop_only=True),
        call("neighbor.list"), call("drops.get"), call("stats.get"), call("log.set", module="*", level="error"),
        call("log.get"), call("version.get"), call("port.fd", port="p"), call("nothing"),
    ]
    for line in lines:
        yield b"\0" + line
        yield b"\1" + line
        yield b"\0" + document + b"\n" + line
    yield b"\0" + b"\n".join(lines[:12])
    yield b"\0" + b"\n".join(lines[15:28])
    yield b"\0" + document + b"\n" + call("object.add", list="ports", object=port) + b"\n" + lines[10]
    yield b"\0" + call("config.apply", document=net, confirm_s=9) + b"\n" + call("config.revert") + b"\n" + document
    yield b"\0" + json.dumps({"jsonrpc": "2.0", "method": "log.get"}).encode()
    yield b"\0" + b"[" * 40 + b"\n{}\n[]\nnull\n{\"jsonrpc\": \"2.0\", \"id\": {}, \"method\": \"\"}"


def config():
    for pattern in ("docs/examples/*.yaml", "tests/data/replay/*.yaml", "tests/demo/*.yaml"):
        for path in sorted(ROOT.glob(pattern)):
            yield path.read_bytes()
    for text in ("version: 1", "version: 2", "{version: 1, vpcs: [{name: a, vni: 1}, {name: a, vni: 2}]}", "a: &x 1\nb: *x",
                 "- - - [{}]", "version: 1\nports: 7", "x: 'a''b'\ny: \"\\u00e9\\n\"\nz: |\n  1\n  2\nw: >-\n  3",
                 "a: ~\nb: .inf\nc: 0x1F\nd: 1e3\ne: -0\nf: 0o17\ng: yes\nh: \"\""):
        yield text.encode()


def pcap():
    small = [frame for frame in frames("tests/data/parser/basic.pcap")][:3]
    for order, magic in (("<", 0xa1b2c3d4), (">", 0xa1b2c3d4), ("<", 0xa1b23c4d)):
        for link, wire in ((1, 0), (1, 9), (113, 0)):
            records = b"".join(struct.pack(order + "IIII", 1, i, len(f), len(f) + wire) + f for i, f in enumerate(small))
            yield struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link) + records
    block = lambda kind, body: struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)
    head = block(0x0a0d0d0a, struct.pack("<IHHq", 0x1a2b3c4d, 1, 0, -1)) + block(1, struct.pack("<HHI", 1, 0, 0))
    frame = small[0] + bytes(-len(small[0]) % 4)
    yield head + block(6, struct.pack("<IIIII", 0, 0, 1000, len(small[0]), len(small[0])) + frame) * 2


def vhost():
    """What the queue is, then steps: 1 adds a descriptor, 3 and 4 take, 5 reads, 6 writes, 7 undoes, 9 gives back."""
    def add(i, flags=0, where=0, at=0, length=100, more=0):
        return bytes([1, i, flags, where]) + struct.pack("<HHB", at, length, more)

    read, write, back = b"\x05" + struct.pack("<H", 50), b"\x06" + struct.pack("<H", 50), b"\x09" + struct.pack("<H", 50)
    for how in (0, 1, 2, 3, 4, 5, 8, 9, 16, 17, 24, 25, 0x80, 0x86):
        out = add(0) + b"\x03" + read + back
        yield bytes([how]) + out
        yield bytes([how]) + add(0, 2) + b"\x04" + write + back
        yield bytes([how]) + add(0, 1, 0, 0, 60, 1) + add(1, 0, 0, 4096) + add(0) + b"\x03\x03" + read + b"\x07\x03" + back
        yield bytes([how]) + add(0, 2) + add(1, 2) + b"\x04\x04" + b"\x06" + struct.pack("<H", 150) + back
        yield bytes([how]) + add(0, 1, 0, 0, 10, 0) + add(0, 0, 0, 9000) + b"\x03" + b"\x05" + struct.pack("<H", 99) + back
        yield bytes([how]) + (add(0) + b"\x03" + back + add(1) + b"\x03" + back) * 3
        # A table in guest memory with one descriptor of 16 bytes; an index that jumps.
        table = b"\0" + struct.pack("<HB", 0x8000, 16) + struct.pack("<QIHH", 0x100100, 20, 0, 0)
        yield bytes([how | 4]) + table + add(0, 4, 0, 0, 16) + b"\x03" + read + back
        yield bytes([how]) + b"\0" + struct.pack("<HB", 2050, 2) + struct.pack("<H", 9999) + b"\x03\x03"


def vhost_messages():
    """A front-end's steps: 0 connects, 1 is a message, 2 says where a ring is, 3 switches a queue, 4 is the guest writing, 6 packets."""
    def connect(high=0, low=0):
        return struct.pack("<BBI", 0, high, low)

    def table(how=0, size=4096):
        return bytes([1, 5, how]) + (b"" if how & 1 else struct.pack("<BBH", 1, 1, size - 64))

    def ring(i, at, size=4, base=0):
        return struct.pack("<BBHHHHH", 2, i, at, at + 256, at + 512, size, base)

    def poke(at, data):
        return struct.pack("<BHB", 4, at, len(data)) + data

    def switch(i, on=True):
        return bytes([3, i | (0x80 if on else 0)])

    packets = b"\x06"
    sends = poke(0, struct.pack("<QIHH", 0x1800, 72, 0, 0)) + poke(256, struct.pack("<HHH", 0, 1, 0))
    takes = poke(1024, struct.pack("<QIHH", 0x1C00, 1000, 2, 0)) + poke(1280, struct.pack("<HHH", 0, 1, 0))
    both = ring(1, 0) + ring(0, 1024) + sends + takes + switch(0) + switch(1)
    packed = ring(1, 0, 4, 0x8000) + ring(0, 1024, 4, 0x8000) + switch(0) + switch(1) + \
        poke(0, struct.pack("<QIHH", 0x1800, 72, 0, 0x80)) + poke(1024, struct.pack("<QIHH", 0x1C00, 1000, 0, 0x82))

    yield connect() + table() + both + packets * 2
    yield connect(0x40) + table() + packed + packets * 2
    yield connect(0, 1 << 28 | 1 << 29 | 1 << 15) + table() + both + packets
    yield connect() + table() + both + poke(256, struct.pack("<HH", 0, 100)) + poke(1280, struct.pack("<HH", 0, 100)) + packets * 2
    yield connect() + table() + both + packets + table(0, 2048) + packets + ring(1, 0) + switch(1) + packets
    yield connect() + table() + both + table(1) + packets + b"\x01\x0d\x00" + packets + table() + switch(1) + packets
    yield connect() + table() + both + table(2) + bytes([0]) + packets
    yield connect() + table() + both + b"\x01\x0b\x00" + switch(1, False) + packets + connect() + packets + both
    for request in range(0, 44):
        yield connect() + table() + both + bytes([1, request, 0]) + packets
    for at in (4000, 3900, 3584, 3000):
        yield connect() + table() + ring(1, at) + switch(1) + packets


def capture():
    def record(point, packet, time, frame=b"frame...", size=None):
        need = (48 + len(frame) + 7) & ~7
        return struct.pack("<IBBBBQQIIIIHHI", size or need, point, 0, 0, 1, time, 0, packet, len(frame) + 3, len(frame), 7,
                           1, 0, 0) + frame + bytes(need - 48 - len(frame))

    def put(how, data):
        return bytes([how]) + struct.pack("<H", len(data)) + data

    way = [record(point, 5, 10 * point) for point in range(9)]
    yield put(0, b"".join(way[:4])) + struct.pack("<I", 1000)
    yield put(0, way[0] + way[3]) + struct.pack("<I", 15) + put(1, way[1] + way[2]) + struct.pack("<I", 1000)
    yield put(0x10, way[0] + way[8]) + struct.pack("<I", 1000)
    yield put(0x10, struct.pack("<IBBBB", 64, 9, 0, 0, 0) + bytes(56) + way[2]) + struct.pack("<I", 99)
    yield put(0, record(2, 1, 1, size=24)) + put(0x20, way[0]) + struct.pack("<I", 7)
    yield put(0x40, way[0]) + struct.pack("<I", 8) + put(1, way[1])


def attach_client():
    right, no, goodbye, state, other = b"\0", b"\x01", b"\x02", b"\x03", b"\x04"
    malformed, late, more, patched = 0x10, 0x20, 0x40, 0x80

    def how(kind, *flags):
        return bytes([kind[0] | sum(flags)])

    def conversation(nic, firmware, region=()):
        patches = b"".join(struct.pack("<HB", at, len(data)) + data for at, data in region)
        return bytes([len(region)]) + patches + bytes([len(nic)]) + nic + b"\0" + firmware

    yield conversation(right * 8, b"\0\0\x10" + b"\x01\x02\x08\x04\x03\x07")
    yield conversation(right + how(right, late, more) + right + how(right, late), b"\x08\x08")
    yield conversation(right + no + b"\x16" + state * 3 + other + b"\x13" + right, b"\x04\x0a\x0c\x0d\x08\x08")
    yield conversation(right + goodbye, b"\x08\x08")
    yield conversation(no + b"\x10" + right, b"")
    yield conversation(right + how(right, malformed) + b"\0\x05\0\0", b"\x08\x08")
    yield conversation(how(right, malformed) + b"\x01\x03", b"\x08")
    yield conversation(right + how(right, malformed) + b"\x01\x02" + right, b"\0\0\x10\0\0\x10")
    yield conversation(right + how(right, patched) + struct.pack("<HB", 4, 2) + b"\x13\0" + right, b"\x08\x08")
    for at in (16, 18, 20, 24, 28, 32, 40):
        yield conversation(how(right, patched) + struct.pack("<HB", at, 4) + b"\xff\xff\0\0", b"\x08")
    for at in range(0, 256, 8):
        yield conversation(right * 3, b"\x08\x08", [(at, b"\xff\x01\0\0")])


def main():
    name, directory = sys.argv[1], pathlib.Path(sys.argv[2])
    directory.mkdir(parents=True, exist_ok=True)
    for seed in globals()[name]():
        (directory / (hashlib.sha1(seed).hexdigest()[:12] + ".seed")).write_bytes(seed)


if __name__ == "__main__":
    main()
