# SPDX-License-Identifier: Apache-2.0
# Connect, request, response, close: avs-crr, one connection after the other, or (crr-32) 32 at once.
# shellcheck shell=bash disable=SC2154 # of run.sh

measure() {
    local at_once=1
    [[ $source != *-* ]] || at_once=${source##*-}
    [ -x "$build/bin/avs-crr" ] || skip "not built"
    # Ports enough for some seconds; both are of the namespace.
    ip netns exec "$a" sysctl -qw net.ipv4.ip_local_port_range="1024 65000" || true
    start_b "$build/bin/avs-crr" --listen 10.9.0.12
    wait_for listens 7100
    at_a "$build/bin/avs-crr" --connect 10.9.0.12 --at-once "$at_once" --seconds "$seconds"
}
