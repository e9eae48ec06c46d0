# SPDX-License-Identifier: Apache-2.0
# Debian's OVS-DPDK, one PMD core, on packet sockets (af_packet with a large ring, its fastest port to a namespace here). They carry no
# virtio header: the ends must complete checksums and segments themselves. ovs: NORMAL; ovs-ct: conntrack with our groups' rules.
# shellcheck shell=bash disable=SC2154 # of run.sh

pages=/proc/sys/vm/nr_hugepages
pages_before=$(cat "$pages")

# Its memory must be huge pages; those we add are given back.
get_pages() {
    local want=512 try
    for ((try = 0; try < 8; try++)); do
        [ "$(awk '/^HugePages_Free/ {print $2}' /proc/meminfo)" -lt "$want" ] || return 0
        echo 1 2>/dev/null >/proc/sys/vm/compact_memory || true
        echo $((pages_before + want)) 2>/dev/null >"$pages" || true
        sleep 0.5
    done
    skip "no $want huge pages of 2 MiB to be had"
}
# Whoever has detached himself may not have been noted yet, and has pages.
part() {
    local file
    for file in "$dir/vs.pid" "$dir/db.pid"; do
        [ ! -e "$file" ] || end_process "$(cat "$file")"
    done
    echo "$pages_before" 2>/dev/null >"$pages" || true
}

in_mid() { ip netns exec "$mid" "$@"; }
vsctl() { ovs-vsctl --db="unix:$dir/db.sock" "$@"; }

join() {
    local vswitchd=/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk side port=0
    [ -x "$vswitchd" ] || skip "openvswitch-switch-dpdk is not installed"
    get_pages
    export OVS_RUNDIR=$dir OVS_DBDIR=$dir OVS_LOGDIR=$dir
    ovsdb-tool create "$dir/conf.db" /usr/share/openvswitch/vswitch.ovsschema >/dev/null
    ovsdb-server "$dir/conf.db" --remote="punix:$dir/db.sock" --pidfile="$dir/db.pid" --detach --no-chdir \
        --log-file="$dir/db.log" >/dev/null 2>&1
    started+=("$(cat "$dir/db.pid")")
    vsctl --no-wait init
    vsctl --no-wait set Open_vSwitch . other_config:dpdk-init=true \
        other_config:pmd-cpu-mask="$(printf '0x%x' $((1 << cpu)))" \
        other_config:dpdk-lcore-mask="$(printf '0x%x' $((1 << ends)))" \
        "other_config:dpdk-extra=--no-pci --no-telemetry --in-memory"
    in_mid "$vswitchd" "unix:$dir/db.sock" --pidfile="$dir/vs.pid" --unixctl="$dir/vs.ctl" --detach --no-chdir \
        --log-file="$dir/vs.log" >/dev/null 2>&1 || {
        tail -n 3 "$dir/vs.log" >&2 || true
        skip "ovs-vswitchd-dpdk did not start"
    }
    started+=("$(cat "$dir/vs.pid")")
    vsctl add-br br0 -- set bridge br0 datapath_type=netdev fail-mode=standalone
    for side in a b; do
        port=$((port + 1))
        ip -n "$mid" link add "to$side" type veth peer name eth0 netns "${!side}"
        ip netns exec "${!side}" ethtool -K eth0 tx off rx off tso off gso off gro off >/dev/null
        in_mid ethtool -K "to$side" tx off rx off tso off gso off gro off >/dev/null
        ip -n "$mid" link set "to$side" up
        vsctl add-port br0 "p$side" -- set Interface "p$side" type=dpdk ofport_request="$port" \
            "options:dpdk-devargs=net_af_packet$port,iface=to$side,blocksz=65536,framesz=2048,framecnt=4096"
    done
    [ "$join" = ovs-ct ] || return 0
    ovs-ofctl -O OpenFlow13 del-flows "unix:$dir/br0.mgmt"
    ovs-ofctl -O OpenFlow13 add-flows "unix:$dir/br0.mgmt" - <<'FLOWS'
table=0,priority=10,arp,actions=NORMAL
table=0,priority=5,ip,ct_state=-trk,actions=ct(table=1,zone=1)
table=1,priority=10,ct_state=+trk+new,ip,actions=ct(commit,zone=1),NORMAL
table=1,priority=10,ct_state=+trk+est,ip,actions=NORMAL
FLOWS
}
