# SPDX-License-Identifier: Apache-2.0
# One connection of iperf3, as fast as it gets. tcp-unpaced: by cubic, or by reno where a namespace may not have that, and not by the
# system's own, if that is bbr: it paces, which on a virtual machine costs a timer, and so an exit, for each burst. (iperf3 -C comes too
# late: who began as bbr goes on pacing.)
# shellcheck shell=bash disable=SC2154 # of run.sh

measure() {
    need iperf3
    local side
    [ "$source" = tcp ] || for side in "$a" "$b"; do
        ip netns exec "$side" sysctl -qw net.ipv4.tcp_congestion_control=cubic 2>/dev/null ||
            ip netns exec "$side" sysctl -qw net.ipv4.tcp_congestion_control=reno 2>/dev/null || true
    done
    start_b iperf3 -s -1
    wait_for listens 5201
    at_a iperf3 -c 10.9.0.12 -t "$seconds" -O 1 -J >"$dir/result" || {
        cat "$dir/result" >&2
        exit 1
    }
    report 'import json, sys
end = json.load(open(sys.argv[1]))["end"]
print(json.dumps({"gbps": end["sum_received"]["bits_per_second"] / 1e9, "retransmits": end["sum_sent"]["retransmits"],
                  "congestion": end.get("sender_tcp_congestion"), "ok": end["sum_received"]["bits_per_second"] > 0}))' \
        "$dir/result"
}
