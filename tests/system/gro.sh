#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Packets of a TCP flow that leave as one: a guest that cuts its packets itself, across two hosts and on one, and switched off.
source "$(dirname "$0")/lib.sh"
needs iperf3 ethtool

hosts h1 h2
guests a b c
underlay h1 h2

h1() { host_of_two 1 11 && vnic a 10 && vnic c 12 && echo "options: {gro: $1}"; }
h2() { host_of_two 2 10 && vnic b 11 && echo "options: {gro: $1}"; }
h1 true >"$TMP/h1.yaml"
h2 true >"$TMP/h2.yaml"
start_three
works on a ethtool -K eth0 tso off gso off

merged() { get "$1" "next(p['conservation']['merged'] for p in d['ports'] if p['name'] == '$2')"; }
# frames HOST PORT: that have left by it.
frames() { get "$1" "next(p['tx_packets'] for p in d['ports'] if p['name'] == '$2')"; }
errors() { on "$1" grep '^Tcp: [0-9]' /proc/net/snmp | cut -d' ' -f14; }

# carries HOST PORT GUEST ADDRESS FROM: a file from a, to the byte, in fewer frames than it takes segments.
head -c 20000000 /dev/urandom >"$TMP/data"
carries() {
    local before before_merged
    before=$(frames "$1" "$2") before_merged=$(merged "$1" "$5")
    background "$3" "$PYTHON" -c '
import shutil, socket, sys
s = socket.create_server(("::", 7000), family=socket.AF_INET6, dualstack_ipv6=True)
with s.accept()[0] as c, open(sys.argv[1], "wb") as f:
    shutil.copyfileobj(c.makefile("rb"), f, 1 << 20)
' "$TMP/got"
    wait_for "a listener" listens "$3" 7000
    works on a "$PYTHON" -c '
import socket, sys
s = socket.create_connection((sys.argv[1], 7000))
s.sendall(open(sys.argv[2], "rb").read())
' "$4" "$TMP/data"
    wait "$BG" || fail "the listener: $(cat "$TMP/background.log")"
    cmp "$TMP/data" "$TMP/got" || fail "what arrived is not what was sent"
    FRAMES=$(($(frames "$1" "$2") - before))
    MERGED=$(($(merged "$1" "$5") - before_merged))
    echo "$FRAMES frames, $MERGED packets merged"
}
SEGMENTS=$((20000000 / 1448))

for address in 10.0.0.11 fd00::11; do
    say "across, to $address"
    carries h2 b b "$address" up
    [ "$MERGED" -gt 0 ] || fail "nothing was merged"
    [ "$FRAMES" -lt "$SEGMENTS" ] || fail "$FRAMES frames for $SEGMENTS segments"
done
for address in 10.0.0.12 fd00::12; do
    say "on one host, to $address"
    carries h1 c c "$address" a
    [ "$MERGED" -gt 0 ] || fail "nothing was merged"
done
say "checksums left to us as well, and both ways at once"
works on a ethtool -K eth0 tx off
carries h2 b b 10.0.0.11 up
[ "$MERGED" -gt 0 ] || fail "nothing was merged"
iperf a b 10.0.0.11
iperf a c fd00::12 --bidir
for guest in a b c; do
    [ "$(errors "$guest")" -eq 0 ] || fail "$guest has seen TCP segments with errors: $(errors "$guest")"
done

say "switched off, while it runs"
h2 false >"$TMP/h2.yaml"
works ctl h2 apply -f "$TMP/h2.yaml"
carries h2 b b 10.0.0.11 up
[ "$MERGED" -eq 0 ] || fail "$MERGED packets merged with gro: false"
[ "$FRAMES" -ge "$SEGMENTS" ] || fail "only $FRAMES frames for $SEGMENTS segments"
finish
