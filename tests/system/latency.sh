#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How long packets take: nothing while it is off, every packet that was received and sent while it is on, percentiles in order.
#   latency.sh one|two
source "$(dirname "$0")/lib.sh"

hosts h1
guests a b
cat >"$TMP/h1.yaml" <<YAML
version: 1
options: {workers: $([ "$mode" = two ] && echo 2 || echo 1)}
vpcs: [{name: red, vni: 100}]
subnets: [{name: s1, vpc: red, prefix4: 10.0.0.0/24}]
security_groups:
  - {name: open, rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]}
ports:
  - {name: a, role: vnic, type: tap, device: eth0, netns: $N-a, subnet: s1, mac: 02:00:00:00:00:10,
     args: "mac=02:00:00:00:00:10", addresses: [10.0.0.10], security_groups: [open]}
  - {name: b, role: vnic, type: tap, device: eth0, netns: $N-b, subnet: s1, mac: 02:00:00:00:00:11,
     args: "mac=02:00:00:00:00:11", addresses: [10.0.0.11], security_groups: [open]}
YAML
start h1
guest_up a 10.0.0.10/24
guest_up b 10.0.0.11/24

# Frames that ports took, less those that the firmware made itself.
sent() { ctl h1 --json stats | json 'sum(p["tx_packets"] for p in d["ports"]) - d["conservation"]["originated"]'; }
# stage NAME MEMBER
stage() { ctl h1 --json latency | json "next(s for s in d['stages'] if s['stage'] == '$1')['$2']"; }
udp() {
    on a "$PYTHON" -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for port in range(9000, 9300):
    s.sendto(b"x", ("10.0.0.11", port))'
}

say "off: nothing is measured"
pings a 10.0.0.11
ctl h1 latency | grep -q 'nothing has been measured: avs-ctl latency on' || fail "off, and figures: $(ctl h1 latency)"
[ "$(stage whole count)" = 0 ] || fail "off, and packets are counted"

say "on: all that was received and sent"
ctl h1 latency on
before=$(sent)
counted() {
    local n
    n=$(($(sent) - before))
    [ "$n" -ge "$1" ] && [ "$(stage whole count)" = "$n" ]
}
pings a 10.0.0.11
udp
wait_for "each packet sent is measured" counted 306
[ "$(ctl h1 --json latency | json 'd["on"] and d["nic"]')" = True ] || fail "not on, or without the NIC"
ctl h1 --json latency | json 'all(s["p50_ns"] <= s["p90_ns"] <= s["p99_ns"] <= s["p999_ns"] <= s["max_ns"] for s in d["stages"])' >/dev/null ||
    fail "percentiles out of order: $(ctl h1 --json latency)"
[ "$(stage slow count)" -gt 300 ] || fail "the slow path saw no first packets"
[ "$(stage whole max_ns)" -ge "$(stage with_worker max_ns)" ] || fail "the whole is less than a part"
ctl h1 latency --workers | grep -q 'reception > port' || fail "no table: $(ctl h1 latency --workers)"

say "reset and off"
ctl h1 latency reset
[ "$(stage whole count)" -lt 50 ] || fail "figures after a reset" # guests send something of their own now and then
ctl h1 latency off
whole=$(stage whole count) to_worker=$(stage to_worker count)
udp
before=$(sent)
pings a 10.0.0.11
[ "$(($(sent) - before))" -ge 6 ] || fail "pings are not sent"
[ "$(stage whole count)" = "$whole" ] || fail "off, and packets are counted"
[ "$(stage to_worker count)" = "$to_worker" ] || fail "off, and a worker counts"

say "another avsd begins without"
ctl h1 latency on
stop "${avsd_pid[h1]}"
start_avsd h1 -c "$TMP/h1.yaml"
if [ "$mode" = one ]; then # the taps are new
    guest_up a 10.0.0.10/24
    guest_up b 10.0.0.11/24
fi
[ "$(ctl h1 --json latency | json 'd["on"]')" = False ] || fail "on after a start"
ctl h1 latency on
wait_for "pings" one_ping a 10.0.0.11
[ "$(stage whole count)" -ge 2 ] || fail "the next avsd measures nothing"

finish
