#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# 256 taps of four queues each beside one that receives: packets from every queue that the kernel chooses arrive, and when half of
# the taps go the last one is still served.
source "$(dirname "$0")/lib.sh"

ports=256
hosts h1
guests g
"$PYTHON" - "$N-g" "$ports" >"$TMP/h1.yaml" <<'PY'
import sys
netns, ports = sys.argv[1], int(sys.argv[2])
print("version: 1")
print("vpcs: [{name: red, vni: 100}]")
print("subnets: [{name: s1, vpc: red, prefix4: 10.0.0.0/16}]")
print("security_groups: [{name: open, rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]}]")
print("ports:")
for i in range(ports + 1):
    name, queues = ("sink", 1) if i == ports else (f"t{i}", 4)
    print(f"  - {{name: {name}, role: vnic, type: tap, netns: {netns}, queues: {queues}, subnet: s1, security_groups: [open],")
    print(f"     mac: '02:00:00:00:{i >> 8:02x}:{i & 255:02x}', addresses: [10.0.{1 + i // 200}.{1 + i % 200}]}}")
PY
start h1
[ "$(get h1 "len(d['ports'])")" -eq $((ports + 1)) ] || fail "not all ports are there"

say "eight flows from each of $ports taps"
on g "$PYTHON" - "$ports" <<'PY'
import socket, struct, sys
ports = int(sys.argv[1])
def address(i):
    return bytes((10, 0, 1 + i // 200, 1 + i % 200))
def total(data):
    s = sum(struct.unpack(f"!{len(data) // 2}H", data))
    return (s & 0xFFFF) + (s >> 16)
sink = b"\x02\0\0\0" + struct.pack("!H", ports)
for i in range(ports):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind((f"t{i}", 0))
    for flow in range(8):
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 48, 0, 0, 64, 17, 0) + address(i) + address(ports)
        ip = ip[:10] + struct.pack("!H", 0xFFFF ^ total(ip)) + ip[12:]
        s.send(sink + b"\x02\0\0\0" + struct.pack("!H", i) + b"\x08\0" + ip + struct.pack("!HHHH", 1000 + flow, 9, 28, 0) + bytes(20))
    s.close()
PY
arrived="sum(p['stages']['post']['tx'] for p in d['ports'] if p['name'].startswith('t') and p['stages']['post']['tx'] >= 8) >= 8 * $ports"
wait_for "8 packets of each of $ports taps" get h1 "$arrived"
wait_for "as many at the sink" get h1 "[p['tx_packets'] for p in d['ports'] if p['name'] == 'sink'][0] >= 8 * $ports"

say "half of them go, the others still work"
"$PYTHON" - "$TMP/h1.yaml" $((ports / 2)) >"$TMP/half.yaml" <<'PY'
import sys
half = int(sys.argv[2])
lines = open(sys.argv[1]).read().split("\n")
at = lines.index("ports:") + 1
print("\n".join(lines[:at] + lines[at + 2 * half:]))
PY
works ctl h1 apply -f "$TMP/half.yaml"
before=$(get h1 "[p['rx_packets'] for p in d['ports'] if p['name'] == 't255'][0]")
on g "$PYTHON" -c '
import socket
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("t255", 0))
s.send(bytes(60))'
wait_for "a packet of the last tap" get h1 "[p['rx_packets'] for p in d['ports'] if p['name'] == 't255'][0] > $before"
finish
