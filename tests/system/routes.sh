#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Routing between subnets, routes of every type, the gateway's answers, and what a guest may not send.
source "$(dirname "$0")/lib.sh"
needs python3 tcpdump

hosts h1 h3
guests a b c
underlay h1 h3
cat >"$TMP/h1.yaml" <<YAML
version: 1
vpcs: [{name: red, vni: 100}]
subnets:
  - {name: s1, vpc: red, prefix4: 10.0.1.0/24, prefix6: "fd00:1::/64"}
  - {name: s2, vpc: red, prefix4: 10.0.2.0/24, prefix6: "fd00:2::/64", gateway4: 10.0.2.254}
ports:
  - {name: up, role: uplink, type: kernel, device: under0, mac: 02:aa:00:00:00:01, address: 192.0.2.1/24}
  - {name: a, role: vnic, type: tap, device: eth0, netns: $N-a, subnet: s1, mac: 02:00:00:00:00:0a,
     args: "mac=02:00:00:00:00:0a", addresses: [10.0.1.10, "fd00:1::10"]}
  - {name: b, role: vnic, type: tap, device: eth0, netns: $N-b, subnet: s2, mac: 02:00:00:00:00:0b,
     args: "mac=02:00:00:00:00:0b", addresses: [10.0.2.10, "fd00:2::10"]}
  - {name: c, role: vnic, type: tap, device: eth0, netns: $N-c, subnet: s1, mac: 02:00:00:00:00:0c, anti_spoof: false,
     args: "mac=02:00:00:00:00:0c", addresses: [10.0.1.12, "fd00:1::12"]}
routes:
  - {vpc: red, prefix: 10.7.0.0/16, type: vtep, vtep: 192.0.2.3, mac: 02:00:00:00:00:0d}
  - {vpc: red, prefix: 10.8.0.0/16, type: gateway, via: 10.0.1.12}
  - {vpc: red, prefix: 10.9.0.0/16, type: blackhole}
  - {vpc: red, prefix: "fd00:9::/64", type: blackhole}
security_groups:
  - {name: default, rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]}
YAML
start h1
guest_up a 10.0.1.10/24 fd00:1::10/64
guest_up b 10.0.2.10/24 fd00:2::10/64
guest_up c 10.0.1.12/24 fd00:1::12/64
for guest in a c; do
    on "$guest" ip route add default via 10.0.1.1
    on "$guest" ip route add default via fd00:1::1
done
on b ip route add default via 10.0.2.254
on b ip route add default via fd00:2::1

say "the gateway answers ARP, neighbour solicitations and pings"
pings a 10.0.1.1
pings a fd00:1::1
pings b 10.0.2.254
says 02:00:5e:00:01:01 on a ip neigh show 10.0.1.1
says 02:00:5e:00:01:01 on a ip neigh show fd00:1::1
dropped h1 a arp_unknown one_ping a 10.0.1.99
dropped h1 a arp_unknown one_ping a fd00:1::99

say "between subnets, one hop further"
pings a 10.0.2.10
pings b fd00:1::10
says ttl=63 on a ping -c 1 -W 2 10.0.2.10
says ttl=63 on a ping -c 1 -W 2 fd00:2::10
says ttl=64 on a ping -c 1 -W 2 10.0.1.12
dropped h1 a ttl one_ping a 10.0.2.10 -t 1

say "routes: blackhole, none, another host, a guest that routes"
dropped h1 a blackhole one_ping a 10.9.1.1
dropped h1 a blackhole one_ping a fd00:9::1
dropped h1 a no_route one_ping a 10.200.0.1
dropped h1 a no_mapping one_ping a 10.0.2.99
on h3 ip addr add 192.0.2.3/24 dev under0
on h3 ip link add vx0 address 02:00:00:00:00:0d type vxlan id 100 local 192.0.2.3 dstport 4789 nolearning
on h3 bridge fdb append 02:00:00:00:00:0a dev vx0 dst 192.0.2.1
on h3 ip link set vx0 mtu 1500 up
on h3 ip addr add 10.7.0.1/16 dev vx0
on h3 ip route add 10.0.1.10 dev vx0
on h3 ip neigh add 10.0.1.10 lladdr 02:00:00:00:00:0a dev vx0
wait_for "the underlay answers" one_ping a 10.7.0.1
pings a 10.7.0.1
on c ip addr add 10.8.0.1/32 dev lo
on c sysctl -qw net.ipv4.ip_forward=1
pings a 10.8.0.1
works ctl h1 route add vpc=red prefix=10.8.0.0/24 type=blackhole
dropped h1 a blackhole one_ping a 10.8.0.1
works ctl h1 route del vpc=red prefix=10.8.0.0/24
pings a 10.8.0.1

say "ICMP errors belong to the session they quote"
refused 1 "Connection refused" on a "$PYTHON" -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("10.0.2.10", 9))
s.send(b"x")
s.settimeout(2)
s.recv(1)'
refused 1 "Connection refused" on b "$PYTHON" -c '
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.connect(("fd00:1::10", 9))
s.send(b"x")
s.settimeout(2)
s.recv(1)'

say "anti-spoofing: another address, another MAC address"
on a ip addr add 10.0.1.77/24 dev eth0
dropped h1 a spoof_ip on a ping -c 1 -W 0.5 -I 10.0.1.77 10.0.2.10
on a ip addr del 10.0.1.77/24 dev eth0
on a ip addr add fd00:1::77/64 dev eth0 nodad
dropped h1 a spoof_ip on a ping -c 1 -W 0.5 -I fd00:1::77 fd00:2::10
on a ip addr del fd00:1::77/64 dev eth0
on a ip link set eth0 address 02:00:00:00:00:99
on a ip neigh replace 10.0.1.1 lladdr 02:00:5e:00:01:01 dev eth0 nud permanent
dropped h1 a spoof_mac one_ping a 10.0.2.10
dropped h1 a spoof_arp one_ping a 10.0.1.12
on a ip link set eth0 address 02:00:00:00:00:0a
pings a 10.0.2.10
# Without anti-spoofing c may send under other addresses; it did when it answered as 10.8.0.1.
[ "$(drops h1 c spoof_ip)" -eq 0 ] || fail "anti-spoofing where there is none"

finish
