#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Rules to the hardware: drop, meter, mirror and mark on real traffic, what is refused, and when rules go.
source "$(dirname "$0")/lib.sh"
needs tcpdump python3

hosts h1
guests a b span
vnic() { # NAME NUMBER SUBNET
    echo "{name: $1, role: vnic, type: tap, device: eth0, netns: $N-$1, subnet: $3, mac: 02:00:00:00:00:$2," \
        "args: \"mac=02:00:00:00:00:$2\", addresses: [10.0.0.$2]}"
}
cat >"$TMP/h1.yaml" <<YAML
version: 1
vpcs: [{name: red, vni: 100}, {name: spy, vni: 200}]
subnets: [{name: s1, vpc: red, prefix4: 10.0.0.0/24}, {name: s2, vpc: spy, prefix4: 10.0.0.0/24}]
ports:
  - $(vnic a 10 s1)
  - $(vnic b 11 s1)
  - $(vnic span 12 s2)
YAML
start h1
guest_up a 10.0.0.10/24
guest_up b 10.0.0.11/24
pings a 10.0.0.11

rule() { works ctl h1 flow create "$@"; }
hits() { ctl h1 --json flow query "$1" "$2" count | json "d['hits']"; }

say "drop: what the rule names, and only that"
says "Flow rule validated (table)" ctl h1 flow validate a ingress pattern eth / ipv4 / icmp / end actions drop / end
pings a 10.0.0.11
says "Flow rule #0 created (table)" ctl h1 flow create a ingress priority 1 \
    pattern eth / ipv4 dst is 10.0.0.11 / icmp type is 8 / end actions count / drop / end
dropped h1 a rule one_ping a 10.0.0.11
[ "$(hits a 0)" -ge 1 ] || fail "the rule counted nothing"
pings b 10.0.0.10 # a's answers are no requests
rule a ingress priority 0 pattern icmp / end actions count / end
pings a 10.0.0.11 # the smaller number decides
says "priority 1 pattern" ctl h1 flow list a
ctl h1 --json flow list a | json "[(r['rule'], r['home']) for r in d] == [(1, 'table'), (0, 'table')]" >/dev/null
works ctl h1 flow destroy a rule 1
dropped h1 a rule one_ping a 10.0.0.11
works ctl h1 flow destroy a rule 0
pings a 10.0.0.11

say "meter: a stream of datagrams against one a second"
works ctl h1 meter create 7 pps 1 burst 5
rule a ingress pattern eth / ipv4 / udp dst is 9000 / end actions meter mtr_id 7 / count / end
background a "$PYTHON" -c '
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    s.sendto(b"x", ("10.0.0.11", 9000))
    time.sleep(0.001)'
metered() { [ "$(drops h1 a meter)" -gt 100 ]; }
wait_for "the meter" metered
stop "$BG"
[ $(($(hits a 0) - $(drops h1 a meter))) -ge 5 ] || fail "less than the burst passed"
refused 6 "a rule uses the meter" ctl h1 meter delete 7
works ctl h1 flow flush a
works ctl h1 meter delete 7
refused 3 "there is no meter 7" ctl h1 flow create a ingress pattern end actions meter mtr_id 7 / end

say "mirror: another network's port sees a's packets, nobody else does"
background span tcpdump -n -U -i eth0 -w "$TMP/span.pcap" icmp
wait_for "tcpdump in span" test -s "$TMP/span.pcap"
rule a ingress pattern eth / ipv4 / icmp / end actions mirror port span / end
pings a 10.0.0.11 -p 6d697272  # "mirr"
pings b 10.0.0.10 -p 6f74686572 # "other": of these the span port sees a's answers
mirrored() { grep -qa mirrmirr "$TMP/span.pcap" && grep -qa otherother "$TMP/span.pcap"; }
wait_for "what was mirrored" mirrored
stop "$BG"
get h1 "[p['conservation']['copies'] for p in d['ports'] if p['name'] == 'a'][0] >= 6 and d['conservation']['ok']" >/dev/null
get h1 "all(p['conservation']['copies'] == 0 for p in d['ports'] if p['name'] != 'a')" >/dev/null

say "mark: a session by the number that session show gives it"
background a ping -q -i 0.05 10.0.0.11
has_session() { [ -n "$(ctl h1 --json session list proto=icmp)" ]; }
wait_for "its session" has_session
flow_id=$(ctl h1 --json session list -n 1 proto=icmp | json "d['flow_id']")
mark=$(ctl h1 --json session show "$flow_id" | json "d['mark']")
rule a ingress priority 3 pattern icmp / end actions mark id "$mark" / count / end
marking=$(ctl h1 --json flow list a | json "[r['rule'] for r in d if r['priority'] == 3][0]")
works ctl h1 flow destroy a rule 0 # the mirror came first, and ended it there
marked() { [ "$(hits a "$marking")" -gt 3 ]; }
wait_for "marked packets" marked
pings a 10.0.0.11
stop "$BG"
refused 1 "no session has mark 33554431" ctl h1 flow create a ingress pattern end actions mark id 33554431 / end

say "what is no rule is refused, by name and place"
refused 1 "ITEM: udp cannot stand directly behind eth, at character 23" ctl h1 flow create a ingress pattern eth / udp / end actions drop / end
refused 1 "ATTR_EGRESS" ctl h1 flow validate a egress pattern end actions drop / end
refused 1 "ATTR_TRANSFER" ctl h1 flow validate a transfer pattern end actions drop / end
refused 1 "ATTR_GROUP" ctl h1 flow validate a ingress group 4 pattern end actions drop / end
refused 3 "no port 'nobody'" ctl h1 flow create nobody ingress pattern end actions drop / end
refused 1 "no port 'nobody'" ctl h1 flow create a ingress pattern end actions mirror port nobody / end
refused 3 "has no rule 99" ctl h1 flow query a 99 count
refused 3 "has no rule 99" ctl h1 flow destroy a rule 99
chmod 775 "$TMP"
chmod 666 "$TMP/h1.sock"
operator() { setpriv --reuid 54321 --regid "$(stat -c %g "$TMP/h1.sock")" --clear-groups "$BIN/avs-ctl" -s "$TMP/h1.sock" "$@"; }
works operator flow list
works operator flow validate a ingress pattern end actions drop / end
refused 5 "you may only look" operator flow create a ingress pattern end actions drop / end
refused 5 "you may only look" operator flow flush a
refused 5 "you may only look" operator meter create 1 pps 1 burst 1

say "rules go with their port, and with the port they mirror to"
works ctl h1 flow flush a
rule a ingress pattern icmp / end actions mirror port span / passthru / end
rule a ingress priority 1 pattern udp / end actions count / end
rule span ingress pattern end actions drop / end
works ctl h1 port del span
ctl h1 --json flow list | json "[r['text'] for r in d] == ['ingress priority 1 pattern udp / end actions count / end']" >/dev/null
pings a 10.0.0.11

say "and with the firmware that made them"
works ctl h1 meter create 7 pps 1 burst 5
rule a ingress pattern icmp / end actions drop / end
dropped h1 a rule one_ping a 10.0.0.11
stop_program "${avsd_pid[h1]}" "avsd of h1"
start_avsd h1 -c "$TMP/h1.yaml"
if [ "$mode" = one ]; then
    guest_up a 10.0.0.10/24
    guest_up b 10.0.0.11/24
fi
pings a 10.0.0.11
ctl h1 --json flow list | json "d == []" >/dev/null
ctl h1 --json meter list | json "d == []" >/dev/null

finish
