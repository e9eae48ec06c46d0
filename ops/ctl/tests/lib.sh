# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by the tests of avs-ctl: a server before a fake backend in a directory of its own, and checks.
# shellcheck disable=SC2034 # for those who source this
set -u

work=$(mktemp -d)
AVS_SOCKET=$work/sock
export AVS_SOCKET LC_ALL=C.UTF-8 TERM=dumb
unset COLUMNS NO_COLOR
PATH=$AVS_BUILD_DIR/bin:$PATH
failures=0 server=""

# The server ends when its standard input, which we hold open, does.
start_server() {
    mkfifo "$work/stdin"
    "$AVS_BUILD_DIR/bin/ctl-fake" "$AVS_SOCKET" "$work/state" <"$work/stdin" >"$work/ready" 2>"$work/log" &
    server=$!
    exec 9>"$work/stdin"
    until grep -q ready "$work/ready"; do
        kill -0 "$server" || exit 1
        sleep 0.02
    done
}

finish() {
    exec 9>&-
    if [ -n "$server" ]; then
        wait "$server" || bad "server ended with $?: $(cat "$work/log")"
    fi
    rm -rf "$work"
    [ "$failures" -eq 0 ] || exit 1
    exit 0
}

bad() {
    echo "FAIL: $*"
    failures=$((failures + 1))
}

# ctl CODE WORD...: runs avs-ctl; output in $out, messages in $err.
ctl() {
    local want=$1 got=0
    shift
    avs-ctl "$@" >"$work/out" 2>"$work/err" 9>&- || got=$?
    out=$(cat "$work/out") err=$(cat "$work/err")
    last="avs-ctl $*"
    [ "$got" -eq "$want" ] || bad "$last: exit code $got, expected $want: $out $err"
}

is() {
    [ "$out" = "$1" ] || bad "$last: printed
$out
instead of
$1"
}

has() {
    [[ $out == *"$1"* ]] || bad "$last: '$1' is not in: $out"
}

says() {
    [[ $err == *"$1"* ]] || bad "$last: message '$1' is not in: $err"
}

# json EXPRESSION: a Python expression about the output, `d`, must be true.
json() {
    printf '%s' "$out" | /usr/bin/python3 -c '
import json, sys
d = json.load(sys.stdin)
sys.exit(not eval(sys.argv[1]))' "$1" || bad "$last: not $1: $out"
}
