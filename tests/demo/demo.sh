#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two hosts with our vSwitch, a third one that is plain Linux, and two tenants that use the same addresses.
#
#     h1 (vSwitch)            h2 (vSwitch)       h3 (plain Linux VXLAN)
#     red-a   10.1.0.11 tap   red-c  10.1.0.21   red-d  10.1.0.31
#     red-b   10.1.0.12 veth         veth        blue-d 10.1.0.31
#     blue-a  10.1.0.11 veth  blue-c 10.1.0.21
#                                    tap
#     192.0.2.1               192.0.2.2          192.0.2.3
#     -------------------- underlay: a bridge of its own ----
#
# Every host and container is a network namespace. By default h1 runs avs-nic and avsd, two processes, and h2 one avsd.
#   --one     one process on both hosts
#   --two     two processes on both hosts
# Run it by ./run demo, which builds first.

# shellcheck source=tests/demo/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
processes=([1]=2 [2]=1)
begin "$@"

# A network between three hosts, with room for the 50 bytes that VXLAN adds.
make_underlay() {
    local n
    namespace net
    ip -n "$RUN-net" link add br0 mtu 1600 type bridge
    ip -n "$RUN-net" link set br0 up
    no_ipv6 net br0
    for n in 1 2 3; do
        namespace "h$n"
        veth net "h$n" "h$n" eth0
        no_ipv6 net "h$n"
        no_ipv6 "h$n" eth0
        ip -n "$RUN-net" link set "h$n" mtu 1600 master br0
        ip -n "$RUN-h$n" link set eth0 mtu 1600 address "02:aa:00:00:00:0$n"
    done
}

make_containers() {
    local name
    for name in red-a red-b red-c red-d blue-a blue-c blue-d; do
        namespace "$name"
    done
    for name in h1:red-b h1:blue-a h2:red-c h3:red-d h3:blue-d; do
        veth "${name#*:}" eth0 "${name%:*}" "${name#*:}"
        no_ipv6 "${name%:*}" "${name#*:}"
    done
}

# The kernel's own VXLAN: a bridge, a tunnel and a container a tenant.
make_h3() {
    local tenant vni
    ip -n "$RUN-h3" addr add 192.0.2.3/24 dev eth0
    # As on a wire: the segments of a tunnelled frame are cut before they leave the host.
    in_ns h3 ethtool -K eth0 tx-udp_tnl-segmentation off tx-udp_tnl-csum-segmentation off >/dev/null
    for tenant in red blue; do
        vni=$([ $tenant = red ] && echo 100 || echo 200)
        ip -n "$RUN-h3" link add "br-$tenant" type bridge
        ip -n "$RUN-h3" link add "vx-$tenant" type vxlan id "$vni" dstport 4789 local 192.0.2.3
        no_ipv6 h3 "br-$tenant"
        no_ipv6 h3 "vx-$tenant"
        ip -n "$RUN-h3" link set "vx-$tenant" master "br-$tenant" up
        ip -n "$RUN-h3" link set "$tenant-d" master "br-$tenant"
        ip -n "$RUN-h3" link set "br-$tenant" up
        in_ns h3 bridge fdb append 00:00:00:00:00:00 dev "vx-$tenant" dst 192.0.2.1
        in_ns h3 bridge fdb append 00:00:00:00:00:00 dev "vx-$tenant" dst 192.0.2.2
    done
}

# What a container's owner does: an address on eth0, then programs.
furnish() {
    local name=$1 host=$2 mac=$3
    ip -n "$RUN-$name" link set eth0 address "$mac"
    ip -n "$RUN-$name" link set eth0 up
    ip -n "$RUN-$name" addr add "10.1.0.$host/24" dev eth0
    ip -n "$RUN-$name" addr add "fd00:1::$host/64" dev eth0 nodad
    ip -n "$RUN-$name" route add default via 10.1.0.1
}

