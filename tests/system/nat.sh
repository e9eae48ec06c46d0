#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Public addresses, with an internet behind a router: EIPs, a pool, forwarded ports, hairpin, ICMP errors, exhaustion, changes.
#
#     a   10.0.0.10 blue, EIP 203.0.113.5     \                  router                 inet
#     b   10.0.0.11 blue, pool 203.0.113.100   } h1  192.0.2.1 --- 192.0.2.254
#     c   10.0.0.12 blue, its port 80          /                  198.51.100.254 ------ 198.51.100.9 (MTU 1400)
#     r   10.0.0.10 red, EIP 203.0.113.9      /
# a and b likewise over IPv6: EIP 2001:db8:203::5, pool 2001:db8:203::100; router fd00:99::fe, inet 2001:db8:1::9.
source "$(dirname "$0")/lib.sh"
needs python3

hosts h1 router inet
guests a b c r
underlay 1500 h1 router
ip -n "$N-router" link add out mtu 1400 type veth peer name eth0 netns "$N-inet"
ip -n "$N-router" addr add 192.0.2.254/24 dev under0
ip -n "$N-router" addr add 198.51.100.254/24 dev out
ip -n "$N-router" link set out up
ip -n "$N-router" route add 203.0.113.0/24 via 192.0.2.1
on router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip -n "$N-router" addr add fd00:99::fe/64 dev under0 nodad
ip -n "$N-router" addr add fe80::fe/64 dev under0 nodad
ip -n "$N-router" addr add 2001:db8:1::fe/64 dev out nodad
ip -n "$N-router" route add 2001:db8:203::/64 via fd00:99::1
ip -n "$N-inet" addr add 198.51.100.9/24 dev eth0
ip -n "$N-inet" link set eth0 mtu 1400 up
ip -n "$N-inet" route add default via 198.51.100.254
ip -n "$N-inet" addr add 2001:db8:1::9/64 dev eth0 nodad
ip -n "$N-inet" route add default via 2001:db8:1::fe

# document POOL_PORTS EIP_OWNER [PPS]: the configuration; packets a second to the pool.
document() {
    cat <<YAML
version: 1
options: {timeouts: {udp_single: 60, icmp: 2}}
vpcs: [{name: blue, vni: 100}, {name: red, vni: 200}]
subnets:
  - {name: blue, vpc: blue, prefix4: 10.0.0.0/24, prefix6: "fd00:1::/64"}
  - {name: red, vpc: red, prefix4: 10.0.0.0/24}
ports:
  - {name: up, role: uplink, type: kernel, device: under0, mac: 02:aa:00:00:00:01, address: 192.0.2.1/24,
     gateway: 192.0.2.254, address6: "fd00:99::1/64", gateway6: "fd00:99::fe"}
  - {name: a, role: vnic, type: tap, device: eth0, netns: $N-a, subnet: blue, mac: 02:00:00:00:00:0a,
     args: "mac=02:00:00:00:00:0a", addresses: [10.0.0.10, "fd00:1::10"], security_groups: [open]}
  - {name: b, role: vnic, type: tap, device: eth0, netns: $N-b, subnet: blue, mac: 02:00:00:00:00:0b,
     args: "mac=02:00:00:00:00:0b", addresses: [10.0.0.11, "fd00:1::11"], security_groups: [open]}
  - {name: c, role: vnic, type: tap, device: eth0, netns: $N-c, subnet: blue, mac: 02:00:00:00:00:0c,
     args: "mac=02:00:00:00:00:0c", addresses: [10.0.0.12], security_groups: [web]}
  - {name: r, role: vnic, type: tap, device: eth0, netns: $N-r, subnet: red, mac: 02:00:00:00:00:0d,
     args: "mac=02:00:00:00:00:0d", addresses: [10.0.0.10], security_groups: [open]}
routes:
  - {vpc: blue, prefix: 0.0.0.0/0, type: external}
  - {vpc: blue, prefix: "::/0", type: external}
  - {vpc: red, prefix: 0.0.0.0/0, type: external}
eips:
  - {name: one, address: 203.0.113.5, vnic: $2}
  - {name: red, address: 203.0.113.9, vnic: r}
  - {name: six, address: "2001:db8:203::5", vnic: a}
snat:
  - {name: pool, vpc: blue, addresses: [203.0.113.100, "2001:db8:203::100"], ports: $1, rx_limit: {pps: ${3:-0}}}
forwards:
  - {name: web, address: 203.0.113.100, protocol: tcp, port: 8080, vnic: c, inside_port: 80}
security_groups:
  - {name: open, rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]}
  - {name: web, rules: [{direction: egress, action: allow}, {direction: ingress, action: allow, protocol: tcp, ports: 80}]}
