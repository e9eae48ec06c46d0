#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What avs-ctl says of a packet is what becomes of it, and saying so changes nothing.
#   explain.sh one|two
source "$(dirname "$0")/lib.sh"
needs ping tshark

groups='  - name: default
    rules:
      - {direction: egress, action: allow}
      - {direction: ingress, action: allow, protocol: icmp}
      - {direction: ingress, action: allow, protocol: tcp, ports: 80-80}'
hosts h1 h2
underlay h1 h2
guests a b c
host_of_two 1 11 >"$TMP/h1.yaml"
vnic a 10 >>"$TMP/h1.yaml"
vnic c 12 >>"$TMP/h1.yaml"
host_of_two 2 10 12 >"$TMP/h2.yaml"
vnic b 11 >>"$TMP/h2.yaml"
start_three
pings a 10.0.0.11

# explains CODE PATTERN WORD...: exit code, and a line that matches
explains() {
    local want=$1 pattern=$2 code=0
    shift 2
    ctl h1 explain "$@" >"$TMP/why" 2>&1 || code=$?
    [ "$code" = "$want" ] || fail "explain $*: exit code $code, not $want: $(cat "$TMP/why")"
    grep -Eq "$pattern" "$TMP/why" || fail "explain $*: no '$pattern' in: $(cat "$TMP/why")"
}
# What the packets below would be dropped for; no packet of a guest's own is.
counted() {
    ctl h1 drops --json | grep -E 'sg_ingress|spoof_ip|tcp_state|no_session' || true
}

say "in words: through a tunnel, to a neighbour, refused, refused at the door, answered"
sessions=$(ctl h1 session list --json | wc -l)
explains 0 'delivered to port up$' 'icmp 10.0.0.10 > 10.0.0.11'
explains 0 'action .*encap vxlan' 'tcp 10.0.0.10:1234 > 10.0.0.11:80'
explains 0 'delivered to port c' --port a 'tcp 10.0.0.10:1234 > 10.0.0.12:80'
explains 8 'dropped by avsd: sg_ingress' 'tcp 10.0.0.10:1234 > 10.0.0.12:81'
explains 8 'group-in .*no rule allows' 'udp [fd00::10]:1 > [fd00::12]:53'
explains 8 'dropped by avsd: spoof_ip' --port c 'icmp 10.0.0.10 > 10.0.0.11'
explains 8 'dropped by avsd: tcp_state|dropped by avsd: no_session' 'tcp 10.0.0.10:7 > 10.0.0.12:80 ack'
explains 0 'answered by port a' 'arp 10.0.0.10 > 10.0.0.12'
explains 0 'new session' --json 'tcp 10.0.0.10:1234 > 10.0.0.12:80'
explains 1 'at character 19 of the packet' 'tcp 10.0.0.10:1 > 10.0.0.999:80'
explains 3 "no port 'z'" --port z 'icmp 10.0.0.10 > 10.0.0.11'
[ "$(ctl h1 session list --json | wc -l)" = "$sessions" ] || fail "explaining has made sessions: $(ctl h1 session list)"
[ -z "$(counted)" ] || fail "explaining has counted: $(counted)"

say "of a capture: where it went then, it goes now, and by the session that it has"
"$BIN/avs-ctl" -s "$TMP/h1.sock" capture -c 2 --points nic.rx,nic.tx -w "$TMP/echo.pcapng" icmp >"$TMP/capture" 2>&1 &
capture=$!
pids+=("$capture")
wait_for "the capture" grep -q capturing "$TMP/capture"
on a ping -q -c 1 -W 2 10.0.0.11 >"$TMP/out"
wait "$capture"
first=$(tshark -r "$TMP/echo.pcapng" -T fields -e frame.number -e frame.interface_name 2>/dev/null | awk '$2 == "nic.rx" { print $1; exit }')
explains 0 'delivered to port' --from-capture "$TMP/echo.pcapng" --packet "$first"
grep -Eq 'session .*initiator' "$TMP/why" || fail "not by its session: $(cat "$TMP/why")"
explains 0 'new session' --new --from-capture "$TMP/echo.pcapng" --packet "$first"
explains 1 'no number 99' --from-capture "$TMP/echo.pcapng" --packet 99
explains 1 'not as it came in' --from-capture "$TMP/echo.pcapng" --packet "$(tshark -r "$TMP/echo.pcapng" -T fields -e frame.number -e frame.interface_name 2>/dev/null | awk '$2 == "nic.tx" { print $1; exit }')"

say "live packets by their path"
"$BIN/avs-ctl" -s "$TMP/h1.sock" trace --json -c 8 --vpc red icmp >"$TMP/trace" 2>&1 &
trace=$!
pids+=("$trace")
on a ping -q -c 20 -i 0.1 -W 2 10.0.0.11 >"$TMP/out"
wait "$trace" || fail "trace: $(cat "$TMP/trace")"
"$PYTHON" - "$TMP/trace" <<'EOF' || fail "not the paths of an echo and its answer: $(cat "$TMP/trace")"
import json, sys
t = json.load(open(sys.argv[1]))
assert t["packets"] == 8 and sum(p["packets"] for p in t["paths"]) == 8, t
ways = {(p["points"][0]["port"], p["points"][-1]["port"]) for p in t["paths"]}
assert ways == {("a", "up"), ("up", "a")}, ways
for p in t["paths"]:
    assert p["points"][0]["point"] == "nic.rx" and p["points"][-1]["point"] == "nic.tx", p
    assert 0 < p["total"]["min_ns"] <= p["total"]["median_ns"] <= p["total"]["max_ns"], p
EOF

finish
