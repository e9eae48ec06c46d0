#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Debian's OVS-DPDK on one PMD core: frames of a capture held in memory (net_pcap, infinite_rx) to a sink that drops them
# (net_null).
#
#   ovs_dpdk.sh WORK CAPTURE CPU SECONDS SETTLE    prints one line of JSON
#
# WORK: forward (stateless), ct (conntrack with the rules of our groups), forward6 and ct6 (the same over IPv6), snat (conntrack and
# a shared public address), and the same inside VXLAN: vxlan, vxlan-ct, vxlan-snat; out of VXLAN: vxlan-in, vxlan-in-ct. connections
# and vxlan-connections: TCP, both directions by the one source, which keeps them in order; a connection whose tuple comes again
# while it is in TIME_WAIT is replaced, so its table does not fill. SETTLE: seconds until sessions are open and measuring begins.
# Everything is private: run directory, database, network namespace; processes are ended by their number. Exit code 77:
# cannot run here, the last line says why.
set -euo pipefail

name=$1 capture=$2 cpu=$3 seconds=$4 settle=$5
vswitchd=/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk
schema=/usr/share/openvswitch/vswitch.ovsschema

skip() {
    echo "$1"
    exit 77
}
[ -x "$vswitchd" ] || skip "openvswitch-switch-dpdk is not installed"
[ "$(id -u)" -eq 0 ] || skip "OVS-DPDK needs root"

# A namespace of our own, so that bridges and addresses touch nobody's.
if [ "${AVS_OVS_INSIDE:-}" != 1 ]; then
    AVS_OVS_INSIDE=1 exec unshare --net --mount "$0" "$@"
fi

dir=$(mktemp -d /tmp/avs-ovs.XXXXXX)
pages=/proc/sys/vm/nr_hugepages
pages_before=$(cat "$pages")
vs_pid='' db_pid=''

end_process() {
    local pid=$1 try
    [ -n "$pid" ] || return 0
    kill "$pid" 2>/dev/null || return 0
    for ((try = 0; try < 50; try++)); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.1
    done
    kill -9 "$pid" 2>/dev/null || true
}
cleanup() {
    # Whoever has detached himself may not have been noted yet.
    end_process "${vs_pid:-$(cat "$dir/vs.pid" 2>/dev/null || true)}"
    end_process "${db_pid:-$(cat "$dir/db.pid" 2>/dev/null || true)}"
    echo "$pages_before" 2>/dev/null >"$pages" || true
    rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

cd "$dir"
export OVS_RUNDIR=$dir OVS_DBDIR=$dir OVS_LOGDIR=$dir
vsctl() { ovs-vsctl --timeout=60 --db="unix:$dir/db.sock" "$@"; }
appctl() { ovs-appctl -t "$dir/vs.ctl" "$@"; }

# Its memory must be huge pages (it asks EAL for --in-memory, which knows no other); those we add are given back.
want=512
for ((try = 0; try < 8; try++)); do
    free=$(awk '/^HugePages_Free/ {print $2}' /proc/meminfo)
    [ "$free" -lt "$want" ] || break
    echo 1 2>/dev/null >/proc/sys/vm/compact_memory || true
    echo $((pages_before + want)) 2>/dev/null >"$pages" || true
    sleep 0.5
done
[ "$(awk '/^HugePages_Free/ {print $2}' /proc/meminfo)" -ge "$want" ] || skip "no $want huge pages of 2 MiB to be had"

ip link set lo up
other=0
[ "$cpu" -ne 0 ] || other=$(($(nproc) > 1 ? 1 : 0))
ovsdb-tool create conf.db "$schema" >/dev/null
ovsdb-server conf.db --remote="punix:$dir/db.sock" --pidfile="$dir/db.pid" --detach --no-chdir \
    --log-file="$dir/db.log" >/dev/null 2>&1
db_pid=$(cat db.pid)
vsctl --no-wait init
vsctl --no-wait set Open_vSwitch . other_config:dpdk-init=true \
    other_config:pmd-cpu-mask="$(printf '0x%x' $((1 << cpu)))" \
    other_config:dpdk-lcore-mask="$(printf '0x%x' $((1 << other)))" \
    "other_config:dpdk-extra=--no-pci --no-telemetry --in-memory"
"$vswitchd" "unix:$dir/db.sock" --pidfile="$dir/vs.pid" --unixctl="$dir/vs.ctl" --detach --no-chdir \
    --log-file="$dir/vs.log" >/dev/null 2>&1 || {
    tail -n 3 vs.log >&2 || true
    skip "ovs-vswitchd-dpdk did not start"
}
vs_pid=$(cat vs.pid)

sink() { vsctl add-port "$1" sink -- set Interface sink type=dpdk 'options:dpdk-devargs=net_null0,no-rx=1' ofport_request=2; }
vsctl add-br br0 -- set bridge br0 datapath_type=netdev fail-mode=secure
into=br0 # the bridge of the source
if [[ $name == vxlan* ]]; then
    vsctl add-br brphy -- set bridge brphy datapath_type=netdev fail-mode=standalone 'other-config:hwaddr="02:bb:00:00:00:01"'
    tunnel=2
    if [[ $name == vxlan-in* ]]; then
        into=brphy tunnel=1
        sink br0
    else
        sink brphy
    fi
    ip addr add 192.0.2.1/24 dev brphy
    ip link set brphy up
    vsctl add-port br0 vx -- set Interface vx type=vxlan options:remote_ip=192.0.2.2 options:key=100 "ofport_request=$tunnel"
    appctl tnl/arp/set brphy 192.0.2.2 02:aa:00:00:00:02 >/dev/null
    appctl ovs/route/show >routes.txt
else
    sink br0
fi
# What the groups of our side say: stateful, UDP from 5000 on to the guest, the rest of its subnet refused.
nat=''
[[ $name != *snat ]] || nat=',nat(src=203.0.113.1)'
case $name in
*connections*) cat <<'FLOWS' ;;
table=0,priority=10,in_port=1,dl_src=02:00:00:00:00:01,ip,nw_src=10.1.0.5,ct_state=-trk,actions=ct(table=1,zone=1)
table=0,priority=9,in_port=1,ip,ct_state=-trk,actions=ct(table=1,zone=1)
table=1,priority=20,ip,nw_src=10.1.0.128/25,actions=drop
table=1,priority=10,ct_state=+trk+new,tcp,tp_dst=0/0x8000,actions=ct(commit,zone=1),output:2
table=1,priority=10,ct_state=+trk+new,tcp,tp_dst=0x8000/0xc000,actions=ct(commit,zone=1),output:2
table=1,priority=10,ct_state=+trk+est,ip,actions=output:2
FLOWS
forward* | vxlan | vxlan-in) echo "table=0,priority=10,in_port=1,dl_src=02:00:00:00:00:01,ip,nw_src=10.1.0.5,actions=output:2" ;;
*) cat <<FLOWS ;;
table=0,priority=10,in_port=1,dl_src=02:00:00:00:00:01,ip,nw_src=10.1.0.5,ct_state=-trk,actions=ct(table=1,zone=1${nat:+,nat})
table=1,priority=20,ip,nw_src=10.1.0.128/25,actions=drop
table=1,priority=10,ct_state=+trk+new,udp,tp_dst=5000/0xfff8,actions=ct(commit,zone=1$nat),output:2
table=1,priority=10,ct_state=+trk+new,udp,tp_dst=5008/0xfff0,actions=ct(commit,zone=1$nat),output:2
table=1,priority=10,ct_state=+trk+est,ip,actions=output:2
FLOWS
esac | if [[ $name == *6 ]]; then
    sed -e 's/,ip,/,ipv6,/; s/,udp,/,udp6,/; s/nw_src=10.1.0.5/ipv6_src=fd00:1::5/; s/nw_src=10.1.0.128.25/ipv6_src=fd00:1::80\/121/'
