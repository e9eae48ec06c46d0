#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Real traffic between two network namespaces, both ends on one CPU, what joins them on another where it has a core of its own.
#
#   run.sh JOIN SOURCE SECONDS CPU    prints one line of JSON
#
# JOIN: avs (our tap ports, stateful groups); bridge (the kernel's, veth pairs), bridge-cpu (the same, its receiving side on CPU by
# RPS), nftables (the bridge with conntrack); ovs, ovs-ct (OVS-DPDK on packet sockets). A file join_*.sh each.
# SOURCE: tcp, tcp-unpaced, udp, rtt, crr, crr-32, http, http-close. A file source_*.sh each.
# CPU is the datapath's; the ends run on the first other one. Exit code 77: cannot run here, the last line says why.
set -euo pipefail

# shellcheck disable=SC2034 # seconds: of the sources
join=$1 source=$2 seconds=$3 cpu=$4
here=$(dirname "$(readlink -f "$0")")
build=${AVS_BUILD_DIR:?}
skip() {
    echo "$1"
    exit 77
}
need() { command -v "$1" >/dev/null || skip "$1 is not installed"; }
[ "$(id -u)" -eq 0 ] || skip "network namespaces need root"

ends=0
[ "$cpu" -ne 0 ] || ends=$(($(nproc) > 1 ? 1 : 0))
dir=$(mktemp -d /tmp/avs-wire.XXXXXX)
a=avswa$$ b=avswb$$ mid=avswm$$
started=()
end_process() {
    local pid=$1 try
    kill "$pid" 2>/dev/null || return 0
    for ((try = 0; try < 50; try++)); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -9 "$pid" 2>/dev/null || true
}
cleanup() {
    local i
    for ((i = ${#started[@]}; i > 0; i--)); do
        end_process "${started[i - 1]}"
    done
    [ "$(type -t part)" != function ] || part || true
    for i in "$a" "$b" "$mid"; do
        ip netns del "$i" 2>/dev/null || true
    done
    rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# In the sender's namespace, on the CPU of the ends.
at_a() { ip netns exec "$a" taskset -c "$ends" "$@"; }
# The same, in the background until the end; of a function's background the shell would be ended, and not what it runs.
start_a() {
    ip netns exec "$a" taskset -c "$ends" "$@" >"$dir/result" 2>&1 &
    started+=($!)
}
start_b() {
    ip netns exec "$b" taskset -c "$ends" "$@" >"$dir/server" 2>&1 &
    started+=($!)
}
# Until a command succeeds, five seconds at most.
wait_for() {
    local try
    for ((try = 0; try < 100; try++)); do
        ! "$@" >/dev/null 2>&1 || return 0
        sleep 0.05
    done
    echo "waited in vain: $*" >&2
    return 1
}
listens() { ip netns exec "$b" ss -ltnu | grep -q ":$1 "; }
# What a source prints goes through a few lines of Python: the keys of the figures, and "ok".
report() { python3 -c "$1" "${@:2}"; }

case $join in
avs) . "$here/join_avs.sh" ;;
bridge | bridge-cpu | nftables) . "$here/join_bridge.sh" ;;
ovs | ovs-ct) . "$here/join_ovs.sh" ;;
*) skip "no join is named $join" ;;
esac
# shellcheck source=/dev/null
. "$here/source_${source%%-*}.sh"

ip netns add "$a"
ip netns add "$b"
ip netns add "$mid"
join
for side in a:1 b:2; do
    name=${side%:*}
    ip -n "${!name}" link set lo up
    ip -n "${!name}" link set eth0 address "02:00:00:00:00:0${side#*:}"
    ip -n "${!name}" addr add "10.9.0.1${side#*:}/24" dev eth0
    ip -n "${!name}" link set eth0 up
done
wait_for ip netns exec "$a" ping -n -c 1 -W 1 10.9.0.12
measure
