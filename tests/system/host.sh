#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The host's own traffic on an uplink: TCP, BFD's UDP and LACP's frames between a peer and the host's interface, while a tenant talks.
source "$(dirname "$0")/lib.sh"
needs iperf3 bridge

hosts h1 h3
guests a
ip -n "$N-h1" link add up0 mtu 1600 type veth peer name up3 netns "$N-h3"
ip -n "$N-h1" link set up0 addrgenmode none up
ip -n "$N-h3" link set up3 mtu 1600 up
on h3 ip addr add 192.0.2.3/24 dev up3

cat >"$TMP/h1.yaml" <<YAML
version: 1
ports:
  - {name: up, role: uplink, type: kernel, device: up0, address: 192.0.2.1/24}
  - {name: host0, role: host, type: tap, device: avs-host0, netns: $N-h1, uplink: up}
  - {name: a, role: vnic, type: tap, device: eth0, netns: $N-a, mtu: 1450, args: "mac=02:00:00:00:00:0a", mac: 02:00:00:00:00:0a,
     subnet: s1, addresses: [10.0.0.10]}
vpcs: [{name: red, vni: 100}]
subnets: [{name: s1, vpc: red, prefix4: 10.0.0.0/24}]
mappings: [{vpc: red, address: 10.0.0.13, mac: 02:00:00:00:00:0d, vtep: 192.0.2.3}]
security_groups:
  - name: default
    rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]
YAML
start h1
guest_up a 10.0.0.10/24
on h1 ip addr add 192.0.2.1/24 dev avs-host0
linux_vtep h3 192.0.2.3 192.0.2.1

# talk FROM TO ADDRESS PORT: a TCP connection, a line there and back.
talk() {
    background "$2" "$PYTHON" -c 'import socket, sys
s = socket.create_server(("", int(sys.argv[1])))
c, _ = s.accept()
c.sendall(c.recv(100).upper())' "$4"
    wait_for "the server in $2" listens "$2" "$4"
    on "$1" "$PYTHON" -c 'import socket, sys
c = socket.create_connection((sys.argv[1], int(sys.argv[2])), 10)
c.sendall(b"ssh")
sys.exit(c.recv(100) != b"SSH")' "$3" "$4" || fail "TCP from $1 to $3"
    wait "$BG" || fail "TCP server in $2"
}
# frames FROM INTERFACE TO INTERFACE: LACP's, as they are.
frames() {
    background "$3" "$PYTHON" -c 'import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x8809))
s.bind((sys.argv[1], 0x8809))
s.settimeout(20)
while s.recv(200)[14:18] != b"\x01\x01ab":
    pass' "$4"
    local listener=$BG
    for _ in $(seq 100); do
        on "$1" "$PYTHON" -c 'import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind((sys.argv[1], 0x8809))
s.send(b"\x01\x80\xc2\x00\x00\x02\x02\x00\x00\x00\x00\x01\x88\x09\x01\x01ab" + bytes(106))' "$2"
        kill -0 "$listener" 2>/dev/null || break
        sleep 0.1
    done
    wait "$listener" || fail "LACP from $1 to $3"
}
# bfd FROM TO ADDRESS: a control packet's UDP, hops 255.
bfd() {
    background "$2" "$PYTHON" -c 'import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 3784))
s.settimeout(20)
s.recv(100)'
    local listener=$BG
    for _ in $(seq 100); do
        on "$1" "$PYTHON" -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, 255)
s.sendto(bytes(24), (sys.argv[1], 3784))' "$3"
        kill -0 "$listener" 2>/dev/null || break
        sleep 0.1
    done
    wait "$listener" || fail "BFD from $1 to $2"
}

say "the host's traffic while a tenant talks"
wait_for "the far host answers" one_ping a 10.0.0.13
background a ping -q -i 0.05 10.0.0.13
pinging=$BG
talk h3 h1 192.0.2.1 2222
talk h1 h3 192.0.2.3 2223
bfd h1 h3 192.0.2.3
bfd h3 h1 192.0.2.1
frames h1 avs-host0 h3 up3
frames h3 up3 h1 avs-host0
kill -0 "$pinging" || fail "the tenant stopped"
stop "$pinging"
pings h3 192.0.2.1
iperf a h3 10.0.0.13

say "nothing of a guest reaches the host"
background h1 "$PYTHON" -c 'import socket, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.bind(("avs-host0", 3))
print("watching", flush=True)
while True:
    got = s.recv(2000)
    if b"secret of a guest" in got:
        sys.exit(1)
    if b"end of the watch" in got:
        sys.exit(0)'
watcher=$BG
wait_for "the watcher" grep watching "$TMP/background.log"
on a "$PYTHON" -c 'import socket
for to in ("10.0.0.13", "192.0.2.1", "10.0.0.1"):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        s.sendto(b"secret of a guest", (to, 2222))
    except OSError:
        pass'
pings a 10.0.0.13
watch_ended() {
    on h3 "$PYTHON" -c 'import socket
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"end of the watch", ("192.0.2.1", 2222))'
    ! kill -0 "$watcher" 2>/dev/null
}
wait_for "the host sees what is for it" watch_ended
wait "$watcher" || fail "a guest's packet came to the host"

finish
