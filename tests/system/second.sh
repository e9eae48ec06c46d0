#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A second firmware beside avsd gets a copy of every packet and sends none, until it takes over: then the guests talk through it, and
# through avsd again when it is killed. With avsd it ends.
#   second.sh two
source "$(dirname "$0")/lib.sh"
[ "$mode" = two ] || fail "the NIC that is embedded has one firmware: only 'two'"
second_fw=${AVS_BUILD_DIR:-$here/../../build/release}/unit/second-fw

hosts h1
guests a b
cat >"$TMP/h1.yaml" <<YAML
version: 1
vpcs: [{name: red, vni: 100}]
subnets: [{name: s1, vpc: red, prefix4: 10.0.0.0/24}]
ports:
  - {name: a, role: vnic, type: tap, device: eth0, netns: $N-a, subnet: s1, mac: 02:00:00:00:00:10, offload: false,
     args: "mac=02:00:00:00:00:10", addresses: [10.0.0.10]}
  - {name: b, role: vnic, type: tap, device: eth0, netns: $N-b, subnet: s1, mac: 02:00:00:00:00:11, offload: false,
     args: "mac=02:00:00:00:00:11", addresses: [10.0.0.11]}
YAML

value() { "$PYTHON" -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$TMP/second.json" "$1"; }
over() { [ "$(value "$2" 2>/dev/null || echo 0)" -gt "$1" ]; }
all_held_back() { [ "$(value copies)" -eq "$(value held_back)" ]; }
balanced() { get h1 "all(c['ok'] for c in [d['conservation']] + [p['conservation'] for p in d['ports']])"; }
start_second() {
    rm -f "$TMP/second.json"
    background h1 "$second_fw" "$TMP/h1.nic" 1 "$TMP/second.json"
    second=$BG
    wait_for "the second firmware" over -1 copies
}

start h1
guest_up a 10.0.0.10/24
guest_up b 10.0.0.11/24
pings a 10.0.0.11

say "a copy of every packet, and none of them leaves"
start_second
pings a 10.0.0.11
iperf a b 10.0.0.11 -b 50M
wait_for "copies" over 1000 copies
wait_for "all held back" all_held_back
[ "$(value sent)" = 0 ] || fail "$(value sent) packets of the second firmware left"
wait_for "conservation" balanced

say "it takes over: the guests talk through it"
kill -USR1 "$second"
pings a 10.0.0.11
pings b 10.0.0.10
wait_for "packets through the second" over 10 sent
iperf a b 10.0.0.11 -b 20M
wait_for "conservation" balanced

say "it is killed: through avsd again, and another one comes"
kill -9 "$second"
wait "$second" 2>/dev/null || true
pings a 10.0.0.11
start_second
pings b 10.0.0.10

say "avsd is killed: the second ends with it"
kill -9 "${avsd_pid[h1]}"
wait "${avsd_pid[h1]}" 2>/dev/null || true
code=0
wait "$second" || code=$?
[ "$code" -eq 0 ] || fail "the second firmware ended with code $code"
start_avsd h1 -c "$TMP/h1.yaml"
pings a 10.0.0.11
finish
