#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# mtu_underlay.sh one|two [six]: the underlay is IPv6.
# Two hosts in networks of their own, with a Linux router between them whose link to h2 takes 1,400 bytes: it says so about
# tunnel packets of h1, and from then on guests of h1 are told what is left for them.
source "$(dirname "$0")/lib.sh"
needs iperf3

hosts h1 h2 router
guests a b
for n in 1 2; do
    ip -n "$N-router" link add "to-h$n" type veth peer name under0 netns "$N-h$n"
    # A router asks for IPv6 neighbours from its link-local address.
    ip -n "$N-router" link set "to-h$n" addrgenmode "$([ "$six" ] && echo eui64 || echo none)" up
    ip -n "$N-h$n" link set under0 addrgenmode none up
done
# of NETWORK HOST [/]: an address, or with the length of the prefix
of() { if [ "$six" ]; then echo "2001:db8:$1::$2${3:+/64}"; else echo "10.255.$1.$2${3:+/24}"; fi; }
for n in 1 2; do
    ip -n "$N-router" addr add "$(of $n 254 /)" dev "to-h$n" ${six:+nodad}
done
ip -n "$N-router" link set to-h1 mtu 1600
ip -n "$N-h1" link set under0 mtu 1600
ip -n "$N-router" link set to-h2 mtu 1400
ip -n "$N-h2" link set under0 mtu 1600
on router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1

document() { # NUMBER GUEST NUMBER OTHER-NUMBER
    local key=${six:+6}
    cat <<YAML
version: 1
vpcs: [{name: red, vni: 100}]
subnets: [{name: s1, vpc: red, prefix4: 10.0.0.0/24, prefix6: "fd00::/64"}]
security_groups:
  - {name: default, rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]}
ports:
  - {name: up, role: uplink, type: kernel, device: under0, address$key: "$(of "$1" 1 /)", gateway$key: "$(of "$1" 254)"}
  - {name: $2, role: vnic, type: tap, device: eth0, netns: $N-$2, mtu: 1500, subnet: s1, mac: 02:00:00:00:00:$3,
     args: "mac=02:00:00:00:00:$3", addresses: [10.0.0.$3, "fd00::$3"]}
mappings:
  - {vpc: red, address: 10.0.0.$4, mac: 02:00:00:00:00:$4, vtep: "$(of $((3 - $1)) 1)"}
  - {vpc: red, address: "fd00::$4", mac: 02:00:00:00:00:$4, vtep: "$(of $((3 - $1)) 1)"}
YAML
}
document 1 a 10 11 >"$TMP/h1.yaml"
document 2 b 11 10 >"$TMP/h2.yaml"
start h1
start h2
guest_up a 10.0.0.10/24 fd00::10/64
guest_up b 10.0.0.11/24 fd00::11/64
wait_for "the way through the router" one_ping a 10.0.0.11
[ "$(get h1 "[t['used'] for t in d['tables'] if t['table'] == 'path_mtus'][0]")" = 0 ] || fail "a path MTU is known before anything was too big"

say "the router tells h1, h1 tells its guest: 1,400 less $room"
learns_mtu() { # ADDRESS: large packets until the guest's kernel has heard of it
    on a ping -c 1 -W 0.3 -M "do" -s 1440 "$1" >/dev/null 2>&1 || true
    ip -n "$N-a" route get "$1" | grep -q "mtu $((1400 - room))"
}
wait_for "a learns the MTU" learns_mtu 10.0.0.11
wait_for "a learns the MTU over IPv6" learns_mtu fd00::11
[ "$(get h1 "[t['used'] for t in d['tables'] if t['table'] == 'path_mtus'][0]")" = 1 ] || fail "no path MTU in h1's table"
pings a 10.0.0.11 -M "do" -s $((1372 - room))
pings a fd00::11 -M "do" -s $((1352 - room))

say "TCP, both ways"
iperf a b 10.0.0.11
iperf a b 10.0.0.11 -R
iperf a b fd00::11

finish
