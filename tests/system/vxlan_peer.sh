#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# vxlan_peer.sh one|two [six]: the underlay is IPv6.
# A guest of ours and a plain Linux host with a VXLAN interface: both speak the same VXLAN.
source "$(dirname "$0")/lib.sh"
needs iperf3 bridge

hosts h1 h3
guests a
underlay 1500 h1 h3

cat >"$TMP/h1.yaml" <<YAML
version: 1
ports:
  - {name: up, role: uplink, type: kernel, device: under0, $(link_at 1)}
  - {name: a, role: vnic, type: tap, device: eth0, netns: $N-a, mtu: $((1500 - room)), args: "mac=02:00:00:00:00:0a", mac: 02:00:00:00:00:0a,
     subnet: s1, addresses: [10.0.0.10, "fd00::10"]}
vpcs: [{name: red, vni: 100}]
subnets: [{name: s1, vpc: red, prefix4: 10.0.0.0/24, prefix6: "fd00::/64"}]
mappings:
  - {vpc: red, address: 10.0.0.13, mac: 02:00:00:00:00:0d, vtep: "$(at 3)"}
  - {vpc: red, address: "fd00::13", mac: 02:00:00:00:00:0d, vtep: "$(at 3)"}
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
on h3 ip addr add "$(at 3)/$([ "$six" ] && echo 64 || echo 24)" dev under0 ${six:+nodad}
peer() { # OPTION...: of the VXLAN interface
    linux_vtep h3 "$(at 3)" "$(at 1)" "$@"
    on h3 ip addr add fd00::13/64 dev vx0 nodad
    on h3 ip neigh add fd00::10 lladdr 02:00:00:00:00:0a dev vx0
}
peer

say "ping, both ways, IPv4 and IPv6"
wait_for "the underlay answers" one_ping a 10.0.0.13
pings a 10.0.0.13
pings a fd00::13
pings h3 10.0.0.10
pings h3 fd00::10

say "the longest packet that fits into the tunnel"
pings a 10.0.0.13 -M "do" -s $((1472 - room))
pings h3 10.0.0.10 -M "do" -s $((1472 - room))
pings a fd00::13 -M "do" -s $((1452 - room))

say "TCP and UDP, both ways"
iperf a h3 10.0.0.13
iperf a h3 10.0.0.13 -R
iperf a h3 fd00::13
iperf a h3 fd00::13 -R
iperf a h3 10.0.0.13 -u -b 50M -l 1300
iperf a h3 fd00::13 -u -b 50M -l 1300 -R

if [ "$six" ]; then
    say "a checksum of the tunnel's own that is not sent: refused by a kernel that is not told to take it"
    sed 's/^version: 1/&\nunderlay: {udp_checksum: never}/' "$TMP/h1.yaml" | works ctl h1 apply -f -
    ! one_ping a 10.0.0.13 >"$TMP/out" 2>&1 || fail "a kernel took a tunnel packet without a checksum: $(cat "$TMP/out")"
    say "and taken by one that is, with none in its own packets either"
    on h3 ip link del vx0
    peer udp6zerocsumtx udp6zerocsumrx
    pings a 10.0.0.13
    pings h3 fd00::10
    iperf a h3 10.0.0.13
    iperf a h3 fd00::13 -R
fi

finish
