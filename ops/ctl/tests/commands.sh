#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Every command of avs-ctl, as text and as JSON, and every exit code.
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
start_server
cd "$work" || exit 1

cat >net.yaml <<'END'
version: 1
vpcs:
  - {name: blue, vni: 100}
subnets:
  - {name: front, vpc: blue, prefix4: 10.0.0.0/24}
security_groups:
  - name: web
    rules:
      - {direction: ingress, action: allow, protocol: tcp, ports: "80"}
END

# ---- apply, get
ctl 0 apply -f net.yaml --dry-run
is "+ vpc blue vni=100
+ subnet front vpc=blue prefix4=10.0.0.0/24
+ security_group web rules=1
dry run: nothing was changed"
[ ! -e state ] || bad "a dry run stored something"
ctl 0 apply -f net.yaml --json
json 'd["revision"] == 1 and [c["op"] for c in d["changes"]] == ["add"] * 3'
ctl 0 apply --file=net.yaml
is "nothing changes"
ctl 0 get
[ "$(head -n 1 <<<"$out")" = "version: 1" ] || bad "get: $out"
avs-ctl get | avs-ctl apply -f - >out 2>&1 || bad "what get prints cannot be applied"
grep -qx "nothing changes" out || bad "what get prints differs: $(cat out)"
ctl 0 get -o json
json 'd["vpcs"][0]["vni"] == 100'
ctl 0 get --json
json 'd["revision"] == 3 and d["document"]["version"] == 1'
ctl 2 get -o xml
ctl 6 apply -f net.yaml --if-revision 1
says "the configuration has changed"
ctl 0 apply -f net.yaml --if-revision 3

sed 's/vni: 100/vni: -5/' net.yaml >bad.yaml
ctl 1 apply -f bad.yaml
says "bad.yaml:3: "
ctl 1 apply -f bad.yaml --json
json 'd["error"]["code"] == "EINVAL" and d["error"]["line"] == 3 and d["error"]["path"] == "/vpcs/0/vni"'
printf 'version: 1\nvpcs: [\n' >broken.yaml
ctl 1 apply -f broken.yaml
says "broken.yaml:"
ctl 1 apply -f nothing.yaml
says "nothing.yaml"
ctl 2 apply
says "-f FILE is needed"

ctl 0 apply -f net.yaml --wait
is "nothing changes
all sessions follow it"
ctl 0 apply -f net.yaml --wait=5s --json
json 'd["sessions_left"] == 0 and d["changes"] == []'
ctl 0 apply -f net.yaml --wait --dry-run
is "nothing changes"
ctl 2 apply -f net.yaml --wait=soon

# ---- on trial
ctl 0 confirm --status
is "nothing waits to be confirmed"
ctl 3 confirm
says "no change waits to be confirmed"
ctl 3 confirm --revert
sed 's/blue/azure/' net.yaml >azure.yaml
ctl 0 apply -f azure.yaml --confirm 90s
has "+ vpc azure vni=100"
has "on trial: reverts in 90 s without avs-ctl confirm"
ctl 0 confirm --status
has "unconfirmed:  true"
ctl 0 confirm --status --json
json 'd["unconfirmed"] and 0 < d["reverts_in_s"] <= 90 and d["failure"] is None'
grep -q azure state && bad "what is on trial is stored"
ctl 6 apply -f net.yaml
says "waits to be confirmed and reverts in"
says "confirm it or revert it first"
ctl 6 vpc add red vni=200
ctl 0 apply -f net.yaml --dry-run
ctl 0 apply -f net.yaml --confirm=1h
ctl 0 apply -f azure.yaml --confirm 5m --json
json 'len(d["changes"]) > 0'
ctl 0 confirm
is "confirmed"
grep -q azure state || bad "what is confirmed is not stored"
ctl 0 apply -f net.yaml --confirm 60
ctl 0 confirm --revert --json
json 'd["revision"] > 0'
ctl 0 vpc list
has azure
ctl 0 apply -f net.yaml
for time in 0 0s -1s 5d s 1.5m 999999h 99999999999999999999; do
    ctl 2 apply -f net.yaml --confirm "$time"
    says "--confirm is a time such as 90s"
done
ctl 1 apply -f net.yaml --confirm 25h
says "86400"
ctl 2 confirm --revert --status

