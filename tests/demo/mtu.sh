#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Path MTU: guests of 8,500 and of 1,500 bytes on two hosts with our vSwitch, and an underlay that takes 8,600.
#
#     h1                        h2
#     big   10.1.0.10  8,500    far-big    10.1.0.20  8,500
#     small 10.1.0.11  1,500    far-small  10.1.0.21  1,500
#     192.0.2.1                 192.0.2.2
#     ---------------- underlay: 8,600 bytes ----
#
# What is too big is told to its sender, cut to fit, or fragmented; the table says who found out what. Every host and guest is
# a network namespace. By default h1 runs avs-nic and avsd, two processes, and h2 one avsd.
#   --one     one process on both hosts
#   --two     two processes on both hosts
# Run it by ./run demo mtu, which builds first.

# shellcheck source=tests/demo/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
processes=([1]=2 [2]=1)
begin "$@"

declare -A host_of=([big]=1 [small]=1 [far-big]=2 [far-small]=2) number=([big]=10 [small]=11 [far-big]=20 [far-small]=21)
declare -A mtu=([big]=8500 [small]=1500 [far-big]=8500 [far-small]=1500)

make_underlay() {
    local n
    namespace net
    ip -n "$RUN-net" link add br0 mtu 8600 type bridge
    ip -n "$RUN-net" link set br0 up
    no_ipv6 net br0
    for n in 1 2; do
        namespace "h$n"
        veth net "h$n" "h$n" eth0
        no_ipv6 net "h$n"
        no_ipv6 "h$n" eth0
        ip -n "$RUN-net" link set "h$n" mtu 8600 master br0
        ip -n "$RUN-h$n" link set eth0 mtu 8600
    done
}

# The vNICs of host N, and where the other guests are.
configuration() {
    local n=$1 guest mac
    cat <<YAML
version: 1
vpcs: [{name: red, vni: 100}]
subnets: [{name: s1, vpc: red, prefix4: 10.1.0.0/24, prefix6: "fd00:1::/64"}]
security_groups:
  - {name: default, rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]}
ports:
  - {name: up, role: uplink, type: kernel, device: eth0, mac: "02:aa:00:00:00:0$n", address: 192.0.2.$n/24}
YAML
    for guest in big small far-big far-small; do
        mac=02:00:00:00:00:${number[$guest]}
        [ "${host_of[$guest]}" -ne "$n" ] || echo "  - {name: $guest, role: vnic, type: tap, device: eth0, netns: $RUN-$guest," \
            "mtu: ${mtu[$guest]}, mac: \"$mac\", args: \"mac=$mac\", subnet: s1," \
            "addresses: [10.1.0.${number[$guest]}, \"fd00:1::${number[$guest]}\"]}"
    done
    echo "mappings:"
    for guest in big small far-big far-small; do
        mac=02:00:00:00:00:${number[$guest]}
        [ "${host_of[$guest]}" -eq "$n" ] ||
            printf '  - {vpc: red, address: "%s", mac: "%s", vtep: 192.0.2.%d}\n' \
                "10.1.0.${number[$guest]}" "$mac" "${host_of[$guest]}" "fd00:1::${number[$guest]}" "$mac" "${host_of[$guest]}"
    done
}

furnish() {
    ip -n "$RUN-$1" addr add "10.1.0.${number[$1]}/24" dev eth0
    ip -n "$RUN-$1" addr add "fd00:1::${number[$1]}/64" dev eth0 nodad
    start "iperf3-$1" "$1" iperf3 -s
    wait_for 10 "iperf3 of $1" in_ns "$1" sh -c 'ss -Htln sport = 5201 | grep -q .'
}

# A packet that may not be fragmented is too big: the kernel of its sender knows the path's MTU from then on.
row_told() {
    local what=$1 from=$2 to=$3 want=$4 got
    in_ns "$from" ping -n -c 1 -W 2 -M "do" -s 8000 "$to" >/dev/null 2>&1 || true
    got=$(ip -n "$RUN-$from" route get "$to" | grep -oE 'mtu [0-9]+') || true
    if [ "$got" = "mtu $want" ]; then
        row ok "$what" "$from" "$to" "learned: $got"
    else
        row FAIL "$what" "$from" "$to" "${got:-nothing learned}"
    fi
}

# The largest packets that need no fragments arrive.
row_fits() {
    local what=$1 from=$2 to=$3 size=$4
    if in_ns "$from" ping -n -c 3 -i 0.02 -W 1 -M "do" -s "$size" "$to" >/dev/null 2>&1; then
        row ok "$what" "$from" "$to" "$((size + 28)) bytes"
    else
        row FAIL "$what" "$from" "$to" "no answer"
    fi
}

# A datagram without DF arrives whole, in fragments.
row_datagram() {
    local what=$1 from=$2 to=$3 got
    start datagram "$to" /usr/bin/python3 -c '
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("0.0.0.0", 9000))
print(len(s.recv(65535)))'
    wait_for 10 "a receiver in $to" in_ns "$to" sh -c 'ss -Huln sport = 9000 | grep -q .'
    in_ns "$from" /usr/bin/python3 -c '
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, 10, 0)  # IP_MTU_DISCOVER: no DF
s.sendto(bytes(8000), (sys.argv[1], 9000))' "10.1.0.${number[$to]}"
    wait_for 10 "the datagram at $to" grep -q . "$TMP/datagram.log"
    got=$(cat "$TMP/datagram.log")
    if [ "$got" = 8000 ]; then
        row ok "$what" "$from" "10.1.0.${number[$to]}" "8000 bytes, whole"
    else
        row FAIL "$what" "$from" "10.1.0.${number[$to]}" "${got:0:24}"
    fi
}

offload() { # on|off
    local guest
    for guest in big small far-big far-small; do
        in_ns "$guest" ethtool -K eth0 tso "$1" gso "$1" >/dev/null
        ip -n "$RUN-$guest" route flush cache
        ip -n "$RUN-$guest" -6 route flush cache
    done
}

step "two hosts, four guests, in namespaces $RUN-*"
make_underlay
for guest in big small far-big far-small; do
    namespace "$guest"
done
for n in 1 2; do
    configuration "$n" >"$TMP/h$n.yaml"
    vswitch "$n"
done
for guest in big small far-big far-small; do
    furnish "$guest"
done
wait_for 5 "the way from h1 to h2" in_ns big ping -c 1 -W 0.3 10.1.0.20

table_head
row_fits "no DF needed: 8,500 to 8,500" big 10.1.0.20 8472
row_told "too big, same host" big 10.1.0.11 1500
row_told "too big, same host, IPv6" big fd00:1::11 1500
row_told "too big, other host" big 10.1.0.21 1500
row_told "too big, other host, IPv6" big fd00:1::21 1500
row_told "too big, h2 to h1" far-big 10.1.0.11 1500
row_fits "with what was learned" big 10.1.0.21 1472
offload on
row_datagram "UDP without DF, same host" big small
row_datagram "UDP without DF, other host" big far-small
for segmentation in on off; do
    offload $segmentation
    row_tcp "TCP, offload $segmentation, same host" big 10.1.0.11
    row_tcp "TCP, offload $segmentation, big sends" big 10.1.0.21
    row_tcp "TCP, offload $segmentation, small sends" small 10.1.0.20
    row_tcp "TCP, offload $segmentation, IPv6" far-big fd00:1::11
done

finish 1 2
