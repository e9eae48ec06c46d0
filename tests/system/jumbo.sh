#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Jumbo frames: guests with an MTU of 8,500 on two hosts, an underlay of 8,600, segmentation offload in the guest on and off.
source "$(dirname "$0")/lib.sh"
needs iperf3 ethtool

hosts h1 h2
guests a b c
underlay 8600 h1 h2

vnic() { # NAME NUMBER
    echo "{name: $1, role: vnic, type: tap, device: eth0, netns: $N-$1, mtu: 8500, subnet: s1, mac: 02:00:00:00:00:$2," \
        "args: \"mac=02:00:00:00:00:$2\", addresses: [10.0.0.$2, \"fd00::$2\"]}"
}
common() {
    cat <<YAML
version: 1
vpcs: [{name: red, vni: 100}]
subnets: [{name: s1, vpc: red, prefix4: 10.0.0.0/24, prefix6: "fd00::/64"}]
security_groups:
  - {name: default, rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]}
YAML
}
{
    common
    cat <<YAML
ports:
  - {name: up, role: uplink, type: kernel, device: under0, mac: 02:aa:00:00:00:01, address: 192.0.2.1/24}
  - $(vnic a 10)
  - $(vnic c 12)
mappings:
  - {vpc: red, address: 10.0.0.11, mac: 02:00:00:00:00:11, vtep: 192.0.2.2}
  - {vpc: red, address: "fd00::11", mac: 02:00:00:00:00:11, vtep: 192.0.2.2}
YAML
} >"$TMP/h1.yaml"
{
    common
    cat <<YAML
ports:
  - {name: up, role: uplink, type: kernel, device: under0, mac: 02:aa:00:00:00:02, address: 192.0.2.2/24}
  - $(vnic b 11)
mappings:
  - {vpc: red, address: 10.0.0.10, mac: 02:00:00:00:00:10, vtep: 192.0.2.1}
  - {vpc: red, address: "fd00::10", mac: 02:00:00:00:00:10, vtep: 192.0.2.1}
YAML
} >"$TMP/h2.yaml"
start h1
start h2
guest_up a 10.0.0.10/24 fd00::10/64
guest_up b 10.0.0.11/24 fd00::11/64
guest_up c 10.0.0.12/24 fd00::12/64
wait_for "the underlay answers" one_ping a 10.0.0.11

say "the longest packets, local and across"
for address in 10.0.0.11 10.0.0.12; do
    pings a "$address" -M "do" -s 8472
done
for address in fd00::11 fd00::12; do
    pings a "$address" -M "do" -s 8452
done

for tso in on off; do
    say "TCP with segmentation offload $tso in the guest"
    works on a ethtool -K eth0 tso "$tso" gso "$tso"
    iperf a b 10.0.0.11
    iperf a b fd00::11 -R
    iperf a c fd00::12
done
say "UDP in datagrams of 8,000 bytes"
iperf a b 10.0.0.11 -u -b 200M -l 8000

finish
