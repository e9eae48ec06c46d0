#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rules to the hardware over the mixed captures: what they do is computed here from the input, by other means.

    rules.py drop | meter | mirror | mark | refused
"""
import json
import os
import struct
import sys
import tempfile

from replay import DATA, PORTS, flow_of, read_pcap, run, same

def input_of(port):
    """Frames a port receives, each with its time in ns after the first frame of all."""
    first = min(times(read_raw(p))[0] for p in PORTS)
    raw = read_raw(port)
    return list(zip((t - first for t in times(raw)), read_pcap(raw)))


def read_raw(port):
    with open(f"{DATA}/mixed.{port}.pcap", "rb") as f:
        return f.read()


def times(raw):
    unit = {b"\x4d\x3c\xb2\xa1": 1, b"\xd4\xc3\xb2\xa1": 1000}[raw[:4]]
    found, at = [], 24
    while at < len(raw):
        seconds, fraction, length = struct.unpack_from("<III", raw, at)
        found.append(seconds * 10**9 + fraction * unit)
        at += 16 + length
    return found


def is_udp(frame):
    """A whole UDP packet over IPv4 without options, as the rules of these tests mean it."""
    return (len(frame) >= 42 and frame[12:15] == b"\x08\x00\x45" and frame[23] == 17 and
            not frame[20] & 0x3F and not frame[21])


def sport_of(frame):
    return struct.unpack_from("!H", frame, 34)[0]


class Ruled:
    """The mixed captures, with a vNIC `span` of a network of its own that only ever sees copies."""

    def __init__(self, *options):
        with tempfile.TemporaryDirectory(prefix="avs-rules-") as out:
            config = os.path.join(out, "net.yaml")
            with open(f"{DATA}/mixed.yaml", encoding="utf-8") as f:
                text = f.read()
            text = text.replace("vpcs: [", "vpcs: [{name: spy, vni: 300}, ", 1)
            text = text.replace("subnets:\n", "subnets:\n  - {name: spy, vpc: spy, prefix4: 10.9.0.0/24}\n", 1)
            text = text.replace("ports:\n", "ports:\n  - {name: span, role: vnic, type: tap, mac: 02:00:00:00:00:99, "
                                            "subnet: spy, addresses: [10.9.0.5]}\n", 1)
            with open(config, "w", encoding="utf-8") as f:
                f.write(text)
            inputs = [f"-p{port}={DATA}/mixed.{port}.pcap" for port in PORTS]
            self.report = json.loads(run(["-c", config, *inputs, "-o", out, "--json", *options]))
            self.frames = {}
            for port in (*PORTS, "span"):
                with open(os.path.join(out, f"{port}.pcap"), "rb") as f:
                    self.frames[port] = read_pcap(f.read())
        total = self.report["conservation"]
        if not self.report["ok"] or not total["settled"] or any(self.report["leaks"].values()):
            raise AssertionError(f"{options}: {total}, {self.report['leaks']}")
        left = total["rx"] + total["originated"] + total["copies"] + total["segments_added"]
        right = total["tx"] + total["consumed"] + total["merged"] + total["drops"] + total["in_flight"]
        if left != right:
            raise AssertionError(f"{options}: {left} came, {right} went: {total}")

    def drops(self, port, reason):
        return sum(d["packets"] for d in self.report["drops"] if d["port"] == port and d["reason"] == reason)

    def hits(self):
        return [(r.get("hits"), r.get("bytes")) for r in self.report["rules"]]

    def flow_id_hits(self):
        return sum(w["hits_flow_id"] for w in self.report["workers"])


def without(frames, flows):
    return {port: [f for f in sent if flow_of(f) not in flows] for port, sent in frames.items()}


def drop():
    sport = sport_of(next(f for _, f in input_of("web") if is_udp(f)))
    gone = [f for _, f in input_of("web") if is_udp(f) and sport_of(f) == sport]
    plain = Ruled()
    ruled = Ruled("--rule", f"web ingress pattern eth / ipv4 / udp src is {sport} / end actions count / drop / end")
    if ruled.drops("web", "rule") != len(gone) or not gone:
        raise AssertionError(f"{ruled.drops('web', 'rule')} dropped of {len(gone)}")
    same("counts", dict(enumerate(ruled.hits())), {0: (len(gone), sum(map(len, gone)))})
    # Nobody else notices: what is missing are the frames of those flows, there and back, on whatever network.
    flows = {flow_of(f) for port in PORTS for f in plain.frames[port] if f[34:36] == struct.pack("!H", sport)
             or f[36:38] == struct.pack("!H", sport) or struct.pack("!H", sport) in (f[84:86], f[86:88])}
    same("the other flows", without(ruled.frames, flows), without(plain.frames, flows))
    if ruled.frames["span"]:
        raise AssertionError("frames left by a port that nobody talks to")


def meter():
    """A bucket of 20 packets that fills by 1,500 a second, in whole billionths of a packet. Frames come at their own time."""
    rate, burst, second = 1500, 20, 10**9
    credit, last, passed, dropped = burst * second, None, [], 0
    for t, frame in input_of("web"):
        if is_udp(frame):
            credit = min(burst * second, credit + rate * (t - last if last is not None else 0))
            last = t
            if credit < second:
                dropped += 1
                continue
            credit -= second
        passed.append(frame)
    ruled = Ruled("--meter", f"3 pps {rate} burst {burst}", "--rule",
                  "web ingress pattern eth / ipv4 / udp / end actions meter mtr_id 3 / mirror port span / end")
    same("dropped by the meter", {"packets": ruled.drops("web", "meter")}, {"packets": dropped})
    same("what passed", {"frames": ruled.frames["span"]}, {"frames": [f for f in passed if is_udp(f)]})
    if not 0 < dropped < sum(is_udp(f) for _, f in input_of("web")):
        raise AssertionError(f"{dropped} dropped: this meters nothing")


def mirror():
    """The span port sees what came in, byte for byte, and nothing else changes for anybody."""
    plain = Ruled()
    for port, other in (("web", "red"), ("red", "web"), ("uplink0", "db")):
        frames = [f for _, f in input_of(port)]
        ruled = Ruled("--rule", f"{port} ingress pattern end actions mirror port span / count / end")
        same(f"copies of {port}", {"span": ruled.frames["span"]}, {"span": frames})
        for name in PORTS:
            same(f"{name} while {port} is mirrored", {name: ruled.frames[name]}, {name: plain.frames[name]})
        same("copies counted", {"copies": ruled.report["conservation"]["copies"]}, {"copies": len(frames)})
        mine = {p["name"]: p["conservation"]["copies"] for p in ruled.report["ports"]}
        same("by port", {port: mine[port], other: mine[other]}, {port: len(frames), other: 0})
    # One tenant of the uplink alone: by its network, which is that of the tunnel.
    red = [f for _, f in input_of("uplink0") if f[36:38] == b"\x12\xb5" and f[46:49] == b"\x00\x00\xc8"]
    ruled = Ruled("--rule", "uplink0 ingress pattern vxlan vni is 200 / eth / end actions mirror port span / end")
    same("copies of one network", {"span": ruled.frames["span"]}, {"span": red})
    if not red:
        raise AssertionError("no frame of this network: this compares nothing")


def mark():
    """Packets of a marked session come with its flow id though the index is off; what leaves is the same."""
    plain = Ruled("--no-flow-index", "--vector", "1")
    flows = {}
    for t, frame in input_of("web"):
        if is_udp(frame):
            flows.setdefault(frame[26:38], []).append(t)
    (start, *rest), flow = next((seen, flow) for flow, seen in flows.items() if len(seen) > 10)
    later, sport = sum(t > start for t in rest), struct.unpack_from("!H", flow, 8)[0]
    rule = f"@{start + 1} web ingress pattern udp src is {sport} / end actions mark id %u / count / end"
    for index in range(64):  # which of the sessions it is: the one whose pin hits
        done = marked(rule % index)
        if done and done.flow_id_hits():
            break
    else:
        raise AssertionError("no mark hits")
    same("hits", {"hits": done.flow_id_hits()}, {"hits": later})
    same("counted", {"hits": done.hits()[0][0]}, {"hits": later})
    same("bytes", done.frames, plain.frames)
    if plain.flow_id_hits() or later < 2:
        raise AssertionError("flow ids without an index, or a flow of one packet")


def marked(rule):
    """With this rule; None when no session of the mark lives when it comes."""
    try:
        return Ruled("--no-flow-index", "--vector", "1", "--rule", rule)
    except AssertionError as e:
        if "no session has mark" not in str(e):
            raise
    return None


def refused():
    with tempfile.TemporaryDirectory(prefix="avs-rules-") as out:
        base = ["-c", f"{DATA}/mixed.yaml", f"-pweb={DATA}/mixed.web.pcap", "-o", out]
        for options, code, text in (
                (["--rule", "web ingress pattern eth / udp / end actions drop / end"], 3, "ITEM: udp cannot stand"),
                (["--rule", "nobody ingress pattern end actions drop / end"], 3, "no port 'nobody'"),
                (["--rule", "web"], 3, "ATTR"),
                (["--rule", ""], 3, "no port ''"),
                (["--rule", "@x web ingress pattern end actions drop / end"], 2, "[@NS ]PORT RULE"),
                (["--rule", "@99999999999999 web ingress pattern end actions drop / end"], 3, "after the last frame"),
                (["--rule", "web ingress pattern end actions mark id 0 / end"], 3, "no session has mark 0"),
                (["--rule", "web ingress pattern end actions meter mtr_id 1 / end"], 3, "no meter 1"),
                (["--meter", "1 pps 3"], 3, "burst"),
                (["--meter", "1 xps 3 burst 1"], 3, "burst"),
                (["--meter", "999 pps 3 burst 1"], 3, "burst"),
                (["--meter", "1 pps 0 burst 1"], 3, "too large")):
            said = run([*base, *options], expect=code)
            if text not in said:
                raise AssertionError(f"{options}: '{text}' is not in: {said}")


if __name__ == "__main__":
    {f.__name__: f for f in (drop, meter, mirror, mark, refused)}[sys.argv[1]]()