# ---- lists
ctl 0 vpc list
is "name  vni
blue  100"
ctl 0 vpc add red vni=200
is "+ vpc red vni=200"
ctl 6 vpc add name=red vni=201
ctl 0 vpc list vni=200 --json
json 'd == [{"name": "red", "vni": 200}]'
ctl 0 vpc show red
is "name: red
vni:  200"
ctl 3 vpc show green
says "avs-ctl vpc list"
ctl 3 vpc del green
ctl 0 vpc del red
is "- vpc red"
ctl 2 vpc add red vin=200
says "did you mean 'vni'?"
ctl 2 vpc add red vni=many
ctl 2 vpc add red vni=1 vni=2
ctl 2 vpc add red blue
ctl 1 vpc add red
says "vni"
ctl 0 port add web1 role=vnic type=tap device=t0 subnet=front addresses=10.0.0.5,10.0.0.6 \
    mac=52:54:00:00:00:05 security_groups=web offload=false
ctl 0 port show web1 --json
json 'd["addresses"] == ["10.0.0.5", "10.0.0.6"] and d["offload"] is False'
ctl 1 port add web2 role=vnic type=tap device=absent subnet=front addresses=10.0.0.7 mac=52:54:00:00:00:07
says "no device absent"
ctl 2 port add web2 --fd 77
says "descriptor 77 is not open"
exec 8</dev/null
ctl 0 port add web3 --fd 8 role=vnic type=tap device=t3 subnet=front addresses=10.0.0.8 mac=52:54:00:00:00:08
exec 8<&-
ctl 0 mapping add vpc=blue address=10.0.0.9 mac=52:54:00:00:00:09 vtep=192.0.2.2
ctl 0 mapping list
has "192.0.2.2"
ctl 0 mapping show address=10.0.0.9
ctl 0 mapping del vpc=blue address=10.0.0.9
ctl 0 route add vpc=blue prefix=10.9.0.0/16 type=blackhole
ctl 0 route del vpc=blue prefix=10.9.0.0/16
ctl 0 subnet add back vpc=blue prefix4=10.0.1.0/24
ctl 0 subnet del back

# ---- rules of a group
ctl 0 sg rule add web direction=egress action=allow priority=5
is "~ security_group web rules
    + direction=egress action=allow priority=5"
ctl 0 sg show web --json
json 'len(d["rules"]) == 2 and d["rules"][1]["priority"] == 5'
ctl 0 sg rule del web ports=80
is "~ security_group web rules
    - direction=ingress action=allow protocol=tcp ports=80"
ctl 3 sg rule del web ports=80
ctl 3 sg rule add nothing direction=egress
ctl 2 sg rule add web
ctl 2 sg rule
says "add del"
ctl 0 sg add db
ctl 0 sg del db

# ---- sessions
ctl 0 session list --limit 2
is "flow_id  vpc   proto  from           to           packets
0x10000  blue  tcp    10.0.0.0:1000  10.0.1.1:80        0
0x10001  blue  udp    10.0.0.1:1001  10.0.1.1:80       10"
says "there are more"
ctl 0 session list --all --json
[ "$(wc -l <<<"$out")" -eq 250 ] || bad "session list --all --json: not 250 lines"
ctl 0 session list l4port=1003 vpc=blue --json
json 'd["flow_id"] == "0x10003"'
ctl 2 session list colour=red
ctl 2 session list prot=tcp
says "did you mean 'proto='?"
ctl 1 session list proto=ipx
ctl 2 session list --limit 0
ctl 0 session show 0x10003
has "rewrite,deliver busy"
ctl 0 session show 0x10003 --pretty
json 'd["actions"][1] == "deliver busy"'
ctl 3 session show 0x1
ctl 1 session show x
ctl 2 session flush
says "--yes"
ctl 0 session flush proto=udp
is "125 sessions removed"
ctl 0 session flush --yes --json
json 'd == {"removed": 125}'

