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
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=${AVS_BUILD_DIR:-$here/../../build/release}/bin
processes=([1]=2 [2]=1)
case "${1:-}" in
"") ;;
--one) processes=([1]=1 [2]=1) ;;
--two) processes=([1]=2 [2]=2) ;;
-h | --help)
    sed -n '3,17s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
    exit 0
    ;;
*)
    echo "demo: unknown option '$1' (one of --one, --two, --help)" >&2
    exit 2
    ;;
esac
[ "$(id -u)" -eq 0 ] || { echo "demo: network namespaces need root; type: sudo ./run demo mtu" >&2; exit 3; }
[ -x "$bin/avsd" ] || { echo "demo: $bin/avsd is not built; type: ./run demo mtu" >&2; exit 1; }
PATH=$PATH:/usr/sbin:/sbin

# shellcheck source=tests/demo/lib.sh
source "$here/lib.sh"
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

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

start_vswitch() {
    local n=$1 attach=()
    configuration "$n" >"$TMP/h$n.yaml"
    if [ "${processes[$n]}" -eq 2 ]; then
        start "h$n-avs-nic" "h$n" "$bin/avs-nic" --socket "$TMP/h$n-nic.sock"
        wait_for 10 "avs-nic of h$n" test -S "$TMP/h$n-nic.sock"
        attach=("--nic=$TMP/h$n-nic.sock")
    fi
    start "h$n-avsd" "h$n" "$bin/avsd" --config "$TMP/h$n.yaml" --socket "$TMP/h$n.sock" "${attach[@]}"
    wait_for 10 "avsd of h$n" grep -q msg=ready "$TMP/h$n-avsd.log"
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
    step "vSwitch on h$n: $([ "${processes[$n]}" -eq 2 ] && echo "avs-nic and avsd, two processes" || echo "avsd, one process")"
    start_vswitch $n
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

sleep 0.1 # the counters in the shared region are up to 20 ms old
for n in 1 2; do
    "$bin/avs-ctl" --socket "$TMP/h$n.sock" --json stats >"$TMP/h$n-stats.json"
    "$bin/avs-ctl" --socket "$TMP/h$n.sock" --json drops >"$TMP/h$n-drops.json"
done
printf '\n'
if ! /usr/bin/python3 "$here/counters.py" h1 "$TMP/h1-stats.json" "$TMP/h1-drops.json" \
    h2 "$TMP/h2-stats.json" "$TMP/h2-drops.json"; then
    FAILED=$((FAILED + 1))
fi

printf '\n'
if [ "$FAILED" -gt 0 ]; then
    die "$FAILED of $ROWS rows failed, $SECONDS s"
fi
step "all $ROWS rows passed, conservation holds, $SECONDS s"
