# SPDX-License-Identifier: Apache-2.0
# Two tap ports of avsd, vNIC to vNIC of one subnet: anti-spoofing and stateful groups on both sides.
# shellcheck shell=bash disable=SC2154 # of run.sh

join() {
    [ -x "$build/bin/avsd" ] || skip "not built"
    cat >"$dir/avs.yaml" <<YAML
version: 1
vpcs: [{name: blue, vni: 100}]
subnets: [{name: front, vpc: blue, prefix4: 10.9.0.0/24}]
security_groups:
  - name: open
    rules:
      - {direction: egress, action: allow}
      - {direction: ingress, action: allow, protocol: tcp}
      - {direction: ingress, action: allow, protocol: udp}
      - {direction: ingress, action: allow, protocol: icmp}
ports:
  - {name: a, role: vnic, type: tap, device: eth0, netns: $a, mac: '02:00:00:00:00:01',
     subnet: front, addresses: [10.9.0.11], security_groups: [open]}
  - {name: b, role: vnic, type: tap, device: eth0, netns: $b, mac: '02:00:00:00:00:02',
     subnet: front, addresses: [10.9.0.12], security_groups: [open]}
YAML
    "$build/bin/avsd" -c "$dir/avs.yaml" --nic=embedded --cpu "$cpu" -s "$dir/sock" >"$dir/log" 2>&1 &
    started+=($!)
    wait_for ip -n "$b" link show eth0 || {
        cat "$dir/log" >&2
        exit 1
    }
}
