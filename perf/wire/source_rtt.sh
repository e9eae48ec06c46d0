# SPDX-License-Identifier: Apache-2.0
# sockperf ping-pong over UDP: one message under way. Its latency is half of a round trip.
# shellcheck shell=bash disable=SC2154 # of run.sh

measure() {
    need sockperf
    start_b sockperf sr -i 10.9.0.12 -p 7000
    wait_for listens 7000
    at_a sockperf pp -i 10.9.0.12 -p 7000 -m 22 -t "$(awk -v s="$seconds" 'BEGIN {printf "%d", s < 1 ? 1 : s}')" >"$dir/result" 2>&1 || {
        cat "$dir/result" >&2
        exit 1
    }
    report 'import json, re, sys
text = open(sys.argv[1]).read()
at = {float(p): float(us) for p, us in re.findall(r"percentile ([0-9.]+) += +([0-9.]+)", text)}
print(json.dumps({"p50_us": at[50.0], "p99_us": at[99.0], "p999_us": at[99.9], "ok": True}))' "$dir/result"
}
