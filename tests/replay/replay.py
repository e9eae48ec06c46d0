# SPDX-License-Identifier: Apache-2.0
"""What the replay tests share: running avs-replay, reading captures, flows of frames. Standard library only."""
import collections
import json
import os
import struct
import subprocess
import tempfile

SOURCE = os.environ["AVS_SOURCE_DIR"]
PROGRAM = os.path.join(os.environ["AVS_BUILD_DIR"], "bin", "avs-replay")
DATA = os.path.join(SOURCE, "tests", "data", "replay")
PORTS = ("uplink0", "web", "db", "red", "back")


def run(arguments, expect=0):
    """avs-replay with these arguments; its exit code must be `expect`. Its output, or its errors."""
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, check=False)
    if done.returncode != expect:
        raise AssertionError(f"{' '.join(arguments)}: exit code {done.returncode}, not {expect}\n{done.stdout[-3000:]}{done.stderr}")
    return done.stdout if expect == 0 else done.stderr


class Run:
    """One replay of the mixed captures: the report, and the frames each port sent.

    Another `config` than theirs may be given, and other `captures` of ports."""

    def __init__(self, *options, config=f"{DATA}/mixed.yaml", captures=None):
        self.options = options
        with tempfile.TemporaryDirectory(prefix="avs-replay-") as out:
            files = {port: f"{DATA}/mixed.{port}.pcap" for port in PORTS} | (captures or {})
            inputs = [f"-p{port}={file}" for port, file in files.items()]
            self.report = json.loads(run(["-c", config, *inputs, "-o", out, "--json", *options]))
            self.raw = {}
            for port in PORTS:
                with open(os.path.join(out, f"{port}.pcap"), "rb") as f:
                    self.raw[port] = f.read()
        self.frames = {port: read_pcap(raw) for port, raw in self.raw.items()}
        self.check()

    def check(self):
        r = self.report
        problems = [name for name, value in r["leaks"].items() if value]
        if not r["ok"] or problems or not r["conservation"]["settled"]:
            raise AssertionError(f"{self.options}: leaks {problems}, conservation {r['conservation']}")

    def drops(self):
        return {(d["port"], d["reason"]): d["packets"] for d in self.report["drops"]}

    def flows(self):
        """Frames by port and flow, in order; times left out."""
        flows = collections.defaultdict(list)
        for port, frames in self.frames.items():
            for frame in frames:
                flows[port, flow_of(frame)].append(frame)
        return flows


def change_pcap(raw, change):
    """A little-endian capture with each frame as `change` makes it, at the same time."""
    out, at = bytearray(raw[:24]), 24
    while at < len(raw):
        seconds, fraction, length = struct.unpack_from("<III", raw, at)
        frame = change(raw[at + 16:at + 16 + length])
        out += struct.pack("<IIII", seconds, fraction, len(frame), len(frame)) + frame
        at += 16 + length
    return bytes(out)


def read_pcap(raw):
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}[raw[:4]]
    frames, at = [], 24
    while at < len(raw):
        length, = struct.unpack_from(order + "I", raw, at + 8)
        frames.append(raw[at + 16:at + 16 + length])
        at += 16 + length
    return frames


def flow_of(frame):
    """Direction and five-tuple of the innermost packet, with the network it is in."""
    kind, = struct.unpack_from("!H", frame, 12)
    if kind == 0x0800:
        l4 = 14 + (frame[14] & 15) * 4
        proto, ends = frame[23], frame[26:34]
    elif kind == 0x86DD:
        l4, proto, ends = 54, frame[20], frame[22:54]
    else:
        return kind, frame[22:42]
    if proto == 17 and struct.unpack_from("!H", frame, l4 + 2)[0] == 4789:
        return frame[l4 + 12:l4 + 15], flow_of(frame[l4 + 16:])
    return proto, ends, frame[l4:l4 + 4] if proto in (6, 17) else frame[l4:l4 + 1] + frame[l4 + 4:l4 + 6]


def same(what, a, b):
    if a != b:
        keys = [k for k in set(a) | set(b) if a.get(k) != b.get(k)]
        raise AssertionError(f"{what}: {len(keys)} differ, as {keys[:3]}: "
                             f"{[a.get(k) for k in keys[:2]]} and {[b.get(k) for k in keys[:2]]}"[:2000])
