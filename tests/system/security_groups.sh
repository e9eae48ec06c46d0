#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Stateful security groups: the default group, a reference to a group, and rules that change under live sessions.
source "$(dirname "$0")/lib.sh"
needs iperf3 python3

hosts h1
guests web db other
vnic() { # NAME NUMBER GROUP
    echo "{name: $1, role: vnic, type: tap, device: eth0, netns: $N-$1, subnet: s1, mac: 02:00:00:00:00:$2," \
        "args: \"mac=02:00:00:00:00:$2\", addresses: [10.0.0.$2, \"fd00::$2\"], security_groups: [$3]}"
}
cat >"$TMP/h1.yaml" <<YAML
version: 1
vpcs: [{name: red, vni: 100}]
subnets: [{name: s1, vpc: red, prefix4: 10.0.0.0/24, prefix6: "fd00::/64"}]
ports:
  - $(vnic web 10 web)
  - $(vnic db 11 db)
  - $(vnic other 12 default)
security_groups:
  - {name: web, rules: [{direction: egress, action: allow}]}
  - name: db
    rules:
      - {direction: ingress, action: allow, protocol: tcp, ports: 5000-5299, remote: "group:web"}
YAML
start h1
guest_up web 10.0.0.10/24 fd00::10/64
guest_up db 10.0.0.11/24 fd00::11/64
guest_up other 10.0.0.12/24 fd00::12/64

# A line of traffic every 20 ms over one TCP connection; ends when the connection does not carry one for two seconds.
server='
import socket, sys
s = socket.create_server(("::", int(sys.argv[1])), family=socket.AF_INET6, dualstack_ipv6=True)
c, _ = s.accept()
while data := c.recv(4096):
    c.sendall(data)'
client='
import socket, sys, time
s = socket.create_connection((sys.argv[1], int(sys.argv[2])), 5)
s.settimeout(2)
while True:
    s.sendall(b"x")
    s.recv(1)
    print("x", end="", flush=True)
    time.sleep(0.02)'
# flow NAME ADDRESS PORT: from web to db; $TMP/NAME grows as long as it lives.
flow() {
    background db "$PYTHON" -c "$server" "$3"
    wait_for "server in db" listens db "$3"
    ip netns exec "$N-web" "$PYTHON" -c "$client" "$2" "$3" >"$TMP/$1" 2>"$TMP/$1.error" </dev/null &
    pids+=("$!")
    wait_for "flow $1" flows "$1"
}
flows() {
    local before
    before=$(stat -c %s "$TMP/$1")
    sleep 0.1
    [ "$(stat -c %s "$TMP/$1")" -gt "$before" ]
}
stands_still() { ! flows "$1"; }

say "what the groups allow, and only that"
flow long 10.0.0.11 5000
flow other 10.0.0.11 5100
flow six fd00::11 5200
dropped h1 web sg_ingress one_ping web 10.0.0.11
dropped h1 other sg_ingress on other timeout 0.5 bash -c 'echo >/dev/tcp/10.0.0.11/5000'
dropped h1 db sg_egress one_ping db 10.0.0.10
dropped h1 other sg_ingress one_ping other fd00::11

say "a rule that comes is in force for the next session, also after a refusal"
works ctl h1 sg rule add db direction=ingress action=allow protocol=icmp remote=group:web
pings web 10.0.0.11
works ctl h1 sg rule del db protocol=icmp
dropped h1 web sg_ingress one_ping web 10.0.0.11

say "a rule that goes takes its sessions with it, and no other's"
works ctl h1 sg rule add db direction=ingress action=allow protocol=tcp ports=5100-5299 remote=group:web
works ctl h1 sg rule del db direction=ingress ports=5000-5299
wait_for "the long flow stands" stands_still long
flows other || fail "a flow that is still allowed stands"
flows six || fail "a flow that is still allowed stands"

say "the same by a whole document, with a denial that comes before"
ctl h1 get -o json | "$PYTHON" -c '
import json, sys
d = json.load(sys.stdin)
db = next(g for g in d["security_groups"] if g["name"] == "db")
db["rules"].append({"direction": "ingress", "action": "deny", "priority": 10, "protocol": "tcp", "ports": "5100"})
json.dump(d, sys.stdout)' >"$TMP/new.json"
works ctl h1 apply -f "$TMP/new.json"
wait_for "the denied flow stands" stands_still other
flows six || fail "a flow that is still allowed stands"

say "the default group lets its members talk to each other"
works ctl h1 port del web
works ctl h1 port add web role=vnic type=tap device=eth0 "netns=$N-web" subnet=s1 mac=02:00:00:00:00:10 \
    args=mac=02:00:00:00:00:10 addresses=10.0.0.10,fd00::10
guest_up web 10.0.0.10/24 fd00::10/64
pings web 10.0.0.12
pings other fd00::10
iperf other web 10.0.0.10
dropped h1 other sg_ingress one_ping other 10.0.0.11

finish
