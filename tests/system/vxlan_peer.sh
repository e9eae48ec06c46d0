#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A guest of ours and a plain Linux host with a VXLAN interface: both speak the same VXLAN.
source "$(dirname "$0")/lib.sh"
needs iperf3 bridge

hosts h1 h3
guests a
underlay 1500 h1 h3

cat >"$TMP/h1.yaml" <<YAML
version: 1
ports:
  - {name: up, role: uplink, type: kernel, device: under0, address: 192.0.2.1/24}
  - {name: a, role: vnic, type: tap, device: eth0, netns: $N-a, mtu: 1450, args: "mac=02:00:00:00:00:0a", mac: 02:00:00:00:00:0a,
     subnet: s1, addresses: [10.0.0.10, "fd00::10"]}
vpcs: [{name: red, vni: 100}]
subnets: [{name: s1, vpc: red, prefix4: 10.0.0.0/24, prefix6: "fd00::/64"}]
mappings:
  - {vpc: red, address: 10.0.0.13, mac: 02:00:00:00:00:0d, vtep: 192.0.2.3}
  - {vpc: red, address: "fd00::13", mac: 02:00:00:00:00:0d, vtep: 192.0.2.3}
security_groups:
  - name: default
    rules:
      - {direction: egress, action: allow}
      - {direction: ingress, action: allow, remote: 10.0.0.0/24}
      - {direction: ingress, action: allow, remote: "fd00::/64"}
YAML
start h1
guest_up a 10.0.0.10/24 fd00::10/64

# The third host: nothing but the kernel.
on h3 ip addr add 192.0.2.3/24 dev under0
linux_vtep h3 192.0.2.3 192.0.2.1
on h3 ip addr add fd00::13/64 dev vx0 nodad
on h3 ip neigh add fd00::10 lladdr 02:00:00:00:00:0a dev vx0

say "ping, both ways, IPv4 and IPv6"
wait_for "the underlay answers" one_ping a 10.0.0.13
pings a 10.0.0.13
pings a fd00::13
pings h3 10.0.0.10
pings h3 fd00::10

say "the longest packet that fits into the tunnel"
pings a 10.0.0.13 -M "do" -s 1422
pings h3 10.0.0.10 -M "do" -s 1422
pings a fd00::13 -M "do" -s 1402

say "TCP and UDP, both ways"
iperf a h3 10.0.0.13
iperf a h3 10.0.0.13 -R
iperf a h3 fd00::13
iperf a h3 fd00::13 -R
iperf a h3 10.0.0.13 -u -b 50M -l 1300
iperf a h3 fd00::13 -u -b 50M -l 1300 -R

finish