YAML
}
# seen_as WHO ADDRESS tcp|udp TO PORT: asks there, and is known as that.
seen_as() {
    local who=$1 address=$2
    shift 2
    on "$who" "$PYTHON" "$here/../lib/whoami.py" ask "$@" >"$TMP/out" 2>&1 || fail "$who asks $*: $(cat "$TMP/out")"
    [ "$(cut -d ' ' -f 1 "$TMP/out")" = "$address" ] || fail "$who is known to $* as $(cat "$TMP/out"), not as $address"
}
serves() { # WHO ADDRESS PORT
    background "$1" "$PYTHON" "$here/../lib/whoami.py" serve "$2" "$3"
    wait_for "a server in $1" listens "$1" "$3"
}
silent() { # WHO tcp|udp ADDRESS PORT
    on "$1" timeout 1 "$PYTHON" "$here/../lib/whoami.py" ask "${@:2}"
}
pool() { ctl h1 --json snat list | json "d[0]['$1']"; }

document 20000-20999 a >"$TMP/h1.yaml"
start h1
guest_up a 10.0.0.10/24 fd00:1::10/64
guest_up b 10.0.0.11/24 fd00:1::11/64
guest_up c 10.0.0.12/24
guest_up r 10.0.0.10/24
for guest in a b c r; do
    on "$guest" ip route add default via 10.0.0.1
done
for guest in a b; do
    on "$guest" ip route add default via fd00:1::1
done
serves inet 198.51.100.9 7
serves inet 2001:db8:1::9 7
serves a fd00:1::10 7
serves a 10.0.0.10 7
serves c 10.0.0.12 80
serves r 10.0.0.10 7
wait_for "the router's MAC address" one_ping a 198.51.100.9
wait_for "the router's MAC address by neighbour discovery" one_ping a 2001:db8:1::9

say "out: each under its public address"
for guest in a b r; do
    pings "$guest" 198.51.100.9
done
for proto in tcp udp; do
    seen_as a 203.0.113.5 $proto 198.51.100.9 7
    seen_as b 203.0.113.100 $proto 198.51.100.9 7
    seen_as c 203.0.113.100 $proto 198.51.100.9 7
    seen_as r 203.0.113.9 $proto 198.51.100.9 7
done
works ctl h1 snat list
[ "$(pool bindings)" -ge 4 ] || fail "sessions of the pool: $(pool bindings)"

say "in: to whom it belongs, and to nobody else"
pings inet 203.0.113.5
for proto in tcp udp; do
    seen_as inet 198.51.100.9 $proto 203.0.113.5 7
    seen_as inet 198.51.100.9 $proto 203.0.113.9 7
done
seen_as inet 198.51.100.9 tcp 203.0.113.100 8080
dropped h1 up nat_none silent inet tcp 203.0.113.100 80
dropped h1 up nat_none silent inet udp 203.0.113.100 8080
dropped h1 up not_for_us silent inet udp 203.0.113.77 7
on router ip route add 10.0.0.0/24 via 192.0.2.1
dropped h1 up not_for_us silent inet udp 10.0.0.10 7

say "hairpin: guests know each other by public addresses"
for proto in tcp udp; do
    seen_as b 203.0.113.100 $proto 203.0.113.5 7
    seen_as a 203.0.113.5 $proto 203.0.113.5 7
    seen_as a 203.0.113.5 $proto 203.0.113.9 7
    seen_as r 203.0.113.9 $proto 203.0.113.5 7
done
seen_as r 203.0.113.9 tcp 203.0.113.100 8080

say "ICMP errors, through the translation and back"
refused_by() { # WHO ADDRESS: a datagram to a closed port
    refused 1 "Connection refused" on "$1" "$PYTHON" "$here/../lib/whoami.py" ask udp "$2" 9
}
refused_by b 198.51.100.9
refused_by a 198.51.100.9
refused_by inet 203.0.113.5
refused_by b 203.0.113.5
hop() { on "$1" ping -n -c 1 -W 2 -t "$2" "$3" || true; }
for guest in a b; do
    says "From 192.0.2.254 icmp_seq=1 Time to live exceeded" hop "$guest" 2 198.51.100.9
done
says "From 10.0.0.1 icmp_seq=1 Time to live exceeded" hop b 1 198.51.100.9
too_big() { on "$1" ping -n -c 1 -W 2 -M "do" -s 1450 "$2" || true; }
says "mtu = 1400" too_big b 198.51.100.9
says "mtu = 1400" too_big a 198.51.100.9

