#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Virtual machines of two tenants that have the same address, in QEMU, and a namespace of the first tenant: ping and TCP with segmentation
# offload, a capture as tshark reads it, and what would become of an allowed and of a denied packet, and why.
#   --one     avsd, one process
#   --two     avs-nic and avsd, two processes (default)
# Run it by ./run demo vm, which builds first.

# shellcheck source=tests/demo/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
processes=([1]=2)
begin "$@"
BIN=$bin
pids=()
# shellcheck source=tests/lib/vm.sh
source "$here/../lib/vm.sh"
# A machine that cannot have guests is not a failure of ours.
why=$(vm_prepare) || { echo "demo: skipped: $why" && exit 77; }

step "virtual machines red and blue, both 10.1.0.11, and a namespace of red's, 10.1.0.12"
namespace h1
namespace box
cat >"$TMP/h1.yaml" <<YAML
version: 1
vpcs: [{name: red, vni: 100}, {name: blue, vni: 200}]
subnets:
  - {name: red1, vpc: red, prefix4: 10.1.0.0/24}
  - {name: blue1, vpc: blue, prefix4: 10.1.0.0/24}
security_groups:
  - name: default
    rules:
      - {direction: egress, action: allow}
      - {direction: ingress, action: allow, protocol: icmp}
      - {direction: ingress, action: allow, protocol: tcp, ports: "5201"}
ports:
  - {name: red, role: vnic, type: vhost-user, path: $TMP/red.sock, subnet: red1, mac: 02:00:00:00:00:11, addresses: [10.1.0.11]}
  - {name: blue, role: vnic, type: vhost-user, path: $TMP/blue.sock, subnet: blue1, mac: 02:00:00:00:00:12, addresses: [10.1.0.11]}
  - {name: box, role: vnic, type: tap, device: eth0, netns: $RUN-box, subnet: red1, mac: 02:00:00:00:00:13,
     args: "mac=02:00:00:00:00:13", addresses: [10.1.0.12]}
YAML
vm_mac=02:00:00:00:00:11 vm_start red on 10.1.0.11/24
PIDS+=("${vm_pid[red]}")
vm_mac=02:00:00:00:00:12 vm_options=,packed=on vm_start blue on 10.1.0.11/24
PIDS+=("${vm_pid[blue]}")
vswitch 1
ip -n "$RUN-box" addr add 10.1.0.12/24 dev eth0
vm_up red
vm_up blue
ctl() { "$bin/avs-ctl" --socket "$TMP/h1.sock" "$@"; }

"$bin/avs-ctl" --socket "$TMP/h1.sock" capture -w "$TMP/red.pcapng" --vpc red icmp >"$TMP/capture.out" 2>&1 &
capture=$!
PIDS+=("$capture")
wait_for 10 "the capture" grep -q capturing "$TMP/capture.out"

# judge OK-OR-NOT WHAT FROM TO RESULT
judge() { if [ "$1" -eq 0 ]; then row ok "${@:2}"; else row FAIL "${@:2}"; fi; }
table_head
code=0 && vm_do red ping -c 3 10.1.0.12 >"$TMP/out" || code=$?
judge $code "ping" red 10.1.0.12 "$(grep -o '[0-9]* packets received' "$TMP/out" || tail -n 1 "$TMP/out")"
code=0 && vm_do blue ping -c 1 -W 1 10.1.0.12 >"$TMP/out" || code=$?
judge $((code == 0)) "isolation: red's, not blue's" blue 10.1.0.12 "no answer, as it should"
start iperf3 box iperf3 -s
wait_for 10 "iperf3" in_ns box sh -c 'ss -Hltn sport = 5201 | grep -q .'
code=0 && vm_do red iperf3 -c 10.1.0.12 -t 2 >"$TMP/out" || code=$?
judge $code "TCP, guest to namespace" red 10.1.0.12 "$(awk '/receiver/ { print $7, $8 }' "$TMP/out")"
code=0 && vm_do red iperf3 -c 10.1.0.12 -t 2 -R >"$TMP/out" || code=$?
judge $code "TCP, namespace to guest" box 10.1.0.11 "$(awk '/receiver/ { print $7, $8 }' "$TMP/out")"

kill -INT "$capture"
wait "$capture" || true
read -r packets < <(tshark -r "$TMP/red.pcapng" 2>/dev/null | grep -c 'Echo (ping)')
judge $((packets == 0)) "captured, as tshark reads it" red 10.1.0.12 "$packets echoes at all points"
code=0 && ctl explain --port box 'tcp 10.1.0.12:1234 > 10.1.0.11:5201' >"$TMP/allowed" 2>&1 || code=$?
judge $code "explain: an allowed packet" box tcp:5201 "$(grep -iE 'delivered' "$TMP/allowed" | head -n 1 | cut -c1-60)"
code=0 && ctl explain --port box 'tcp 10.1.0.12:1234 > 10.1.0.11:23' >"$TMP/denied" 2>&1 || code=$?
judge $((code != 8)) "explain: a denied packet" box tcp:23 "$(grep -i 'sg_ingress' "$TMP/denied" | head -n 1 | cut -c1-60)"
printf '\n'
cat "$TMP/denied"

sleep 0.3 # what is in flight arrives
finish 1
