#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Packets on their way through all points, as tshark reads them: followed through rewrites and tunnels, by filter, scope, drops, limits; and
# nothing of it left behind.
#   capture.sh one|two
source "$(dirname "$0")/lib.sh"
needs tshark ping

hosts h1 h2
underlay h1 h2
guests a b
host_of_two 1 11 >"$TMP/h1.yaml"
vnic a 10 >>"$TMP/h1.yaml"
host_of_two 2 10 >"$TMP/h2.yaml"
vnic b 11 >>"$TMP/h2.yaml"
start h1
start h2
guest_up a 10.0.0.10/24 fd00::10/64
guest_up b 10.0.0.11/24 fd00::11/64
pings a 10.0.0.11

# capture NAME OPTION...: in the background, to $TMP/NAME.pcapng; returns when it runs.
capture() {
    local name=$1
    shift
    "$BIN/avs-ctl" -s "$TMP/h1.sock" capture -w "$TMP/$name.pcapng" "$@" >"$TMP/$name.out" 2>&1 &
    capture_pid=$!
    pids+=("$capture_pid")
    wait_for "the capture" grep -q 'capturing' "$TMP/$name.out"
}
# read_capture NAME FIELD... : rows of these fields, tabs between
read_capture() {
    local name=$1 field
    shift
    local fields=()
    for field in "$@"; do fields+=(-e "$field"); done
    tshark -r "$TMP/$name.pcapng" -T fields "${fields[@]}" 2>"$TMP/tshark.err" || fail "tshark: $(cat "$TMP/tshark.err")"
}

# ended [CODE]: the capture has come to its end.
ended() {
    local code=0
    wait "$capture_pid" || code=$?
    [ "$code" = "${1:-0}" ] || fail "capture ended with $code: $(cat "$TMP"/*.out)"
}
# has NAME FILTER COUNT: so many records as tshark filters them
has() {
    local n
    n=$(tshark -r "$TMP/$1.pcapng" -Y "$2" 2>/dev/null | wc -l)
    [ "$n" = "$3" ] || fail "$1: $n records are '$2', not $3: $(read_capture "$1" frame.interface_name frame.comment)"
}

say "one echo, on all its way"
capture echo -c 2 icmp
on a ping -q -c 1 -W 2 10.0.0.11 >"$TMP/out"
ended
for point in nic.rx pre.out ring.rx ring.tx post.in nic.tx; do
    has echo "frame.interface_name == \"$point\"" 2
done
has echo 'frame.interface_name == "slow" && icmp.type == 8' 1
has echo 'frame.interface_name == "fast" && icmp.type == 0' 1
has echo 'frame.interface_name == "drop"' 0
has echo 'vxlan && icmp.type == 8' 3 # ring.tx, post.in, nic.tx
has echo 'vxlan && icmp.type == 0' 4 # from nic.rx to fast
has echo 'frame.comment contains "vpc red" && frame.comment contains "worker 0"' 6
has echo '_ws.malformed' 0
[ "$(read_capture echo frame.packet_id | sort -u | wc -l)" = 2 ] || fail "not two packets: $(read_capture echo frame.packet_id)"
read_capture echo frame.time_epoch frame.packet_id frame.interface_name | sort -k 2,2n -s |
    awk '$2 == id && $1 < time { exit 1 } { id = $2; time = $1 }' || fail "time goes back: $(read_capture echo frame.time_epoch frame.comment)"

say "lines, JSON, and a pipe"
"$BIN/avs-ctl" -s "$TMP/h1.sock" capture -c 1 --points nic.rx,nic.tx icmp >"$TMP/lines" 2>"$TMP/lines.err" &
lines=$!
"$BIN/avs-ctl" -s "$TMP/h1.sock" capture --json -c 1 --points fast icmp >"$TMP/objects" 2>&1 &
objects=$!
"$BIN/avs-ctl" -s "$TMP/h1.sock" capture --duration 2s -w - icmp 2>/dev/null | tshark -l -r - >"$TMP/piped" 2>/dev/null &
piped=$!
wait_for "the capture" grep -q capturing "$TMP/lines.err"
sleep 0.5 # the other two say nothing
on a ping -q -c 3 -i 0.1 -W 2 10.0.0.11 >"$TMP/out"
wait "$lines" || fail "capture to a terminal: $(cat "$TMP/lines.err")"
wait "$objects" || fail "capture as JSON: $(cat "$TMP/objects")"
wait "$piped" || fail "capture into a pipe"
[ "$(grep -c 'packet ' "$TMP/lines")" = 2 ] || fail "lines: $(cat "$TMP/lines")"
grep -q ' nic.rx  .*port a' "$TMP/lines" || fail "lines: $(cat "$TMP/lines")"
head -n 1 "$TMP/objects" | json "d['point'] == 'fast' and d['vpc'] == 'red' and d['worker'] == 0" >/dev/null || fail "$(cat "$TMP/objects")"
grep -q 'Echo (ping) reply' "$TMP/piped" || fail "tshark read nothing from the pipe: $(cat "$TMP/piped")"

say "only what is dropped"
capture drops --drops -c 1
pings a 10.0.0.11
one_ping a 10.0.0.99 && fail "somebody answers for 10.0.0.99"
on a ip neigh replace 10.0.0.99 lladdr 02:00:00:00:00:63 dev eth0
one_ping a 10.0.0.99 && fail "somebody is 10.0.0.99"
ended
has drops 'frame.interface_name != "drop"' 0
has drops 'frame.comment contains "(by avsd)"' 1

say "what cannot be captured"
refused 3 "no VPC 'green'" "$BIN/avs-ctl" -s "$TMP/h1.sock" capture --vpc green -w "$TMP/x"
refused 3 "no port 'nobody'" "$BIN/avs-ctl" -s "$TMP/h1.sock" capture --port nobody -w "$TMP/x"
refused 1 "syntax error" "$BIN/avs-ctl" -s "$TMP/h1.sock" capture -w "$TMP/x" host and port
refused 1 "there is no point 'nic.tw'" "$BIN/avs-ctl" -s "$TMP/h1.sock" capture --points nic.tw -w "$TMP/x"
refused 1 "$TMP/no/x" "$BIN/avs-ctl" -s "$TMP/h1.sock" capture -w "$TMP/no/x"

say "a reader that sleeps loses records, which are counted, and nobody else loses anything"
capture sleepy --buffer 4 --rate 0
kill -STOP "$capture_pid"
iperf a b 10.0.0.11
pings a 10.0.0.11
kill -CONT "$capture_pid"
kill -INT "$capture_pid"
ended
grep -qE 'missed: [1-9][0-9]* records' "$TMP/sleepy.out" || fail "nothing was missed: $(cat "$TMP/sleepy.out")"

say "readers that are killed leave nothing behind"
for n in 1 2 3 4 5 6; do
    capture "killed$n"
    kill -9 "$capture_pid"
    ended 137
done
capture last icmp

finish
ended 4
grep -q 'avsd, or its NIC, is gone' "$TMP/last.out" || fail "$(cat "$TMP/last.out")"
