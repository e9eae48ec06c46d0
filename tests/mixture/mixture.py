#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random packets, all options drawn from a seed: conservation, isolation, order inside a flow, nothing leaked.

    mixture.py FIRST LAST PACKETS    seeds FIRST to LAST, so many packets each
    mixture.py blind                 would it see a packet of another tenant, one missing, doubled, late or torn, one under
                                     somebody else's public address, somebody else's answer?

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


def replay(inputs, out):
    """The captures through avs-replay, with the configurations at their times: its options, and what is wrong."""
    options = (inputs / "options").read_text().splitlines()
    changes = inputs / "changes"
    for number, ns in enumerate(changes.read_text().split() if changes.exists() else [], 1):
        options.append(f"--apply=@{ns} {inputs}/config{number}.yaml")
    captures = [f"-p{capture.stem}={capture}" for capture in sorted(inputs.glob("*.pcap"))]
    done = run([BIN / "avs-replay", "-c", inputs / "config0.yaml", "-o", out, "--json", *options, *captures], capture_output=True)
    if not done.stdout.startswith("{"):
        return options, f"avs-replay: exit code {done.returncode}\n{done.stderr}"
    report = json.loads(done.stdout)
    return options, f"leaks {report['leaks']}, conservation {report['conservation']}" if done.returncode != 0 else ""


def make(seed, packets, inputs, out):
    """The captures, and what is wrong. Answers to public addresses need to know them: of a run without."""
    for _ in range(2):
        if run([BIN / "mixture", "make", seed, packets, inputs]).returncode != 0:
            return "no captures"
        if "external" not in (inputs / "config0.yaml").read_text() or (inputs / "bounds").exists():
            return ""
        _, wrong = replay(inputs, out)
        if not wrong and run([BIN / "mixture", "bind", seed, inputs, out]).returncode != 0:
            wrong = "no public ends"
        if wrong:
            return wrong
    return ""


def try_seed(seed, packets, room):
    """What is wrong, or an empty text."""
    inputs, out = room / "in", room / "out"
    for folder in (inputs, out):
        folder.mkdir()
    wrong = make(seed, packets, inputs, out)
    if wrong:
        return wrong
    options, wrong = replay(inputs, out)
    if wrong:
        return wrong
    checked = run([BIN / "mixture", "check", seed, inputs, out], capture_output=True)
    print(f"seed {seed}: {' '.join(option for option in options if '/' not in option)}: {checked.stdout.strip()}", flush=True)
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


def check_sees(seed, room, capture, changes):
    """Each change of what a port sent is objected to with its words."""
    kept = capture.read_bytes()
    head, _ = frames_of(capture)
    for (what, words), changed in changes.items():
        capture.write_bytes(head + b"".join(changed))
        done = run([BIN / "mixture", "check", seed, room / "in", room / "out"], capture_output=True)
        if done.returncode != 1 or words not in done.stderr:
            sys.exit(f"a frame that is {what} is not seen: {done.stderr}")
        print(f"{what}: {next(line for line in done.stderr.splitlines() if words in line)}")
    capture.write_bytes(kept)


def blind_inside():
    seed = next(s for s in range(1, 50) if is_exact(s))
    with tempfile.TemporaryDirectory(prefix="avs-mixture-") as name:
        room = pathlib.Path(name)
        wrong = try_seed(seed, 5000, room)
        if wrong:
            sys.exit(f"seed {seed}: {wrong}")
        ours, theirs = room / "out" / "t0g0.pcap", room / "out" / "t1g0.pcap"
        _, frames = frames_of(ours)
        udp = [i for i, frame in enumerate(frames) if long_udp(frame) and not is_public(frame)]
        check_sees(seed, room, ours, {
            ("another tenant's", "in the network of tenant"):
                frames + [next(f for f in frames_of(theirs)[1] if long_udp(f) and not is_public(f))],
            ("missing", "should be"): frames[:udp[3]] + frames[udp[3] + 1:],
            ("doubled", " after "): frames[:udp[3]] + [frames[udp[3]]] + frames[udp[3]:],
            ("torn", "is torn"): frames[:udp[3]] + [tear(frames[udp[3]])] + frames[udp[3] + 1:],
            ("late", " after "): frames[:udp[0]] + frames[udp[0] + 1:] + [frames[udp[0]]],
        })


