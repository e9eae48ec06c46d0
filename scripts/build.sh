#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Configures (once) and builds one preset. Arguments: [PRESET [TARGET]], default release, all of it.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

preset=${1:-release}
[ $# -le 2 ] || usage_error "build: one preset at a time, and one target of it"
case " $PRESETS " in
*" $preset "*) ;;
*) usage_error "build: unknown preset '$preset' (one of: $PRESETS)" ;;
esac

groups=(build)
case $preset in
clang | coverage | fuzz) groups+=(test) ;;
arm64) groups+=(arm64) ;;
esac
ensure_deps "${groups[@]}"
if [ "$preset" = arm64 ]; then
    scripts/sysroot.sh
fi

# Of two presets only what is run there.
case $preset in
fuzz) target=fuzzers ;;
tsan) target=tsan_tests ;;
*) target=${2:-all} ;;
esac

dir=build/$preset
log=$dir/build.log
mkdir -p "$dir" 2>/dev/null || true
[ -w "$dir" ] || die 1 "build: no right to write $dir (built by another user before?): sudo rm -r build"
start=$SECONDS

fail() {
    warn ""
    warn "---- last lines of the log"
    tr '\r' '\n' <"$log" | sed 's/\x1b\[[0-9;]*[A-Za-z]//g' | tail -n 40 >&2
    die 1 "build $preset: $1 failed; whole log: $log"
}

# One line that grows by tenths.
progress() {
    awk -v log_file="$log" -v preset="$preset" '
        { print >log_file }
        match($0, /^\[[0-9]+\/[0-9]+\]/) {
            split(substr($0, 2, RLENGTH - 2), n, "/")
            tenth = int(10 * n[1] / n[2])
            if (tenth > last) {
                if (!last) printf "build %s:", preset
                printf " %d%%", 10 * tenth
                fflush()
                last = tenth
            }
        }
        END { if (last) print "" }'
}

# ninja sees changes of CMakeLists.txt, not of the presets.
if [ ! -f "$dir/build.ninja" ] || [ CMakePresets.json -nt "$dir/build.ninja" ]; then
    echo "build $preset: configuring"
    cmake --preset "$preset" >"$log" 2>&1 || fail "configuring"
fi
if [ -t 1 ]; then
    script -qefc "ninja -C '$dir' -j$JOBS $target" "$log" || fail "compiling"
else
    ninja -C "$dir" -j"$JOBS" "$target" 2>&1 | progress || fail "compiling"
fi
echo "build $preset: ok, $((SECONDS - start)) s"
