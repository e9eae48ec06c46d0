# shellcheck shell=bash
# shellcheck disable=SC2034 # variables used by the scenarios
# SPDX-License-Identifier: Apache-2.0
# Sourced first by each scenario, which is called with "one" (avsd with its embedded NIC, the default) or "two" (avs-nic and avsd),
# and some of them with "six" behind that: hosts talk to each other over IPv6.
#
# A host and a guest are network namespaces of their own, "$N-NAME", so that interfaces may have the same names
# everywhere and two scenarios never meet. Whatever happens, the trap ends every process that was started, by its pid,
# and removes every namespace; after a failure it shows logs, counters and drops first, and what failed, and where, once more last.
#
#   hosts h1 h2            namespaces; "underlay [MTU] h1 h2 ..." joins their interfaces under0 by a bridge
#   at 1, link_at 1        address of host 1 on that underlay, and that as keys of an uplink; $room: what a tunnel takes of the MTU
#   guests a b             namespaces of guests
#   start h1 [OPTION...]   avs-nic and avsd of a host, with $TMP/h1.yaml; returns when it answers
#   guest_up a ADDR/LEN... addresses of a guest's eth0, which its tap port made
#   host_of_two 1 11 12    document of host 1 of two on that underlay, as far as its vNICs, with guests 11 and 12 on the other one
#   start_three            starts h1 with guests a 10 and c 12, and h2 with b 11; they have their addresses, and a reaches b
#   one_host LINE...       document of a host without uplink, with these vNICs
#   vnic a 10 [KEYS]       line of a vNIC for it: 10.0.0.10, fd00::10
#   on NAME COMMAND...     runs a command in a namespace; background NAME COMMAND... does not wait, and sets BG
#   ctl h1 WORD...         avs-ctl to the host's avsd
#   get h1 EXPRESSION      of the JSON that `avs-ctl stats` gives, as Python sees it in "d"
#   finish                 all is quiet: conservation, no session left, no warning in a log, clean exit
set -Eeuo pipefail
shopt -s inherit_errexit

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
BIN=${AVS_BUILD_DIR:-$here/../../build/release}/bin
PYTHON=/usr/bin/python3
mode=${1:-one}
six="" room=50 # "six": hosts talk over IPv6
[ "${2:-}" != six ] || six=six room=70
N=avs$$
TMP=""
BG=""
declare -a namespaces=() pids=() started=()
run_as=${AVS_TEST_USER:-nobody} # whom the programs become, as they do in production
nic_options=() # of each NIC, an embedded one as well
declare -A nic_pid=() avsd_pid=()
groups='  - {name: default, rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]}' # of host_of_two
log_allow='^$' # warnings and errors that the scenario provokes, as a regular expression

