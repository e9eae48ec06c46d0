#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the configuration is: read back and applied again it changes nothing, a dry run changes nothing, the state file survives a restart.
source "$(dirname "$0")/lib.sh"

hosts h1
guests a b
underlay h1
cat >"$TMP/h1.yaml" <<YAML
version: 1
options: {sessions: 4096, quota: 1000, timeouts: {icmp: 7, udp_stream: 90}}
underlay: {neighbors: [{address: 192.0.2.9, mac: 02:aa:00:00:00:09}]}
ports:
  - {name: up, role: uplink, type: kernel, device: under0, mac: 02:aa:00:00:00:01, address: 192.0.2.1/24, gateway: 192.0.2.254}
  - {name: a, role: vnic, type: tap, device: eth0, netns: $N-a, subnet: s1, mac: 02:00:00:00:00:10, mtu: 1450,
     args: "mac=02:00:00:00:00:10", addresses: [10.0.0.10, "fd00::10"], security_groups: [web, default], quota: 500}
  - {name: b, role: vnic, type: tap, device: eth0, netns: $N-b, subnet: s1, mac: 02:00:00:00:00:11, midstream: pick-up,
     args: "mac=02:00:00:00:00:11", addresses: [10.0.0.11, "fd00::11"], security_groups: [web]}
vpcs: [{name: red, vni: 100}, {name: blue, vni: 200}]
subnets:
  - {name: s1, vpc: red, prefix4: 10.0.0.0/24, prefix6: "fd00::/64", gateway4: 10.0.0.254}
  - {name: s2, vpc: blue, prefix4: 10.0.0.0/24}
mappings: [{vpc: red, address: "fd00::20", mac: 02:00:00:00:00:20, vtep: 192.0.2.9}]
routes:
  - {vpc: red, prefix: 10.2.0.0/16, type: vtep, vtep: 192.0.2.9, mac: 02:00:00:00:00:20}
  - {vpc: red, prefix: 10.3.0.0/16, type: blackhole}
  - {vpc: red, prefix: "::/0", type: gateway, via: "fd00::11"}
security_groups:
  - name: web
    rules:
      - {direction: egress, action: allow}
      - {direction: ingress, action: allow, protocol: icmp, remote: 10.0.0.0/24}
      - {direction: ingress, action: deny, priority: 5, protocol: tcp, ports: 22}
      - {direction: ingress, action: allow, protocol: 47, remote: "group:web"}
YAML
start h1 --state "$TMP/state.yaml"
guest_up a 10.0.0.10/24
guest_up b 10.0.0.11/24
pings a 10.0.0.11
same() { cmp "$1" "$2" || fail "$(diff "$1" "$2")"; }
revision() { ctl h1 --json get | json "d['revision']"; }

say "read back and applied again: no difference, in YAML and JSON"
ctl h1 get -o yaml >"$TMP/before"
ctl h1 get -o yaml | ctl h1 apply -f - >"$TMP/change"
! grep -qE '^[-+~]' "$TMP/change" || fail "a difference: $(cat "$TMP/change")"
ctl h1 get -o json | ctl h1 apply -n -f - >"$TMP/change"
! grep -qE '^[-+~]' "$TMP/change" || fail "a difference: $(cat "$TMP/change")"
ctl h1 apply -n -f "$TMP/h1.yaml" >"$TMP/change"
! grep -qE '^[-+~]' "$TMP/change" || fail "a difference: $(cat "$TMP/change")"
ctl h1 get -o yaml >"$TMP/after"
same "$TMP/before" "$TMP/after"

say "a dry run shows the difference and changes nothing"
sed 's/icmp, remote: 10.0.0.0.24/icmp, remote: 10.0.0.0\/25/; s/10.3.0.0/10.4.0.0/; s/, quota: 500//' "$TMP/h1.yaml" >"$TMP/new.yaml"
revision=$(revision)
ctl h1 apply --dry-run -f "$TMP/new.yaml" >"$TMP/dry"
[ "$(grep -cE '^[-+~]' "$TMP/dry")" -ge 3 ] || fail "three changes are not shown: $(cat "$TMP/dry")"
ctl h1 get -o yaml >"$TMP/after"
same "$TMP/before" "$TMP/after"
[ "$(revision)" = "$revision" ] || fail "a dry run made a new revision"

say "applied, it says the same"
ctl h1 apply -f "$TMP/new.yaml" >"$TMP/wet"
same <(grep -E '^[-+~]' "$TMP/dry") <(grep -E '^[-+~]' "$TMP/wet")
works ctl h1 apply -f "$TMP/h1.yaml"

say "the state survives a restart, changes by command too"
works ctl h1 route add vpc=red prefix=10.77.0.0/16 type=blackhole
ctl h1 get -o yaml >"$TMP/before"
stop_program "${avsd_pid[h1]}" avsd
start_avsd h1 --state "$TMP/state.yaml"
ctl h1 get -o yaml >"$TMP/after"
same "$TMP/before" "$TMP/after"
wait_for "the guests are back" ip -n "$N-a" link show eth0
ip -n "$N-a" addr replace 10.0.0.10/24 dev eth0
ip -n "$N-b" addr replace 10.0.0.11/24 dev eth0
pings a 10.0.0.11

finish
