#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The mixed captures with Geneve in place of blue's VXLAN: the tenants notice nothing, tshark reads every byte sent."""
import os
import shutil
import struct
import subprocess
import sys
import tempfile

from frames import csum
from oracle_tshark import CHECKS, FILTER
from replay import DATA, PORTS, Run, change_pcap, same

OPTIONS = "geneve_options: [{class: 258, type: 3, data: '0a0b0c0d01020304'}, {class: 65280, type: 1}]"
SENT = bytes.fromhex("01020302" "0a0b0c0d01020304" "ff000100")
PEER = bytes.fromhex("0001020109090909")  # an option that nobody here knows
BLUE = b"\0\0\x64"


def tunnel(frame):
    """Port and network of a tunnelled frame over IPv4 without options, and where the inner frame begins."""
    if frame[12:15] != b"\x08\x00\x45" or frame[23] != 17 or frame[36:38] not in (b"\x12\xb5", b"\x17\xc1"):
        return None, None, 0
    port, = struct.unpack_from("!H", frame, 36)
    return port, frame[46:49], 50 + (frame[42] & 63) * 4 * (port == 6081)


def to_geneve(frame, vni, inner, options):
    udp = struct.pack("!HHHH", struct.unpack_from("!H", frame, 34)[0], 6081, 16 + len(options) + len(inner), 0)
    ip = bytearray(frame[14:34])
    struct.pack_into("!H", ip, 2, 36 + len(options) + len(inner))
    ip[10:12] = b"\0\0"
    struct.pack_into("!H", ip, 10, csum(bytes(ip)))
    return frame[:14] + bytes(ip) + udp + struct.pack("!BBH", len(options) // 4, 0, 0x6558) + vni + b"\0" + options + inner


def convert(frame):
    port, vni, inner = tunnel(frame)
    return to_geneve(frame, vni, frame[inner:], PEER) if port == 4789 and vni == BLUE else frame


def inner_frames(frames):
    """What hosts get out of the tunnels, by network and order; other frames as they are."""
    found = []
    for frame in frames:
        _, vni, inner = tunnel(frame)
        found.append((vni, frame[inner:]) if inner else (None, frame))
    return found


def main():
    if shutil.which("tshark") is None:
        print("tshark is not installed: ./run deps test")
        return 77
    plain = Run()
    with tempfile.TemporaryDirectory(prefix="avs-geneve-") as folder:
        config = os.path.join(folder, "net.yaml")
        with open(f"{DATA}/mixed.yaml", encoding="utf-8") as f:
            text = f.read().replace("{name: blue, vni: 100}", "{name: blue, vni: 100, encap: geneve, " + OPTIONS + "}", 1)
        with open(config, "w", encoding="utf-8") as f:
            f.write(text)
        uplink = os.path.join(folder, "uplink0.pcap")
        with open(f"{DATA}/mixed.uplink0.pcap", "rb") as came, open(uplink, "wb") as f:
            f.write(change_pcap(came.read(), convert))
        run = Run(config=config, captures={"uplink0": uplink})
        for port in PORTS[1:]:
            same(f"what {port} gets", {port: run.frames[port]}, {port: plain.frames[port]})
        same("what the hosts get", dict(enumerate(inner_frames(run.frames["uplink0"]))),
             dict(enumerate(inner_frames(plain.frames["uplink0"]))))
        blue = [f for f in run.frames["uplink0"] if tunnel(f)[0] == 6081]
        if not blue or any(f[50:50 + len(SENT)] != SENT or f[44:46] != b"\x65\x58" for f in blue):
            raise AssertionError(f"{len(blue)} Geneve frames, with other options than these")
        path = os.path.join(folder, "sent.pcap")
        with open(path, "wb") as f:
            f.write(run.raw["uplink0"])
        check(path, blue)
    return 0


def fields(path, *words):
    return subprocess.run(["tshark", "-n", "-r", path, *words], capture_output=True, text=True, check=True).stdout.splitlines()


def check(path, blue):
    """By tshark: nothing malformed, no wrong checksum, and the options as configured."""
    preferences = [word for name in CHECKS for word in ("-o", f"{name}:TRUE")] + ["-d", "udp.port==9999,data"]
    if fields(path, *preferences, "-Y", FILTER):
        raise AssertionError("tshark complains")
    read = fields(path, "-Y", "geneve", "-T", "fields", "-e", "geneve.vni", "-e", "geneve.option.length", "-e",
                  "geneve.option.class", "-e", "geneve.option.type")
    rows = {tuple(int(word, 0) for part in row.split("\t") for word in part.split(",")) for row in read}
    if len(read) != len(blue) or rows != {(100, 16, 12, 4, 258, 65280, 3, 1)}:
        raise AssertionError(f"tshark reads {len(read)} of {len(blue)}: {rows}")


if __name__ == "__main__":
    sys.exit(main())
