#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a configuration of many mappings or routes takes of avsd: memory, CPU time to apply them all, and to apply
them again with one more or less, CPU time and bytes of one change by itself.

    AVS_BUILD_DIR=build/release perf/config_load.py [mappings|routes] [N ...]     default: mappings 1000 10000 65000

Starts an avsd of its own for each N, with ports that lead nowhere; prints a line of JSON.
"""
import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time

CHANGES = 5
BASE = {"version": 1, "vpcs": [{"name": "blue", "vni": 100}],
        "subnets": [{"name": "front", "vpc": "blue", "prefix4": "10.0.0.0/8"}],
        "ports": [{"name": "a", "role": "vnic", "type": "null", "device": "a", "mac": "02:00:00:00:00:01", "subnet": "front",
                   "addresses": ["10.255.0.11"]},
                  {"name": "up", "role": "uplink", "type": "null", "device": "b", "mac": "02:bb:00:00:00:01", "address": "192.0.2.1/24",
                   "gateway": "192.0.2.2", "mtu": 9100}]}


def dotted(number):
    return ".".join(str(number >> shift & 255) for shift in (24, 16, 8, 0))


def one(kind, i):
    """Mapping or route number `i`: each of its own, on one of a thousand hosts."""
    vtep = f"198.18.{i % 1000 // 250}.{i % 250 + 1}"
    if kind == "mappings":
        return {"vpc": "blue", "address": dotted(0x0A010000 + i), "mac": f"02:01:00:{i >> 16:02x}:{i >> 8 & 255:02x}:{i & 255:02x}", "vtep": vtep}
    return {"vpc": "blue", "prefix": f"{dotted(0x14000000 + i * 256)}/24", "type": "vtep", "vtep": vtep, "mac": "02:02:00:00:00:01"}


class Daemon:
    def __init__(self, build, directory):
        self.socket, self.control = os.path.join(directory, "sock"), os.path.join(build, "bin", "avs-ctl")
        self.file = os.path.join(directory, "base.json")
        with open(self.file, "w", encoding="ascii") as file:
            json.dump(BASE, file)
        with open(os.path.join(directory, "log"), "w", encoding="ascii") as log:
            self.child = subprocess.Popen([os.path.join(build, "bin", "avsd"), "-c", self.file, "-s", self.socket], stdout=log, stderr=log)
        for _ in range(200):
            if os.path.exists(self.socket) and self.ctl("port", "list", check=False).returncode == 0:
                return
            time.sleep(0.05)
        raise SystemExit("avsd did not start")

    def ctl(self, *words, check=True):
        return subprocess.run([self.control, "-s", self.socket, "--timeout", "600", *words], capture_output=True, text=True, check=check)

    def resident(self):
        with open(f"/proc/{self.child.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS"))

    def cpu_s(self):
        with open(f"/proc/{self.child.pid}/stat", encoding="ascii") as file:
            return sum(map(int, file.read().rsplit(")", 1)[1].split()[11:13])) / os.sysconf("SC_CLK_TCK")

    def end(self):
        self.child.terminate()
        self.child.wait()


def spent(daemon, run):
    """CPU seconds of the daemon."""
    begin = daemon.cpu_s()
    run()
    return daemon.cpu_s() - begin


def request(daemon, method, params):
    """One call of the control socket; bytes both ways."""
    text = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}, separators=(",", ":")).encode() + b"\n"
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(daemon.socket)
        answer = b""
        peer.sendall(text)
        while not answer.endswith(b"\n"):
            part = peer.recv(65536)
            if not part:
                raise SystemExit("avsd closed the socket")
            answer += part
        if "error" in json.loads(answer):
            raise SystemExit(f"refused: {answer.decode().strip()}")
        return len(text) + len(answer)


def change(daemon, kind, i):
    """The last of them goes and comes again, some times; bytes of each."""
    last = one(kind, i)
    key = {name: last[name] for name in ("vpc", "address" if kind == "mappings" else "prefix")}
    for _ in range(CHANGES):
        yield request(daemon, "object.remove", {"list": kind, "object": key})
        yield request(daemon, "object.add", {"list": kind, "object": last})


def written(directory, name, kind, count):
    path = os.path.join(directory, name)
    with open(path, "w", encoding="ascii") as file:
        json.dump({**BASE, kind: [one(kind, i) for i in range(count)]}, file)
    return path


def measure(build, kind, count):
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        os.chmod(directory, 0o755)
        daemon = Daemon(build, directory)
        stack.callback(daemon.end)
        path = written(directory, "all.json", kind, count)
        before = daemon.resident()
        apply_s = spent(daemon, lambda: daemon.ctl("apply", "-f", path))
        after = daemon.resident()
        fewer = written(directory, "fewer.json", kind, count - 1)
        again_s = spent(daemon, lambda: (daemon.ctl("apply", "-f", fewer), daemon.ctl("apply", "-f", path))) / 2
        sizes = []
        change_s = spent(daemon, lambda: sizes.extend(change(daemon, kind, count - 1))) / len(sizes)
        return {"count": count, "bytes_each": (after - before) / count, "document_bytes_each": os.path.getsize(path) / count,
                "apply_s": apply_s, "again_s": again_s, "change_s": change_s, "change_bytes": statistics.mean(sizes), "resident_before": before,
                "resident_after": after}


def main():
    words = sys.argv[1:]
    kind = words.pop(0) if words and not words[0].isdigit() else "mappings"
    if kind not in ("mappings", "routes") or not all(word.isdigit() for word in words):
        raise SystemExit(__doc__)
    build = os.environ.get("AVS_BUILD_DIR", "build/release")
    print(json.dumps({"kind": kind, "rows": [measure(build, kind, int(count)) for count in words or ("1000", "10000", "65000")]}))


if __name__ == "__main__":
    main()
