#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# avs-bench-sessions in small: every connection has a session of its own, which goes by its time-out, and no packet is lost; all
# sessions follow a route that changes; as many are there as were opened.
set -euo pipefail

run() { "$AVS_BUILD_DIR/bin/avs-bench-sessions" "$@"; }
for case in connections connections-vxlan connections-snat connections-overlay; do
    run --case "$case" --count 4000 --rate 2000
done
run --case connections --count 4000 --rate 2000 --vector 1
run --case refresh --sessions 20000 | cut -c 1-200
run --case capacity --sessions 50000
