#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# TCP between two network namespaces, by iperf3 on CPU 0: through a Linux bridge, or through avsd's tap ports.
#
#   bridge.sh bridge|avs SECONDS    prints one line of JSON
#
# Exit code 77: cannot run here, the last line says why.
set -euo pipefail

name=$1 seconds=$2
build=${AVS_BUILD_DIR:?}
skip() {
    echo "$1"
    exit 77
}
[ "$(id -u)" -eq 0 ] || skip "network namespaces need root"
command -v iperf3 >/dev/null || skip "iperf3 is not installed"
[ "$name" = bridge ] || [ -x "$build/bin/avsd" ] || skip "not built"

dir=$(mktemp -d /tmp/avs-bridge.XXXXXX)
a=avsbench$$a b=avsbench$$b link=avsb$$
server='' avsd=''
cleanup() {
    local pid
    for pid in "$server" "$avsd"; do
        [ -z "$pid" ] || { kill "$pid" && wait "$pid"; } 2>/dev/null || true
    done
    ip link del "$link" 2>/dev/null || true
    ip netns del "$a" 2>/dev/null || true
    ip netns del "$b" 2>/dev/null || true
    rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM
ip netns add "$a"
ip netns add "$b"

if [ "$name" = bridge ]; then
    ip link add "$link" type bridge
    ip link set "$link" up
    for side in a b; do
        ip link add "$link$side" type veth peer name eth0 netns "${!side}"
        ip link set "$link$side" master "$link" up
    done
else
    cat >"$dir/avs.yaml" <<YAML
version: 1
vpcs: [{name: blue, vni: 100}]
subnets: [{name: front, vpc: blue, prefix4: 10.9.0.0/24}]
security_groups:
  - name: open
    rules:
      - {direction: egress, action: allow}
      - {direction: ingress, action: allow, protocol: tcp}
      - {direction: ingress, action: allow, protocol: icmp}
ports:
  - {name: a, role: vnic, type: tap, device: eth0, netns: $a, mac: '02:00:00:00:00:01',
     subnet: front, addresses: [10.9.0.1], security_groups: [open]}
  - {name: b, role: vnic, type: tap, device: eth0, netns: $b, mac: '02:00:00:00:00:02',
     subnet: front, addresses: [10.9.0.2], security_groups: [open]}
YAML
    # The subnet's first address is the gateway's by default: the guests take others.
    sed -i 's/10\.9\.0\.1\]/10.9.0.11]/; s/10\.9\.0\.2\]/10.9.0.12]/' "$dir/avs.yaml"
    "$build/bin/avsd" -c "$dir/avs.yaml" --nic=embedded --cpu 1 -s "$dir/sock" >"$dir/log" 2>&1 &
    avsd=$!
    for ((try = 0; try < 100; try++)); do
        ip -n "$b" link show eth0 >/dev/null 2>&1 && break
        kill -0 "$avsd" 2>/dev/null || { cat "$dir/log" >&2; exit 1; }
        sleep 0.05
    done
    ip -n "$a" link set eth0 address 02:00:00:00:00:01
    ip -n "$b" link set eth0 address 02:00:00:00:00:02
fi
ip -n "$a" addr add 10.9.0.11/24 dev eth0
ip -n "$b" addr add 10.9.0.12/24 dev eth0
ip -n "$a" link set eth0 up
ip -n "$b" link set eth0 up
ip netns exec "$b" taskset -c 0 iperf3 -s -1 >"$dir/server" 2>&1 &
server=$!
for ((try = 0; try < 40; try++)); do
    ip netns exec "$b" ss -ltn 2>/dev/null | grep -q ':5201' && break
    sleep 0.05
done
ip netns exec "$a" taskset -c 0 iperf3 -c 10.9.0.12 -t "$seconds" -O 1 -J >"$dir/result" || {
    cat "$dir/result" >&2
    exit 1
}
python3 - "$name" "$dir/result" <<'PY'
import json, sys
end = json.load(open(sys.argv[2]))["end"]
print(json.dumps({"case": sys.argv[1], "gbps": end["sum_received"]["bits_per_second"] / 1e9,
                  "retransmits": end["sum_sent"]["retransmits"], "ok": True}))
PY
