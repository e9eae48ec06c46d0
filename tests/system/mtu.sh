#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# mtu.sh one|two [sliced]: sliced (one), payloads stay in the NIC while the firmware has the headers.
# Guests with an MTU of 1,500 and 8,500 on the same host and on two; a route of 1,300 bytes: kernels learn the MTU of each
# path from our gateway, TCP goes both ways, with segmentation offload in the guest and without, and what may be fragmented is.
source "$(dirname "$0")/lib.sh"
needs iperf3 ethtool

hosts h1 h2
guests a b c
underlay 8600 h1 h2

# a: 8,500 on h1; b: 1,500 on h1; c: 1,500 on h2, and behind a route of 1,300 bytes 10.9.0.1 and fd09::1.
{
    host_of_two 1 12
    vnic a 10 "mtu: 8500, anti_spoof: false"
    vnic b 11 "mtu: 1500, anti_spoof: false"
    cat <<YAML
routes:
  - {vpc: red, prefix: 10.9.0.0/24, type: vtep, vtep: 192.0.2.2, mac: 02:00:00:00:00:12, mtu: 1300}
  - {vpc: red, prefix: "fd09::/64", type: vtep, vtep: 192.0.2.2, mac: 02:00:00:00:00:12, mtu: 1300}
YAML
} >"$TMP/h1.yaml"
{
    host_of_two 2 10
    vnic c 12 "mtu: 1500, anti_spoof: false"
    cat <<YAML
routes:
  - {vpc: red, prefix: 10.9.0.0/24, type: gateway, via: 10.0.0.12}
  - {vpc: red, prefix: "fd09::/64", type: gateway, via: "fd00::12"}
YAML
} >"$TMP/h2.yaml"
slice=()
if [ "${2:-}" = sliced ]; then
    slice=(--slice on)
fi
start h1 "${slice[@]}"
start h2 "${slice[@]}"
guest_up a 10.0.0.10/24 fd00::10/64
guest_up b 10.0.0.11/24 fd00::11/64
guest_up c 10.0.0.12/24 fd00::12/64 10.9.0.1/32 fd09::1/128
for guest in a b c; do
    ip -n "$N-$guest" route add default via 10.0.0.1
    ip -n "$N-$guest" route add default via fd00::1
done
wait_for "the underlay answers" one_ping a 10.0.0.12

# learns GUEST ADDRESS MTU SIZE: the first packet of SIZE bytes of payload is refused, and the guest's kernel knows why.
learns() {
    local guest=$1 address=$2 mtu=$3 size=$4 gateway=10.0.0.1
    case $address in *:*) gateway=fd00::1 ;; esac
    on "$guest" ping -c 1 -W 2 -M "do" -s "$size" "$address" >"$TMP/out" 2>&1 && fail "$address took $size bytes"
    grep -qiE "from $gateway.*(frag needed.*mtu = $mtu|packet too big: mtu=$mtu)" "$TMP/out" ||
        fail "$guest was not told the MTU of $address: $(cat "$TMP/out")"
    ip -n "$N-$guest" route get "$address" | grep -q "mtu $mtu" ||
        fail "$guest has not learned the MTU of $address: $(ip -n "$N-$guest" route get "$address")"
}
say "too big, told by the gateway: same host, into the tunnel, along a route"
learns a 10.0.0.11 1500 8000
learns a fd00::11 1500 8000
learns a 10.9.0.1 1300 2000
learns a fd09::1 1300 2000
say "told through the tunnel, by the host where the packet is too big"
learns a 10.0.0.12 1500 8000
learns a fd00::12 1500 8000
[ "$(drops h1 a pmtu)" -ge 4 ] || fail "not counted as pmtu on h1"
[ "$(drops h2 up pmtu)" -ge 2 ] || fail "not counted as pmtu on h2"
say "with the MTU that was learned"
for address in 10.0.0.11 10.0.0.12; do
    pings a "$address" -M "do" -s 1472
done
pings a 10.9.0.1 -M "do" -s 1272
pings a fd09::1 -M "do" -s 1252

