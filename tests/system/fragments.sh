#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Datagrams that the kernel cuts and puts together: between two hosts through the tunnel, on one host, to the gateway.
source "$(dirname "$0")/lib.sh"

hosts h1 h2
guests a b c
underlay 1600 h1 h2

groups="$groups
  - name: closed
    rules:
      - {direction: egress, action: allow}
      - {direction: ingress, action: allow, protocol: udp, ports: 7000-7000}"
{ host_of_two 1 11 && vnic a 10 "mtu: 1500" && vnic c 12 "mtu: 1500, security_groups: [closed]"; } >"$TMP/h1.yaml"
{ host_of_two 2 10 && vnic b 11 "mtu: 1500"; } >"$TMP/h2.yaml"
start_three

say "echo of 4,000 and of 60,000 bytes through the tunnel, and to the gateway"
for size in 4000 60000; do
    pings a 10.0.0.11 -s "$size"
    pings a fd00::11 -s "$size"
    pings a 10.0.0.1 -s "$size"
    pings a fd00::1 -s "$size"
done

# udp_echo FROM TO ADDRESS PORT: datagrams of many lengths there and back, each byte compared.
udp_echo() {
    local from=$1 to=$2 address=$3 port=$4
    background "$to" "$PYTHON" -c '
import socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], int(sys.argv[2])))
while True:
    data, peer = s.recvfrom(65536)
    s.sendto(data, peer)' "$address" "$port"
    wait_for "the echo in $to" bound "$to" "$port"
    on "$from" "$PYTHON" -c '
import os, socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.connect((sys.argv[1], int(sys.argv[2])))
s.settimeout(5)
for size in (1, 1472, 1473, 2960, 8192, 20000, 60000):
    data = os.urandom(size)
    for attempt in range(3):
        s.send(data)
        try:
            got = s.recv(65536)
        except TimeoutError:
            continue
        break
    else:
        sys.exit(f"no answer to {size} bytes")
    if got != data:
        sys.exit(f"{size} bytes came back wrong")' "$address" "$port" >"$TMP/out" 2>&1 || fail "UDP from $from to $address: $(cat "$TMP/out")"
    stop "$BG"
}
bound() { [ -n "$(on "$1" ss -Hlun "sport = :$2")" ]; }

say "UDP up to 60,000 bytes: across, back, on one host, IPv4 and IPv6"
udp_echo a b 10.0.0.11 7000
udp_echo a b fd00::11 7000
udp_echo b a 10.0.0.10 7000
udp_echo a c 10.0.0.12 7000
udp_echo a c fd00::12 7000

say "a group that refuses the port refuses every fragment"
before=$(drops h1 a sg_ingress)
on a "$PYTHON" -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(bytes(8192), ("10.0.0.12", 7001))'
refused_all() { [ "$(drops h1 a sg_ingress)" -ge $((before + 6)) ]; }
wait_for "all six of them" refused_all

say "nothing waits, and no fragment was lost for want of its first"
none_held() { get h1 "all(t['used'] == 0 for t in d['tables'] if t['table'] == 'fragments_held')"; }
wait_for "no fragment held" none_held
for host in h1 h2; do
    for port in up a b; do
        [ "$(drops "$host" "$port" frag_quota)" = 0 ] || fail "$host $port: frag_quota"
    done
done

finish
