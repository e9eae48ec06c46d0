#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A daemon without traffic, scraped: the page is what a strict reader takes, and says what avs-ctl says, as DPDK's telemetry
# does. The reader itself refuses what is wrong in any one place.
set -Eeuo pipefail

bin=$AVS_BUILD_DIR/bin lib=$AVS_SOURCE_DIR/tests/lib
work=$(mktemp -d "${TMPDIR:-/tmp}/avs-scrape.XXXXXX")
avsd=''
# shellcheck disable=SC2317 # called by the trap
clean_up() {
    [ -z "$avsd" ] || { kill "$avsd" && wait "$avsd"; } 2>/dev/null || true
    rm -rf "$work"
}
trap clean_up EXIT
fail() {
    echo "FAILED: $*" >&2
    exit 1
}
cd "$work"
cat >net.yaml <<'YAML'
version: 1
vpcs: [{name: red, vni: 100}]
subnets: [{name: s, vpc: red, prefix4: 10.0.0.0/24}]
ports:
  - {name: a, role: vnic, type: "null", subnet: s, mac: 02:00:00:00:00:01, addresses: [10.0.0.11], quota: 100}
  - {name: b, role: vnic, type: "null", subnet: s, mac: 02:00:00:00:00:02, addresses: [10.0.0.12]}
YAML
: >log
"$bin/avsd" -c net.yaml -s sock --metrics "$work/metrics" --telemetry >log 2>&1 &
avsd=$!
for ((i = 0; i < 600; i++)); do
    grep -q 'msg=ready' log && break
    kill -0 "$avsd" 2>/dev/null || fail "avsd ended: $(cat log)"
    sleep 0.05
done
for what in stats drops version; do "$bin/avs-ctl" -s sock --json "$what" >"$what.json"; done
/usr/bin/python3 "$lib/http_get.py" "$work/metrics" /metrics >page
[ "$(/usr/bin/python3 "$lib/http_get.py" "$work/metrics" /healthz)" = ok ] || fail "not healthy"
read_page() { /usr/bin/python3 "$lib/prometheus_text.py" "$1" stats.json drops.json version.json; }
read_page page

# refused SED-EXPRESSION: the page changed by it.
refused() {
    sed -E "$1" page >changed
    ! cmp -s page changed || fail "nothing changed: $1"
    ! read_page changed >said 2>&1 || fail "taken: $1: $(cat said)"
}
refused '/# TYPE avs_build_info/d'
refused '/# HELP avs_build_info/d'
refused 's/^# TYPE avs_sessions_used gauge/# TYPE avs_sessions_used counter/'
refused 's/^# TYPE avs_sessions_created_total counter/# TYPE avs_sessions_created_total gauge/'
refused 's/^(avs_sessions_used .*)/\1\n\1/'
refused 's/^avs_sessions_capacity .*/avs_sessions_capacity 1/'
refused '/^avs_sessions_capacity /d'
refused 's/\{port="a"\}/{port="a/'
refused 's/\{port="a"\}/{port=a}/'
refused 's/\{port="a"\}/{port="\\x"}/'
refused 's/\{port="a"\}/{port="c"}/'
refused 's/^(avs_worker_packets_total\{worker="0"\}) .*/\1 1 2/'
refused 's/^(avs_worker_packets_total\{worker="0"\}) .*/\1 one/'
refused 's/_bucket\{le="7"\} .*/_bucket{le="7"} 1/'
refused 's/^avs_nic_fit_capacity .*/avs_nic_fit_capacity 1/'
refused 's/^avs_port_session_quota\{port="a"\} .*/&\navs_port_session_quota{port="b"} 9/'
head -c -1 page >changed
! read_page changed >/dev/null 2>&1 || fail "taken: a page without its end"
if command -v promtool >/dev/null; then
    promtool check metrics <page || fail "promtool has something to say"
fi

# DPDK's telemetry, asked by several at once: each in a thread of DPDK's own, all answered by the one loop.
telemetry=$(sed -n 's/.* msg=telemetry at=//p' log)
declare -a askers=()
for i in 1 2 3 4 5 6; do
    /usr/bin/python3 "$lib/dpdk_telemetry.py" "$telemetry" /avs/sessions >"answer$i" &
    askers+=("$!")
done
for i in 1 2 3 4 5 6; do
    wait "${askers[i - 1]}" || fail "telemetry: no answer $i"
    /usr/bin/python3 -c 'import json, sys
answer, stats = (json.load(open(p)) for p in sys.argv[1:])
sys.exit(answer != stats["sessions"])' "answer$i" stats.json || fail "telemetry: $(cat "answer$i")"
done

# The reference has all metrics, and the example's rules no other.
/usr/bin/python3 - page "$AVS_SOURCE_DIR/docs" <<'PY'
import re, sys
page, docs = sys.argv[1:]
served = set(re.findall(r"^# TYPE (\S+)", open(page).read(), re.M))
reference = set(re.findall(r"^\| `(avs_\w+)`", open(docs + "/reference/metrics.md").read(), re.M))
rules = set(re.findall(r"\bavs_\w+", open(docs + "/examples/prometheus-rules.yml").read()))
if served != reference or not rules <= served:
    sys.exit(f"{served ^ reference} {rules - served}")
PY

# Where it cannot be served, it does not start.
for place in nonsense 70000 "$work/metrics" /nonexistent/metrics; do
    code=0
    "$bin/avsd" -c net.yaml -s other --metrics "$place" >said 2>&1 || code=$?
    [ "$code" -eq 1 ] || fail "--metrics $place: exit code $code: $(cat said)"
    grep -q 'metrics' said || fail "--metrics $place: $(cat said)"
done
kill "$avsd"
wait "$avsd" || fail "avsd ended with $?"
avsd=''
if [ -e metrics ] || [ -e "${telemetry%/*}" ]; then
    fail "a socket is left"
fi
