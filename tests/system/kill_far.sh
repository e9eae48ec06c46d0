#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Guests of two hosts talk through a tunnel while avsd of one host is killed, then its avs-nic: the next one has to ask for the other
# host's MAC address again, and the connection lives.
#   kill_far.sh two [TIMES]
source "$(dirname "$0")/lib.sh"
needs iperf3
[ "$mode" = two ] || fail "a firmware that carries its NIC inside cannot be survived: only 'two'"
times=${2:-2}

hosts h1 h2
guests a b
underlay h1 h2
{ host_of_two 1 11 && vnic a 10; } >"$TMP/h1.yaml"
{ host_of_two 2 10 && vnic b 11; } >"$TMP/h2.yaml"
start h1
start h2
guest_up a 10.0.0.10/24
guest_up b 10.0.0.11/24
wait_for "the tunnel" one_ping a 10.0.0.11

acknowledged() { on a ss -Htni state established "sport = :40000" | grep -o 'bytes_acked:[0-9]*' | cut -d: -f2; }
acknowledged_over() { [ "$(acknowledged)" -gt "$1" ]; }
nic_is() { ctl h1 --json version | json "d['nic'] == '$1'"; }

background b iperf3 -s -1
wait_for "iperf3" listens b 5201
background a iperf3 -c 10.0.0.11 -t 3600 -b 20M --cport 40000
client=$BG
wait_for "the connection" acknowledged_over 100000

say "avsd of one host killed, $times times"
for ((n = 1; n <= times; n++)); do
    before=$(acknowledged)
    kill -9 "${avsd_pid[h1]}"
    wait "${avsd_pid[h1]}" 2>/dev/null || true
    start_avsd h1 -c "$TMP/h1.yaml"
    wait_for "the connection goes on" acknowledged_over "$before"
    get h1 "d['sessions']['adopted'] >= 2" >/dev/null || fail "sessions were lost: $(get h1 "d['sessions']")"
done

say "and its avs-nic"
log_allow='NIC|nic'
before=$(acknowledged)
kill -9 "${nic_pid[h1]}"
wait "${nic_pid[h1]}" 2>/dev/null || true
wait_for "avsd notices" nic_is gone
start_nic h1
wait_for "avsd attaches again" nic_is attached
guest_up a 10.0.0.10/24
wait_for "the connection goes on" acknowledged_over "$before"
kill -0 "$client" || fail "iperf3 gave up"
stop "$client"
pings a 10.0.0.11
finish
