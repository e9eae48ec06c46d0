#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Ours and the peers' figures of one run, alternating on the same core: table on stdout, JSON in build/bench/.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export AVS_BUILD_DIR=${AVS_BUILD_DIR:-$here/../build/release}
names_known="forward-1k forward-100k vxlan-1k vxlan-100k snat-1k eip-1k tcp budget"

usage() {
    cat <<USAGE
usage: ./run bench [options] [NAME...]

  --quick          3 rounds of 2 s (default)
  --full           5 rounds of 5 s
  --peer ovs|none  measure OVS-DPDK beside ours (default: ovs), where it has the same work
  --cpu N          the core (default: the last one)
  --json           the result as JSON on stdout

names: $names_known (default: all)
USAGE
}
wrong() {
    echo "bench: $1; './run bench --help' shows the usage" >&2
    exit 2
}

rounds=3 seconds=2 peer=ovs json=0 cpu=$(($(nproc) - 1)) names=''
while [ $# -gt 0 ]; do
    case $1 in
    --quick) rounds=3 seconds=2 ;;
    --full) rounds=5 seconds=5 ;;
    --peer | --cpu)
        [ $# -ge 2 ] || wrong "$1 wants a value"
        [ "$1" = --peer ] && peer=$2 || cpu=$2
        shift
        ;;
    --json) json=1 ;;
    -h | --help)
        usage
        exit 0
        ;;
    -*) wrong "unknown option '$1'" ;;
    *)
        [[ " $names_known " == *" $1 "* ]] || wrong "no benchmark '$1'"
        names+=" $1"
        ;;
    esac
    shift
done
[[ $peer == ovs || $peer == none ]] || wrong "no peer '$peer'"
[[ $cpu =~ ^[0-9]+$ ]] || wrong "'$cpu' is not a CPU"
names=${names:-$names_known}

out=$(dirname "$AVS_BUILD_DIR")/bench
mkdir -p "$out"
raw=$out/runs.jsonl
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: >"$raw"

# A line that replaces the one before it on a terminal; elsewhere, a line each.
progress() {
    if [ -t 2 ]; then
        printf '\r\033[K%s' "$1" >&2
    elif [ -n "$1" ]; then
        echo "$1" >&2
    fi
}

# One run of somebody's command: its line of JSON, or why there is none.
one() {
    local bench=$1 who=$2 round=$3 line rc=0
    shift 3
    progress "$bench: $who, round $round of $rounds"
    line=$("$@" 2>"$work/stderr" | tail -n 1) || rc=$?
    if [[ $line != \{* ]]; then
        [ "$rc" -eq 77 ] || line="failed: ${line:-$(tail -n 1 "$work/stderr")}"
        line="{\"missing\": \"$(printf '%s' "$line" | tr -cd '[:alnum:] .,:;()/_+-')\"}"
    fi
    printf '{"bench": "%s", "who": "%s", "round": %s, "run": %s}\n' "$bench" "$who" "$round" "$line" >>"$raw"
}

packets() {
    local bench=$1 name=${1%-*} flows=1000 round
    [[ $1 == *-1k ]] || flows=100000
    "$AVS_BUILD_DIR/bin/avs-bench" --case "$name" --flows "$flows" --capture "$work/$flows.pcap"
    for ((round = 1; round <= rounds; round++)); do
        one "$bench" avs "$round" "$AVS_BUILD_DIR/bin/avs-bench" --case "$name" --flows "$flows" \
            --seconds "$seconds" --cpu "$cpu" --stages
        [[ $peer != ovs || $name == snat || $name == eip ]] ||
            one "$bench" ovs "$round" "$here/peers/ovs_dpdk.sh" "$name" "$work/$flows.pcap" "$cpu" "$seconds"
    done
}
tcp() {
    local round
    for ((round = 1; round <= rounds; round++)); do
        one tcp avs "$round" "$here/peers/bridge.sh" avs "$seconds"
        one tcp bridge "$round" "$here/peers/bridge.sh" bridge "$seconds"
    done
}

for name in $names; do
    case $name in
    tcp) tcp ;;
    budget) one budget avs 1 "$here/budget.sh" ;;
    *) packets "$name" ;;
    esac
done
progress ""
arguments=("$raw" "$out/result.json")
[ "$json" -eq 0 ] || arguments+=(--json)
"$here/report" "${arguments[@]}"
