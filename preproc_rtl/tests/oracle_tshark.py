#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Holds the parser against tshark on every capture of tests/data: two readings of the same bytes, one answer."""
import glob
import json
import os
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "..", "tests", "data")
DUMP = os.path.join(os.environ.get("AVS_BUILD_DIR", "build/release"), "bin", "pp-dump")
GOOD, BAD = "1", "0"  # tshark's checksum status
TCP, UDP, SCTP = 6, 17, 132
CLASS_ICMP, CLASS_FRAG, CLASS_ARP, CLASS_NON_IP = 3, 7, 8, 12

FIELDS = """frame.number frame.protocols ip.src ip.dst ip.proto ip.id ip.checksum.status ipv6.src ipv6.dst
ipv6.fraghdr.ident tcp.srcport tcp.dstport tcp.checksum.status tcp.flags udp.srcport udp.dstport
udp.checksum.status udp.checksum sctp.srcport sctp.dstport sctp.checksum.status icmp.ident icmp.checksum.status
icmpv6.echo.identifier icmpv6.checksum.status vxlan.vni geneve.vni vlan.id ieee8021ad.id arp.opcode""".split()
PREFERENCES = """ip.check_checksum:TRUE tcp.check_checksum:TRUE udp.check_checksum:TRUE
ip.defragment:FALSE ipv6.defragment:FALSE tcp.desegment_tcp_streams:FALSE""".split() + ["sctp.checksum:CRC 32c"]


def tshark(path):
    command = ["tshark", "-n", "-r", path, "-T", "fields", "-E", "separator=|", "-E", "occurrence=a", "-E", "aggregator=,"]
    for preference in PREFERENCES:
        command += ["-o", preference]
    for field in FIELDS:
        command += ["-e", field]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return [dict(zip(FIELDS, line.split("|"))) for line in lines]


def ours(path):
    name = os.path.basename(path)
    uplink = []
    if name.startswith("tunnel_"):
        uplink = ["-u", "10.9.0.2", "-u", "fd09::2"]
    elif ".uplink" in name:
        uplink = ["-u", "192.0.2.1"]
    out = subprocess.run([DUMP, *uplink, path], check=True, capture_output=True, text=True).stdout
    return [json.loads(line) for line in out.splitlines()]


class Frame:
    """One frame in both readings; `wrong` collects what differs."""

    def __init__(self, mine, theirs):
        self.mine, self.theirs, self.wrong, self.compared = mine, theirs, [], 0
        layers = theirs["frame.protocols"].split(":")
        families = [layer for layer in layers if layer in ("ip", "ipv6")]
        self.family = "ipv6" if mine["ipv6"] else "ip"
        self.outer_source = theirs[families[0] + ".src"].split(",")[0] if families else None
        self.depth = {name: 0 for name in ("ip", "ipv6", "tcp", "udp", "sctp")}
        if mine["decap"]:
            self.depth[families[0]] = self.depth["udp"] = 1

    def value(self, field):
        """The field of the keyed packet, by the number of its layer; None when tshark does not show it."""
        values = self.theirs[field].split(",") if self.theirs[field] else []
        index = self.depth.get(field.split(".")[0], 0)
        return values[index] if index < len(values) else None

    def same(self, name, got, want):
        self.compared += 1
        if want is None or str(got) != str(want):
            self.wrong.append(f"{name}: {got}, tshark says {want}")

    def number(self, field):
        value = self.value(field)
        return None if value is None else int(value, 0)

    def verdict(self, name, got, status):
        if got in (1, 2):
            self.same(name, GOOD if got == 1 else BAD, self.value(status))


def compare_l4(f):
    mine, proto = f.mine, f.mine["proto"]
    name = {TCP: "tcp", UDP: "udp", SCTP: "sctp"}.get(proto)
    if mine["class"] == CLASS_ICMP:
        field = "icmpv6.echo.identifier" if mine["ipv6"] else "icmp.ident"
        f.same("identifier", mine["sport"], f.number(field))
        f.same("identifier", mine["dport"], f.number(field))
    elif name:
        f.same("source port", mine["sport"], f.number(name + ".srcport"))
        f.same("destination port", mine["dport"], f.number(name + ".dstport"))
    if proto == TCP:
        f.same("TCP flags", mine["tcp_flags"], f.number("tcp.flags") & 255)


