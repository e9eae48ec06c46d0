#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# geneve.sh one|two [six]: the underlay is IPv6.
# Two hosts that speak Geneve with options for one VPC and VXLAN for another, and what tshark reads between them.
source "$(dirname "$0")/lib.sh"
needs iperf3 dumpcap tshark

hosts h1 h2
guests a b ra rb
underlay 1600 h1 h2

host() { # NAME, number of our own, of the other host, guests of geneve and vxlan here
    cat >"$TMP/$1.yaml" <<YAML
version: 1
ports:
  - {name: up, role: uplink, type: kernel, device: under0, $(link_at "$2")}
  - {name: g, role: vnic, type: tap, device: eth0, netns: $N-$4, mtu: 1500, args: "mac=02:00:00:00:00:0$2", mac: 02:00:00:00:00:0$2,
     subnet: s1, addresses: [10.0.0.1$2, "fd00::1$2"], security_groups: [open]}
  - {name: r, role: vnic, type: tap, device: eth0, netns: $N-$5, mtu: 1500, args: "mac=02:00:00:00:00:0$2", mac: 02:00:00:00:00:0$2,
     subnet: s2, addresses: [10.0.0.1$2], security_groups: [open]}
vpcs:
  - {name: blue, vni: 100, encap: geneve, geneve_options: [{class: 65280, type: 1, data: "0a0b0c0$2"}, {class: 65281, type: 2}]}
  - {name: red, vni: 200}
subnets:
  - {name: s1, vpc: blue, prefix4: 10.0.0.0/24, prefix6: "fd00::/64"}
  - {name: s2, vpc: red, prefix4: 10.0.0.0/24}
mappings:
  - {vpc: blue, address: 10.0.0.1$3, mac: 02:00:00:00:00:0$3, vtep: "$(at "$3")"}
  - {vpc: blue, address: "fd00::1$3", mac: 02:00:00:00:00:0$3, vtep: "$(at "$3")"}
  - {vpc: red, address: 10.0.0.1$3, mac: 02:00:00:00:00:0$3, vtep: "$(at "$3")"}
security_groups:
  - name: open
    rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]
YAML
}
host h1 1 2 a ra
host h2 2 1 b rb
start h1
start h2
guest_up a 10.0.0.11/24 fd00::11/64
guest_up b 10.0.0.12/24 fd00::12/64
guest_up ra 10.0.0.11/24
guest_up rb 10.0.0.12/24

say "ping, both tenants, IPv4 and IPv6"
wait_for "blue's other host" one_ping a 10.0.0.12
wait_for "red's other host" one_ping ra 10.0.0.12
background net dumpcap -q -i h1 -p -c 40 -a duration:30 -w "$TMP/seen.pcap"
capture=$BG
wait_for "the capture" test -s "$TMP/seen.pcap"
for _ in 1 2 3 4; do
    pings a 10.0.0.12
    pings b fd00::11
    pings ra 10.0.0.12
done
wait "$capture"

say "tshark: both tunnels, the options as configured, nothing malformed, no wrong checksum"
tshark -n -r "$TMP/seen.pcap" -Y "geneve || vxlan" -T fields -e udp.dstport -e geneve.vni -e vxlan.vni -e geneve.option.class \
    2>"$TMP/out" | sort | uniq >"$TMP/fields"
sums=0 # of the tunnel's own
[ -z "$six" ] || sums=1
tshark -n -r "$TMP/seen.pcap" -Y "geneve || vxlan" -T fields -e udp.checksum -E occurrence=f 2>"$TMP/out" |
    awk -v sums=$sums '($1 != "0x0000") != sums { wrong = 1 } END { exit wrong || NR == 0 }' || fail "other checksums outside than by default"
printf '4789\t\t200\t\n6081\t0x000064\t\t0xff00,0xff01\n' >"$TMP/expected"
diff "$TMP/expected" "$TMP/fields" || fail "other tunnels than these"
tshark -n -r "$TMP/seen.pcap" -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE -Y \
    "_ws.malformed || ip.checksum.status == 0 || udp.checksum.status == 0 || icmp.checksum.status == 0 || icmpv6.checksum.status == 0" \
    >"$TMP/out" 2>"$TMP/errors"
[ ! -s "$TMP/out" ] || fail "tshark: $(head -n 3 "$TMP/out")"

say "TCP with segmentation, UDP, both ways"
iperf a b 10.0.0.12
iperf a b fd00::12 -R
iperf a b 10.0.0.12 -u -b 50M -l 1400
iperf ra rb 10.0.0.12
get h1 "sum(p['conservation']['segments_added'] for p in d['ports'] if p['name'] == 'g') > 0" >/dev/null || fail "no frame was segmented"

finish
