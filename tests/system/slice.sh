#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Headers and payloads apart: local and through the tunnel, with and without segmentation offload, and a firmware that is killed.
source "$(dirname "$0")/lib.sh"
needs iperf3 ethtool
nic_options=(--slice=on:1000000) # a machine that is busy may let a payload wait

hosts h1 h2
guests a b c
underlay 8600 h1 h2

{ host_of_two 1 11 && vnic a 10 "mtu: 8500" && vnic c 12 "mtu: 8500"; } >"$TMP/h1.yaml"
{ host_of_two 2 10 && vnic b 11 "mtu: 8500"; } >"$TMP/h2.yaml"
start_three

# kept HOST COUNT: so many payloads stayed in the NIC, and more than did not.
kept() { get "$1" "d['nic']['sliced'] >= $2 and d['nic']['not_sliced'] < d['nic']['sliced'] and d['nic']['bytes_to_fw'] > 0"; }
all_back() { get "$1" "d['nic']['cells_used'] == 0"; }

say "pings of every length that a slice begins or ends at, local and across"
for size in 56 213 214 215 1000 2048 2049 8472; do
    pings a 10.0.0.11 -M "do" -s "$size"
    pings a 10.0.0.12 -M "do" -s "$size"
done
pings a fd00::11 -M "do" -s 8452
pings a fd00::12 -M "do" -s 8452

say "TCP and UDP, offloads on and off in the guest"
iperf a c 10.0.0.12
iperf a b 10.0.0.11
iperf a b fd00::11 -R
iperf a b 10.0.0.11 -u -b 50M -l 7000
on a ethtool -K eth0 tso off gso off tx off >/dev/null
iperf a b 10.0.0.11
iperf a c fd00::12
kept h1 500 >/dev/null || fail "hardly anything was sliced: $(get h1 "d['nic']")"
for host in h1 h2; do
    wait_for "all cells of $host come back" all_back "$host"
done

if [ "$mode" = two ]; then
    say "avsd is killed with payloads in all states: cells come back, and traffic goes on"
    before=$(get h1 "d['nic']['sliced']")
    background c iperf3 -s -1
    wait_for "iperf3" listens c 5201
    on a iperf3 -c 10.0.0.12 -t 3 >"$TMP/tcp.log" 2>&1 &
    tcp=$!
    pids+=("$tcp")
    wait_for "TCP under way" kept h1 $((before + 1000))
    kill -9 "${avsd_pid[h1]}"
    wait "${avsd_pid[h1]}" 2>/dev/null || true
    start_avsd h1 -c "$TMP/h1.yaml"
    wait "$tcp" || fail "TCP did not survive: $(tail -n 3 "$TMP/tcp.log")"
    pings a 10.0.0.12 -s 8000
    wait_for "all cells come back" all_back h1
fi
finish
