#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# usage: hardening.sh PROGRAM...    Each program of the build, as readelf and objdump see it, has what the flags of cmake/AvsOptions.cmake promise.
set -euo pipefail

failed=0
lacks() {
    echo "$program lacks $*"
    failed=1
}
# has TEXT FILE: a line of it.
has() { grep -qE -- "$1" "$2"; }

# behind LINE TEXT: of the code, a line that has TEXT stands behind one that is LINE.
behind() {
    grep -A1 -E -- "$1" "$tmp/code" >"$tmp/pairs" || true
    has "$2" "$tmp/pairs"
}

# Where main() begins, an indirect call may land; a large frame is touched page by page, so that none reaches beyond the guard page.
branches() {
    if has 'Machine:.*X86-64' "$tmp/head"; then
        readelf -nW "$file" >"$tmp/notes"
        objdump -dw --no-show-raw-insn "$file" >"$tmp/code"
        has 'x86 feature:.*SHSTK' "$tmp/notes" || lacks "the mark of who returns only to where he was called from (shadow stack)"
        behind '^[0-9a-f]+ <main>:' endbr64 || lacks "landing pads of indirect calls (IBT)"
        behind 'sub +[$]0x1000,%rsp' '(or[lq]|movq) +[$]0x0,[(]%rsp[)]' || lacks "large frames that are touched page by page (stack clash)"
    elif has 'Machine:.*AArch64' "$tmp/head"; then
        aarch64-linux-gnu-objdump -d --no-show-raw-insn --disassemble=main "$file" >"$tmp/code"
        behind '^[0-9a-f]+ <main>:' 'paciasp|bti' || lacks "signed return addresses and landing pads (PAC, BTI)"
    fi
}

tmp=$(mktemp -d)
trap 'rm -r "$tmp"' EXIT
for program in "$@"; do
    file=$AVS_BUILD_DIR/bin/$program
    # Of another machine: in bin there is what starts its emulator.
    [ ! -e "$AVS_BUILD_DIR/target/$program" ] || file=$AVS_BUILD_DIR/target/$program
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
    branches
    has '__stack_chk_fail' "$tmp/symbols" || lacks "a canary in its stack frames (stack protector)"
    # Sanitizers intercept those calls, and see more than this.
    has '__(asan|tsan)_init' "$tmp/symbols" || has '__gcov' "$tmp/symbols" || has '__(memcpy|snprintf|read|fprintf|vsnprintf|memset)_chk' "$tmp/symbols" || lacks "checked calls (fortify)"
done
[ "$failed" -eq 0 ] && echo "$# programs as they should be"
exit "$failed"
