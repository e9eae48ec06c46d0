#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two tenants with the same addresses and the same MAC addresses, on one host and across two: nothing passes between them.
source "$(dirname "$0")/lib.sh"
needs iperf3 tcpdump

hosts h1 h2
guests red1 red2 red3 blue1 blue2 blue3
underlay h1 h2

# host_config OUR_ADDRESS OUR_MAC PEER_ADDRESS LOCAL_GUESTS... -- REMOTE_GUESTS...: guest 1 is 10.0.0.11, fd00::11, 02:00:00:00:00:11.
host_config() {
    local address=$1 mac=$2 peer=$3 tenant number where=ports
    shift 3
    cat <<YAML
version: 1
vpcs: [{name: red, vni: 100}, {name: blue, vni: 200}]
subnets:
  - {name: red, vpc: red, prefix4: 10.0.0.0/24, prefix6: "fd00::/64"}
  - {name: blue, vpc: blue, prefix4: 10.0.0.0/24, prefix6: "fd00::/64"}
security_groups:
  - name: default
    rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]
ports:
  - {name: up, role: uplink, type: kernel, device: under0, mac: $mac, address: $address/24}
YAML
    for number in "$@"; do
        if [ "$number" = -- ]; then
            where=mappings
            echo "mappings:"
            continue
        fi
        for tenant in red blue; do
            if [ "$where" = ports ]; then
                echo "  - {name: $tenant$number, role: vnic, type: tap, device: eth0, netns: $N-$tenant$number, subnet: $tenant," \
                    "mac: 02:00:00:00:00:1$number, args: \"mac=02:00:00:00:00:1$number\", addresses: [10.0.0.1$number, \"fd00::1$number\"]}"
            else
                echo "  - {vpc: $tenant, address: 10.0.0.1$number, mac: 02:00:00:00:00:1$number, vtep: $peer}"
                echo "  - {vpc: $tenant, address: \"fd00::1$number\", mac: 02:00:00:00:00:1$number, vtep: $peer}"
            fi
        done
    done
}
host_config 192.0.2.1 02:aa:00:00:00:01 192.0.2.2 1 2 -- 3 >"$TMP/h1.yaml"
host_config 192.0.2.2 02:aa:00:00:00:02 192.0.2.1 3 -- 1 2 >"$TMP/h2.yaml"
start h1
start h2
for number in 1 2 3; do
    guest_up "red$number" "10.0.0.1$number/24" "fd00::1$number/64"
    guest_up "blue$number" "10.0.0.1$number/24" "fd00::1$number/64"
done

# Guest 1's packets of one tenant say "red", of the other "blue": what arrives tells where it came from.
listen() {
    background "$1" tcpdump -n -U -i eth0 -w "$TMP/$1.pcap" icmp or icmp6 or tcp
    wait_for "tcpdump in $1" test -s "$TMP/$1.pcap"
    listeners+=("$BG")
}
listeners=()
for guest in red2 red3 blue2 blue3; do
    listen "$guest"
done
wait_for "the underlay answers" one_ping red1 10.0.0.13

say "both tenants, local and across the underlay, IPv4 and IPv6"
for guest in 2 3; do
    for address in "10.0.0.1$guest" "fd00::1$guest"; do
        pings red1 "$address" -p 726564  # "red"
        pings blue1 "$address" -p 626c75 # "blu"
    done
done

say "TCP of one tenant to an address that listens in the other only"
background blue3 iperf3 -s -1
wait_for "iperf3 in blue3" listens blue3 5201
refused 1 "Connection refused" on red1 iperf3 -t 1 -c 10.0.0.13
works on blue1 iperf3 -t 1 -c 10.0.0.13
iperf red1 red2 10.0.0.12
iperf red1 red3 fd00::13

say "what the guests saw"
for pid in "${listeners[@]}"; do
    stop "$pid"
done
for number in 2 3; do
    for pair in "red$number redred blublu" "blue$number blublu redred"; do
        read -r guest own other <<<"$pair"
        grep -qa "$own" "$TMP/$guest.pcap" || fail "$guest did not see its own tenant's packets"
        ! grep -qa "$other" "$TMP/$guest.pcap" || fail "$guest saw the other tenant's packets"
    done
done
ctl h1 --json session list --all vpc=red >"$TMP/sessions"
grep -q '"vpc":"red"' "$TMP/sessions" || fail "no session of red"
! grep -q '"vpc":"blue"' "$TMP/sessions" || fail "sessions of blue among those of red"

finish
