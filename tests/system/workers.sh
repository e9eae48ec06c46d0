#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Workers added and removed under traffic: numbered UDP both ways and TCP, from one to two workers and back again and again; nothing is
# lost or out of order. Then what is refused, a change on trial, and (two processes) either of them killed meanwhile.
source "$(dirname "$0")/lib.sh"
needs iperf3
changes=24
flows=60
rate=2500 # packets a second, each way
udp_order=$(dirname "$0")/../lib/udp_order.py

# A loaded machine must not look like a loss: payloads are kept for long.
nic_options=(--slice on:5000000)
hosts h1
guests a b
cat >"$TMP/h1.yaml" <<YAML
version: 1
options: {workers: 1, workers_max: 2, sessions: 65536}
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
all_guests_up() {
    guest_up a 10.0.0.10/24
    guest_up b 10.0.0.11/24
}
start h1 --state "$TMP/state"
all_guests_up
pings a 10.0.0.11

# set_workers N: and all of it is as it should be.
set_workers() {
    works ctl h1 workers set "$1"
    works ctl h1 --json workers list
    json "[w['state'] for w in d] == ['running', '$([ "$1" = 2 ] && echo running || echo stopped)'] and \
        [w['reta_entries'] for w in d] == $([ "$1" = 2 ] && echo '[128, 128]' || echo '[256, 0]')" <"$TMP/out" >/dev/null ||
        fail "after workers set $1: $(cat "$TMP/out")"
}
takes_datagrams() { [ -n "$(on b ss -Hlun "sport = :7000")" ]; }
acknowledged() { on a ss -Htni state established "sport = :40000" | grep -o 'bytes_acked:[0-9]*' | cut -d: -f2; }
datagrams() { on a cat /proc/net/snmp | awk '/^Udp: [0-9]/ {print $5}'; } # that were sent
acknowledged_over() { [ "$(acknowledged)" -gt "$1" ]; }
result() { "$PYTHON" -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$TMP/order.json" "$1"; }
begin_tcp() {
    background b iperf3 -s -1
    echo_pid=$BG
    wait_for "iperf3" listens b 5201
    background a iperf3 -c 10.0.0.11 -t 3600 -b "$1" --cport 40000
    iperf_pid=$BG
    wait_for "the connection" acknowledged_over 0
}

say "$flows numbered UDP flows both ways and TCP, while workers change at least $changes times"
background b "$PYTHON" "$udp_order" echo 10.0.0.11 7000
udp_echo=$BG
wait_for "the echo" takes_datagrams
background a "$PYTHON" "$udp_order" ask 10.0.0.10 10.0.0.11 7000 "$flows" "$rate" "$TMP/order.json"
asker=$BG
begin_tcp 40M
wait_for "the flows" get h1 "d['sessions']['used'] >= $flows"
made=$(get h1 "d['sessions']['created']")
# Few datagrams are sent meanwhile where the changes take no time: more of them then, as long as it takes.
for ((n = 0; n < changes || $(datagrams) <= 5000; n++)); do
    tcp=$(acknowledged)
    set_workers $((2 - n % 2))
    wait_for "the TCP connection goes on" acknowledged_over "$tcp"
done
set_workers 2
get h1 "all(w['sessions'] > 0 for w in d['workers'])" >/dev/null || fail "a worker has no session: $(ctl h1 workers list)"
set_workers 1
get h1 "d['workers'][1]['sessions'] == 0 and d['workers'][1]['packets'] > 0" >/dev/null || fail "the second worker: $(ctl h1 workers list)"
[ "$(get h1 "d['sessions']['created']")" = "$made" ] || fail "sessions were made anew: $(get h1 "d['sessions']")"
kill "$asker"
wait "$asker" 2>/dev/null || true
printf 'sent %s, back %s, wrong %s\n' "$(result sent)" "$(result back)" "$(result wrong)"
[ "$(result sent)" -gt 5000 ] || fail "hardly anything was sent"
[ "$(result wrong)" = 0 ] || fail "$(result wrong) packets were lost or out of order"
[ "$(result back)" = "$(result sent)" ] || fail "the last ones were lost"
[ -z "$(ctl h1 --json drops | json "[x for x in d if x['reason'] != 'bum'] or ''")" ] || fail "drops: $(ctl h1 drops)"
get h1 "d['conservation']['ok']" >/dev/null

say "what is refused, what says so beforehand, and a change on trial"
refused 1 "1 to 16" ctl h1 workers set 0
refused 1 "more workers than workers_max" ctl h1 workers set 3
refused 2 "no number" ctl h1 workers set two
says "workers" ctl h1 workers set 2 --dry-run
get h1 "d['workers'][1]['state'] == 'stopped'" >/dev/null
sed 's/workers: 1/workers: 2/' "$TMP/h1.yaml" >"$TMP/two.yaml"
says "workers" ctl h1 apply -f "$TMP/two.yaml" --dry-run
works ctl h1 apply -f "$TMP/two.yaml" --confirm 1h
get h1 "d['workers'][1]['state'] == 'running'" >/dev/null
refused 6 "waits to be confirmed" ctl h1 workers set 1
says "reverted" ctl h1 confirm --revert
get h1 "d['workers'][1]['state'] == 'stopped'" >/dev/null || fail "not undone"
sed 's/workers_max: 2/workers_max: 4/' "$TMP/h1.yaml" >"$TMP/more.yaml"
refused 1 "read at start" ctl h1 apply -f "$TMP/more.yaml" --dry-run
works ctl h1 workers set 2
"$PYTHON" -c 'import json, sys; sys.exit(json.load(open(sys.argv[1]))["options"]["workers"] != 2)' "$TMP/state" || fail "not saved"

say "two commands at once"
for n in 1 2 1 2 1 2; do
    ctl h1 workers set "$n" >/dev/null &
    pids+=($!)
    clients+=($!)
done
for pid in "${clients[@]}"; do
    wait "$pid" || fail "one of them was refused"
done
get h1 "d['conservation']['ok']" >/dev/null

# again_and_again: workers change until the end, whatever answers.
again_and_again() {
    while [ ! -e "$TMP/enough" ]; do
        ctl h1 --timeout 3 workers set 1 || true
        ctl h1 --timeout 3 workers set 2 || true
    done >/dev/null 2>&1
}
attached() { ctl h1 --json version | json "d['nic'] == '$1'"; }
if [ "$mode" = two ]; then
    say "avsd, then avs-nic killed while workers change"
    log_allow='NIC|nic'
    again_and_again &
    changer=$!
    pids+=("$changer")
    for n in 1 2 3; do
        sleep 0.3
        tcp=$(acknowledged)
        kill -9 "${avsd_pid[h1]}"
        wait "${avsd_pid[h1]}" 2>/dev/null || true
        start_avsd h1 --state "$TMP/state"
        wait_for "the TCP connection goes on" acknowledged_over "$tcp"
    done
    for n in 1 2; do
        sleep 0.3
        tcp=$(acknowledged)
        kill -9 "${nic_pid[h1]}"
        wait "${nic_pid[h1]}" 2>/dev/null || true
        wait_for "avsd notices" attached gone
        start_nic h1
        wait_for "avsd attaches again" attached attached
        all_guests_up
        wait_for "the TCP connection goes on" acknowledged_over "$tcp"
    done
    touch "$TMP/enough"
    wait "$changer" || true
    works ctl h1 workers set 1
    get h1 "d['workers'][1]['state'] == 'stopped'" >/dev/null || fail "not stopped: $(ctl h1 workers list)"
fi
stop "$iperf_pid"
stop "$echo_pid"
stop "$udp_echo"

finish