# ---- rules and meters
ctl 0 flow create idle ingress priority 1 pattern eth / ipv4 src is 192.0.2.7 / udp dst is 53 / end actions drop / count / end
is "Flow rule #0 created (table)"
ctl 0 flow create 0 "ingress pattern udp / end" actions mirror port idle / passthru / end --json
json 'd["rule"] == 1 and d["home"] == "device" and d["text"] == "ingress pattern udp / end actions mirror port idle / passthru / end"'
ctl 0 flow validate idle ingress pattern end actions mark id 3 / end
is "Flow rule validated (table)"
ctl 0 flow list
is "port  rule  group  priority  home    text
idle     0      0         1  table   ingress priority 1 pattern eth / ipv4 src is 192.0.2.7 / udp dst is 53 / end actions drop / count / end
busy     1      0         0  device  ingress pattern udp / end actions mirror port idle / passthru / end"
ctl 0 flow list idle --json
json '[r["rule"] for r in d] == [0]'
ctl 0 flow query idle 0 count
is "hits:  7
bytes: 700
home:  table"
ctl 0 flow query idle 0 --json
json 'd["hits"] == 7'
ctl 1 flow query idle 0 mark
ctl 3 flow query idle 5 count
says "HANDLE: no such rule"
ctl 2 flow query idle -5 count
ctl 2 flow query idle 5x count
says "no rule"
ctl 1 flow create idle ingress pattern eth / udp / end actions drop / end
says "ITEM: udp cannot stand directly behind eth, at character 23 of the rule"
says "docs/reference/rules.md"
ctl 1 flow validate idle ingress pattern ipv4 src is 10.0.0 / end actions drop / end --json
json 'd["error"]["code"] == "EINVAL" and d["error"]["type"] == "ITEM_SPEC" and d["error"]["position"] == 28'
ctl 3 flow create cow ingress pattern end actions drop / end
says "no such port"
ctl 2 flow create idle
ctl 2 flow destroy idle 0
ctl 2 flow destroy idle rule
ctl 2 flow destroy idle rule 0 rule
ctl 2 flow destroy idle rule 0 rule x
ctl 0 flow list idle --json
json 'len(d) == 1' # nothing was changed by lines that were wrong
ctl 0 flow create idle ingress pattern end actions count / end
ctl 0 flow destroy idle rule 0 rule 2
is "Flow rule #0 destroyed
Flow rule #2 destroyed"
ctl 0 flow destroy busy rule 1 -j
json 'd == {"destroyed": [1]}'
ctl 3 flow destroy busy rule 1
ctl 0 flow create idle ingress pattern end actions count / end
ctl 0 flow flush idle
is "1 flow rules removed"
ctl 0 flow flush idle -j
json 'd == {"removed": 0}'
ctl 0 meter create 1 pps 1000 burst 100
is ""
ctl 0 meter create 2 bps 50000000 burst 200000 --json
json 'd == {}'
ctl 0 meter list
is "id  unit      rate   burst
 1  pps       1000     100
 2  bps   50000000  200000"
ctl 0 meter list --json
json 'd[1] == {"id": 2, "unit": "bps", "rate": 50000000, "burst": 200000}'
ctl 0 neighbor list
is "address    mac                uplink  state
192.0.2.2  02:aa:00:00:00:02          static
192.0.2.3                     up      incomplete"
ctl 0 neighbor list --json
json 'd[1] == {"address": "192.0.2.3", "mac": None, "uplink": "up", "state": "incomplete"}'
ctl 0 meter delete 1
ctl 3 meter delete 1
ctl 1 meter delete 999
ctl 2 meter create 1 Bps 1 burst 1
ctl 2 meter create 1 pps 1 bursts 1
ctl 2 meter create 1 pps x burst 1
ctl 2 meter create 1 pps 1

# ---- counters
ctl 0 drops
is "port  reason         stage  packets
busy  pkt_too_small  pre          6"
ctl 0 drops --watch=0.02 --count 2
has packets_per_s
ctl 0 drops --json
json 'd[0]["reason"] == "pkt_too_small"'
ctl 0 stats
has "
conservation
  holds: true"
[[ $out != *"{"* ]] || bad "stats: an object in a table: $out"
ctl 0 stats -w0.01 -c3 --json
[ "$(wc -l <<<"$out")" -eq 3 ] || bad "stats --watch --json: not a line a round"
ctl 0 top
[ "$(sed -n 2p <<<"$out" | cut -c1-4)" = busy ] || bad "top: the busiest port is not first"
has "worker  packets  per_vector  by_flow_id  cycles_per_packet"
grep -qE '^ +0 +[0-9.k]+ +2.0 +100% +500 +25%$' <<<"$out" || bad "top: the worker: $out"
has "sessions  capacity  created  ended  refused"
[[ $(tail -n 2 <<<"$out" | head -n 1) == slots*90.0% ]] || bad "top: the fullest table is not first: $out"
[[ $out != *routes* ]] || bad "top: a table that cannot be full: $out"
ctl 0 top --watch=0.02 --count=2
has "rx_bytes/s"
ctl 2 top --watch=often
COLUMNS=40 ctl 0 session list
COLUMNS=30 ctl 0 port list
[ "$(head -n 1 "$work/out" | wc -c)" -lt 90 ] || bad "a narrow table is wide"

# ---- workers
ctl 0 workers list
has "worker  state    reta        sessions  packets"
grep -qE '^ +0 +running +256 \(100%\) +9 +[0-9]+ +25%$' <<<"$out" || bad "workers list: $out"
ctl 0 workers list --json
json 'd[0]["reta_entries"] == 256 and d[0]["state"] == "running"'
ctl 0 workers show 0
has "state:"
has slots
ctl 0 workers show 0 --json
json 'd["worker"] == 0 and d["tables"] == [{"table": "slots", "used": 9, "high_water": 10, "capacity": 10}]'
ctl 3 workers show 7
ctl 2 workers show zero
ctl 2 workers set
ctl 2 workers set two
ctl 0 workers set 3 --dry-run
has workers
ctl 0 workers set 3
ctl 0 get -o json
json 'd["options"]["workers"] == 3'
ctl 1 workers set 0

