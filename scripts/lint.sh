#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Static checks, one line each.
#   --changed   the per-file checks only look at what differs from the main branch
#   --fix       formats the C files in place and stops
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

changed=0 fix=0
for option in "$@"; do
    case $option in
    --changed) changed=1 ;;
    --fix) fix=1 ;;
    *) usage_error "lint: unknown option '$option'" ;;
    esac
done

ensure_deps lint
git_here rev-parse --git-dir >/dev/null 2>&1 || die 1 "lint: this is not a git checkout, which it needs to tell source from the rest"
out=build/lint
mkdir -p "$out" 2>/dev/null || true
[ -w "$out" ] || die 1 "lint: no right to write $out (built by another user before?): sudo rm -r build"
failed=0

# Source files of a check: those given by the patterns, or what of them has changed.
files() {
    if [ "$changed" -eq 0 ]; then
        source_files "$@"
        return
    fi
    local base=HEAD name
    for name in origin/main main; do
        if git_here rev-parse -q --verify "$name" >/dev/null; then
            base=$(git_here merge-base HEAD "$name")
            break
        fi
    done
    comm -12 <(source_files "$@" | sort) \
        <({
            git_here diff --name-only "$base"
            git_here ls-files -o --exclude-standard
        } | sort -u)
}

# Files run by a shell, by name or by first line.
shell_files() {
    files '*.sh' '*.bash'
    files | { grep -vE '\.[A-Za-z0-9_]+$|^LICENSE$' || true; } | while read -r f; do
        if head -n 1 "$f" | grep -qE '^#!.*\b(ba|da)?sh\b'; then
            echo "$f"
        fi
    done
}

check() {
    local name=$1 start=$SECONDS log
    shift
    log=$out/$name.log
    if "$@" >"$log" 2>&1; then
        printf '%-14s ok    %3d s\n' "$name" $((SECONDS - start))
        sed 's/^/    /' "$log" | grep -a '^    warning: ' || true
    else
        printf '%-14s FAIL  %3d s   %s\n' "$name" $((SECONDS - start)) "$log"
        tail -n 40 "$log" | sed 's/^/    /'
        failed=1
    fi
}

lint_format() {
    files '*.c' '*.h' | xargs -r -P "$JOBS" -n 16 clang-format --dry-run -Werror || {
        echo "./run lint --fix mends it"
        return 1
    }
}

# A file is analysed again when it, a header, or the configuration is newer than its stamp.
lint_tidy() {
    ensure_deps build
    if [ ! -f build/release/build.ninja ] || [ CMakePresets.json -nt build/release/build.ninja ]; then
        cmake --preset release >"$out/configure.log" 2>&1 || { cat "$out/configure.log"; return 1; }
    fi
    mkdir -p "$out/tidy"
    local newest file stamp
    newest=$(source_files '*.h' .clang-tidy '*CMakeLists.txt' 'cmake/*' | xargs -r ls -t | head -n 1 || true)
    comm -12 <("$PYTHON" scripts/compiled_files.py build/release | sort) <(files '*.c' | sort) |
        while read -r file; do
            stamp=$out/tidy/${file//\//__}
            if [ ! "$stamp" -nt "$file" ] || [ ! "$stamp" -nt "$newest" ]; then
                printf '%s\n%s\n' "$file" "$stamp"
            fi
        done >"$out/tidy.list"
    # shellcheck disable=SC2016 # expanded by the inner shell
    xargs -r -d '\n' -P "$JOBS" -n 2 sh -c '
        clang-tidy --quiet --extra-arg=-Wno-ignored-optimization-argument -p build/release "$1" 2>&1 && touch "$2" || { echo "failed: $1"; exit 1; }
    ' sh <"$out/tidy.list"
}

lint_shell() { shell_files | xargs -r shellcheck -x; }

lint_python() {
    local cache status=0
    cache=$(mktemp -d)
    files '*.py' | PYTHONPYCACHEPREFIX=$cache xargs -r "$PYTHON" -m py_compile || status=1
    rm -rf "$cache"
    return "$status"
}

lint_licence() {
    local file status=0
    while read -r file; do
        if ! head -n 3 "$file" | grep -q 'SPDX-License-Identifier: Apache-2.0'; then
            echo "$file: no SPDX line"
            status=1
        fi
    done < <({
        files '*.c' '*.h' '*.py' '*.sv' '*.svh' '*.v' '*.cmake' '*CMakeLists.txt' '*.js' '*.css' '*.sby' '*.tcl'
        shell_files
    } | sort -u)
    return "$status"
}

# Generators write files that stand in the repository; with --check they only compare.
lint_generated() {
    local generator arguments status=0
    if [ -f hsring/gen/hsring_gen.py ]; then
        "$PYTHON" hsring/gen/hsring_gen.py --check || { echo "stale: hsring/gen/hsring_gen.py"; status=1; }
    fi
    while read -r generator arguments; do
        case $generator in "" | "#"*) continue ;; esac
        # shellcheck disable=SC2086 # arguments are words
        "./$generator" $arguments --check </dev/null || { echo "stale: $generator"; status=1; }
    done <scripts/generators.txt
    return "$status"
}

lint_leftovers() {
    # Written so that this line does not find itself.
    local words='TO''DO|FIX''ME|X''XX|HA''CK'
    local found
    found=$(files | grep -vE '^(LICENSE|tests/data/)' | tr '\n' '\0' | xargs -0 -r grep -InwE "$words" /dev/null || true)
    echo "$found"
    [ -z "$found" ]
}

lint_length() {
    files '*.c' '*.h' '*.py' '*.sh' '*.sv' '*.svh' run | while read -r file; do
        lines=$(wc -l <"$file")
        if [ "$lines" -gt 600 ] && ! head -n 5 "$file" | grep -qi generated; then
            echo "warning: $file has $lines lines: which two things is it?"
        fi
    done
}

lint_links() { source_files 'README.md' 'docs/*.md' '*.md' | xargs -r "$PYTHON" scripts/check_links.py; }

if [ "$fix" -eq 1 ]; then
    files '*.c' '*.h' | xargs -r clang-format -i
    echo "lint: formatted"
    exit 0
fi

check format lint_format
check licence lint_licence
check shellcheck lint_shell
check python lint_python
check generated lint_generated
check leftovers lint_leftovers
check length lint_length
check links lint_links
check clang-tidy lint_tidy

if [ "$failed" -ne 0 ]; then
    die 1 "lint: FAIL"
fi
echo "lint: ok"