# serve_page CONTAINER WORD
serve_page() {
    sed "s|DIR|$TMP|; s|NAME|$2|" "$here/nginx.conf" >"$TMP/$2.conf"
    start "nginx-$2" "$1" nginx -c "$TMP/$2.conf"
    wait_for 10 "nginx of $1" in_ns "$1" curl -s -m 1 http://127.0.0.1/
}

serve_tcp() {
    start "iperf3-$1" "$1" iperf3 -s
    wait_for 10 "iperf3 of $1" in_ns "$1" sh -c 'ss -Htln sport = 5201 | grep -q .'
}

step "three hosts, seven containers, in namespaces $RUN-*"
make_underlay
make_containers
make_h3
for n in 1 2; do
    sed "s/RUN-/$RUN-/" "$here/h$n.yaml" >"$TMP/h$n.yaml"
done
# Headers and payloads apart on h1: the rings carry less, and nobody notices. A machine that is busy gets its time.
vswitch 1 --slice=on:1000000
vswitch 2
furnish red-a 11 02:00:00:00:00:0a
furnish red-b 12 02:00:00:00:00:0b
furnish red-c 21 02:00:00:00:00:0c
furnish red-d 31 02:00:00:00:00:0d
furnish blue-a 11 02:00:00:00:00:0a
furnish blue-c 21 02:00:00:00:00:0c
furnish blue-d 31 02:00:00:00:00:0d
serve_page red-a red
serve_page blue-a blue
for name in red-a red-b red-c red-d blue-a blue-c; do
    serve_tcp "$name"
done

# A packet to a host whose MAC address is not known yet waits while ARP asks.
step "first contact between the hosts"
wait_for 5 "the way from h1 to h2" in_ns red-a ping -c 1 -W 0.3 10.1.0.21
wait_for 5 "the way from h1 to h3" in_ns red-a ping -c 1 -W 0.3 10.1.0.31
wait_for 5 "the way from h2 to h3" in_ns red-c ping -c 1 -W 0.3 10.1.0.31

table_head
row_ping "ping, same host" red-a 10.1.0.12
row_ping "ping, same host, IPv6" red-a fd00:1::12
row_ping "ping, gateway" red-a 10.1.0.1
row_ping "ping, gateway, IPv6" blue-c fd00:1::1
row_ping "ping, h1 to h2" red-a 10.1.0.21
row_ping "ping, h1 to h2, other tenant" blue-a 10.1.0.21
row_ping "ping, h1 to h2, IPv6" blue-a fd00:1::21
row_ping "ping, h2 to h1, IPv6" red-c fd00:1::12
row_ping "ping, h1 to plain Linux" red-b 10.1.0.31
row_ping "ping, plain Linux to h2" blue-d 10.1.0.21
row_ping "ping, plain Linux to h1, IPv6" red-d fd00:1::11
row_page "page, h2 to h1" red-c 10.1.0.11 red
row_page "page, same address, other tenant" blue-c 10.1.0.11 blue
row_page "page, IPv6" red-c "[fd00:1::11]" red
row_page "page, IPv6, other tenant" blue-c "[fd00:1::11]" blue
row_page "page, plain Linux to h1" red-d 10.1.0.11 red
row_page "page, plain Linux, other tenant" blue-d 10.1.0.11 blue
row_silent "isolation: red's, not blue's" blue-a 10.1.0.12
row_silent "isolation, from h2" blue-c 10.1.0.12
row_silent "isolation, IPv6" blue-c fd00:1::12
row_denied "security group: not port 8080" red-c 10.1.0.11 8080
row_tcp "TCP, same host" red-a 10.1.0.12
row_tcp "TCP, h1 to h2, tap to veth" red-a 10.1.0.21
row_tcp "TCP, h2 to h1, veth to tap" red-a 10.1.0.21 --reverse
row_tcp "TCP, h1 to h2, other tenant" blue-a 10.1.0.21
row_tcp "TCP, h2 to h1, IPv6" blue-a fd00:1::21 --reverse
row_tcp "TCP, h1 to plain Linux" red-a 10.1.0.31
row_tcp "TCP, plain Linux to h1" red-a 10.1.0.31 --reverse

finish 1 2
