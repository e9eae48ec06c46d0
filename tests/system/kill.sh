#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# avsd, or avs-nic, killed again and again under a TCP connection and thousands of UDP flows of two tenants, and each time started anew
# by whoever supervises it: sessions go on, the connection lives, no slot or cell is lost and nobody gets another's bytes.
#   kill.sh two [avsd|nic [TIMES]]
source "$(dirname "$0")/lib.sh"
needs iperf3
[ "$mode" = two ] || fail "a firmware that carries its NIC inside cannot be survived: only 'two'"
victim=${2:-avsd}
times=${3:-3}
flows=5000 # each tenant
rate=2000  # packets a second, each tenant
udp_flows=$(dirname "$0")/../lib/udp_flows.py

# Payloads stay in the NIC, so that a packet joined with another's would show.
nic_options=(--slice on)
hosts h1
guests ra rb ba bb
cat >"$TMP/h1.yaml" <<YAML
version: 1
options: {workers: 2, sessions: 65536}
vpcs: [{name: red, vni: 100}, {name: blue, vni: 200}]
subnets:
  - {name: red1, vpc: red, prefix4: 10.0.0.0/24}
  - {name: blue1, vpc: blue, prefix4: 10.0.0.0/24}
security_groups:
  - name: open
    rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]
ports:
YAML
for guest in ra:red1:10 rb:red1:11 ba:blue1:10 bb:blue1:11; do
    IFS=: read -r name subnet host <<<"$guest"
    cat >>"$TMP/h1.yaml" <<YAML
  - {name: $name, role: vnic, type: tap, device: eth0, netns: $N-$name, subnet: $subnet, mac: 02:00:00:00:00:$host,
     args: "mac=02:00:00:00:00:$host", addresses: [10.0.0.$host], security_groups: [open]}
YAML
done
all_guests_up() {
    guest_up ra 10.0.0.10/24
    guest_up rb 10.0.0.11/24
    guest_up ba 10.0.0.10/24
    guest_up bb 10.0.0.11/24
}
start h1
all_guests_up

# value TENANT NAME: what the tenant's receiver says.
value() { "$PYTHON" -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$TMP/$1.json" "$2"; }
# over NUMBER TENANT NAME
over() { [ "$(value "$2" "$3" 2>/dev/null || echo 0)" -gt "$1" ]; }
# Bytes of the TCP connection that the other side has acknowledged; nothing when it is not established any more.
acknowledged() { on ra ss -Htni state established "sport = :$tcp_port" | grep -o 'bytes_acked:[0-9]*' | cut -d: -f2; }
acknowledged_over() { [ "$(acknowledged)" -gt "$1" ]; }
open_files() { find "/proc/${nic_pid[h1]}/fd" -type l | wc -l; }

# avsd is gone and the next one comes; guests keep their interfaces.
kill_avsd() {
    kill -9 "${avsd_pid[h1]}"
    wait "${avsd_pid[h1]}" 2>/dev/null || true
    start_avsd h1 -c "$TMP/h1.yaml"
}
# avs-nic is gone, and its taps; avsd waits for the next one, which makes them anew.
attached() { ctl h1 --json version | json "d['nic'] == '$1'"; }
kill_nic() {
    log_allow='NIC|nic'
    kill -9 "${nic_pid[h1]}"
    wait "${nic_pid[h1]}" 2>/dev/null || true
    wait_for "avsd notices" attached gone
    get h1 "d['sessions']['used'] >= 2 * $flows" >/dev/null || fail "avsd did not keep its sessions"
    start_nic h1
    wait_for "avsd attaches again" attached attached
    all_guests_up
}

say "traffic: TCP of one tenant, $flows UDP flows of each"
for tenant in red:ra:rb blue:ba:bb; do
    IFS=: read -r tenant from to <<<"$tenant"
    background "$to" "$PYTHON" "$udp_flows" receive "$tenant" 10.0.0.11 "$flows" "$TMP/$tenant.json"
    background "$from" "$PYTHON" "$udp_flows" send "$tenant" 10.0.0.10 10.0.0.11 "$flows" "$rate"
done
background rb iperf3 -s -1
wait_for "iperf3" listens rb 5201
background ra iperf3 -c 10.0.0.11 -t 3600 -b 20M --cport 40000
iperf_pid=$BG
tcp_port=40000
wait_for "the connection" acknowledged_over 0
wait_for "the flows of red" over $((flows - 1)) red flows
wait_for "the flows of blue" over $((flows - 1)) blue flows

files=""
for ((n = 1; n <= times; n++)); do
    red=$(value red received) blue=$(value blue received) tcp=$(acknowledged)
    rm -f "$TMP/red.json" "$TMP/blue.json"
    "kill_$victim"
    wait_for "red's packets" over "$red" red received
    wait_for "blue's packets" over "$blue" blue received
    wait_for "the TCP connection goes on" acknowledged_over "$tcp"
    printf '%2d: %s; longest silence %s ms (red), %s ms (blue)\n' "$n" \
        "$(grep -o 'adopted=.*' "$TMP/h1.avsd.log" | tail -n 1)" "$(value red gap_ms)" "$(value blue gap_ms)"
    get h1 "d['sessions']['adopted'] >= 2 * $flows and \
        sum(v for k, v in d['sessions'].items() if k.startswith('not_adopted')) <= 2" >/dev/null ||
        fail "sessions were lost: $(get h1 "d['sessions']")"
    get h1 "all(c['ok'] for c in [d['conservation']] + [p['conservation'] for p in d['ports']])" >/dev/null ||
        fail "conservation: $(get h1 "d['conservation']")"
    [ "$victim" = nic ] || [ -z "$files" ] || [ "$files" = "$(open_files)" ] || fail "avs-nic had $files open files, now $(open_files)"
    files=$(open_files)
done

[ "$victim" = avsd ] || kill -0 "${avsd_pid[h1]}" || fail "avsd ended with its NIC"
# Of the NIC that runs now, which has counted since it was started.
payloads_stay() { get h1 "d['nic']['sliced'] > 1000"; }
wait_for "payloads stay in the NIC" payloads_stay
say "nobody got another's bytes, the connection is the one that was opened"
for tenant in red blue; do
    [ "$(value $tenant bad)" = 0 ] || fail "$tenant got $(value $tenant bad) packets that are not its own"
    flows_before=$(value $tenant flows)
    [ "$flows_before" = "$flows" ] || fail "$tenant saw $flows_before flows of $flows"
done
kill -0 "$iperf_pid" || fail "iperf3 gave up"
[ -n "$(acknowledged)" ] || fail "the TCP connection is not the one of before"

for pid in "${pids[@]}"; do
    [ "$pid" = "${nic_pid[h1]}" ] || [ "$pid" = "${avsd_pid[h1]}" ] || stop "$pid"
done
nothing_out() { get h1 "all(d['nic'][f'slots_{c}_used'] == 0 for c in ('single', 'jumbo', 'gso')) and d['nic']['cells_used'] == 0"; }
wait_for "every slot and cell home" nothing_out
finish