def compare_checksums(f):
    name = {TCP: "tcp", UDP: "udp", SCTP: "sctp", 1: "icmp", 58: "icmpv6"}.get(f.mine["proto"])
    if not f.mine["ipv6"] and f.mine["reason"] != "outer_csum":
        f.verdict("IPv4 checksum", f.mine["verdicts"][0], "ip.checksum.status")
    if name:
        f.verdict(name + " checksum", f.mine["verdicts"][1], name + ".checksum.status")


def compare_frame(mine, theirs):
    f = Frame(mine, theirs)
    f.same("number", mine["frame"], theirs["frame.number"])
    if mine["tagged"]:
        field = "ieee8021ad.id" if theirs["ieee8021ad.id"] else "vlan.id"  # ours is the outermost
        f.same("VLAN", mine["vlan"], theirs[field].split(",")[0])
    if mine["decap"]:
        field = {1: "vxlan.vni", 2: "geneve.vni"}[mine["tunnel"]]
        f.same("VNI", mine["vni"], f.number(field))
        f.same("outer source", mine["outer"], f.outer_source)
        f.same("context", mine["context"], mine["vni"] + 1 if mine["vni"] < 4096 else 0)
    if mine["reason"] == "ip_csum":
        f.same("IPv4 checksum", BAD, f.value("ip.checksum.status"))
    compare_checksums(f)
    if mine["reason"]:
        return f
    # What tshark finds wrong in the keyed packet we may not call good.
    for status in ("ip", "tcp", "udp", "sctp"):
        if f.value(status + ".checksum.status") == BAD and mine["class"] != CLASS_FRAG:
            f.wrong.append(status + " checksum is bad for tshark alone")
    if mine["class"] == CLASS_ARP:
        f.same("ARP", bool(theirs["arp.opcode"]), True)
    elif mine["class"] != CLASS_NON_IP:
        f.same("source", mine["src"], f.value(f.family + ".src"))
        f.same("destination", mine["dst"], f.value(f.family + ".dst"))
        if not mine["ipv6"]:
            f.same("protocol", mine["proto"], f.value("ip.proto"))
        if mine["class"] == CLASS_FRAG:
            f.same("fragment id", mine["frag_id"], f.number("ipv6.fraghdr.ident" if mine["ipv6"] else "ip.id"))
        else:
            compare_l4(f)
    return f


def expectations(name, frames):
    """That a capture provokes what it is for; tshark cannot say that."""
    reasons = {f["reason"] for f in frames}
    wanted = {
        "bad_checksums": {"ip_csum", "tcp_csum", "udp_csum", "icmp_csum"},
        "bad_lengths": {"ip_hdr", "ip6_hdr", "udp_len", "tcp_hdr"},
        "sctp": {"", "sctp_csum"},
        "ip6ext": {"", "ip6_ext"},
        "vlan": {"", "vlan_depth"},
        "neighbours": {"", "arp_bad", "nd_bad"},
        "tcp_sessions": {"", "tcp_flags"},
        "tunnel_vxlan": {"", "vxlan_hdr", "outer_csum"},
        "tunnel_geneve": {"", "geneve_hdr", "geneve_opt"},
    }.get(name, {""})
    return [f"{name}: no frame is {reason or 'good'}" for reason in sorted(wanted - reasons)]


def main():
    if not shutil.which("tshark"):
        print("tshark is not installed")
        return 77
    failures, compared, frames = [], 0, 0
    captures = sorted(glob.glob(os.path.join(DATA, "**", "*.pcap"), recursive=True))
    for path in captures:
        name = os.path.basename(path)[: -len(".pcap")]
        mine, theirs = ours(path), tshark(path)
        if len(mine) != len(theirs):
            failures.append(f"{name}: {len(mine)} frames, tshark sees {len(theirs)}")
        for pair in zip(mine, theirs):
            result = compare_frame(*pair)
            compared += result.compared
            failures += [f"{name} frame {pair[0]['frame']} ({pair[0]['reason']}): {w}" for w in result.wrong]
        failures += expectations(name, mine)
        frames += len(mine)
    print("\n".join(failures))
    print(f"{len(captures)} captures, {frames} frames, {compared} values compared, {len(failures)} differences")
    return 1 if failures or frames == 0 else 0


sys.exit(main())
