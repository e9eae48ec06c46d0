#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An hour of a card's life.
#
#   soak.sh [planted]    and one in which memory is lost on purpose, which must be found
set -euo pipefail

sim=${AVS_BUILD_DIR:?}/bin/sim
dir=$(mktemp -d /tmp/avs-soak.XXXXXX)
trap 'rm -rf "$dir"' EXIT

"$sim" --soak 1
[ "${1:-}" = planted ] || exit 0
if "$sim" --soak 1 --plant memory 2>"$dir/said"; then
    echo "lost memory was not found"
    exit 1
fi
grep -E 'bytes (of heap|mapped): [0-9]+ now' "$dir/said"
