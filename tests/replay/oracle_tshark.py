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


def main():
    if shutil.which("tshark") is None:
        print("tshark is not installed: ./run deps test")
        return 77
    for options in ((), ("--quantum", "500000"), ("--workers", "2")):
        run = Run(*options)
        with tempfile.TemporaryDirectory(prefix="avs-replay-") as out:
            for port, raw in run.raw.items():
                path = os.path.join(out, f"{port}.pcap")
                with open(path, "wb") as f:
                    f.write(raw)
                preferences = [word for check in CHECKS for word in ("-o", f"{check}:TRUE")] + ["-d", "udp.port==9999,data"]
                found = subprocess.run(["tshark", "-n", "-r", path, *preferences, "-Y", FILTER], capture_output=True,
                                       text=True, check=True).stdout
                seen = subprocess.run(["tshark", "-n", "-r", path, "-T", "fields", "-e", "frame.number"],
                                      capture_output=True, text=True, check=True).stdout
                if found:
                    raise AssertionError(f"{options} port {port}:\n{found[:2000]}")
                if len(seen.splitlines()) != len(run.frames[port]):
                    raise AssertionError(f"port {port}: tshark reads {len(seen.splitlines())} frames of {len(run.frames[port])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
