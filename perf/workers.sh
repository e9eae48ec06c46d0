#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# avs-bench-workers in small: with one worker and with several, in turn on one thread and on threads of their own, every packet
# is handled and none is lost.
set -euo pipefail

run() { "$AVS_BUILD_DIR/bin/avs-bench-workers" "$@"; }
for workers in 1 2 3; do
    run --workers "$workers" --count 6000 --batch 64
done
run --workers 2 --case overlay --seconds 0.05 --batch 64
if run --workers 0 2>&1; then
    echo "no workers: taken"
    exit 1
fi
