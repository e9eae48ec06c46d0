#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What is seen from outside is what avs-ctl says, after real traffic: the metrics under a strict reader, over TCP (one process)
# and a UNIX socket (two), and DPDK's telemetry.
source "$(dirname "$0")/lib.sh"
needs iperf3

workers=1 place=127.0.0.1:9470
if [ "$mode" = two ]; then
    workers=2 place=$TMP/metrics.sock
fi
hosts h1
guests a b
cat >"$TMP/h1.yaml" <<YAML
version: 1
options: {workers: $workers}
vpcs: [{name: red, vni: 100}]
subnets: [{name: s1, vpc: red, prefix4: 10.0.0.0/24}]
security_groups:
  - {name: open, rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]}
ports:
  - {name: a, role: vnic, type: tap, device: eth0, netns: $N-a, subnet: s1, mac: 02:00:00:00:00:10, quota: 1000,
     args: "mac=02:00:00:00:00:10", addresses: [10.0.0.10], security_groups: [open]}
  - {name: b-c.d, role: vnic, type: tap, device: eth0, netns: $N-b, subnet: s1, mac: 02:00:00:00:00:11,
     args: "mac=02:00:00:00:00:11", addresses: [10.0.0.11], security_groups: [open]}
YAML
start h1 --metrics "$place" --telemetry
guest_up a 10.0.0.10/24
guest_up b 10.0.0.11/24
ctl h1 latency on

lib=$here/../lib
dpdk=$TMP/dpdk # beside the control socket, unless they stay root
[ "$run_as" != root ] || dpdk=/var/run/dpdk
fetch() { on h1 "$PYTHON" "$lib/http_get.py" "$place" "$1"; }
telemetry() { "$PYTHON" "$lib/dpdk_telemetry.py" "$dpdk/avs-${avsd_pid[h1]}/dpdk_telemetry.v2" "$1"; }
# The page and avs-ctl, at a moment without traffic (guests send a multicast packet now and then): no difference.
agree() {
    local what
    for what in stats drops version; do ctl h1 --json "$what" >"$TMP/$what.json"; done
    fetch /metrics >"$TMP/page"
    "$PYTHON" "$lib/prometheus_text.py" "$TMP/page" "$TMP/stats.json" "$TMP/drops.json" "$TMP/version.json"
}
metric() { awk -v name="$1" '$1 == name { print $2 }' "$TMP/page"; }

say "traffic: ping, TCP, sessions of UDP, packets that are dropped"
pings a 10.0.0.11
iperf a b 10.0.0.11
on a "$PYTHON" -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for port in range(9000, 9200):
    s.sendto(b"x", ("10.0.0.11", port))'
dropped h1 a arp_unknown one_ping a 10.0.0.99

say "the metrics say what avs-ctl says"
wait_for "metrics and avs-ctl agree" agree
"$PYTHON" "$lib/prometheus_text.py" "$TMP/page" "$TMP/stats.json" "$TMP/drops.json" "$TMP/version.json"
[ "$(metric 'avs_port_session_quota{port="a"}')" = 1000 ] || fail "no quota of a"
[ "$(metric 'avs_sessions_used')" -ge 200 ] || fail "not 200 sessions"
[ "$(metric 'avs_latency_seconds_count{stage="whole",by="nic"}')" -gt 200 ] || fail "packets whose latency nobody measured"
[ "$(metric 'avs_table_used{table="nic_fit"}')" -gt 0 ] || fail "the flow index is empty"
[ "$(metric 'avs_table_high_water{table="rx_ring"}')" -gt 0 ] || fail "the rx ring was always empty"
[ "$(metric 'avs_worker_busy_cycles_total{worker="0"}')" -gt 0 ] || fail "packets that cost nothing"
get h1 "d['workers'][0]['cycles_per_packet'] > 0 and 0 <= d['workers'][0]['idle_percent'] <= 100" >/dev/null
[ "$(fetch /healthz)" = ok ] || fail "not healthy"
refused 1 "404" fetch /
if command -v promtool >/dev/null; then
    promtool check metrics <"$TMP/page" || fail "promtool has something to say"
fi

say "DPDK's telemetry says so, too"
says_the_same() { # EXPRESSION COMMAND: of d, the answer, and s, what avs-ctl says
    ctl h1 --json "${3:-stats}" >"$TMP/said.json"
    telemetry "$2" >"$TMP/answer" || return 1
    "$PYTHON" -c 'import json, sys
d, s = (json.load(open(p)) for p in sys.argv[2:])
sys.exit(not eval(sys.argv[1]))' "$1" "$TMP/answer" "$TMP/said.json"
}
same() { wait_for "$1" says_the_same "${@:2}"; }
same "conservation" "all(d['conservation_' + k] == int(v) for k, v in s['conservation'].items()) and d['nic'] == \
    ('embedded' if '$mode' == 'one' else 'attached')" /avs/stats
same "a port" "d['rx_packets'] == s['ports'][0]['rx_packets'] > 0 and d['stages_pre_rx'] == s['ports'][0]['stages']['pre']['rx']" /avs/port,a
same "a port with another name" "d['name'] == 'b-c.d' and d['tx_bytes'] == s['ports'][1]['tx_bytes']" /avs/port,b-c.d
same "no such port" "d is None" /avs/port,nobody
same "no port" "d is None" /avs/port
same "sessions" "d == s['sessions']" /avs/sessions
same "all workers" "d['0']['packets'] == s['workers'][0]['packets'] and len(d) == len(s['workers'])" /avs/workers
same "a worker" "d['vectors'] == s['workers'][0]['vectors']" /avs/workers,0
same "no such worker" "d is None" /avs/workers,77
same "gauges" "d == s['nic']" /avs/gauges
same "drops of a port" "d == {x['reason']: x['packets'] for x in s if x['port'] == 'a'} != {}" /avs/drops,a drops
same "drops" "all(d[x['reason']] == sum(y['packets'] for y in s if y['reason'] == x['reason']) for x in s) and len(d) > len(s)" /avs/drops drops
same "no drops of nobody" "d is None" /avs/drops,nobody

folder=$TMP/dpdk
finish
[ ! -e "$folder" ] || fail "$folder is left"
[ ! -S "$place" ] || fail "$place is left"
