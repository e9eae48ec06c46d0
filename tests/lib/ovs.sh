#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# An Open vSwitch of our own with its datapath in user space, in the network namespace of the caller; all its files are in DIR.
#
#   ovs.sh database DIR          runs its database; the program does not return
#   ovs.sh switch DIR            runs the switch, likewise, once the database answers "vsctl DIR --no-wait init"
#   ovs.sh vsctl DIR WORD...     as ovs-vsctl; likewise ofctl and appctl
set -euo pipefail

verb=$1 dir=$2
shift 2
export OVS_RUNDIR=$dir OVS_DBDIR=$dir OVS_LOGDIR=$dir
quiet=(--no-chdir -vconsole:off -vsyslog:off)

case $verb in
database)
    ovsdb-tool create "$dir/conf.db" /usr/share/openvswitch/vswitch.ovsschema
    exec ovsdb-server "$dir/conf.db" --remote="punix:$dir/db.sock" --unixctl="$dir/db.ctl" --log-file="$dir/db.log" "${quiet[@]}"
    ;;
switch)
    exec /usr/lib/openvswitch-switch/ovs-vswitchd "unix:$dir/db.sock" --unixctl="$dir/vs.ctl" --disable-system \
        --log-file="$dir/vs.log" "${quiet[@]}"
    ;;
vsctl) exec ovs-vsctl --timeout=20 --db="unix:$dir/db.sock" "$@" ;;
ofctl) exec ovs-ofctl --timeout=20 "$@" ;;
appctl) exec ovs-appctl --timeout=20 -t "$dir/vs.ctl" "$@" ;;
*)
    echo "ovs.sh: unknown verb '$verb'" >&2
    exit 2
    ;;
esac