else
    cat
fi | ovs-ofctl -O OpenFlow13 add-flows "unix:$dir/br0.mgmt" -
vsctl add-port "$into" source -- set Interface source type=dpdk ofport_request=1 \
    "options:dpdk-devargs=net_pcap0,rx_pcap=$capture,infinite_rx=1"

# Frames the sink took, as they stand now.
counter() { appctl dpctl/show -s netdev@ovs-netdev | awk '/port [0-9]+: sink / {on = 1} on && /TX packets/ {sub(".*TX packets:", ""); print $1 + 0; exit}'; }
pmd_ticks() {
    local task sum=0
    for task in /proc/"$vs_pid"/task/*; do
        case $(cat "$task/comm") in
        pmd*) sum=$((sum + $(awk '{print $14 + $15}' "$task/stat"))) ;;
        esac
    done
    echo "$sum"
}
steal() { awk '/^cpu / {print $9 * 10}' /proc/stat; }
look() { echo "$(counter) $(date +%s%N) $(pmd_ticks)"; }
# A busy machine may take its time until the source runs.
for ((try = 0; try < 150; try++)); do
    [ "$(counter)" -eq 0 ] || break
    sleep 0.2
done
sleep "$settle"
steal0=$(steal)
read -r count0 time0 ticks0 < <(look)
sleep "$seconds"
read -r count1 time1 ticks1 < <(look)
steal1=$(steal)
flows=$(appctl dpctl/ct-get-nconns 2>/dev/null | head -n 1 || echo 0)
awk -v n="$((count1 - count0))" -v ns="$((time1 - time0))" -v ticks="$((ticks1 - ticks0))" \
    -v hz="$(getconf CLK_TCK)" -v steal="$((steal1 - steal0))" -v flows="$flows" -v name="$name" 'BEGIN {
    s = ns / 1e9; cpu = ticks / hz
    if (name ~ /connections/)
        printf "{\"cps_core\":%.0f,", (cpu > 0 ? n / 6 / cpu : 0)
    else
        printf "{"
    printf "\"case\":\"%s\",\"packets\":%d,\"seconds\":%.4f,\"cpu_seconds\":%.3f,\"pps\":%.0f,\"pps_core\":%.0f,", \
        name, n, s, cpu, n / s, (cpu > 0 ? n / cpu : 0)
    printf "\"connections\":%d,\"steal_ms\":%d,\"ok\":%s}\n", flows, steal, (n > 0 ? "true" : "false")
}'
