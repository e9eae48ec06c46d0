#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# avsd, or avs-nic, killed again and again under a TCP connection between two virtual machines, one with split and one with packed rings:
# the connection lives, and goes on within a second of the next process' being ready; nothing is lost or leaked.
#   vm_kill.sh two [avsd|nic [TIMES]]
source "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lib/vm.sh
source "$(dirname "$0")/../lib/vm.sh"
needs iperf3
[ "$mode" = two ] || fail "a firmware that carries its NIC inside cannot be survived: only 'two'"
victim=${2:-avsd}
times=${3:-3}
why=$(vm_prepare) || skip "$why"

hosts h1
one_host \
    "  - {name: a, role: vnic, type: vhost-user, path: $TMP/a.sock, subnet: s1, mac: 02:00:00:00:00:11, addresses: [10.0.0.11]}" \
    "  - {name: b, role: vnic, type: vhost-user, path: $TMP/b.sock, subnet: s1, mac: 02:00:00:00:00:12, addresses: [10.0.0.12]}" >"$TMP/h1.yaml"
vm_mac=02:00:00:00:00:11 vm_start a on 10.0.0.11/24
vm_mac=02:00:00:00:00:12 vm_options=,packed=on vm_start b on 10.0.0.12/24
start h1
vm_up a
vm_up b
vm_do b "iperf3 -s -1 >/dev/null 2>&1 & until netstat -ltn | grep -q 5201; do usleep 20000; done" >/dev/null
vm_do a "iperf3 -c 10.0.0.12 -t 3600 -b 20M >/tmp/iperf 2>&1 &" >/dev/null

# What b has received, in bytes, by its own count.
received() { vm_do b cat /sys/class/net/eth0/statistics/rx_bytes; }
goes_on() { [ "$(received)" -gt $(($1 + 200000)) ]; }
open_files() { find "/proc/${nic_pid[h1]}/fd" -type l | wc -l; }
attached() { ctl h1 --json version | json "d['nic'] == 'attached'"; }
kill_avsd() {
    kill -9 "${avsd_pid[h1]}"
    wait "${avsd_pid[h1]}" 2>/dev/null || true
    start_avsd h1 -c "$TMP/h1.yaml"
}
kill_nic() {
    log_allow='NIC|nic'
    kill -9 "${nic_pid[h1]}"
    wait "${nic_pid[h1]}" 2>/dev/null || true
    start_nic h1
    wait_for "avsd attaches again" attached
}

wait_for "traffic" goes_on 0
files=""
for ((n = 1; n <= times; n++)); do
    "kill_$victim"
    since=$(date +%s%N) before=$(received)
    wait_for "traffic goes on" goes_on "$before"
    echo "$n: traffic goes on $((($(date +%s%N) - since) / 1000000)) ms after the next process was ready"
    get h1 "all(c['ok'] for c in [d['conservation']] + [p['conservation'] for p in d['ports']])" >/dev/null ||
        fail "conservation: $(get h1 "d['conservation']")"
    [ "$victim" = nic ] || [ -z "$files" ] || [ "$files" = "$(open_files)" ] || fail "avs-nic had $files open files, now $(open_files)"
    files=$(open_files)
done
vm_do a "pidof iperf3 >/dev/null" || fail "the connection did not live: $(vm_do a cat /tmp/iperf)"
nothing_out() { get h1 "all(d['nic'][f'slots_{c}_used'] == 0 for c in ('single', 'jumbo', 'gso'))"; }
for name in a b; do
    stop "${vm_pid[$name]}"
done
wait_for "every slot home" nothing_out
finish
