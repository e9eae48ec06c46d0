#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Faulty configuration files: one clear error each with the line, and nothing changes: not the configuration, not the traffic.
source "$(dirname "$0")/lib.sh"
needs python3

hosts h1
guests a b
cat >"$TMP/h1.yaml" <<YAML
version: 1
vpcs:
  - {name: red, vni: 100}
subnets:
  - {name: s1, vpc: red, prefix4: 10.0.0.0/24}
ports:
  - {name: a, role: vnic, type: tap, device: eth0, netns: $N-a, subnet: s1, mac: 02:00:00:00:00:10, args: "mac=02:00:00:00:00:10", addresses: [10.0.0.10]}
  - {name: b, role: vnic, type: tap, device: eth0, netns: $N-b, subnet: s1, mac: 02:00:00:00:00:11, args: "mac=02:00:00:00:00:11", addresses: [10.0.0.11]}
routes:
  - {vpc: red, prefix: 10.9.0.0/16, type: blackhole}
security_groups:
  - name: default
    rules:
      - {direction: egress, action: allow}
      - {direction: ingress, action: allow, protocol: icmp}
YAML
start h1
guest_up a 10.0.0.10/24
guest_up b 10.0.0.11/24
pings a 10.0.0.11
ctl h1 get >"$TMP/before"
revision=$(ctl h1 --json get | json "d['revision']")
ip netns exec "$N-a" ping -i 0.02 10.0.0.11 >"$TMP/ping" </dev/null &
ping=$!
pids+=("$ping")

# LINE | what the file has instead of the good one (sed) | what the error says
faults=0
while IFS='|' read -r line edit text; do
    sed "$edit" "$TMP/h1.yaml" >"$TMP/bad.yaml"
    ! cmp -s "$TMP/h1.yaml" "$TMP/bad.yaml" || fail "the edit does nothing: $edit"
    for way in apply "apply --dry-run"; do
        code=0
        # shellcheck disable=SC2086 # words
        ctl h1 $way -f "$TMP/bad.yaml" >"$TMP/out" 2>"$TMP/err" || code=$?
        [ "$code" -eq 1 ] || fail "exit code $code: $edit: $(cat "$TMP/err")"
        grep -qF "bad.yaml:$line:" "$TMP/err" || fail "not line $line: $edit: $(cat "$TMP/err")"
        grep -qF -- "$text" "$TMP/err" || fail "'$text' is not what it says: $edit: $(cat "$TMP/err")"
        [ "$(grep -c 'bad.yaml:' "$TMP/err")" -eq 1 ] || fail "more than one error: $edit: $(cat "$TMP/err")"
    done
    { ctl h1 --json apply -f "$TMP/bad.yaml" || true; } | json "d['error']['line'] == $line" >/dev/null || fail "JSON without line $line: $edit"
    faults=$((faults + 1))
done <<'FAULTS'
1|1s/1$/2/|version
1|1s/version: 1/versions: 1/|versions
3|3s/100/0/|vni
3|3s/100/16777216/|vni
3|3s/vni: 100/vni: x/|vni
3|3s/name: red, //|name
3|3s/red/"red wine"/|name
4|3s/$/\n  - {name: red, vni: 200}/|red
4|3s/$/\n  - {name: blue, vni: 100}/|100
5|5s/vpc: red/vpc: green/|green
5|5s/10.0.0.0/10.0.0.1/|10.0.0.1/24
5|5s/, prefix4.*}/}/|prefix4
7|7s/role: vnic/role: vmnic/|role
7|7s/subnet: s1/subnet: s9/|s9
7|7s/mac: 02:00:00:00:00:10, args/mac: 02:00:00:00:10, args/|mac
7|7s/mac: 02:00:00:00:00:10, args/mac: 03:00:00:00:00:10, args/|03:00:00:00:00:10
7|7s/\[10.0.0.10\]/[10.0.1.10]/|10.0.1.10
7|7s/\[10.0.0.10\]/[10.0.0.1]/|10.0.0.1
7|7s/\[10.0.0.10\]/10.0.0.10/|list
7|7s/mac: 02:00:00:00:00:10, args/mtu: 100, mac: 02:00:00:00:00:10, args/|mtu
7|7s/mac: 02:00:00:00:00:10, args/colour: red, mac: 02:00:00:00:00:10, args/|colour
7|7s/subnet: s1,/subnet: s1, subnet: s1,/|subnet
8|8s/name: b/name: a/|a
8|8s/10.0.0.11/10.0.0.10/|10.0.0.10
10|10s/blackhole/vtep/|vtep
10|10s/blackhole/gateway, via: 10.0.0.77/|10.0.0.77
15|15s/icmp/icmp, ports: 80/|ports
15|15s/icmp/tcp, ports: 90-80/|90-80
15|15s/icmp/icmp, remote: "group:none"/|none
15|15s/allow/perhaps/|perhaps
15|15s/{/[/|
12|12s/- name/\t- name/|cannot start any token
FAULTS
say "$faults faulty files, each refused with its line"

say "a device that cannot be opened: the ports of the same document that can are closed again"
sed '8s/$/\n  - {name: c, role: vnic, type: tap, device: new0, subnet: s1, mac: 02:00:00:00:00:12, addresses: [10.0.0.12]}\n  - {name: d, role: vnic, type: kernel, device: nothing0, subnet: s1, mac: 02:00:00:00:00:13, addresses: [10.0.0.13]}/' \
    "$TMP/h1.yaml" >"$TMP/bad.yaml"
refused 1 "bad.yaml:10: " ctl h1 apply -f "$TMP/bad.yaml"
grep -q nothing0 "$TMP/out" || fail "the device is not named: $(cat "$TMP/out")"
! on h1 ip link show new0 >/dev/null 2>&1 || fail "a port of a refused document is open"

say "files that are none"
refused 1 "" ctl h1 apply -f "$TMP/nothing.yaml"
head -c 100000 /dev/urandom >"$TMP/noise"
refused 1 "noise:" ctl h1 apply -f "$TMP/noise"
echo "[]" >"$TMP/list"
refused 1 "must be an object" ctl h1 apply -f "$TMP/list"
: >"$TMP/empty"
refused 1 "" ctl h1 apply -f "$TMP/empty"
for program_fault in "1s/1$/2/" "5s/vpc: red/vpc: green/"; do
    sed "$program_fault" "$TMP/h1.yaml" >"$TMP/bad.yaml"
    refused 3 "bad.yaml" on h1 "$BIN/avsd" -s "$TMP/other.sock" -c "$TMP/bad.yaml"
done

say "nothing changed"
ctl h1 get >"$TMP/after"
cmp "$TMP/before" "$TMP/after" || fail "the configuration changed"
[ "$(ctl h1 --json get | json "d['revision']")" = "$revision" ] || fail "the revision changed"
kill -INT "$ping"
wait "$ping" || true
grep ' 0% packet loss' "$TMP/ping" || fail "traffic suffered: $(tail -n 3 "$TMP/ping")"

finish