say() { printf '== %s\n' "$*"; }
# failed TEXT...: says it now, and once more as the last line of all; a subshell's word counts, too.
failed() {
    local text="FAILED: $*"
    text=${text//$'\n'/ }
    printf '%s\n' "$text" >&2
    [ -z "$TMP" ] || printf '%s\n' "$text" >>"$TMP/failed"
}
# scenario_line: where the scenario itself is, whatever of the library it called.
scenario_line() {
    local i
    for ((i = 1; i < ${#BASH_SOURCE[@]}; i++)); do
        if [ "${BASH_SOURCE[i]}" = "$0" ]; then
            echo "${0##*/} line ${BASH_LINENO[i - 1]}"
            return
        fi
    done
}
fail() {
    failed "$* ($(scenario_line))"
    exit 1
}
skip() {
    echo "skipped: $*"
    exit 77
}

# --- environment -------------------------------------------------------------------------------------------------

# needs PROGRAM...: ends the scenario as skipped where one is missing.
needs() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null || skip "$program is not installed"
    done
}

# wait_for TEXT COMMAND...: until the command succeeds, at most 10 s.
wait_for() {
    local text=$1 tries=200
    shift
    until "$@" >/dev/null 2>&1; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || fail "waited in vain: $text"
        sleep 0.05
    done
}

new_namespace() {
    ip netns add "$N-$1"
    namespaces+=("$N-$1")
    ip -n "$N-$1" link set lo up
}
hosts() { for name in "$@"; do new_namespace "$name"; done; }
guests() { hosts "$@"; }
on() {
    local name=$1
    shift
    ip netns exec "$N-$name" "$@"
}
background() {
    local name=$1
    shift
    ip netns exec "$N-$name" "$@" </dev/null >"$TMP/background.log" 2>&1 &
    BG=$!
    pids+=("$BG")
}
# stop PID: ends one of ours and takes its exit code away from bash.
stop() {
    kill "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

# underlay [MTU] HOST...: an interface under0 in each, on one bridge.
underlay() {
    local mtu=1600 host
    if [[ $1 =~ ^[0-9]+$ ]]; then
        mtu=$1
        shift
    fi
    new_namespace net
    ip -n "$N-net" link add br0 mtu "$mtu" type bridge
    ip -n "$N-net" link set br0 up
    for host in "$@"; do
        ip -n "$N-net" link add "$host" mtu "$mtu" type veth peer name under0 netns "$N-$host"
        ip -n "$N-$host" link set under0 mtu "$mtu" addrgenmode none up
        ip -n "$N-net" link set "$host" mtu "$mtu" master br0 addrgenmode none up
    done
}

at() { if [ "$six" ]; then echo "2001:db8::$1"; else echo "192.0.2.$1"; fi; }
link_at() { if [ "$six" ]; then echo "address6: \"$(at "$1")/64\""; else echo "address: $(at "$1")/24"; fi; }

guest_up() {
    local name=$1 address
    shift
    for address in "$@"; do
        case $address in
        *:*) ip -n "$N-$name" addr add "$address" dev eth0 nodad ;;
        *) ip -n "$N-$name" addr add "$address" dev eth0 ;;
        esac
    done
}
start_three() {
    start h1
    start h2
    guest_up a 10.0.0.10/24 fd00::10/64
    guest_up b 10.0.0.11/24 fd00::11/64
    guest_up c 10.0.0.12/24 fd00::12/64
    wait_for "the underlay answers" one_ping a 10.0.0.11
}

# Other keys of the document may follow the vNICs; security groups are those of $groups.
host_of_two() {
    local number=$1 guest
    shift
    cat <<YAML
version: 1
vpcs: [{name: red, vni: 100}]
subnets: [{name: s1, vpc: red, prefix4: 10.0.0.0/24, prefix6: "fd00::/64"}]
security_groups:
$groups
mappings:
YAML
    for guest in "$@"; do
        echo "  - {vpc: red, address: 10.0.0.$guest, mac: 02:00:00:00:00:$guest, vtep: \"$(at $((3 - number)))\"}"
        echo "  - {vpc: red, address: \"fd00::$guest\", mac: 02:00:00:00:00:$guest, vtep: \"$(at $((3 - number)))\"}"
    done
    echo "ports:"
    echo "  - {name: up, role: uplink, type: kernel, device: under0, mac: 02:aa:00:00:00:0$number, $(link_at "$number")}"
}
one_host() {
    cat <<YAML
version: 1
vpcs: [{name: red, vni: 100}]
subnets: [{name: s1, vpc: red, prefix4: 10.0.0.0/24, prefix6: "fd00::/64"}]
security_groups:
$groups
ports:
YAML
    printf '%s\n' "$@"
}
vnic() {
    echo "  - {name: $1, role: vnic, type: tap, device: eth0, netns: $N-$1, subnet: s1, mac: 02:00:00:00:00:$2," \
        "args: \"mac=02:00:00:00:00:$2\", addresses: [10.0.0.$2, \"fd00::$2\"]${3:+, $3}}"
}
# linux_vtep HOST LOCAL REMOTE [OPTION...]: a plain Linux guest 10.0.0.13 behind an address of the host, with our guest 10.0.0.10
# behind the other; options are those of the interface.
linux_vtep() {
    on "$1" ip link add vx0 address 02:00:00:00:00:0d type vxlan id 100 local "$2" dstport 4789 nolearning "${@:4}"
    on "$1" bridge fdb append 02:00:00:00:00:0a dev vx0 dst "$3"
    on "$1" ip link set vx0 mtu $((1500 - room)) up
    on "$1" ip addr add 10.0.0.13/24 dev vx0
    on "$1" ip neigh add 10.0.0.10 lladdr 02:00:00:00:00:0a dev vx0
}

# --- the programs ------------------------------------------------------------------------------------------------

start_nic() {
    local host=$1
    ip netns exec "$N-$host" "$BIN/avs-nic" --user "$run_as" -s "$TMP/$host.nic" "${nic_options[@]}" </dev/null >>"$TMP/$host.nic.log" 2>&1 &
    nic_pid[$host]=$!
    pids+=("$!")
    wait_for "avs-nic of $host" test -S "$TMP/$host.nic"
}
start_avsd() {
    local host=$1
    shift
    if [ "$mode" = two ]; then
        set -- "--nic=$TMP/$host.nic" "$@"
    else
        set -- "${nic_options[@]}" "$@"
    fi
    ip netns exec "$N-$host" "$BIN/avsd" --user "$run_as" -s "$TMP/$host.sock" "$@" </dev/null >>"$TMP/$host.avsd.log" 2>&1 &
    avsd_pid[$host]=$!
    pids+=("$!")
    wait_for "avsd of $host" answers_or_ended "$host"
    kill -0 "${avsd_pid[$host]}" 2>/dev/null || fail "avsd of $host ended: $(tail -n 1 "$TMP/$host.avsd.log")"
}
answers_or_ended() { ! kill -0 "${avsd_pid[$1]}" 2>/dev/null || ctl "$1" version; }
start() {
    local host=$1
    shift
    started+=("$host")
    if [ "$mode" = two ]; then
        start_nic "$host"
    fi
    start_avsd "$host" -c "$TMP/$host.yaml" "$@"
}
# stop_program PID NAME: SIGTERM, and the exit code has to be 0.
stop_program() {
    local code=0
    kill "$1"
    wait "$1" || code=$?
    [ "$code" -eq 0 ] || fail "$2 ended with code $code"
}

ctl() {
    local host=$1
    shift
    "$BIN/avs-ctl" -s "$TMP/$host.sock" "$@"
}
# json EXPRESSION: of the JSON on standard input, which is "d".
json() { "$PYTHON" -c 'import json, sys; d = json.load(sys.stdin); r = eval(sys.argv[1]); print(r); sys.exit(r is False)' "$1"; }
get() { ctl "$1" --json stats | json "$2"; }
# drops HOST PORT REASON: how many.
drops() {
    ctl "$1" --json drops | json "sum(x['packets'] for x in d if x['port'] == '$2' and x['reason'] == '$3')"
}
# dropped HOST PORT REASON COMMAND...: the command's packets do not get through, and are counted there and so.
dropped() {
    local host=$1 port=$2 reason=$3 before after
    shift 3
    before=$(drops "$host" "$port" "$reason")
    if "$@" >"$TMP/out" 2>&1; then
        fail "should not have got through: $*: $(tail -n 3 "$TMP/out")"
    fi
    after=$(drops "$host" "$port" "$reason")
    [ "$after" -gt "$before" ] || fail "no drop of $port counted as $reason: $*"
}
# works COMMAND...: shows the output only when it fails.
works() {
    "$@" >"$TMP/out" 2>&1 || fail "$* ($?): $(tail -n 5 "$TMP/out")"
}
# says TEXT COMMAND...: ends well and says that.
says() {
    local text=$1
    shift
    works "$@"
    grep -qF -- "$text" "$TMP/out" || fail "'$text' is not what it says: $*: $(tail -n 5 "$TMP/out")"
}
# refused CODE TEXT COMMAND...: ends with that exit code and says that.
refused() {
    local code=$1 text=$2 got=0
    shift 2
    "$@" >"$TMP/out" 2>&1 || got=$?
    [ "$got" -eq "$code" ] || fail "exit code $got instead of $code: $*: $(cat "$TMP/out")"
    grep -qF -- "$text" "$TMP/out" || fail "'$text' is not what it says: $*: $(cat "$TMP/out")"
}

# --- traffic -----------------------------------------------------------------------------------------------------

# pings FROM ADDRESS [OPTION...]: three of one session, one behind the other, all answered. One at a time, since of several ping waits
# for what is late no longer than two round trips of the others.
pings() {
    local from=$1 address=$2 session=$((RANDOM + 1)) _
    shift 2
    for _ in 1 2 3; do
        on "$from" ping -q -c 1 -W 5 -e "$session" "$@" "$address" >"$TMP/out" 2>&1 || fail "ping from $from to $address: $(tail -n 3 "$TMP/out")"
    done
}
one_ping() { on "$1" ping -q -c 1 -W 0.5 "${@:2}"; }
listens() { [ -n "$(on "$1" ss -Hltn "sport = :$2")" ]; }
# iperf FROM TO ADDRESS [OPTION...]: says how fast; something has to arrive.
iperf() {
    local from=$1 to=$2 address=$3
    shift 3
    background "$to" iperf3 -s -1
    wait_for "iperf3 in $to" listens "$to" 5201
    on "$from" iperf3 -J -c "$address" -t 1 "$@" >"$TMP/iperf.json" 2>&1 ||
        fail "iperf3 from $from to $address $*: $(grep error "$TMP/iperf.json" || true)"
    wait "$BG" || true
    "$PYTHON" - "$TMP/iperf.json" "$from -> $address $*" <<'PY'
import json, sys
end = json.load(open(sys.argv[1]))["end"]
got = end.get("sum_received") or end["sum"]
print(f"iperf3 {sys.argv[2]}: {got['bits_per_second'] / 1e6:.0f} Mbit/s")
sys.exit(got["bytes"] < 100_000 or got.get("lost_percent", 0) > 50)
PY
}

# --- end ---------------------------------------------------------------------------------------------------------

# What `stats` says when nothing is on its way: balanced on each port and in total, nothing in flight, no session.
quiet() {
    ctl "$1" session flush --yes >/dev/null
    get "$1" "all(c['ok'] and c['in_flight'] == 0 for c in [d['conservation']] + [p['conservation'] for p in d['ports']]) \
        and d['sessions']['used'] == 0 and not any(w['corrupt_ring'] for w in d['workers'])"
}
no_complaints() {
    local found
    # A NIC cannot know whether the firmware that left was told to.
    found=$(grep -hE 'level=(warn|error)' "$@" | grep -vE "$log_allow|msg=\"firmware gone" || true)
    [ -z "$found" ] || fail "unexpected in a log: $found"
}
finish() {
    local host
    for host in "${started[@]}"; do
        wait_for "conservation and no session left on $host" quiet "$host"
        stop_program "${avsd_pid[$host]}" "avsd of $host"
        if [ "$mode" = two ]; then
            stop_program "${nic_pid[$host]}" "avs-nic of $host"
        fi
    done
    for host in "${started[@]}"; do
        no_complaints "$TMP/$host".*.log
    done
    say "ok: conservation, no session left, no complaint"
}

show_failure() {
    local host file
    echo "--- ${0##*/} $mode failed"
    for host in "${started[@]}"; do
        for file in "$TMP/$host".*.log; do
            echo "--- $file"
            tail -n 40 "$file"
        done
        if kill -0 "${avsd_pid[$host]}" 2>/dev/null; then
            echo "--- $host"
            ctl "$host" --timeout 2 drops | head -n 100
            ctl "$host" --timeout 2 stats | head -n 100
            ctl "$host" --timeout 2 session list --limit 20
        fi
    done
}
# shellcheck disable=SC2317 # called by the trap
clean_up() {
    local code=$? pid name
    trap - EXIT ERR
    trap '' INT TERM PIPE # also when nobody reads what we say any more, all of it goes
    set +e
    if [ "$code" -ne 0 ] && [ "$code" -ne 77 ]; then
        show_failure >&2
    fi
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null
    done
    for pid in "${pids[@]}"; do
        wait "$pid" 2>/dev/null
    done
    for name in "${namespaces[@]}"; do
        ip netns del "$name"
    done
    if [ "$code" -ne 0 ] && [ "$code" -ne 77 ]; then
        cat "$TMP/failed" >&2 2>/dev/null || echo "FAILED: ${0##*/} $mode: exit code $code" >&2
    fi
    [ -z "$TMP" ] || rm -rf "$TMP"
    exit "$code"
}

[ "$(id -u)" -eq 0 ] || skip "needs root for network namespaces"
case $mode in
one | two) ;;
*) fail "usage: ${0##*/} one|two" ;;
esac
[ -x "$BIN/avsd" ] || fail "$BIN/avsd is not built: ./run build"
TMP=$(mktemp -d "${TMPDIR:-/tmp}/avs-system.XXXXXX")
chgrp "$(id -g "$run_as")" "$TMP" && chmod 770 "$TMP" # ours still: dumpcap may not write into another's
trap clean_up EXIT
trap 'failed "${BASH_SOURCE[0]##*/} line $LINENO (code $?): ${BASH_COMMAND:0:200} ($(scenario_line))"' ERR
trap 'exit 130' INT
trap 'exit 143' TERM
needs ip ping ss
