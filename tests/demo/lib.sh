# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What the demos stand on: namespaces and processes that go with the script, our vSwitch on a host, the table of results.
#
#   processes=([1]=2 [2]=1)   of our vSwitch on each host, by its number
#   begin "$@"                options, rights, and the trap that leaves nothing behind
#   vswitch N [OPTION...]     our vSwitch on host N (namespace hN), with $TMP/hN.yaml; the options are the NIC's
#   row_...                   a row of the table, under table_head
#   finish N...               counters and conservation of these hosts, and the verdict
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bin=${AVS_BUILD_DIR:-$here/../../build/release}/bin
RUN=avs-demo-$$ # prefix of every namespace of this run
run_as=${AVS_TEST_USER:-nobody} # whom the programs become
TMP=""
PIDS=()
declare -a processes
FAILED=0
ROWS=0
GREEN="" RED="" DIM="" BOLD="" PLAIN=""
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    GREEN=$'\e[32m' RED=$'\e[31m' DIM=$'\e[2m' BOLD=$'\e[1m' PLAIN=$'\e[0m'
fi

# Command as people type it.
command_line() {
    local name=${0##*/}
    name=${name%.sh}
    [ "$name" = demo ] && echo "./run demo" || echo "./run demo $name"
}

begin() {
    local n
    case "${1:-}" in
    "") ;;
    --one | --two)
        for n in "${!processes[@]}"; do
            processes[n]=$([ "$1" = --one ] && echo 1 || echo 2)
        done
        ;;
    -h | --help)
        sed -n '3,/^source /{/^source /d; /^# shellcheck/d; s/^# \{0,1\}//; p}' "$0"
        exit 0
        ;;
    *)
        echo "demo: unknown option '$1' (one of --one, --two, --help)" >&2
        exit 2
        ;;
    esac
    [ "$(id -u)" -eq 0 ] || { echo "demo: network namespaces need root; as root: $(command_line)" >&2; exit 3; }
    [ -x "$bin/avsd" ] || { echo "demo: $bin/avsd is not built; type: $(command_line)" >&2; exit 1; }
    PATH=$PATH:/usr/sbin:/sbin
    TMP=$(mktemp -d /tmp/avs-demo.XXXXXX)
    chgrp "$(id -g "$run_as")" "$TMP" && chmod 770 "$TMP"
    trap cleanup EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

step() { printf '%sdemo: %s%s\n' "$DIM" "$*" "$PLAIN"; }
die() {
    printf 'demo: %s\n' "$*" >&2
    exit 1
}

# in_ns NAME COMMAND...: run it in one of our namespaces.
in_ns() {
    local name=$1
    shift
    ip netns exec "$RUN-$name" "$@"
}

# start LOG NAME COMMAND...: the same in the background, until the end of the script.
start() {
    local log=$1 name=$2
    shift 2
    ip netns exec "$RUN-$name" "$@" >"$TMP/$log.log" 2>&1 </dev/null &
    PIDS+=($!)
}

namespace() {
    ip netns add "$RUN-$1"
    ip -n "$RUN-$1" link set lo up
    # Only what the demo sends shall be in the counters.
    in_ns "$1" sysctl -qw net.ipv6.conf.default.router_solicitations=0
}

# A pair of interfaces: veth NAME1 DEVICE1 NAME2 DEVICE2.
veth() {
    ip link add "$2" netns "$RUN-$1" type veth peer name "$4" netns "$RUN-$3"
    ip -n "$RUN-$1" link set "$2" up
    ip -n "$RUN-$3" link set "$4" up
}

# No address of the kernel's own on an interface that belongs to the vSwitch or a bridge.
no_ipv6() { in_ns "$1" sysctl -qw "net.ipv6.conf.$2.disable_ipv6=1"; }

