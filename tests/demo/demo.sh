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
[ "$(id -u)" -eq 0 ] || { echo "demo: network namespaces need root; type: sudo ./run demo" >&2; exit 3; }
[ -x "$bin/avsd" ] || { echo "demo: $bin/avsd is not built; type: ./run demo" >&2; exit 1; }
PATH=$PATH:/usr/sbin:/sbin

# shellcheck source=tests/demo/lib.sh
source "$here/lib.sh"
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

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

# host N: our vSwitch, in one process or two.
start_vswitch() {
    local n=$1 attach=() slice=()

    # Headers and payloads apart on h1: the rings carry less, and nobody notices. A machine that is busy gets its time.
    [ "$n" -ne 1 ] || slice=(--slice=on:1000000)
    sed "s/RUN-/$RUN-/" "$here/h$n.yaml" >"$TMP/h$n.yaml"
    if [ "${processes[$n]}" -eq 2 ]; then
        start "h$n-avs-nic" "h$n" "$bin/avs-nic" --socket "$TMP/h$n-nic.sock" "${slice[@]}"
        wait_for 10 "avs-nic of h$n" test -S "$TMP/h$n-nic.sock"
        attach=("--nic=$TMP/h$n-nic.sock")
    else
        attach=("${slice[@]}")
    fi
    start "h$n-avsd" "h$n" "$bin/avsd" --config "$TMP/h$n.yaml" --socket "$TMP/h$n.sock" "${attach[@]}"
    wait_for 10 "avsd of h$n" grep -q msg=ready "$TMP/h$n-avsd.log"
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
    step "vSwitch on h$n: $([ "${processes[$n]}" -eq 2 ] && echo "avs-nic and avsd, two processes" || echo "avsd, one process")"
    start_vswitch $n
done
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
