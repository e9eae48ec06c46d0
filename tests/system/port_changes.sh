#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Ports come and go under traffic: by document, by command, by passed descriptor. A neighbour's flow loses nothing.
source "$(dirname "$0")/lib.sh"

hosts h1
guests a b c d e
vnic() { # NAME NUMBER
    echo "{name: $1, role: vnic, type: tap, device: eth0, netns: $N-$1, subnet: s1, mac: 02:00:00:00:00:$2," \
        "args: \"mac=02:00:00:00:00:$2\", addresses: [10.0.0.$2]}"
}
document() {
    cat <<YAML
version: 1
vpcs: [{name: red, vni: 100}]
subnets: [{name: s1, vpc: red, prefix4: 10.0.0.0/24}]
ports:
  - $(vnic a 10)
  - $(vnic b 11)
YAML
}
document >"$TMP/h1.yaml"
start h1
guest_up a 10.0.0.10/24
guest_up b 10.0.0.11/24
pings a 10.0.0.11

say "a flow between two neighbours, 100 packets a second, until we are through"
ip netns exec "$N-a" ping -i 0.01 10.0.0.11 >"$TMP/neighbour" </dev/null &
neighbour=$!
pids+=("$neighbour")

say "a port by document, and gone again"
{
    document
    echo "  - $(vnic c 12)"
} >"$TMP/three.yaml"
for _ in 1 2 3; do
    says "+ port c " ctl h1 apply -f "$TMP/three.yaml"
    guest_up c 10.0.0.12/24
    pings c 10.0.0.11
    background c ping -f -q 10.0.0.11
    wait_for "traffic of c" get h1 "[p['rx_packets'] for p in d['ports'] if p['name'] == 'c'][0] > 100"
    works ctl h1 apply -f "$TMP/h1.yaml"
    stop "$BG"
    ! on c ip link show eth0 >/dev/null 2>&1 || fail "the interface of a removed port is still there"
    [ "$(get h1 "d['sessions']['used']")" -le 2 ] || fail "sessions of a removed port are still there"
done

say "a port by command"
works ctl h1 port add d role=vnic type=tap device=eth0 "netns=$N-d" subnet=s1 mac=02:00:00:00:00:13 \
    args=mac=02:00:00:00:00:13 addresses=10.0.0.13
guest_up d 10.0.0.13/24
pings d 10.0.0.10
refused 6 "" ctl h1 port add d role=vnic type=tap device=eth1 "netns=$N-d" subnet=s1 mac=02:00:00:00:00:14 addresses=10.0.0.14
works ctl h1 port del d
refused 3 "no port 'd'" ctl h1 port del d

say "a port by passed descriptor"
# Opens a tap in the guest's namespace, then hands it over as descriptor 9.
open_tap='
import fcntl, os, struct, sys
fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
tap, no_pi, vnet_hdr = 0x2, 0x1000, 0x4000
fcntl.ioctl(fd, 0x400454CA, struct.pack("16sH22x", b"eth0", tap | no_pi | vnet_hdr))
os.dup2(fd, 9)
os.execv(sys.argv[1], sys.argv[1:])'
works on e "$PYTHON" -c "$open_tap" "$BIN/avs-ctl" -s "$TMP/h1.sock" port add e role=vnic type=tap subnet=s1 \
    mac=02:00:00:00:00:15 addresses=10.0.0.15 --fd 9
on e ip link set eth0 address 02:00:00:00:00:15 up
guest_up e 10.0.0.15/24
pings e 10.0.0.11
works ctl h1 port del e
wait_for "the tap closes" bash -c "! ip -n $N-e link show eth0"

say "what the neighbour lost"
hundred_answers() { [ "$(grep -c icmp_seq= "$TMP/neighbour")" -ge 100 ]; }
wait_for "a hundred answers" hundred_answers
kill -INT "$neighbour"
wait "$neighbour" || true
# Every answer but that to the last request, which was under way when ping was stopped.
grep -o 'icmp_seq=[0-9]*' "$TMP/neighbour" | awk -F= '$2 != ++n { lost = 1 } END { exit lost }' ||
    fail "the neighbour's flow lost packets"

finish
