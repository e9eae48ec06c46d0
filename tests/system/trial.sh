#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# apply --confirm: what locks the operator out, or breaks the tenants, undoes itself. apply --wait: sessions that nobody sends on
# follow as well.
source "$(dirname "$0")/lib.sh"

hosts h1
guests a b
net() { # GROUP of b
    cat <<YAML
version: 1
vpcs: [{name: red, vni: 100}]
subnets: [{name: s1, vpc: red, prefix4: 10.0.0.0/24}]
security_groups:
  - {name: open, rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]}
  - {name: closed, rules: [{direction: egress, action: allow}]}
ports:
  - {name: a, role: vnic, type: tap, device: eth0, netns: $N-a, subnet: s1, mac: 02:00:00:00:00:10,
     args: "mac=02:00:00:00:00:10", addresses: [10.0.0.10], security_groups: [open]}
  - {name: b, role: vnic, type: tap, device: eth0, netns: $N-b, subnet: s1, mac: 02:00:00:00:00:11,
     args: "mac=02:00:00:00:00:11", addresses: [10.0.0.11], security_groups: [$1]}
YAML
}
net open >"$TMP/h1.yaml"
net closed >"$TMP/closed.yaml"
start h1 --state "$TMP/state"
guest_up a 10.0.0.10/24
guest_up b 10.0.0.11/24
pings a 10.0.0.11
log_allow='configuration reverted: not confirmed in time|the configuration was never confirmed'
stored() { "$PYTHON" -c 'import json, sys; print(json.load(open(sys.argv[1]))["ports"][1]["security_groups"][0])' "$TMP/state"; }
status() { ctl h1 --json confirm --status | json "$1"; }
expect() { [ "$2" = "$3" ] || fail "$1: $2 instead of $3"; }

say "a change that closes b's port, and nobody confirms it"
says "on trial: reverts in 2 s" ctl h1 apply -f "$TMP/closed.yaml" --confirm 2s
expect "stored meanwhile" "$(stored)" open
wait_for "the return" status "not d['unconfirmed']"
pings a 10.0.0.11
grep -q 'msg="configuration reverted: not confirmed in time"' "$TMP/h1.avsd.log" || fail "the return is not logged"

say "one that is confirmed, one that is taken back, others meanwhile"
works ctl h1 apply -f "$TMP/closed.yaml" --confirm 1h
status "d['unconfirmed'] and 3500 < d['reverts_in_s'] <= 3600" >/dev/null
refused 6 "waits to be confirmed" ctl h1 apply -f "$TMP/h1.yaml"
refused 6 "waits to be confirmed" ctl h1 vpc add green vni=300
says "confirmed" ctl h1 confirm
expect "stored when confirmed" "$(stored)" closed
refused 3 "no change waits" ctl h1 confirm
dropped h1 a sg_ingress one_ping a 10.0.0.11
works ctl h1 apply -f "$TMP/h1.yaml" --confirm 1h
pings a 10.0.0.11
says "reverted" ctl h1 confirm --revert
dropped h1 a sg_ingress one_ping a 10.0.0.11
grep -q 'msg="configuration confirmed" .*uid=0' "$TMP/h1.avsd.log" || fail "the confirmation is not logged"
grep -q 'msg="configuration reverted: asked to" .*uid=0' "$TMP/h1.avsd.log" || fail "the return is not logged"

say "a restart in the middle begins with what was confirmed"
works ctl h1 apply -f "$TMP/h1.yaml" --confirm 1h
stop_program "${avsd_pid[h1]}" avsd
start_avsd h1 --state "$TMP/state"
guest_up a 10.0.0.10/24 2>/dev/null || true
guest_up b 10.0.0.11/24 2>/dev/null || true
status "not d['unconfirmed']" >/dev/null
dropped h1 a sg_ingress one_ping a 10.0.0.11
works ctl h1 apply -f "$TMP/h1.yaml" --wait
pings a 10.0.0.11

say "sessions that nobody sends on follow a change; --wait knows when"
on a "$PYTHON" -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for port in range(9000, 9300):
    s.sendto(b"x", ("10.0.0.11", port))'
wait_for "the sessions" get h1 "d['sessions']['used'] >= 300"
works ctl h1 --json apply -f "$TMP/closed.yaml" --wait=60s
json "d['sessions_left'] == 0" <"$TMP/out" >/dev/null
get h1 "d['sessions']['ended_policy'] >= 300" >/dev/null

finish