# ---- public addresses, and how much of a pool is in use
ctl 0 snat add out vpc=blue addresses=203.0.113.1,203.0.113.2
ctl 0 snat add idle vpc=blue subnets=front addresses=203.0.113.3 ports=2000-3000
ctl 0 snat list
has "bindings  tries  failures"
ctl 0 snat list --json
json 'd[0]["addresses"] == ["203.0.113.1", "203.0.113.2"] and d[0]["bindings"] == 3 and d[0]["failures"] == 1'
json 'd[1]["ports"] == "2000-3000" and "bindings" not in d[1]'
ctl 0 snat del idle
ctl 0 eip add shop address=203.0.113.5 vnic=web1
ctl 0 forward add ssh address=203.0.113.1 protocol=tcp port=2222 vnic=web1 inside_port=22
ctl 0 forward show ssh --json
json 'd["port"] == 2222 and d["inside_port"] == 22'
ctl 1 eip add other address=203.0.113.1 vnic=web1 inside=10.0.0.6
says "203.0.113.1 is taken by EIP 'other'"
ctl 0 forward del ssh
ctl 0 eip del shop
ctl 0 snat del out

# ---- the rest
# ---- latency
ctl 0 latency
has "off: nothing is measured now"
has "the NIC does not measure: its stages are missing"
ctl 0 latency on
is ""
ctl 0 latency
is "stage  what                    packets  p50  p90   p99  p99.9  max us  |.1us|1us |10us|.1ms|1ms |10ms|.1s 
fast   worker, sessions known        7  1.0  2.0  12.3   12.3  1000.0       ##====..........              

the NIC does not measure: its stages are missing"
ctl 0 latency show --workers --watch=0.02 --count=2
has "worker 0"
ctl 0 latency show --json
json 'd["on"] and d["stages"][0]["p99_ns"] == 12345'
ctl 0 latency reset --json
json 'd == {}'
ctl 0 latency
has "fast   worker, sessions known        0  "
ctl 0 latency off --json
json 'd["on"] is False'
ctl 2 latency sideways
says "'sideways' is none of show, on, off, reset"
ctl 2 latency on off

ctl 0 log level
is "audit:   info
control: info"
ctl 0 log level control=debug
is "audit:   info
control: debug"
ctl 0 log level '*=warn' --json
json 'd == {"audit": "warn", "control": "warn"}'
ctl 1 log level control=loud
ctl 3 log level cow=warn
ctl 2 log level control
ctl 0 version
has "ctl-fake"
ctl 0 version -j
json '"avs_ctl" in d and d["program"] == "ctl-fake"'
ctl 1 doctor
has "slots: 9 of 10 in use"
ctl 1 doctor --json
json '[row["check"] for row in d if row["state"] == "problem"] == ["packets"]'
json '{"memory", "hugepages", "versions", "tables"} <= {row["check"] for row in d} and all(row["remedy"] for row in d if row["state"] != "ok")'
ctl 1 doctor -s "$work/nobody" --json
json '[row["check"] for row in d if row["state"] == "problem"] == ["daemon"]'
ctl 0 schema vpc
has "1..16777215"
ctl 0 schema sg --json
json 'd[0]["key"] == "name"'
ctl 3 schema cow
avs-ctl schema --markdown >page.md
cmp page.md "$AVS_SOURCE_DIR/docs/reference/configuration.md" || bad "schema --markdown differs from the page"

# ---- the command line
ctl 2
ctl 0 --help
has "Exit codes"
ctl 0 help port add
has "avs-ctl port add KEY=VALUE..."
ctl 0 sg --help
has "sg rule add"
ctl 2 help nothing
ctl 0 po li
ctl 2 s list
says "may be"
ctl 2 prot list
says "did you mean 'port'?"
ctl 2 port lst --json
json 'd["error"]["hint"] == "did you mean \"list\"?".replace("\"", chr(39))'
ctl 2 port list --jsn
says "did you mean '--json'?"
ctl 2 version more
ctl 2 --timeout never version
ctl 2 get --output
ctl 0 -- version

# ---- no daemon, a deaf one, and one that refuses
ctl 4 -s "$work/none" version
says "is avsd running?"
ctl 4 -s "$work/none" -j get
json 'd["error"]["code"] == "ENOENT"'
kill -STOP "$server"
ctl 7 --timeout 0.05 get
kill -CONT "$server"
ctl 0 get

while read -r command; do
    # shellcheck disable=SC2086 # words
    ctl 0 $command --help
    has Examples:
done < <(sed -n 's/^## avs-ctl //p' "$AVS_SOURCE_DIR/docs/reference/cli.md")
finish
