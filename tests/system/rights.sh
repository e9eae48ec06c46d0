#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What the programs may do once they serve: nothing of root's, by /proc of each thread; ports that come later are opened by the
# helper; the secret of the hash stays out of core dumps. Then as systemd starts them, and what cannot be.
AVS_TEST_USER=nobody # whatever the build
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
needs setpriv

hosts h1
guests a b c
one_host "$(vnic a 10)" >"$TMP/h1.yaml"
start h1
guest_up a 10.0.0.10/24

nobody=$(id -u "$run_as")
ports=0000000000203000 # CAP_NET_ADMIN, CAP_NET_RAW, CAP_SYS_ADMIN
# Value of a line of a thread's status.
status() { awk -v key="$2:" '$1 == key { print $2 }' "$1/status"; }
# threads_have PID CAPABILITIES: all of them are the user, with these capabilities, under a filter, and can gain nothing.
threads_have() {
    local task threads=0
    for task in "/proc/$1/task"/*; do
        [ "$(status "$task" Uid)" = "$nobody" ] || fail "$task is not $run_as"
        [ "$(status "$task" CapEff)$(status "$task" CapPrm)$(status "$task" CapBnd)" = "$2$2$2" ] ||
            fail "$task has capabilities: $(grep ^Cap "$task/status")"
        [ "$(status "$task" NoNewPrivs)" = 1 ] || fail "$task could gain privileges"
        [ "$(status "$task" Seccomp)" = 2 ] || fail "$task has no filter"
        threads=$((threads + 1))
    done
    [ "$threads" -ge "$3" ] || fail "$1 has $threads threads"
}
filters() { status "$1" Seccomp_filters; }
helper_of() { cat "/proc/$1/task/$1/children"; }

say "no thread has rights, those that handle packets the fewest calls"
threads_have "${avsd_pid[h1]}" 0000000000000000 2
with_ports=${avsd_pid[h1]}
if [ "$mode" = two ]; then
    threads_have "${nic_pid[h1]}" 0000000000000000 2
    with_ports=${nic_pid[h1]}
    [ -z "$(helper_of "${avsd_pid[h1]}")" ] || fail "avsd has a helper, and no ports"
fi
threads_have "$(helper_of "$with_ports" | tr -d ' ')" "$ports" 1
for task in "/proc/$with_ports/task"/*; do filters "$task"; done | sort -u | xargs | grep -qx "1 2" ||
    fail "no thread has a list shorter than the control thread's"

say "the secret of the hash, in no memory that a core dump has"
"$PYTHON" "$here/../lib/undumped.py" "${avsd_pid[h1]}" ${nic_pid[h1]:+"${nic_pid[h1]}"} || fail "see above"

say "ports that come and go later"
works ctl h1 port add b role=vnic type=tap device=eth0 "netns=$N-b" subnet=s1 mac=02:00:00:00:00:11 args=mac=02:00:00:00:00:11 \
    addresses=10.0.0.11
guest_up b 10.0.0.11/24
pings a 10.0.0.11
works ctl h1 port del b
! on b ip link show eth0 >/dev/null 2>&1 || fail "the interface of a removed port is still there"
refused 3 "ip netns add nowhere" ctl h1 port add b role=vnic type=tap device=eth0 netns=nowhere subnet=s1 mac=02:00:00:00:00:11 \
    addresses=10.0.0.11

say "what cannot be, with what to do"
refused 1 "adduser --system --group nosuchuser" "$BIN/avsd" --user nosuchuser -s "$TMP/x.sock"
mkdir -m 700 "$TMP/roots"
refused 1 "$TMP/roots" "$BIN/avsd" --user "$run_as" -s "$TMP/roots/x.sock"
refused 1 "--user root" "$BIN/avs-nic" --user "$run_as" -s "$TMP/roots/x.sock"
refused 2 "--seccomp wants" "$BIN/avsd" --seccomp maybe -s "$TMP/x.sock"
refused 1 "only root can become user root" setpriv --reuid="$nobody" --regid="$(id -g "$run_as")" --clear-groups \
    "$BIN/avsd" --user root -s "$TMP/x.sock"

say "as systemd starts avs-nic: another user from the start, with capabilities"
ip netns exec "$N-h1" setpriv --reuid="$nobody" --regid="$(id -g "$run_as")" --clear-groups \
    --inh-caps=-all,+net_admin,+net_raw,+sys_admin --ambient-caps=-all,+net_admin,+net_raw,+sys_admin \
    "$BIN/avs-nic" -s "$TMP/x.nic" </dev/null >"$TMP/x.log" 2>&1 &
nic=$!
pids+=("$nic")
wait_for "avs-nic as another user" test -S "$TMP/x.nic"
wait_for "it serves" grep -q msg=ready "$TMP/x.log"
sed "s/device: eth0, netns: $N-a/device: eth0, netns: $N-c/" "$TMP/h1.yaml" >"$TMP/x.yaml"
setpriv --reuid="$nobody" --regid="$(id -g "$run_as")" --clear-groups --inh-caps=-all \
    "$BIN/avsd" -s "$TMP/x.sock" --nic="$TMP/x.nic" -c "$TMP/x.yaml" </dev/null >"$TMP/x.avsd.log" 2>&1 &
avsd=$!
pids+=("$avsd")
wait_for "avsd of it" "$BIN/avs-ctl" -s "$TMP/x.sock" version
for task in "/proc/$nic/task"/* "/proc/$avsd/task"/*; do
    [ "$(status "$task" CapEff)$(status "$task" Seccomp)" = 00000000000000002 ] || fail "$task: $(cat "$task/status")"
done
guest_up c 10.0.0.10/24
pings c 10.0.0.1
stop_program "$avsd" avsd
stop_program "$nic" avs-nic

say "the helper is gone: traffic goes on, a new port says what to do, removing one needs no rights"
works ctl h1 port add b role=vnic type=tap device=eth0 "netns=$N-b" subnet=s1 mac=02:00:00:00:00:11 args=mac=02:00:00:00:00:11 \
    addresses=10.0.0.11
guest_up b 10.0.0.11/24
kill -9 "$(helper_of "$with_ports" | tr -d ' ')"
pings a 10.0.0.11
refused 1 "start this program again" ctl h1 port add c role=vnic type=tap device=eth1 "netns=$N-c" subnet=s1 mac=02:00:00:00:00:12 \
    addresses=10.0.0.12
works ctl h1 port del b

finish
