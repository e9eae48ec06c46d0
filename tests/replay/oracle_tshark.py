#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tshark finds nothing malformed and no wrong checksum in what leaves the ports, inside tunnels too."""
import os
import shutil
import subprocess
import sys
import tempfile

from replay import Run

CHECKS = ["ip.check_checksum", "tcp.check_checksum", "udp.check_checksum"]
FILTER = ("_ws.malformed || ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0 || "
          "icmp.checksum.status == 0 || icmpv6.checksum.status == 0")


def tshark(raw, *arguments):
    with tempfile.TemporaryDirectory(prefix="avs-replay-") as folder:
        path = os.path.join(folder, "sent.pcap")
        with open(path, "wb") as f:
            f.write(raw)
        return subprocess.run(["tshark", "-n", "-r", path, *arguments], capture_output=True, text=True, check=True).stdout


def findings(raw):
    """What tshark objects to in a capture."""
    preferences = [word for check in CHECKS for word in ("-o", f"{check}:TRUE")] + ["-d", "udp.port==9990-9999,data", "-d", "tcp.port==9990-9999,data"]
    return tshark(raw, *preferences, "-Y", FILTER)


def main():
    if shutil.which("tshark") is None:
        print("tshark is not installed: ./run deps test")
        return 77
    for options in ((), ("--quantum", "500000"), ("--workers", "2")):
        run = Run(*options)
        for port, raw in run.raw.items():
            found = findings(raw)
            if found:
                raise AssertionError(f"{options} port {port}:\n{found[:2000]}")
            seen = tshark(raw, "-T", "fields", "-e", "frame.number").splitlines()
            if len(seen) != len(run.frames[port]):
                raise AssertionError(f"port {port}: tshark reads {len(seen)} frames of {len(run.frames[port])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