say "IPv6: out, in, hairpin, errors"
for proto in tcp udp; do
    seen_as a 2001:db8:203::5 $proto 2001:db8:1::9 7
    seen_as b 2001:db8:203::100 $proto 2001:db8:1::9 7
    seen_as inet 2001:db8:1::9 $proto 2001:db8:203::5 7
    seen_as b 2001:db8:203::100 $proto 2001:db8:203::5 7
done
pings a 2001:db8:1::9
pings b 2001:db8:1::9
refused_by b 2001:db8:1::9
refused_by inet 2001:db8:203::5
dropped h1 up nat_none silent inet udp 2001:db8:203::100 7
says "From fd00:99::fe icmp_seq=1 Time exceeded" hop b 2 2001:db8:1::9

say "with segmentation offload, both ways"
iperf b inet 198.51.100.9
iperf a inet 198.51.100.9 -R
iperf inet a 203.0.113.5
iperf b a 203.0.113.5
iperf b inet 2001:db8:1::9

say "a pool of eight ports: full, and free again"
document 30000-30007 a >"$TMP/h1.yaml"
works ctl h1 apply -f "$TMP/h1.yaml" --wait
[ "$(pool bindings)" -eq 0 ] || fail "sessions with ports that the pool has no more: $(pool bindings)"
answered() { # COUNT: of so many sockets of b, how many get an answer
    on b "$PYTHON" - "$1" <<'PY'
import socket, sys
sockets = []
for i in range(int(sys.argv[1])):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.connect(("198.51.100.9", 7))
    s.send(b"?")
    s.settimeout(2 if i < 8 else 0.5)
    sockets.append(s)
seen = set()
for s in sockets:
    try:
        seen.add(s.recv(99))
    except TimeoutError:
        pass
assert all(30000 <= int(x.split()[1]) <= 30007 for x in seen), seen
print(len(seen))
PY
}
got=$(answered 12)
[ "$got" -eq 8 ] || fail "of twelve, $got got one of the eight ports"
[ "$(drops h1 b nat_ports)" -ge 4 ] || fail "nat_ports is not counted"
[ "$(pool bindings)" -eq 8 ] || fail "eight ports, bindings: $(pool bindings)"
[ "$(pool failures)" -ge 4 ] || fail "four got none, failures: $(pool failures)"
seen_as a 203.0.113.5 udp 198.51.100.9 7
works ctl h1 session flush port=b
[ "$(answered 8)" -eq 8 ] || fail "not all ports are free again"

say "a flood at the pool is held off in front of the firmware, and at nobody else's expense"
document 20000-20999 a 1000 >"$TMP/h1.yaml"
works ctl h1 apply -f "$TMP/h1.yaml" --wait
nic() { ctl h1 --json stats | json "d['nic']['$1']"; }
[ "$(nic publics_used)" -eq 6 ] || fail "the NIC knows $(nic publics_used) public addresses and ports, not 6"
flood() { # ADDRESS PACKETS
    on inet "$PYTHON" - "$@" <<'PY'
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(int(sys.argv[2])):
    s.sendto(b"?", (sys.argv[1], 1000 + i % 100))
PY
}
before=$(drops h1 up nat_none)
flood 203.0.113.100 20000
[ "$(nic pool_drops)" -gt 0 ] || fail "20,000 packets to a pool of 1,000 a second, and the NIC let all pass"
# What was not dropped there, software refused: no port leads to anybody.
through() { [ $(($(drops h1 up nat_none) - before + $(nic pool_drops))) -eq 20000 ]; }
wait_for "20,000 packets in the counters" through
[ "$(drops h1 up pre_limit)" -eq "$(nic pool_drops)" ] || fail "dropped by rate: $(drops h1 up pre_limit), at the pool $(nic pool_drops)"
seen_as inet 198.51.100.9 udp 203.0.113.5 7

say "an EIP changes hands: nothing goes on under it"
serves b 10.0.0.11 7
seen_as inet 198.51.100.9 udp 203.0.113.5 7
under_the_eip() { # GUEST'S ADDRESS: has a session under it
    ctl h1 --json session list --all >"$TMP/sessions"
    grep -F '"203.0.113.5"' "$TMP/sessions" | grep -F "\"$1\"" >/dev/null
}
under_the_eip 10.0.0.10 || fail "no session of a's under its EIP: $(cat "$TMP/sessions")"
document 20000-20999 b >"$TMP/h1.yaml"
works ctl h1 apply -f "$TMP/h1.yaml" --wait
! under_the_eip 10.0.0.10 || fail "a session of a's under the EIP that is b's"
seen_as inet 198.51.100.9 udp 203.0.113.5 7
seen_as b 203.0.113.5 udp 198.51.100.9 7
seen_as a 203.0.113.100 udp 198.51.100.9 7
under_the_eip 10.0.0.11 || fail "no session of b's under its EIP: $(cat "$TMP/sessions")"

finish
