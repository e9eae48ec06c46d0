#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Fault 38: whoever is at the other end of a vhost-user socket says what it likes, many times.
# Fault 39: the memory that it shares goes away while it is used.
# Two guests that talk do not notice, and the port serves the next one that keeps to the rules.
source "$(dirname "$0")/lib.sh"
needs dpdk-testpmd

log_allow='vhost|VHOST'
hosts h1
guests a b
one_host "$(vnic a 11)" "$(vnic b 12)" \
    "  - {name: vm, role: vnic, type: vhost-user, path: $TMP/vm.sock, side: server, queues: 2, subnet: s1, mac: 02:00:00:00:00:22,
     addresses: [10.0.0.22]}" >"$TMP/h1.yaml"
start h1
guest_up a 10.0.0.11/24
guest_up b 10.0.0.12/24
wait_for "the neighbour" one_ping a 10.0.0.12
wait_for "the socket" test -S "$TMP/vm.sock"
victim=${nic_pid[h1]:-${avsd_pid[h1]}}

say "messages that lie, while two guests talk"
background a ping -q -i 0.01 -c 300 10.0.0.12
pinging=$BG
works "$PYTHON" "$here/vhost_messages.py" "$TMP/vm.sock" 38 400
cat "$TMP/out"
grep -qE '^[1-9][0-9]{3,} messages, refused [1-9][0-9]+ times as it has to be$' "$TMP/out" || fail "it hardly said anything: $(cat "$TMP/out")"
wait "$pinging" || fail "the neighbours noticed: $(tail -n 3 "$TMP/background.log")"
grep -q ' 0% packet loss' "$TMP/background.log" || fail "the neighbours noticed: $(tail -n 3 "$TMP/background.log")"
kill -0 "$victim" || fail "the NIC is gone"
grep -qs 'memory of a guest is gone' "$TMP"/h1.*.log || fail "no memory went away while it was read"

say "a ring that lies stops its queue, which is seen"
"$PYTHON" "$here/vhost_messages.py" "$TMP/vm.sock" 38 0 &
liar=$!
pids+=("$liar")
stops_seen() { ctl h1 port show vm | grep -qE '^queue_stops: *[1-9]'; }
stops_logged() { cat "$TMP"/h1.*.log | grep -q 'a queue is stopped'; }
wait_for "the counter" stops_seen
wait_for "the log" stops_logged
kill "$liar"
wait "$liar" 2>/dev/null || true

say "nobody waits for the rest of a message"
works "$PYTHON" "$here/vhost_messages.py" "$TMP/vm.sock" 38 -1

say "and the next one, who keeps to the rules, is served"
mkfifo "$TMP/quiet" && exec 8<>"$TMP/quiet" # it ends with its input
dpdk-testpmd --no-huge -m 256 --no-pci --no-telemetry --file-prefix="$N" -l 0,1 --single-file-segments \
    "--vdev=net_virtio_user0,path=$TMP/vm.sock,mac=02:00:00:00:00:22,queue_size=256" \
    -- --forward-mode=icmpecho --total-num-mbufs=4096 --no-lsc-interrupt --no-mlockall --auto-start <&8 >"$TMP/testpmd.log" 2>&1 &
testpmd=$!
pids+=("$testpmd")
wait_for "it answers" one_ping a 10.0.0.22
pings a 10.0.0.22
kill -9 "$testpmd"
wait "$testpmd" 2>/dev/null || true
finish
