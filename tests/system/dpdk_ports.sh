#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# DPDK's testpmd behind memif and vhost-user ports, with split and packed rings, on either side of the sockets: it answers pings, is killed,
# and the next one does.
source "$(dirname "$0")/lib.sh"
needs dpdk-testpmd

hosts h1
guests c
socket_port() {
    echo "  - {name: $1, role: vnic, type: $3, path: $TMP/$1.sock, side: $4, subnet: s1, mac: 02:00:00:00:00:$2," \
        "addresses: [10.0.0.$2]${5:+, $5}}"
}
one_host "$(vnic c 13)" "$(socket_port m 21 memif server)" "$(socket_port split 22 vhost-user server)" \
    "$(socket_port packed 23 vhost-user client "queues: 2")" >"$TMP/h1.yaml"

# It answers ARP and echo requests.
testpmd() {
    local vdev=--vdev=net_virtio_user
    # Of its socket everybody may be the other end, in a folder that is ours and the vSwitch's.
    (umask 0 && exec dpdk-testpmd --no-huge -m 256 --no-pci --no-telemetry --file-prefix="$N" -l 0,1 --single-file-segments \
        "--vdev=net_memif0,role=client,socket=$TMP/m.sock,socket-abstract=no,mac=02:00:00:00:00:21" \
        "${vdev}0,path=$TMP/split.sock,mac=02:00:00:00:00:22,queue_size=256" \
        "${vdev}1,path=$TMP/packed.sock,server=1,packed_vq=1,queues=1,mac=02:00:00:00:00:23,queue_size=256" \
        -- --forward-mode=icmpecho --total-num-mbufs=4096 --no-lsc-interrupt --no-mlockall --auto-start <&8 >"$TMP/testpmd.log" 2>&1) &
    testpmd_pid=$!
    pids+=("$!")
}
mkfifo "$TMP/quiet" && exec 8<>"$TMP/quiet" # it ends with its input

start h1
guest_up c 10.0.0.13/24
testpmd
answers() { on c ping -q -c 1 -W 0.3 "10.0.0.$1"; }
all_answer() {
    wait_for "memif answers $1" answers 21
    wait_for "the split ring answers $1" answers 22
    wait_for "the packed ring answers $1" answers 23
}
say "memif, split and packed rings"
all_answer "at first"
for last in 21 22 23; do
    on c ping -q -i 0.002 -c 600 -s 1400 "10.0.0.$last" >"$TMP/out" 2>&1 || fail "10.0.0.$last: $(tail -n 3 "$TMP/out")"
    grep -q ' 0% packet loss' "$TMP/out" || fail "10.0.0.$last: $(tail -n 3 "$TMP/out")"
done

say "testpmd is killed, and another one comes"
kill -9 "$testpmd_pid"
wait "$testpmd_pid" 2>/dev/null || true
rm -f "$TMP/packed.sock"
testpmd
all_answer "the next testpmd"

kill -9 "$testpmd_pid"
wait "$testpmd_pid" 2>/dev/null || true
finish
