#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A second start is refused. In two processes the guests' interfaces outlive avsd, however it ends; traffic resumes with the next one.
source "$(dirname "$0")/lib.sh"

hosts h1
guests a b
one_host "$(vnic a 10)" "$(vnic b 11)" >"$TMP/h1.yaml"
start h1
guest_up a 10.0.0.10/24
guest_up b 10.0.0.11/24
pings a 10.0.0.11

say "a second one at the same sockets is refused, the first one does not notice"
refused 1 "$TMP/h1.sock" on h1 "$BIN/avsd" -s "$TMP/h1.sock"
if [ "$mode" = two ]; then
    refused 1 "$TMP/h1.nic" on h1 "$BIN/avs-nic" -s "$TMP/h1.nic"
    refused 1 "attached" on h1 "$BIN/avsd" -s "$TMP/other.sock" "--nic=$TMP/h1.nic"
fi
pings a 10.0.0.11

say "killed under traffic, and started again"
background a ping -f -q 10.0.0.11
wait_for "traffic" get h1 "d['ports'][0]['rx_packets'] > 200"
index=$(on a cat /sys/class/net/eth0/ifindex)
kill -9 "${avsd_pid[h1]}"
wait "${avsd_pid[h1]}" 2>/dev/null || true
if [ "$mode" = two ]; then
    [ "$(on a cat /sys/class/net/eth0/ifindex)" = "$index" ] || fail "the guest's interface did not stay"
    start_avsd h1 -c "$TMP/h1.yaml"
    [ "$(on a cat /sys/class/net/eth0/ifindex)" = "$index" ] || fail "the guest's interface is another one"
    get h1 "d['sessions']['adopted'] > 0" || fail "no session of the killed avsd was taken over"
else
    start_avsd h1 -c "$TMP/h1.yaml"
    guest_up a 10.0.0.10/24
    guest_up b 10.0.0.11/24
fi
stop "$BG"
pings a 10.0.0.11
pings b 10.0.0.10

if [ "$mode" = two ]; then
    say "stopped and started again, with a port less"
    stop_program "${avsd_pid[h1]}" avsd
    on a ip link show eth0 >/dev/null || fail "the guest's interface did not stay"
    sed '/name: b/,/args/d' "$TMP/h1.yaml" >"$TMP/less.yaml"
    start_avsd h1 -c "$TMP/less.yaml"
    pings a 10.0.0.1
    wait_for "the port that nobody wants goes" bash -c "! ip -n $N-b link show eth0"

    say "the NIC killed: avsd says so, waits, and serves the next one with rules and ports as they were"
    log_allow='NIC|nic'
    waiting=${avsd_pid[h1]}
    works ctl h1 apply -f "$TMP/h1.yaml"
    guest_up b 10.0.0.11/24
    works ctl h1 flow create a ingress pattern eth / ipv4 / udp dst is 999 / end actions count / drop / end
    kill -9 "${nic_pid[h1]}"
    wait "${nic_pid[h1]}" 2>/dev/null || true
    nic_is() { ctl h1 --json version | json "d['nic'] == '$1'"; }
    wait_for "avsd says that its NIC is gone" nic_is gone
    refused 1 "NIC" ctl h1 apply -f "$TMP/less.yaml"
    start_nic h1
    wait_for "avsd attaches again" nic_is attached
    kill -0 "$waiting" || fail "avsd ended when its NIC went"
    guest_up a 10.0.0.10/24
    guest_up b 10.0.0.11/24
    pings a 10.0.0.11
    says "udp dst is 999" ctl h1 flow list
fi

finish
