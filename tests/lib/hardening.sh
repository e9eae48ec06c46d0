#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: hardening.sh PROGRAM...    Each program of the build, as readelf sees it, has what the flags of cmake/AvsOptions.cmake promise.
set -euo pipefail

failed=0
lacks() {
    echo "$program lacks $*"
    failed=1
}
# has TEXT FILE: a line of it.
has() { grep -qE -- "$1" "$2"; }

tmp=$(mktemp -d)
trap 'rm -r "$tmp"' EXIT
for program in "$@"; do
    file=$AVS_BUILD_DIR/bin/$program
    readelf -hW "$file" >"$tmp/head"
    readelf -lW "$file" >"$tmp/segments"
    readelf -dW "$file" >"$tmp/dynamic"
    readelf -sW --dyn-syms "$file" >"$tmp/symbols"
    { has 'Type: +DYN' "$tmp/head" && has 'FLAGS_1.*PIE' "$tmp/dynamic"; } || lacks "a place that is chosen anew each time (PIE)"
    has 'GNU_RELRO' "$tmp/segments" || lacks "tables that are read-only once linked (RELRO)"
    has 'FLAGS.*BIND_NOW|FLAGS_1.*NOW' "$tmp/dynamic" || lacks "links made at start, all of them (now)"
    has 'GNU_STACK.* RW ' "$tmp/segments" || lacks "a stack that is no code (noexecstack)"
    ! has 'LOAD.* RWE ' "$tmp/segments" || lacks "segments that are either written or run"
    ! has 'TEXTREL' "$tmp/dynamic" || lacks "code that is not written at start (TEXTREL)"
    ! has 'RPATH|RUNPATH' "$tmp/dynamic" || lacks "a library path that is the system's alone"
    has '__stack_chk_fail' "$tmp/symbols" || lacks "a canary in its stack frames (stack protector)"
    # Sanitizers intercept those calls, and see more than this.
    has '__(asan|tsan)_init' "$tmp/symbols" || has '__gcov' "$tmp/symbols" || has '__(memcpy|snprintf|read|fprintf|vsnprintf|memset)_chk' "$tmp/symbols" || lacks "checked calls (fortify)"
done
[ "$failed" -eq 0 ] && echo "$# programs as they should be"
exit "$failed"
