#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The mixed captures with hosts that talk over IPv6: the tenants notice nothing, and tshark reads every byte sent.

With a UDP checksum outside, without, and with one over IPv4 too; whole and sliced. What the peers send has one or none."""
import os
import shutil
import struct
import subprocess
import sys
import tempfile

from frames import address, csum, pseudo
from oracle_tshark import CHECKS, FILTER
from replay import DATA, PORTS, Run, change_pcap, same

HOST = {address(f"192.0.2.{n}"): address(f"2001:db8::{n}") for n in (1, 2, 66)}
TO_SIX = (("address: 192.0.2.2, mac", "address: '2001:db8::2', mac"), ("address: 192.0.2.1/24", "address6: '2001:db8::1/64'"),
          ("vtep: 192.0.2.2", "vtep: '2001:db8::2'"))


def to_six(frame, checksum):
    """A UDP packet over IPv4 without options as one over IPv6; others as they are."""
    if frame[12:15] != b"\x08\0\x45" or frame[23] != 17:
        return frame
    udp = bytearray(frame[34:])
    length, = struct.unpack_from("!H", udp, 4)
    ends = HOST[frame[26:30]] + HOST[frame[30:34]]
    udp[6:8] = b"\0\0"
    if checksum:
        struct.pack_into("!H", udp, 6, csum(pseudo(ends, b"", 17, length) + bytes(udp[:length])) or 0xFFFF)
    header = struct.pack("!IHBB", 6 << 28 | frame[15] << 20, length, 17, frame[22])
    return frame[:12] + b"\x86\xdd" + header + ends + bytes(udp)


def outside(frame):
    """Of a tunnelled frame over either: family, network, source port, flow label or None, UDP checksum, inner frame."""
    if frame[12:15] == b"\x08\0\x45":
        family, label, udp = 4, None, 34
    elif frame[12:14] == b"\x86\xdd":
        family, label, udp = 6, struct.unpack_from("!I", frame, 14)[0] & 0xFFFFF, 54
    else:
        return None
    if frame[udp + 2:udp + 4] != b"\x12\xb5":
        return None
    port, _, _, checksum = struct.unpack_from("!HHHH", frame, udp)
    return family, frame[udp + 12:udp + 15], port, label, checksum, frame[udp + 16:]


def inner_frames(frames):
    """What hosts get out of the tunnels, and the source port of each; other frames are of the link, and of no interest."""
    return [(o[1], o[2], o[5]) for o in map(outside, frames) if o]


def check_outside(frames, checksum):
    """Family, checksum as configured, one flow label to a source port and no other."""
    tunnels = [o for o in map(outside, frames) if o]
    if not tunnels or any(o[0] != 6 or (o[4] != 0) != checksum for o in tunnels):
        raise AssertionError(f"{len(tunnels)} tunnel packets, not all over IPv6 with a checksum: {checksum}")
    labels = {(o[2], o[3]) for o in tunnels}
    if any(port != 0xC000 | (label & 0x3FFF) for port, label in labels) or len(labels) < 5:
        raise AssertionError(f"flow labels of source ports: {labels}")


def tshark_reads(raw, frames, checksum):
    """Nothing malformed, no checksum wrong, nothing in more frames than were sent."""
    with tempfile.TemporaryDirectory(prefix="avs-underlay6-") as folder:
        path = os.path.join(folder, "sent.pcap")
        with open(path, "wb") as f:
            f.write(raw)
        preferences = [word for name in CHECKS for word in ("-o", f"{name}:TRUE")] + ["-d", "udp.port==9999,data"]
        command = ["tshark", "-n", "-r", path, *preferences]
        wrong = FILTER
        if not checksum: # tshark calls the zero that RFC 6935 permits illegal; inner ones are looked at by themselves
            wrong = wrong.replace("udp.checksum.status == 0", "(udp.checksum.status == 0 && !(udp.checksum == 0))")
        found = subprocess.run([*command, "-Y", wrong], capture_output=True, text=True, check=True).stdout
        seen = subprocess.run([*command, "-Y", "ipv6 && vxlan.vni", "-T", "fields", "-e", "vxlan.vni"], capture_output=True,
                              text=True, check=True).stdout.split()
    if found:
        raise AssertionError(f"tshark complains:\n{found[:2000]}")
    sent = [str(int.from_bytes(o[1], "big")) for o in map(outside, frames) if o]
    if seen != sent:
        raise AssertionError(f"tshark reads {len(seen)} tunnel packets of {len(sent)}")


def main():
    if shutil.which("tshark") is None:
        print("tshark is not installed: ./run deps test")
        return 77
    plain = Run()
    with open(f"{DATA}/mixed.yaml", encoding="utf-8") as f:
        text = f.read()
    for four, six in TO_SIX:
        assert four in text
        text = text.replace(four, six)
    with tempfile.TemporaryDirectory(prefix="avs-underlay6-") as folder:
        config, uplink = os.path.join(folder, "net.yaml"), os.path.join(folder, "uplink0.pcap")
        for option, sends, comes, more in (("ipv6", True, True, ()), ("ipv6", True, False, ("--slice", "on")),
                                           ("never", False, True, ("--workers", "2")), ("always", True, False, ("--slow",))):
            with open(config, "w", encoding="utf-8") as f:
                f.write(text.replace("underlay: {", f"underlay: {{udp_checksum: {option}, ", 1))
            with open(f"{DATA}/mixed.uplink0.pcap", "rb") as came, open(uplink, "wb") as f:
                f.write(change_pcap(came.read(), lambda frame, comes=comes: to_six(frame, comes or outside(frame) is None)))
            run = Run(*more, config=config, captures={"uplink0": uplink})
            order = sorted if "--workers" in more else list # per flow, which the payloads tell
            for port in PORTS[1:]:
                same(f"{option}: what {port} gets", {port: order(run.frames[port])}, {port: order(plain.frames[port])})
            same(f"{option}: what the hosts get", {"": order(inner_frames(run.frames["uplink0"]))},
                 {"": order(inner_frames(plain.frames["uplink0"]))})
            same(f"{option}: drops", run.drops(), plain.drops())
            check_outside(run.frames["uplink0"], sends)
            tshark_reads(run.raw["uplink0"], run.frames["uplink0"], sends)
    return 0


if __name__ == "__main__":
    sys.exit(main())
