#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What avsd costs at default sizes: from start to the first packet answered, resident memory, CPU when idle.
# Prints one line of JSON; exit code 77: cannot run here, the last line says why.
set -euo pipefail

build=${AVS_BUILD_DIR:?}
skip() {
    echo "$1"
    exit 77
}
[ -x "$build/bin/avsd" ] || skip "not built"
[ "$(id -u)" -eq 0 ] || skip "network namespaces need root"

dir=$(mktemp -d /tmp/avs-budget.XXXXXX)
ns=avsbudget$$ avsd='' ping=''
cleanup() {
    local pid
    for pid in "$ping" "$avsd"; do
        [ -z "$pid" ] || { kill "$pid" && wait "$pid"; } 2>/dev/null || true
    done
    ip link del "avsu$$" 2>/dev/null || true
    ip netns del "$ns" 2>/dev/null || true
    rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

# A guest on a veth that is there already pings its gateway all the time: the first answer is the first packet.
ip netns add "$ns"
ip link add "avsu$$" type veth peer name eth0 netns "$ns"
ip link set "avsu$$" up
ip -n "$ns" link set eth0 address 02:00:00:00:00:01
ip -n "$ns" addr add 10.9.0.11/24 dev eth0
ip -n "$ns" link set eth0 up
ip -n "$ns" neigh add 10.9.0.1 lladdr 02:00:00:00:00:fe dev eth0
cat >"$dir/avs.yaml" <<YAML
version: 1
vpcs: [{name: blue, vni: 100}]
subnets: [{name: front, vpc: blue, prefix4: 10.9.0.0/24, gateway4: 10.9.0.1, gateway_mac: '02:00:00:00:00:fe'}]
ports:
  - {name: a, role: vnic, type: kernel, device: avsu$$, mac: '02:00:00:00:00:01', subnet: front, addresses: [10.9.0.11]}
YAML
ip netns exec "$ns" ping -D -n -i 0.005 10.9.0.1 >"$dir/ping" 2>&1 &
ping=$!
sleep 0.5
start=$(date +%s%N)
"$build/bin/avsd" -c "$dir/avs.yaml" --nic=embedded -s "$dir/sock" >"$dir/log" 2>&1 &
avsd=$!
for ((try = 0; try < 200; try++)); do
    grep -q 'bytes from' "$dir/ping" && break
    kill -0 "$avsd" 2>/dev/null || {
        tail -n 1 "$dir/log"
        exit 1
    }
    sleep 0.05
done
first=$(awk '/bytes from/ {gsub(/[][]/, "", $1); print $1; exit}' "$dir/ping")
[ -n "$first" ] || {
    echo "no packet was answered within 10 s"
    exit 1
}
kill "$ping"
wait "$ping" 2>/dev/null || true
ping=''
sleep 2
ticks() { awk '{print $14 + $15}' "/proc/$avsd/stat"; }
before=$(ticks)
sleep 5
after=$(ticks)
rss=$(awk '/^VmRSS/ {print $2}' "/proc/$avsd/status")
awk -v start="$start" -v first="$first" -v ticks=$((after - before)) -v hz="$(getconf CLK_TCK)" -v rss="$rss" 'BEGIN {
    printf "{\"start_ms\": %.1f, \"idle_percent\": %.2f, \"rss_mb\": %.1f, \"ok\": true}\n",
        first * 1000 - start / 1e6, 100 * ticks / hz / 5, rss * 1024 / 1e6 }'