def is_public(frame):
    """By the stamp in a UDP frame over IPv4: of a public address."""
    return frame[16 + 42] == 0xFE


def readdressed(frame, at, address):
    """With another IPv4 address at that place of the frame, and right sums."""
    frame = bytearray(frame)
    frame[16 + at:16 + at + 4] = address
    ip = frame[16 + 14:16 + 34]
    ip[10:12] = bytes(2)
    frame[16 + 24:16 + 26] = fold(ip)
    udp = frame[16 + 34:16 + 14 + int.from_bytes(ip[2:4], "big")]
    udp[6:8] = bytes(2)
    frame[16 + 40:16 + 42] = fold(bytes(ip[12:20]) + bytes([0, 17]) + len(udp).to_bytes(2, "big") + udp)
    return bytes(frame)


def fold(data):
    """The Internet checksum."""
    data = bytes(data) + bytes(len(data) % 2)
    total = sum(int.from_bytes(data[i:i + 2], "big") for i in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return (total ^ 0xFFFF).to_bytes(2, "big")


def blind_public():
    """A packet under an address that is not its sender's; an answer at another guest than the one that asked."""
    seed = next(s for s in range(1, 50) if is_exact(s, public=True))
    with tempfile.TemporaryDirectory(prefix="avs-mixture-") as name:
        room = pathlib.Path(name)
        wrong = try_seed(seed, 5000, room)
        if wrong:
            sys.exit(f"seed {seed}: {wrong}")
        uplink = room / "out" / "uplink.pcap"
        _, frames = frames_of(uplink)
        out = [f for f in frames if long_udp(f) and f[16 + 26:16 + 29] == bytes((203, 0, 113)) and is_public(f)]
        others = {f[16 + 26:16 + 30] for f in out}
        check_sees(seed, room, uplink, {
            ("under another's address", "not its own"):
                frames + [readdressed(out[0], 26, next(a for a in others if a != out[0][16 + 26:16 + 30]))]})
        answers, guests = [], {}
        for capture in sorted((room / "out").glob("t*.pcap")):
            for frame in frames_of(capture)[1]:
                if long_udp(frame) and not frame[16 + 20] & 0x3F:
                    guests[capture] = frame[16:16 + 6], frame[16 + 30:16 + 34]
                    # The last bit of a stamp's first half is the direction.
                    if is_public(frame) and frame[16 + 45] & 1 and frame[16 + 26:16 + 29] == bytes((198, 51, 100)):
                        answers.append((capture, frame))
        whose, answer = answers[0]
        other = next(capture for capture in guests if capture.stem[:2] != whose.stem[:2])
        mac, address = guests[other]
        stolen = readdressed(answer[:16] + mac + answer[16 + 6:], 30, address)
        check_sees(seed, room, other, {("somebody else's answer", "not this guest's"): frames_of(other)[1] + [stolen]})


def blind():
    """Change one thing in what the ports sent; the check must object, and must not to what is as it was."""
    blind_inside()
    blind_public()


def is_exact(seed, public=False):
    """Is nothing short with this seed, and no guest's MTU too small? Then what is missing is seen as well.

    And are there public addresses of some guests, and shared ones, if wanted?"""
    with tempfile.TemporaryDirectory(prefix="avs-mixture-") as room:
        run([BIN / "mixture", "make", seed, 10, room])
        config = pathlib.Path(room, "config0.yaml").read_text()
    return "sessions: 262144" in config and "mtu: 8500" not in config and ("\nsnat:" in config and "\neips:" in config) >= public


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
