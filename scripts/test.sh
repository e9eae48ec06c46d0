#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds and runs the test suites; the last line is "N passed, N failed, N skipped".
#   --quick         release without the slow ones, what has the NIC embedded and what runs again under other circumstances, and the
#                   unit tests with ASan + UBSan
#   (neither)       all suites, and each fuzzer (tests/fuzz) for ten seconds
#   --coverage      the suite with line coverage alone (threshold: scripts/coverage.py)
#   --arm64         unit and replay tests of the build for arm64, under qemu-user
#   --list          the tests and what each is for
#   --filter REGEX  only tests whose name matches
#   --json          the result as JSON on stdout, everything else on stderr
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

quick=0 list=0 coverage=0 arm64=0 json=0 filter=""
while [ $# -gt 0 ]; do
    case $1 in
    --quick) quick=1 ;;
    --arm64) arm64=1 ;;
    --list) list=1 ;;
    --coverage) coverage=1 ;;
    --json) json=1 ;;
    --filter)
        [ $# -ge 2 ] || usage_error "test: --filter needs a regular expression"
        filter=$2
        shift
        ;;
    --filter=*) filter=${1#--filter=} ;;
    *) usage_error "test: unknown option '$1'" ;;
    esac
    shift
done

if [ "$json" -eq 1 ]; then
    exec 3>&1 1>&2
fi

groups=(build test)
if is_root; then
    groups+=(demo)
    [ "$quick$coverage" != 00 ] || groups+=(bench)
fi

if [ "$list" -eq 1 ]; then
    ensure_deps build
    cmake --preset release >/dev/null
    if [ "$json" -eq 1 ]; then
        "$PYTHON" scripts/results.py list --json --filter "$filter" build/release/tests.tsv >&3
    else
        "$PYTHON" scripts/results.py list --filter "$filter" build/release/tests.tsv
    fi
    exit 0
fi
ensure_deps "${groups[@]}"

# preset, labels wanted, labels left out, what is built if not all. The labels are joined by "|".
if [ "$coverage" -eq 1 ]; then
    suites=("coverage unit|coverage again")
elif [ "$arm64" -eq 1 ]; then
    suites=("arm64 unit|replay slow|native|again")
elif [ "$quick" -eq 1 ]; then
    suites=("release unit|replay|system slow|embedded|again" "debug unit again unit_tests")
else
    suites=("release unit|replay|system -" "debug unit|replay -" "clang unit again" "tsan tsan -"
        "coverage unit|coverage again")
    # Without root the system tests are left out, and so much of what they cover: no threshold then.
    if [ -z "$filter" ] && is_root; then
        coverage=1
    fi
fi

args=()
if ! is_root; then
    args+=(--without-root)
fi
if [ "$coverage" -eq 1 ]; then
    find build/coverage -name '*.gcda' -delete 2>/dev/null || true
fi
for suite in "${suites[@]}"; do
    read -r preset wanted unwanted target <<<"$suite"
    dir=build/$preset
    args+=(--suite "$preset" "$wanted" "$unwanted")
    rm -f "$dir/junit.xml"
    if ! scripts/build.sh "$preset" ${target:+"$target"}; then
        continue
    fi
    if ! is_root; then
        unwanted="$unwanted|system"
    fi
    echo "test $preset:"
    select=(-L "^($wanted)\$" -LE "^($unwanted)\$")
    if [ -n "$filter" ]; then
        select+=(-R "$filter")
    fi
    ctest --test-dir "$dir" -j "$JOBS" --no-tests=ignore "${select[@]}" --output-junit "$AVS_ROOT/$dir/junit.xml" \
        --test-output-size-passed 65536 --test-output-truncation middle 2>&1 | tee "$dir/test.log" |
        grep --line-buffered -E ' Test +#[0-9]+: ' || true
done

fuzzers_wanted() { sed -n 's/^ *avs_fuzzer(\([a-z]*\).*/fuzz_\1/p' tests/fuzz/CMakeLists.txt | grep -qE -e "$filter"; }
if [ "${#suites[@]}" -gt 2 ] && fuzzers_wanted; then
    args+=(--suite fuzz fuzz -)
    rm -f build/fuzz/junit.xml
    if scripts/build.sh fuzz; then
        echo "test fuzz:"
        "$PYTHON" scripts/fuzz.py --filter "$filter" 10 || true # the report counts what they found
    fi
fi

status=0
[ "$json" -eq 0 ] || args+=(--json)
if [ "$coverage" -eq 1 ]; then
    "$PYTHON" scripts/coverage.py build/coverage || status=1
fi
if [ "$json" -eq 1 ]; then
    "$PYTHON" scripts/results.py report --filter "$filter" "${args[@]}" >&3 || status=1
else
    "$PYTHON" scripts/results.py report --filter "$filter" "${args[@]}" || status=1
fi
exit "$status"
