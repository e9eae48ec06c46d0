#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random packets, all options drawn from a seed: conservation, isolation, order inside a flow, nothing leaked.

    mixture.py FIRST LAST PACKETS    seeds FIRST to LAST, so many packets each
    mixture.py blind                 would it see a packet of another tenant, one missing, doubled, late or torn?

A seed that fails is named with the command that repeats it.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

BIN = pathlib.Path(os.environ["AVS_BUILD_DIR"], "bin")


def run(command, **more):
    return subprocess.run([str(word) for word in command], text=True, check=False, **more)


def try_seed(seed, packets, room):
    """What is wrong, or an empty text."""
    inputs, out = room / "in", room / "out"
    for folder in (inputs, out):
        folder.mkdir()
    made = run([BIN / "mixture", "make", seed, packets, inputs])
    if made.returncode != 0:
        return "no captures"
    options = (inputs / "options").read_text().split()
    captures = [f"-p{capture.stem}={capture}" for capture in sorted(inputs.glob("*.pcap"))]
    replay = run([BIN / "avs-replay", "-c", inputs / "config.yaml", "-o", out, "--json", *options, *captures], capture_output=True)
    if not replay.stdout.startswith("{"):
        return f"avs-replay: exit code {replay.returncode}\n{replay.stderr}"
    report = json.loads(replay.stdout)
    if replay.returncode != 0:
        return f"leaks {report['leaks']}, conservation {report['conservation']}"
    checked = run([BIN / "mixture", "check", seed, inputs, out], capture_output=True)
    print(f"seed {seed}: {' '.join(options)}: {checked.stdout.strip()}", flush=True)
    return checked.stderr


def frames_of(capture):
    raw, frames, at = capture.read_bytes(), [], 24
    while at < len(raw):
        length = int.from_bytes(raw[at + 8:at + 12], sys.byteorder)
        frames.append(raw[at:at + 16 + length])
        at += 16 + length
    return raw[:24], frames


def long_udp(frame):
    """A UDP frame over IPv4 with a few stamps in it."""
    return frame[16 + 12:16 + 14] == b"\x08\x00" and frame[16 + 23] == 17 and len(frame) > 16 + 42 + 16


def tear(frame):
    return frame[:-1] + bytes([frame[-1] ^ 1])


def blind():
    """Change one thing in what the ports sent; the check must object, and must not to what is as it was."""
    seed = next(s for s in range(1, 50) if is_exact(s))
    with tempfile.TemporaryDirectory(prefix="avs-mixture-") as name:
        room = pathlib.Path(name)
        wrong = try_seed(seed, 5000, room)
        if wrong:
            sys.exit(f"seed {seed}: {wrong}")
        ours, theirs = room / "out" / "t0g0.pcap", room / "out" / "t1g0.pcap"
        head, frames = frames_of(ours)
        udp = [i for i, frame in enumerate(frames) if long_udp(frame)]
        changes = {
            ("another tenant's", "in the network of tenant"): frames + [next(f for f in frames_of(theirs)[1] if long_udp(f))],
            ("missing", "should be"): frames[:udp[3]] + frames[udp[3] + 1:],
            ("doubled", " after "): frames[:udp[3]] + [frames[udp[3]]] + frames[udp[3]:],
            ("torn", "is torn"): frames[:udp[3]] + [tear(frames[udp[3]])] + frames[udp[3] + 1:],
            ("late", " after "): frames[:udp[0]] + frames[udp[0] + 1:] + [frames[udp[0]]],
        }
        for (what, words), changed in changes.items():
            ours.write_bytes(head + b"".join(changed))
            done = run([BIN / "mixture", "check", seed, room / "in", room / "out"], capture_output=True)
            if done.returncode != 1 or words not in done.stderr:
                sys.exit(f"a frame that is {what} is not seen: {done.stderr}")
            print(f"{what}: {next(line for line in done.stderr.splitlines() if words in line)}")


def is_exact(seed):
    """Is nothing short with this seed, and no guest's MTU too small? Then what is missing is seen as well."""
    with tempfile.TemporaryDirectory(prefix="avs-mixture-") as room:
        run([BIN / "mixture", "make", seed, 10, room])
        config = pathlib.Path(room, "config.yaml").read_text()
    return "sessions: 262144" in config and "mtu: 8500" not in config


def main():
    if sys.argv[1] == "blind":
        blind()
        return
    first, last, packets = (int(word) for word in sys.argv[1:])
    failed = []
    for seed in range(first, last + 1):
        with tempfile.TemporaryDirectory(prefix="avs-mixture-") as room:
            wrong = try_seed(seed, packets, pathlib.Path(room))
        if wrong:
            print(f"seed {seed}: {wrong}", file=sys.stderr)
            failed.append(seed)
    for seed in failed:
        print(f"again: AVS_BUILD_DIR={os.environ['AVS_BUILD_DIR']} {sys.argv[0]} {seed} {seed} {packets}", file=sys.stderr)
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
