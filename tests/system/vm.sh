#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two virtual machines in QEMU, one that listens at its socket and one that comes to ours, with split and packed rings, and a namespace:
# ping and TCP with segmentation offload among all, reboot, the vSwitch killed and started again, ports removed and added, unplugged.
source "$(dirname "$0")/lib.sh"
# shellcheck source=tests/lib/vm.sh
source "$(dirname "$0")/../lib/vm.sh"
needs iperf3
why=$(vm_prepare) || skip "$why"

hosts h1
guests c
# document [PORT]...: with these virtual machines, by their line.
document() { one_host "$(vnic c 13)" "$@"; }
vm_port() {
    echo "  - {name: $1, role: vnic, type: vhost-user, path: $TMP/$1.sock, subnet: s1, mac: 02:00:00:00:00:$2," \
        "addresses: [10.0.0.$2, \"fd00::$2\"]$3}"
}
a=$(vm_port a 11 "")
b=$(vm_port b 12 ", side: server, queues: 2")
document "$a" "$b" >"$TMP/h1.yaml"

vm_mac=02:00:00:00:00:11 vm_start a on 10.0.0.11/24 fd00::11/64
start h1
guest_up c 10.0.0.13/24 fd00::13/64
vm_mac=02:00:00:00:00:12 vm_queues=2 vm_options=,mq=on,packed=on vm_start b off 10.0.0.12/24 fd00::12/64
vm_up a
vm_up b

port() { get h1 "[p for p in d['ports'] if p['name'] == '$1'][0]$2"; }
link_is() { [ "$(port "$1" "['link']")" = "$2" ]; }
reaches() { on c ping -q -c 1 -W 0.5 "10.0.0.$1"; }
# all_reach WHAT: the namespace both guests, and one guest the other.
all_reach() {
    wait_for "a answers $1" reaches 11
    wait_for "b answers $1" reaches 12
    vm_do a ping -c 1 -W 2 10.0.0.12 >"$TMP/out" || fail "a does not reach b $1: $(cat "$TMP/out")"
}
# vm_tcp FROM TO ADDRESS: a second of TCP, from a guest to one or to the namespace.
vm_tcp() {
    local before after
    if [ "$2" = c ]; then
        background c iperf3 -s -1
        wait_for "iperf3 in c" listens c 5201
    else
        vm_do "$2" "iperf3 -s -1 >/dev/null 2>&1 & until netstat -ltn | grep -q 5201; do usleep 20000; done" >/dev/null
    fi
    before=$(port "$1" "['rx_packets']") after=$(port "$1" "['rx_bytes']")
    if [ "$1" = c ]; then
        on c iperf3 -c "$3" -t 1 >"$TMP/out" 2>&1 || fail "iperf3 from $1 to $2: $(cat "$TMP/out")"
    else
        vm_do "$1" iperf3 -c "$3" -t 1 >"$TMP/out" || fail "iperf3 from $1 to $2: $(cat "$TMP/out")"
    fi
    before=$(($(port "$1" "['rx_packets']") - before)) after=$(($(port "$1" "['rx_bytes']") - after))
    echo "TCP $1 -> $2: $(awk '/receiver/ { print $7, $8 }' "$TMP/out"), $((after / before)) bytes a frame"
    # Frames larger than any MTU: segmentation was left to us.
    [ $((after / before)) -gt 3000 ] || fail "no segmentation offload from $1 to $2"
}

say "ping and TCP among guests and namespace"
all_reach "at first"
pings c fd00::11
pings c fd00::12
for name in a b; do
    link_is $name up || fail "$name has no link"
done
vm_tcp a c 10.0.0.13
vm_tcp b a 10.0.0.11
vm_tcp c b fd00::12

say "a guest boots again"
vm_do a "reboot -f &" >/dev/null
wait_for "a is down" link_is a down
vm_up a
all_reach "after its reboot"

say "the vSwitch is killed"
if [ "$mode" = two ]; then
    log_allow='NIC|nic'
    kill -9 "${nic_pid[h1]}"
    wait "${nic_pid[h1]}" 2>/dev/null || true
    start_nic h1
else
    kill -9 "${avsd_pid[h1]}"
    wait "${avsd_pid[h1]}" 2>/dev/null || true
    start_avsd h1 -c "$TMP/h1.yaml"
fi
wait_for "the tap" on c ip link show eth0
guest_up c 10.0.0.13/24 fd00::13/64
all_reach "after the kill"

say "ports go and come"
document "$b" >"$TMP/fewer.yaml"
works ctl h1 apply -f "$TMP/fewer.yaml"
reaches 11 >"$TMP/out" && fail "a answers without its port"
wait_for "b answers" reaches 12
works ctl h1 apply -f "$TMP/h1.yaml"
all_reach "with its port back"

say "unplugged"
vm_monitor a device_del nic0
wait_for "a without its device" vm_do a "! ip link show eth0"
wait_for "a has no link" link_is a down
wait_for "b answers" reaches 12
for name in a b; do
    stop "${vm_pid[$name]}"
done
finish
