#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Noisy neighbours: four quiet guests send 500 packets a second each to a fifth, first in peace, then while a sixth guest of
# the same host sends small packets as fast as it can. The table says what arrived, and whom the vSwitch held back. What is
# lost on the way depends on the machine; that nothing is lost unaccounted for does not.
#   --seconds N   of each measurement (default 4); comes first
#   --one     avsd, one process
#   --two     avs-nic and avsd, two processes (default)
# Run it by ./run demo noisy, which builds first.

# shellcheck source=tests/demo/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
processes=([1]=2)
seconds=4
if [ "${1:-}" = --seconds ]; then
    seconds=${2:?demo: --seconds wants a number}
    shift 2
fi
begin "$@"

rate=500
load=$here/../lib/udp_load.py
guests=(q1 q2 q3 q4 noisy sink)
declare -A number=([q1]=11 [q2]=12 [q3]=13 [q4]=14 [noisy]=15 [sink]=16)

configuration() {
    local guest mac
    cat <<YAML
version: 1
vpcs: [{name: red, vni: 100}]
subnets: [{name: s1, vpc: red, prefix4: 10.1.0.0/24}]
security_groups:
  - {name: default, rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]}
ports:
YAML
    for guest in "${guests[@]}"; do
        mac=02:00:00:00:00:${number[$guest]}
        echo "  - {name: $guest, role: vnic, type: tap, device: eth0, netns: $RUN-$guest, mac: \"$mac\"," \
            "args: \"mac=$mac\", subnet: s1, addresses: [10.1.0.${number[$guest]}]}"
    done
}

stat() { # PORT FIELD
    "$bin/avs-ctl" --socket "$TMP/h1.sock" --json stats |
        /usr/bin/python3 -c 'import json, sys; print([p[sys.argv[2]] for p in json.load(sys.stdin)["ports"] if p["name"] == sys.argv[1]][0])' "$1" "$2"
}

# One measurement: the quiet guests send, each to a port of its own; a row for each.
measure() {
    local what=$1 guest sent got pids=() held
    declare -A before
    for guest in q1 q2 q3 q4; do
        before[$guest]=$(stat "$guest" rx_held)
        in_ns "$guest" /usr/bin/python3 "$load" send "10.1.0.${number[sink]}" "90${number[$guest]}" "$rate" "$seconds" >"$TMP/$guest.sent" &
        pids+=($!)
    done
    wait "${pids[@]}"
    sleep 0.5
    kill -USR1 "$counter"
    wait_for 5 "the receiver's counts" grep -q . "$TMP/counts"
    for guest in q1 q2 q3 q4; do
        sent=$(cat "$TMP/$guest.sent")
        got=$(awk -v port="90${number[$guest]}" '$1 == port { print $2 }' "$TMP/counts")
        held=$(($(stat "$guest" rx_held) - before[$guest]))
        if [ "$got" -gt 0 ]; then
            row ok "$what" "$guest" "10.1.0.${number[sink]}" "$(awk -v a="$got" -v b="$sent" 'BEGIN { printf "%d of %d: %.1f %%", a, b, 100 * a / b }'), held $held"
        else
            row FAIL "$what" "$guest" "10.1.0.${number[sink]}" "nothing arrived"
        fi
    done
    rm "$TMP/counts"
}

step "six guests of one host, in namespaces $RUN-*"
namespace h1
for guest in "${guests[@]}"; do
    namespace "$guest"
done
configuration >"$TMP/h1.yaml"
vswitch 1
for guest in "${guests[@]}"; do
    ip -n "$RUN-$guest" addr add "10.1.0.${number[$guest]}/24" dev eth0
done
ip netns exec "$RUN-sink" /usr/bin/python3 "$load" count "$TMP/counts" 9011 9012 9013 9014 9015 >"$TMP/count.log" 2>&1 </dev/null &
counter=$!
PIDS+=("$counter")
wait_for 10 "the receiver" in_ns sink sh -c 'ss -Huln sport = 9015 | grep -q .'
for guest in q1 q2 q3 q4 noisy; do
    wait_for 5 "the way of $guest" in_ns "$guest" ping -c 1 -W 0.3 "10.1.0.${number[sink]}"
done

table_head
measure "in peace"
start flood noisy /usr/bin/python3 "$load" flood "10.1.0.${number[sink]}" 9015
flooded=$(stat noisy rx_packets)
wait_for 5 "noise" sh -c "[ \"\$($bin/avs-ctl --socket $TMP/h1.sock --json stats | /usr/bin/python3 -c 'import json,sys; print([p[\"rx_packets\"] for p in json.load(sys.stdin)[\"ports\"] if p[\"name\"] == \"noisy\"][0])')\" -gt $((flooded + 1000)) ]"
start_held=$(stat noisy rx_held) start_packets=$(stat noisy rx_packets)
measure "beside the noise"
printf '\nnoisy: %d packets a second taken from it, held back in %d turns\n' \
    "$((($(stat noisy rx_packets) - start_packets) / (seconds + 1)))" "$(($(stat noisy rx_held) - start_held))"
kill "${PIDS[-1]}"
wait "${PIDS[-1]}" 2>/dev/null || true

sleep 0.3 # what is in flight arrives
finish 1
