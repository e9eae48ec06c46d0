#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Captures and configurations that are wrong: the exit code, and one line that says what."""
import os
import struct
import tempfile

from replay import DATA, run

HEAD = struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 65535, 1)
FRAME = b"\xff" * 60


def frame(captured=60, length=60, data=FRAME):
    return struct.pack("<IIII", 1600000000, 0, captured, length) + data


CAPTURES = {
    "empty": b"",
    "half a head": HEAD[:12],
    "other magic": b"\x01\x02\x03\x04" + HEAD[4:],
    "wrong link type": HEAD[:20] + struct.pack("<I", 113),
    "cut frame head": HEAD + frame() + b"\0" * 7,
    "cut frame": HEAD + frame(data=FRAME[:20]),
    "frame cut when taken": HEAD + frame(captured=60, length=1500),
    "frame of 4 GB": HEAD + frame(captured=0xFFFFFFFF, length=0xFFFFFFFF),
}

CONFIGS = {
    "no YAML": "version: [",
    "unknown key": "version: 1\nporst: []\n",
    "unknown subnet": "version: 1\nports: [{name: a, role: vnic, type: tap, mac: 02:00:00:00:00:01, subnet: x, addresses: [10.0.0.1]}]\n",
    "other version": "version: 2\n",
}


def one_line(what, text):
    if len(text.splitlines()) != 1 or not text.startswith("avs-replay: ") or len(text) > 400:
        raise AssertionError(f"{what}: not one clear line: {text!r}")


def main():
    with tempfile.TemporaryDirectory(prefix="avs-replay-") as out:
        path = os.path.join(out, "file")
        mixed = ["-c", f"{DATA}/mixed.yaml", "-o", out]
        for what, content in CAPTURES.items():
            with open(path, "wb") as f:
                f.write(content)
            one_line(what, run([*mixed, f"-pweb={path}"], expect=4))
        one_line("no such capture", run([*mixed, "-pweb=/nonexistent"], expect=4))
        one_line("no such folder", run(["-c", f"{DATA}/mixed.yaml", "-o", "/nonexistent"], expect=4))
        one_line("no such port", run([*mixed, f"-pnobody={path}"], expect=3))
        for what, content in CONFIGS.items():
            with open(path, "w", encoding="ascii") as f:
                f.write(content)
            one_line(what, run(["-c", path, "-o", out], expect=3))
        one_line("no such configuration", run(["-c", "/nonexistent", "-o", out], expect=3))
        applied = [*mixed, f"-pweb={DATA}/mixed.web.pcap", "--apply"]
        one_line("configuration to come that is none", run([*applied, path], expect=3))
        one_line("the second of two", run([*applied, f"@1000 {DATA}/mixed.yaml", "--apply", f"@2000 {path}"], expect=3))
        one_line("configuration after all is over", run([*applied, f"@999999999999 {DATA}/mixed.yaml"], expect=3))
        run([*applied, f"@1 {DATA}/mixed.yaml"])
        for arguments in ([], [*applied, "@soon file"], ["-c", "x"], [*mixed, "--vector", "17"], [*mixed, "--workers", "0"],
                          [*mixed, "--set-workers", "two"], [*mixed, "--set-workers", "0"], [*mixed, "--set-workers", "@5 17"],
                          [*mixed, "--engine", "other"], [*mixed, "-pweb"], [*mixed, "more"], ["--unknown"]):
            run(arguments, expect=2)
        if "exit codes" not in run(["--help"]):
            raise AssertionError("--help")


if __name__ == "__main__":
    main()
