#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ovs_peer.sh one|two [six]: the underlay is IPv6.
# Guests of ours and another vendor's switch: Open vSwitch, with its datapath in user space, at the other end of VXLAN and of Geneve.
source "$(dirname "$0")/lib.sh"
needs iperf3 ethtool ovs-vsctl

ovs() { on h3 "$here/../lib/ovs.sh" "$1" "$TMP/ovs" "${@:2}"; } # in the namespace of its host

hosts h1 h3
guests r b
underlay 1600 h1 h3

# Open vSwitch opens its veth as a packet socket that knows of no offload, as a wire would.
on h1 ethtool -K under0 tx off >/dev/null
on h3 ethtool -K under0 tx off >/dev/null

vnic_of() { # GUEST NUMBER of the VPC
    echo "  - {name: $1, role: vnic, type: tap, device: eth0, netns: $N-$1, mtu: 1500, args: \"mac=02:00:00:00:0$2:0a\", mac: 02:00:00:00:0$2:0a,
     subnet: s$2, addresses: [10.$2.0.10, \"fd0$2::10\"], security_groups: [open]}"
}
beyond() { # VPC NUMBER
    echo "  - {vpc: $1, address: 10.$2.0.13, mac: 02:00:00:00:0$2:0d, vtep: \"$(at 3)\"}
  - {vpc: $1, address: \"fd0$2::13\", mac: 02:00:00:00:0$2:0d, vtep: \"$(at 3)\"}"
}
cat >"$TMP/h1.yaml" <<YAML
version: 1
ports:
  - {name: up, role: uplink, type: kernel, device: under0, $(link_at 1)}
$(vnic_of r 1)
$(vnic_of b 2)
vpcs:
  - {name: red, vni: 100}
  - {name: blue, vni: 200, encap: geneve, geneve_options: [{class: 65280, type: 1, data: "0a0b0c0d"}]}
subnets:
  - {name: s1, vpc: red, prefix4: 10.1.0.0/24, prefix6: "fd01::/64"}
  - {name: s2, vpc: blue, prefix4: 10.2.0.0/24, prefix6: "fd02::/64"}
mappings:
$(beyond red 1)
$(beyond blue 2)
security_groups:
  - name: open
    rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]
YAML
start h1
guest_up r 10.1.0.10/24 fd01::10/64
guest_up b 10.2.0.10/24 fd02::10/64

mkdir "$TMP/ovs"
background h3 "$here/../lib/ovs.sh" database "$TMP/ovs"
wait_for "Open vSwitch's database" ovs vsctl --no-wait init
background h3 "$here/../lib/ovs.sh" switch "$TMP/ovs"
switch=$BG
on h3 sysctl -qw net.ipv4.conf.all.arp_ignore=1 # under0 is Open vSwitch's: the kernel answers nothing there
ovs vsctl add-br phy -- set bridge phy datapath_type=netdev -- add-port phy under0
tenant() { # BRIDGE NUMBER TYPE VNI
    ovs vsctl add-br "$1" -- set bridge "$1" datapath_type=netdev "other-config:hwaddr=\"02:00:00:00:0$2:0d\"" -- \
        add-port "$1" "t$1" -- set interface "t$1" "type=$3" "options:remote_ip=\"$(at 1)\"" "options:key=$4"
    on h3 ethtool -K "$1" tx off >/dev/null
    on h3 ip link set "$1" mtu 1500 up
    on h3 ip addr add "10.$2.0.13/24" dev "$1"
    on h3 ip addr add "fd0$2::13/64" dev "$1" nodad
    # A VTEP of ours answers for its guests: nobody floods ARP through the tunnel.
    on h3 ip neigh add "10.$2.0.10" lladdr "02:00:00:00:0$2:0a" dev "$1"
    on h3 ip neigh add "fd0$2::10" lladdr "02:00:00:00:0$2:0a" dev "$1"
}
tenant red 1 vxlan 100
tenant blue 2 geneve 200
on h3 ip addr add "$(at 3)/$([ "$six" ] && echo 64 || echo 24)" dev phy ${six:+nodad}
on h3 ip link set phy up

say "ping, both tenants, both ways, IPv4 and IPv6"
wait_for "red's other end" one_ping r 10.1.0.13
wait_for "blue's other end" one_ping b 10.2.0.13
for number in 1 2; do
    guest=r
    [ "$number" = 1 ] || guest=b
    pings "$guest" "10.$number.0.13"
    pings "$guest" "fd0$number::13"
    pings h3 "10.$number.0.10"
    pings h3 "fd0$number::10"
done

say "TCP with segmentation and UDP, both tenants, both ways"
iperf r h3 10.1.0.13
iperf r h3 fd01::13 -R
iperf b h3 fd02::13
iperf b h3 10.2.0.13 -R
iperf b h3 10.2.0.13 -u -b 20M -l 1400

# What it is told to do with packets, it does some time later.
no_ping() { ! one_ping "$@"; }

say "Geneve: it sees our option and its value, and refuses what comes without"
ovs ofctl add-tlv-map blue "{class=0xff00,type=1,len=4}->tun_metadata0"
ovs ofctl add-flow blue "priority=20,in_port=tblue,tun_metadata0=0x0a0b0c0d,actions=normal"
ovs ofctl add-flow blue "priority=10,in_port=tblue,actions=drop"
wait_for "our option at its end" one_ping b 10.2.0.13
ovs ofctl del-flows blue "in_port=tblue"
ovs ofctl add-flow blue "priority=20,in_port=tblue,tun_metadata0=0x0a0b0c0e,actions=normal"
ovs ofctl add-flow blue "priority=10,in_port=tblue,actions=drop"
wait_for "packets refused that have not the option it wants" no_ping b 10.2.0.13
ovs ofctl del-flows blue "in_port=tblue"

say "and we pass over an option of its that nobody must understand, and refuse one that everybody must"
ovs ofctl add-tlv-map blue "{class=0x0102,type=3,len=8}->tun_metadata1,{class=0x0102,type=0x83,len=4}->tun_metadata2"
carries_option() { one_ping h3 10.2.0.10 && ovs appctl dpctl/dump-flows | grep -qF 'options({class=0x102,type=0x3,len=8,0x1122334455667788})'; }
sends() { # OPTION=VALUE
    ovs ofctl add-flow blue "priority=20,in_port=local,actions=set_field:$2->$1,tblue"
}
sends tun_metadata1 0x1122334455667788
wait_for "its option on the wire" carries_option
pings h3 10.2.0.10
sends tun_metadata2 0x11223344
wait_for "an option that everybody must understand" no_ping h3 10.2.0.10
dropped h1 up geneve_opt one_ping h3 10.2.0.10
ovs ofctl del-flows blue "in_port=local"
wait_for "the same without" one_ping h3 10.2.0.10

say "a VNI that nobody has, a checksum outside"
ovs vsctl set interface tred options:key=101
wait_for "a VNI that nobody has" no_ping h3 10.1.0.10
dropped h1 up unknown_vni one_ping h3 10.1.0.10
ovs vsctl set interface tred options:key=100 options:csum=true
wait_for "red's other end" one_ping r 10.1.0.13
pings h3 10.1.0.10

! grep -E '\|(ERR|EMER)\|' "$TMP/ovs/vs.log" >"$TMP/out" || fail "Open vSwitch: $(head -n 3 "$TMP/out")"
stop "$switch"
finish
