# SPDX-License-Identifier: Apache-2.0
# The kernel's bridge in a namespace of its own, offloads on. It works in the sender's context, so on the CPU of the ends; with
# bridge-cpu what it receives is handed to the other CPU (RPS), as ours has one. nftables: every packet passes conntrack, new connections are
# allowed by rules as of our groups.
# shellcheck shell=bash disable=SC2154 # of run.sh

join() {
    local side
    ip -n "$mid" link add br0 type bridge
    ip -n "$mid" link set br0 up
    for side in a b; do
        ip -n "$mid" link add "to$side" type veth peer name eth0 netns "${!side}"
        ip -n "$mid" link set "to$side" master br0 up
        [ "$join" != bridge-cpu ] ||
            ip netns exec "$mid" sh -c "printf %x $((1 << cpu)) >/sys/class/net/to$side/queues/rx-0/rps_cpus"
    done
    [ "$join" = nftables ] || return 0
    need nft
    ip netns exec "$mid" sysctl -qw net.bridge.bridge-nf-call-iptables=1 2>/dev/null || skip "no netfilter for bridges in this kernel"
    ip netns exec "$mid" nft -f - <<'NFT' || skip "nftables has no conntrack here"
table inet groups {
    chain forward {
        type filter hook forward priority 0; policy drop;
        ct state established,related accept
        ct state new meta l4proto { tcp, udp, icmp } accept
    }
}
NFT
}
