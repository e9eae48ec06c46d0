#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# uplinks.sh one|two [six]: the underlay is IPv6.
# A host with two uplinks and a plain Linux host behind a router on each: flows on both, a link goes under traffic, and returns.
source "$(dirname "$0")/lib.sh"
needs iperf3 bridge

hosts h1 router h3
guests a
log_allow='msg="port (down|up)"'
# of NETWORK HOST [/]: an address, or with the length of the prefix; network 0 has our end of the tunnels
of() { if [ "$six" ]; then echo "2001:db8:$1::$2${3:+/64}"; else echo "10.255.$1.$2${3:+/24}"; fi; }
route() { on "$1" ip ${six:+-6} route "${@:2}"; } # HOST ...
for i in 1 2; do
    ip -n "$N-h1" link add "up$i" mtu 1600 type veth peer name "h1-$i" netns "$N-router"
    ip -n "$N-h1" link set "up$i" addrgenmode none up
    on router ip addr add "$(of $i 254 /)" dev "h1-$i" ${six:+nodad}
    ip -n "$N-router" link set "h1-$i" mtu 1600 up
done
ip -n "$N-h3" link add up3 mtu 1600 type veth peer name h3 netns "$N-router"
ip -n "$N-h3" link set up3 up
ip -n "$N-router" link set h3 mtu 1600 up
on router ip addr add "$(of 3 254 /)" dev h3 ${six:+nodad}
on h3 ip addr add "$(of 3 3 /)" dev up3 ${six:+nodad}
route h3 add "$(of 0 1)" via "$(of 3 254)"
on router sysctl -q net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 net.ipv6.conf.all.forwarding=1
# An address of the router's goes with its link, over IPv6.
on router sysctl -q net.ipv6.conf.all.keep_addr_on_down=1
by_both() { route router replace "$(of 0 1)" nexthop via "$(of 1 1)" dev h1-1 nexthop via "$(of 2 1)" dev h1-2; }
by() { route router replace "$(of 0 1)" via "$(of "$1" 1)" dev "h1-$1"; }
by_both

cat >"$TMP/h1.yaml" <<YAML
version: 1
underlay: {vtep${six:+6}: "$(of 0 1)"}
ports:
  - {name: up1, role: uplink, type: kernel, device: up1, address${six:+6}: "$(of 1 1 /)", gateway${six:+6}: "$(of 1 254)"}
  - {name: up2, role: uplink, type: kernel, device: up2, address${six:+6}: "$(of 2 1 /)", gateway${six:+6}: "$(of 2 254)"}
  - {name: a, role: vnic, type: tap, device: eth0, netns: $N-a, mtu: 1450, args: "mac=02:00:00:00:00:0a", mac: 02:00:00:00:00:0a,
     subnet: s1, addresses: [10.0.0.10]}
vpcs: [{name: red, vni: 100}]
subnets: [{name: s1, vpc: red, prefix4: 10.0.0.0/24}]
mappings: [{vpc: red, address: 10.0.0.13, mac: 02:00:00:00:00:0d, vtep: "$(of 3 3)"}]
security_groups:
  - name: default
    rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]
YAML
start h1
guest_up a 10.0.0.10/24
linux_vtep h3 "$(of 3 3)" "$(of 0 1)"

sent() { get h1 "sum(p['tx_packets'] for p in d['ports'] if p['name'] == '$1')"; }
link_of() { get h1 "any(p['name'] == '$1' and p['link'] == '$2' for p in d['ports'])"; }
asked() { get h1 "sum(p['rx_packets'] for p in d['ports'] if p['name'] == 'a')"; }
asked_more_than() { [ "$(asked)" -gt "$1" ]; }
more_by() { [ "$(sent "$1")" -gt "$2" ]; }
# Connections of iperf3 with data, and what of it was acknowledged: PORT BYTES.
acknowledged() {
    on a ss -Htni state established 'dport = :5201' | "$PYTHON" -c '
import re, sys
for port, bytes in re.findall(r":(\d+) +\S+:5201.*?bytes_acked:(\d+)", sys.stdin.read(), re.DOTALL):
    if int(bytes) > 20000:
        print(port, bytes)' | sort
}
# all_go_on: more is acknowledged than $TMP/acknowledged says, on each of the four.
all_go_on() { [ "$(join "$TMP/acknowledged" <(acknowledged) | awk '$3 > $2' | wc -l)" -eq 4 ]; }
# flows: many of UDP, so that both uplinks get some.
flows() { on a "$PYTHON" -c '
import socket
for i in range(200):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("10.0.0.10", 20000 + i))
    s.sendto(b"x" * 100, ("10.0.0.13", 9))
    s.close()'; }

say "both uplinks carry flows"
wait_for "the far host answers" one_ping a 10.0.0.13
for _ in 1 2 3; do wait_for "another flow" one_ping a 10.0.0.13; done
first=$(sent up1) second=$(sent up2)
flows
wait_for "flows on up1" more_by up1 $((first + 40))
wait_for "flows on up2" more_by up2 $((second + 40))

say "each link in turn goes under iperf3 and ping, and returns"
for i in 1 2; do
    background h3 iperf3 -s -1
    server=$BG
    wait_for "iperf3 in h3" listens h3 5201
    ip netns exec "$N-a" iperf3 -J -c 10.0.0.13 -t 5 -P 4 </dev/null >"$TMP/iperf.json" 2>&1 &
    client=$!
    pids+=("$client")
    wait_for "traffic" asked_more_than $(($(asked) + 50))
    by $((3 - i))
    ip -n "$N-router" link set "h1-$i" down
    wait_for "the link is seen down" link_of "up$i" down
    pings a 10.0.0.13
    acknowledged >"$TMP/acknowledged"
    wait_for "each connection goes on over the other uplink" all_go_on
    flows
    ip -n "$N-router" link set "h1-$i" up
    wait_for "the link is seen up" link_of "up$i" up
    by_both
    wait "$client" || fail "iperf3: $(grep error "$TMP/iperf.json" || true)"
    wait "$server" || true
    "$PYTHON" -c 'import json, sys; e = json.load(open(sys.argv[1]))["end"]; print("iperf3 over the fail-over: %d MB" % (e["sum_received"]["bytes"] / 1e6)); sys.exit(any(s["receiver"]["bytes"] < 100000 for s in e["streams"]))' \
        "$TMP/iperf.json" || fail "a connection stood still"
    before=$(sent "up$i")
    flows
    wait_for "flows on up$i again" more_by "up$i" $((before + 40))
done

say "no uplink left: counted, and over when one returns"
ip -n "$N-router" link set h1-1 down
ip -n "$N-router" link set h1-2 down
wait_for "both links are seen down" link_of up1 down
wait_for "both links are seen down" link_of up2 down
dropped h1 a no_uplink on a ping -q -c 1 -W 1 10.0.0.13
on router ip link set h1-2 up
by 2
wait_for "the far host answers" one_ping a 10.0.0.13

finish
