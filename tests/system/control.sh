#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The control socket: every command's JSON, exit codes, paging and flushing of sessions, roles, log level.
source "$(dirname "$0")/lib.sh"
needs python3

hosts h1
guests a b
one_host "$(vnic a 10)" "$(vnic b 11)" >"$TMP/h1.yaml"
start h1
guest_up a 10.0.0.10/24
guest_up b 10.0.0.11/24
pings a 10.0.0.11

say "300 sessions of UDP, by pages and by filter"
on a "$PYTHON" -c '
import socket
s = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(300)]
for i, x in enumerate(s):
    x.sendto(b"x", ("10.0.0.11", 9000 + i))'
wait_for "the sessions" get h1 "d['sessions']['used'] >= 301"
wait_for "their entries in the flow index" get h1 "d['nic']['fit_used'] >= 300 and d['nic']['fit_capacity'] >= 300"
count() { ctl h1 --json session list "$@" | "$PYTHON" -c 'import json, sys; print(len({json.loads(l)["flow_id"] for l in sys.stdin}))'; }
expect() { [ "$2" = "$3" ] || fail "$1: $2 instead of $3"; }
expect "all of UDP" "$(count --all proto=udp)" 300
expect "the default limit" "$(count proto=udp)" 100
expect "a limit" "$(count -n 7 proto=udp)" 7
expect "a port number" "$(count --all l4port=9007)" 1
expect "an address nobody has" "$(count --all addr=10.0.0.99)" 0
flow_id=$(ctl h1 --json session list l4port=9007 | "$PYTHON" -c 'import json, sys; print(json.loads(next(sys.stdin))["flow_id"])')
ctl h1 --json session show "$flow_id" | json "9007 in (d['dport'], d['sport'])" >/dev/null
refused 3 "" ctl h1 session show 0x123456
refused 2 "" ctl h1 session list nonsense=1
expect "flushed by filter" "$(ctl h1 --json session flush l4port=9007 | json "d['removed']")" 1
expect "left" "$(count --all proto=udp)" 299
refused 2 "this would remove all sessions" ctl h1 session flush
expect "flushed by port" "$(ctl h1 --json session flush port=a proto=udp | json "d['removed']")" 299
pings a 10.0.0.11

say "the doctor finds nothing, but that programs stay root where the build makes them"
rights=$([ "$run_as" = root ] && echo note || echo ok)
ctl h1 --json doctor | json "[f['state'] for f in d if f['check'] == 'rights'] == ['$rights']" >/dev/null
ctl h1 --json doctor | json "{'versions', 'packets', 'rings', 'tables', 'nic'} <= {f['check'] for f in d if f['state'] == 'ok'}"

say "JSON of every command"
while read -r command; do
    # shellcheck disable=SC2086 # words
    ctl h1 --json $command | "$PYTHON" -c '
import json, sys
text = sys.stdin.read()
for piece in text.splitlines() if sys.argv[1].startswith("session list") else [text]:
    json.loads(piece)' "$command" || fail "no JSON: $command"
    # shellcheck disable=SC2086
    works ctl h1 $command
done <<'COMMANDS'
get
doctor
get -o json
port list
port show a
vpc list
vpc show red
subnet list
subnet show s1
mapping list
route list
sg list
session list
session flush proto=udp
drops
drops --watch --count 1
stats
top --count 1
flow list
flow list a
meter list
neighbor list
workers list
workers show 0
workers set 1 --dry-run
log level
log level control=info
version
schema
schema port
schema security_groups
COMMANDS
ctl h1 --json apply -n -f "$TMP/h1.yaml" | json "d is not None" >/dev/null
for command in "port show nobody" "vpc show nobody" "route del vpc=red prefix=10.9.0.0/16" "session flush"; do
    # shellcheck disable=SC2086
    { ctl h1 --json $command || true; } | json "len(d['error']['message']) > 5 and 'hint' in d['error']" >/dev/null || fail "no JSON error: $command"
done

say "exit codes"
refused 2 "" ctl h1 no-such-thing
refused 2 "" ctl h1 port list --no-such-option
refused 3 "no port nobody" ctl h1 port show nobody
refused 4 "" "$BIN/avs-ctl" -s "$TMP/nothing.sock" version
refused 6 "" ctl h1 vpc add red vni=300
refused 6 "" ctl h1 apply -f "$TMP/h1.yaml" --if-revision 999

say "roles: the socket's group may look and flush, others may not even that"
log_allow='msg="client refused" uid=54321'
chmod 775 "$TMP"
chmod 666 "$TMP/h1.sock"
group=$(stat -c %g "$TMP/h1.sock")
as() { # UID GID WORD...
    local uid=$1 gid=$2
    shift 2
    setpriv --reuid "$uid" --regid "$gid" --clear-groups "$BIN/avs-ctl" -s "$TMP/h1.sock" "$@"
}
refused 5 "you may not use this socket" as 54321 54321 version
works as 54321 "$group" stats
works as 54321 "$group" session flush --yes
works as 54321 "$group" apply -n -f "$TMP/h1.yaml"
refused 5 "" as 54321 "$group" vpc add green vni=400
refused 5 "" as 54321 "$group" apply -f "$TMP/h1.yaml"

say "log level"
works ctl h1 log level control=debug
ctl h1 --json log level | json "d['control'] == 'debug'" >/dev/null
refused 1 "no level" ctl h1 log level control=loud
works ctl h1 log level '*=info'
ctl h1 --json version | json "d['nic'] == ('embedded' if '$mode' == 'one' else 'attached')" >/dev/null

finish