flow_id=$(ctl h1 --json session list proto=icmp addr=10.9.0.1 | "$PYTHON" -c 'import json, sys; print(json.loads(next(sys.stdin))["flow_id"])')
[ "$(ctl h1 --json session show "$flow_id" | json "(d['mtu'], d['reply_mtu'])")" = "(1300, 8500)" ] || fail "the session of 10.9.0.1 does not show its MTUs"

say "time exceeded: the gateway is a hop"
on a ping -c 1 -W 2 -t 1 10.9.0.1 >"$TMP/out" 2>&1 && fail "one hop was enough for 10.9.0.1"
grep -q "From 10.0.0.1 .*Time to live exceeded" "$TMP/out" || fail "nobody said that the hops ran out: $(cat "$TMP/out")"
on a ping -c 1 -W 2 -t 1 fd09::1 >"$TMP/out" 2>&1 && fail "one hop was enough for fd09::1"
grep -qi "From fd00::1 .*Time exceeded" "$TMP/out" || fail "nobody said that the hops ran out: $(cat "$TMP/out")"

# datagrams FROM TO ADDRESS SIZE [MORE]: twenty without DF, each other bytes, arrive whole; MORE in one frame (USO).
datagrams() {
    local from=$1 to=$2 address=$3 size=$4 at_once=${5:-1}
    background "$to" "$PYTHON" -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, 33, 1 << 22)  # SO_RCVBUFFORCE: all of them, however late this reads
s.bind(("0.0.0.0", 9000))
s.settimeout(10)
left = set(range(20))
while left:
    d = s.recv(65535)
    if d == bytes((d[0] + i) % 251 for i in range(int(sys.argv[1]))):
        left.discard(d[0])' "$size"
    wait_for "the receiver in $to" bound "$to" 9000
    on "$from" "$PYTHON" -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, 10, 0)  # IP_MTU_DISCOVER: no DF
size, at_once = int(sys.argv[2]), int(sys.argv[3])
if at_once > 1:
    s.setsockopt(socket.IPPROTO_UDP, 103, size)  # UDP_SEGMENT
for n in range(0, 20, at_once):
    s.sendto(b"".join(bytes((n + k + i) % 251 for i in range(size)) for k in range(at_once)), (sys.argv[1], 9000))' \
        "$address" "$size" "$at_once"
    wait "$BG" || fail "datagrams of $size bytes without DF from $from do not all arrive at $address"
}
bound() { [ -n "$(on "$1" ss -Huln "sport = :$2")" ]; }
say "UDP without DF: fragments on the way, the datagram behind it"
ip -n "$N-a" route flush cache
datagrams a b 10.0.0.11 8000
datagrams a c 10.0.0.12 8000
datagrams a c 10.9.0.1 3000
say "UDP that the guest's kernel leaves to us to cut into datagrams"
datagrams a b 10.0.0.11 1400 5
datagrams a c 10.0.0.12 1400 5
datagrams a c 10.9.0.1 1200 10
datagrams a b 10.0.0.11 2000 4
datagrams b a 10.0.0.10 1400 10

for tso in on off; do
    say "TCP between 8,500 and 1,500, segmentation offload $tso in the guests, nothing learned before"
    for guest in a b c; do
        works on "$guest" ethtool -K eth0 tso "$tso" gso "$tso"
        ip -n "$N-$guest" route flush cache
        ip -n "$N-$guest" -6 route flush cache
    done
    iperf a b 10.0.0.11
    iperf a b fd00::11 -R
    iperf a c 10.0.0.12 -R
    iperf a c fd00::12
    iperf a c 10.9.0.1
    iperf b a 10.0.0.10
done

say "MSS clamp: no segment is too big in the first place"
ip -n "$N-a" route flush cache
before=$(drops h1 a pmtu)
sed -i 's/vni: 100/vni: 100, mss_clamp: true/' "$TMP/h1.yaml"
works ctl h1 apply -f "$TMP/h1.yaml"
for guest in a b; do works on "$guest" ethtool -K eth0 tso off gso off; done
iperf a b 10.0.0.11
[ "$(drops h1 a pmtu)" -eq "$before" ] || fail "a had to be told, though its SYN was clamped"

finish
