#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# avs-crr over loopback: connections succeed one by one and many at once, whatever the sizes; refused and cut short, they are failures.
set -euo pipefail

crr=${AVS_BUILD_DIR:?}/bin/avs-crr
dir=$(mktemp -d /tmp/avs-crr.XXXXXX)
server=''
cleanup() {
    [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
    rm -rf "$dir"
}
trap cleanup EXIT
port=$((20000 + $$ % 10000))

# The keys of the last result: python3 sees them as r.
holds() { python3 -c 'import json, sys
r = json.load(open(sys.argv[1]))
sys.exit(0 if eval(sys.argv[2]) else f"{sys.argv[2]}: {r}")' "$dir/result" "$1"; }
ask() { "$crr" --connect 127.0.0.1 --port "$port" --seconds 0.2 --warmup 0 "$@" >"$dir/result"; }

ask --at-once 2
holds 'r["connections"] == 0 and r["failed"] > 0 and r["ok"] is False'

"$crr" --listen 127.0.0.1 --port "$port" --request 5000 --response 30000 &
server=$!
for ((try = 0; try < 100; try++)); do
    ask --request 5000 --response 30000
    holds 'r["ok"]' 2>/dev/null && break
    sleep 0.05
done
holds 'r["connections"] > 0 and r["failed"] == 0 and 0 < r["p50_us"] <= r["p99_us"] <= r["p999_us"]'
ask --request 5000 --response 30000 --at-once 32
holds 'r["connections"] > 0 and r["failed"] == 0'
# A response of another length than was asked for.
ask --request 5000 --response 30001
holds 'r["connections"] == 0 and r["failed"] > 0 and r["ok"] is False'

for wrong in "--connect nowhere" "--connect 127.0.0.1 --at-once 0" "--connect 127.0.0.1 --request 70000" ""; do
    rc=0
    # shellcheck disable=SC2086 # words
    "$crr" $wrong >/dev/null 2>&1 || rc=$?
    [ "$rc" = 2 ] || { echo "avs-crr $wrong ended with $rc"; exit 1; }
done
