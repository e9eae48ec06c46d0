# SPDX-License-Identifier: Apache-2.0
# UDP in frames of 64 bytes, as fast as sockperf sends. Counted is what reaches the receiver's device; behind it the frames are dropped,
# since the receiver shares the sender's CPU, and would be what is measured.
# shellcheck shell=bash disable=SC2154,SC2016 # of run.sh; awk's own

measure() {
    need sockperf
    need nft
    ip netns exec "$b" nft -f - <<'NFT'
table ip away {
    chain early {
        type filter hook prerouting priority -300
        udp dport 7000 drop
    }
}
NFT
    received() { ip netns exec "$b" awk '/eth0:/ {print $3}' /proc/net/dev; }
    start_a sockperf tp -i 10.9.0.12 -p 7000 -m 22 -t "$(awk -v s="$seconds" 'BEGIN {printf "%d", s + 3.5}')"
    sleep 1.5
    local from to since until
    from=$(received) since=$(date +%s%N)
    sleep "$seconds"
    to=$(received) until=$(date +%s%N)
    report 'import json, sys
packets, ns = int(sys.argv[1]), int(sys.argv[2])
print(json.dumps({"pps": packets / ns * 1e9, "packets": packets, "seconds": ns / 1e9, "ok": packets > 0}))' \
        $((to - from)) $((until - since))
}
