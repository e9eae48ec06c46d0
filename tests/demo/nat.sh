#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Public addresses: two tenants with the same addresses inside, and an internet behind a router.
#
#     h1 (vSwitch)                                    router             internet
#     shop   blue 10.1.0.10  EIP 203.0.113.10
#     office blue 10.1.0.11  shares 203.0.113.1       192.0.2.254
#     lab    blue 10.1.0.12  shares 203.0.113.1,      198.51.100.254     198.51.100.9
#                            its port 80 is :8080
#     rival  red  10.1.0.10  EIP 203.0.113.20
#     192.0.2.1 ------------------------------------- an Ethernet
#
# Each row is a question that somebody asks, and who the asked one takes him for. Every one of them is a network namespace.
#   --one     avsd alone
#   --two     avs-nic and avsd, two processes (default)
# Run it by ./run demo nat, which builds first.

# shellcheck source=tests/demo/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
processes=([1]=2)
begin "$@"

declare -A address=([shop]=10.1.0.10 [office]=10.1.0.11 [lab]=10.1.0.12 [rival]=10.1.0.10 [internet]=198.51.100.9)
declare -A subnet=([shop]=blue [office]=blue [lab]=blue [rival]=red)
guests=(shop office lab rival)

make_outside() {
    local name
    for name in h1 router internet "${guests[@]}"; do
        namespace "$name"
    done
    veth h1 under0 router under0
    no_ipv6 h1 under0
    no_ipv6 router under0
    veth router out internet eth0
    ip -n "$RUN-router" addr add 192.0.2.254/24 dev under0
    ip -n "$RUN-router" addr add 198.51.100.254/24 dev out
    ip -n "$RUN-router" route add 203.0.113.0/24 via 192.0.2.1
    in_ns router sysctl -qw net.ipv4.ip_forward=1
    ip -n "$RUN-internet" addr add 198.51.100.9/24 dev eth0
    ip -n "$RUN-internet" route add default via 198.51.100.254
}

configuration() {
    local guest n=10
    cat <<YAML
version: 1
vpcs: [{name: blue, vni: 100}, {name: red, vni: 200}]
subnets:
  - {name: blue, vpc: blue, prefix4: 10.1.0.0/24}
  - {name: red, vpc: red, prefix4: 10.1.0.0/24}
routes:
  - {vpc: blue, prefix: 0.0.0.0/0, type: external}
  - {vpc: red, prefix: 0.0.0.0/0, type: external}
eips:
  - {name: shop, address: 203.0.113.10, vnic: shop}
  - {name: rival, address: 203.0.113.20, vnic: rival}
snat:
  - {name: blue-out, vpc: blue, addresses: [203.0.113.1]}
forwards:
  - {name: lab, address: 203.0.113.1, protocol: tcp, port: 8080, vnic: lab, inside_port: 80}
security_groups:
  - {name: default, rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]}
ports:
  - {name: up, role: uplink, type: kernel, device: under0, mac: 02:aa:00:00:00:01, address: 192.0.2.1/24, gateway: 192.0.2.254}
YAML
    for guest in "${guests[@]}"; do
        echo "  - {name: $guest, role: vnic, type: tap, device: eth0, netns: $RUN-$guest, subnet: ${subnet[$guest]}," \
            "mac: \"02:00:00:00:00:$n\", args: \"mac=02:00:00:00:00:$n\", addresses: [${address[$guest]}]}"
        n=$((n + 1))
    done
}

# whoami.py at each guest, of port 80, and outside.
furnish() {
    local name
    for name in "${guests[@]}"; do
        ip -n "$RUN-$name" addr add "${address[$name]}/24" dev eth0
        ip -n "$RUN-$name" route add default via 10.1.0.1
    done
    for name in "${guests[@]}" internet; do
        start "whoami-$name" "$name" /usr/bin/python3 "$here/../lib/whoami.py" serve "${address[$name]}" 80
        wait_for 10 "a server at $name" in_ns "$name" sh -c 'ss -Htln sport = 80 | grep -q .'
    done
}

# The one who is asked says whom it has seen.
row_seen() {
    local what=$1 proto=$2 from=$3 to=$4 port=$5 want=$6 got
    got=$(in_ns "$from" /usr/bin/python3 "$here/../lib/whoami.py" ask "$proto" "$to" "$port" 2>&1) || true
    if [ "${got% *}" = "$want" ]; then
        row ok "$what" "$from" "$proto $to:$port" "sees ${got/ /:}"
    else
        row FAIL "$what" "$from" "$proto $to:$port" "${got:0:24}, not $want"
    fi
}

row_nobody() {
    local what=$1 from=$2 to=$3 port=$4
    if in_ns "$from" timeout 1 /usr/bin/python3 "$here/../lib/whoami.py" ask tcp "$to" "$port" >/dev/null 2>&1; then
        row FAIL "$what" "$from" "tcp $to:$port" "an answer"
    else
        row ok "$what" "$from" "tcp $to:$port" "no answer, as it should"
    fi
}

# A command that has to say something.
row_says() {
    local what=$1 from=$2 to=$3 want=$4 text=$5 said
    shift 5
    said=$(in_ns "$from" "$@" 2>&1) || true
    if grep -q "$want" <<<"$said"; then
        row ok "$what" "$from" "$to" "$text"
    else
        row FAIL "$what" "$from" "$to" "not told"
    fi
}

step "two tenants, four guests, a router and an internet, in namespaces $RUN-*"
make_outside
configuration >"$TMP/h1.yaml"
vswitch 1
furnish
wait_for 5 "the way to the internet" in_ns shop ping -c 1 -W 0.3 198.51.100.9

table_head
row_seen "out, by its own address (EIP)" tcp shop 198.51.100.9 80 203.0.113.10
row_seen "out, the other tenant's" tcp rival 198.51.100.9 80 203.0.113.20
row_seen "out, by a shared address (SNAT)" tcp office 198.51.100.9 80 203.0.113.1
row_seen "out, by the same one" udp lab 198.51.100.9 80 203.0.113.1
row_ping "ping, shared address" office 198.51.100.9
row_seen "in, to an EIP" tcp internet 203.0.113.10 80 198.51.100.9
row_seen "in, to the other tenant's" udp internet 203.0.113.20 80 198.51.100.9
row_seen "in, by a forwarded port" tcp internet 203.0.113.1 8080 198.51.100.9
row_nobody "in, where nothing is forwarded" internet 203.0.113.1 80
row_seen "hairpin: neighbour by its EIP" tcp office 203.0.113.10 80 203.0.113.1
row_seen "hairpin: neighbour by its port" tcp shop 203.0.113.1 8080 203.0.113.10
row_seen "hairpin: tenant to tenant" tcp rival 203.0.113.10 80 203.0.113.20
row_seen "hairpin: oneself" tcp shop 203.0.113.10 80 203.0.113.10
row_says "traceroute: the second hop" office 198.51.100.9 "From 192.0.2.254 .*exceeded" "192.0.2.254" \
    ping -n -c 1 -W 2 -t 2 198.51.100.9
row_says "port unreachable comes back" office "udp 198.51.100.9:9" "Connection refused" "Connection refused" \
    /usr/bin/python3 "$here/../lib/whoami.py" ask udp 198.51.100.9 9

printf '\n'
"$bin/avs-ctl" --socket "$TMP/h1.sock" snat list
finish 1