# wait_for SECONDS WHAT COMMAND...
wait_for() {
    local end=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        if [ "$SECONDS" -ge "$end" ]; then
            tail -n 5 "$TMP"/*.log >&2 || true
            die "$what did not come up"
        fi
        sleep 0.05
    done
}

vswitch() {
    local n=$1 nic=()
    shift
    if [ "${processes[$n]}" -eq 2 ]; then
        step "vSwitch on h$n: avs-nic and avsd, two processes"
        start "h$n-avs-nic" "h$n" "$bin/avs-nic" --user "$run_as" --socket "$TMP/h$n-nic.sock" "$@"
        wait_for 10 "avs-nic of h$n" test -S "$TMP/h$n-nic.sock"
        nic=("--nic=$TMP/h$n-nic.sock")
    else
        step "vSwitch on h$n: avsd, one process"
        nic=("$@")
    fi
    start "h$n-avsd" "h$n" "$bin/avsd" --user "$run_as" --config "$TMP/h$n.yaml" --socket "$TMP/h$n.sock" "${nic[@]}"
    wait_for 10 "avsd of h$n" grep -q msg=ready "$TMP/h$n-avsd.log"
}

finish() {
    local n files=()
    sleep 0.1 # the counters in the shared region are up to 20 ms old
    for n in "$@"; do
        "$bin/avs-ctl" --socket "$TMP/h$n.sock" --json stats >"$TMP/h$n-stats.json"
        "$bin/avs-ctl" --socket "$TMP/h$n.sock" --json drops >"$TMP/h$n-drops.json"
        files+=("h$n" "$TMP/h$n-stats.json" "$TMP/h$n-drops.json")
    done
    printf '\n'
    /usr/bin/python3 "$here/counters.py" "${files[@]}" || FAILED=$((FAILED + 1))
    printf '\n'
    [ "$FAILED" -eq 0 ] || die "$FAILED of $ROWS rows failed, $SECONDS s"
    step "all $ROWS rows passed, conservation holds, $SECONDS s"
}

# Ends what was started, removes what was made, and says when something stayed.
cleanup() {
    local status=$? name
    trap - EXIT
    trap '' INT TERM
    if [ ${#PIDS[@]} -gt 0 ]; then
        kill "${PIDS[@]}" 2>/dev/null || true
        wait "${PIDS[@]}" 2>/dev/null || true
    fi
    ip netns list | awk -v run="$RUN-" 'index($1, run) == 1 { print $1 }' | while read -r name; do
        ip netns del "$name"
    done
    if ip netns list | grep -q "^$RUN-"; then
        printf 'demo: namespaces stayed behind: ip netns list\n' >&2
        status=1
    fi
    if [ "$status" -eq 1 ]; then # failed, not interrupted
        printf 'demo: logs are in %s\n' "$TMP" >&2
    else
        rm -rf "$TMP"
    fi
    exit "$status"
}

table_head() { printf '\n%s%-34s %-8s %-24s %-24s %s%s\n' "$BOLD" what from to result "" "$PLAIN"; }

# row ok|FAIL WHAT FROM TO RESULT
row() {
    local colour=$GREEN
    ROWS=$((ROWS + 1))
    if [ "$1" != ok ]; then
        colour=$RED
        FAILED=$((FAILED + 1))
    fi
    printf '%-34s %-8s %-24s %-24s %s%s%s\n' "$2" "$3" "$4" "$5" "$colour" "$1" "$PLAIN"
}

# Five echo requests, all answered.
row_ping() {
    local what=$1 from=$2 to=$3 out got=0 ms=""
    out=$(in_ns "$from" ping -n -c 5 -i 0.02 -W 1 "$to" 2>&1) || true
    got=$(awk '/ received/ { print $4 }' <<<"$out")
    ms=$(awk -F/ '/^rtt/ { print $5 }' <<<"$out")
    if [ "${got:-0}" = 5 ]; then
        row ok "$what" "$from" "$to" "5 of 5, $ms ms"
    else
        row FAIL "$what" "$from" "$to" "${got:-0} of 5"
    fi
}

# An address of the other tenant only: nobody may answer.
row_silent() {
    local what=$1 from=$2 to=$3
    if in_ns "$from" ping -n -c 3 -i 0.02 -W 0.5 "$to" >/dev/null 2>&1; then
        row FAIL "$what" "$from" "$to" "an answer"
    else
        row ok "$what" "$from" "$to" "no answer, as it should"
    fi
}

# The page that is at an address must be the tenant's own.
row_page() {
    local what=$1 from=$2 to=$3 want=$4 got
    got=$(in_ns "$from" curl -sS -m 5 "http://$to/" 2>&1) || true
    if [ "$got" = "$want" ]; then
        row ok "$what" "$from" "$to" "\"$got\""
    else
        row FAIL "$what" "$from" "$to" "\"${got:0:22}\""
    fi
}

# The server listens, as it sees itself, but no rule lets the client in.
row_denied() {
    local what=$1 from=$2 to=$3 port=$4
    if ! in_ns red-a curl -s -m 5 "http://127.0.0.1:$port/" >/dev/null; then
        row FAIL "$what" "$from" "$to:$port" "no server"
    elif in_ns "$from" curl -s -m 1 "http://$to:$port/" >/dev/null; then
        row FAIL "$what" "$from" "$to:$port" "an answer"
    else
        row ok "$what" "$from" "$to:$port" "no answer, as it should"
    fi
}

# TCP for two seconds; --reverse: from the server.
row_tcp() {
    local what=$1 from=$2 to=$3 out mbit
    shift 3
    out=$(in_ns "$from" timeout 20 iperf3 -f m -t 2 "$@" -c "$to" 2>&1) || true
    mbit=$(awk '/receiver$/ { print $7 }' <<<"$out")
    if awk -v mbit="${mbit:-0}" 'BEGIN { exit !(mbit > 0) }'; then
        row ok "$what" "$from" "$to" "$(awk -v mbit="$mbit" 'BEGIN { printf "%.2f Gbit/s", mbit / 1000 }')"
    else
        printf '%s\n' "$out" >"$TMP/iperf3-$from-$to.log"
        row FAIL "$what" "$from" "$to" "$(tail -n 1 <<<"$out" | cut -c 1-24)"
    fi
}
