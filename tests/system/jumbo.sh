#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# jumbo.sh one|two [six]: the underlay is IPv6.
# Jumbo frames: guests with an MTU of 8,500 on two hosts, an underlay of 8,600, segmentation offload in the guest on and off.
source "$(dirname "$0")/lib.sh"
needs iperf3 ethtool

hosts h1 h2
guests a b c
underlay 8600 h1 h2

{ host_of_two 1 11 && vnic a 10 "mtu: 8500" && vnic c 12 "mtu: 8500"; } >"$TMP/h1.yaml"
{ host_of_two 2 10 && vnic b 11 "mtu: 8500"; } >"$TMP/h2.yaml"
start_three

say "the longest packets, local and across"
for address in 10.0.0.11 10.0.0.12; do
    pings a "$address" -M "do" -s 8472
done
for address in fd00::11 fd00::12; do
    pings a "$address" -M "do" -s 8452
done

for tso in on off; do
    say "TCP with segmentation offload $tso in the guest"
    works on a ethtool -K eth0 tso "$tso" gso "$tso"
    iperf a b 10.0.0.11
    iperf a b fd00::11 -R
    iperf a c fd00::12
done
say "UDP in datagrams of 8,000 bytes"
iperf a b 10.0.0.11 -u -b 200M -l 8000

finish
