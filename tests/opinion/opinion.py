# SPDX-License-Identifier: Apache-2.0
"""What second opinions share: the same frames through a router of the kernel's and through avs-replay.

A router is a program for a network namespace of its own. Frames come to it as JSON, [[side, frame in hex], ...] in order,
side 0 or 1, and its answer for each goes back so: run_router() in the router, ask_router() in the test.
"""
import json
import os
import pathlib
import socket
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
REPLAY = pathlib.Path(os.environ.get("AVS_BUILD_DIR", "."), "bin", "avs-replay")
DISCARD = b"\0\x09"  # the port of markers, which no rule refuses


def sh(text):
    subprocess.run(["sh", "-ec", text], check=True)


def load_rules(text):
    subprocess.run(["nft", "-f", "-"], input=text, text=True, check=True)


def is_marker(frame):
    return frame[23] == socket.IPPROTO_UDP and frame[36:38] == DISCARD


def until_marker(end):
    """Frames that come to this end before a marker that was sent behind what is asked about, and always comes through."""
    while True:
        frame, address = end.recvfrom(65535)
        if address[2] == socket.PACKET_OUTGOING:
            continue
        if is_marker(frame):
            return
        yield frame


def run_router(set_up, interfaces, markers, answer):
    """`interfaces`: by side, the veths' ends that frames go in by; answer(ends, side, frame, marker of the side)."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # one backlog: what is sent first arrives first
    set_up()
    ends = [socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800)) for _ in interfaces]
    for interface, end in zip(interfaces, ends):
        end.bind((interface, 0x0800))
        end.settimeout(20)
    json.dump([answer(ends, side, bytes.fromhex(frame), markers[side]) for side, frame in json.load(sys.stdin)], sys.stdout)


def ask_router(program, frames):
    """The router's answers to [(side, frame), ...]."""
    name = f"avs{os.getpid()}-opinion"
    subprocess.run(["ip", "netns", "add", name], check=True)
    try:
        done = subprocess.run(["ip", "netns", "exec", name, "/usr/bin/python3", HERE / program], check=True, text=True,
                              input=json.dumps([[side, frame.hex()] for side, frame in frames]), stdout=subprocess.PIPE)
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True)
    return json.loads(done.stdout)


def replay(config, ports, frames):
    """[(port, frame), ...] that leave when these come in, a microsecond apart; in order for each port."""
    with tempfile.TemporaryDirectory(prefix="avs-opinion-") as name:
        room = pathlib.Path(name)
        (room / "out").mkdir()
        (room / "c.yaml").write_text(config)
        captures = {port: bytearray(struct.pack("<IHHIIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1)) for port in ports}
        for i, (port, frame) in enumerate(frames):
            captures[port] += struct.pack("<IIII", 1000, i * 1000, len(frame), len(frame)) + frame
        for port, raw in captures.items():
            (room / f"{port}.pcap").write_bytes(raw)
        subprocess.run([REPLAY, "-c", room / "c.yaml", "-o", room / "out", *(f"-p{port}={room}/{port}.pcap" for port in ports)],
                       check=True, stdout=subprocess.DEVNULL)
        left = []
        for port in ports:
            raw, at = (room / "out" / f"{port}.pcap").read_bytes(), 24
            while at < len(raw):
                length = int.from_bytes(raw[at + 8:at + 12], "little")
                left.append((port, raw[at + 16:at + 16 + length]))
                at += 16 + length
    return left
