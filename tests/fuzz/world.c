/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <string.h>

#define BALANCED 64

#define VNIC(name, mac, subnet, addresses)                                                         \
    "  - {name: " name ", role: vnic, type: ring, device: " name ", mac: " mac ", subnet: " subnet \
    ", addresses: [" addresses "], security_groups: [open]}\n"

static const char network[] =
    "version: 1\n"
    "options:\n"
    "  sessions: 1024\n"
    "  timeouts: {tcp_embryonic: 2, tcp_established: 2, tcp_half_closed: 2, tcp_closing: 2,\n"
    "             tcp_time_wait: 2, tcp_reset: 2, udp_single: 2, udp_stream: 2, icmp: 2, other: "
    "2}\n"
    "underlay: {neighbors: [{address: 192.0.2.2, mac: 02:aa:00:00:00:02},\n"
    "                       {address: '2001:db8::2', mac: 02:aa:00:00:00:02}]}\n"
    "vpcs: [{name: blue, vni: 100},\n"
    "       {name: red, vni: 200, encap: geneve, geneve_options: [{class: 258, type: 3, data: "
    "'0a0b0c0d'}]}]\n"
    "subnets:\n"
    "  - {name: front, vpc: blue, prefix4: 10.1.0.0/24, prefix6: 'fd00:1::/64',\n"
    "     gateway4: 10.1.0.254, gateway6: 'fd00:1::fe', gateway_mac: 02:00:5e:00:01:fe}\n"
    "  - {name: back, vpc: blue, prefix4: 10.2.0.0/24, prefix6: 'fd00:2::/64',\n"
    "     gateway4: 10.2.0.254, gateway6: 'fd00:2::fe', gateway_mac: 02:00:5e:00:02:fe}\n"
    "  - {name: red-front, vpc: red, prefix4: 10.1.0.0/24, prefix6: 'fd00:1::/64'}\n"
    "mappings:\n"
    "  - {vpc: blue, address: 10.1.0.9, mac: 02:00:00:00:00:09, vtep: 192.0.2.2}\n"
    "  - {vpc: blue, address: 'fd00:1::9', mac: 02:00:00:00:00:0a, vtep: '2001:db8::2'}\n"
    "  - {vpc: red, address: 10.1.0.9, mac: 02:00:00:00:00:09, vtep: '2001:db8::2'}\n"
    "  - {vpc: red, address: 'fd00:1::9', mac: 02:00:00:00:00:0a, vtep: 192.0.2.2}\n"
    "security_groups:\n"
    "  - name: open\n"
    "    rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]\n"
    "ports:\n"
    "  - {name: up, role: uplink, type: ring, device: up, mac: 02:aa:00:00:00:01, mtu: 1700,\n"
    "     offload: false, address: 192.0.2.1/24, address6: '2001:db8::1/64'}\n" VNIC(
        "a", "02:00:00:00:00:01", "front", "10.1.0.5, 'fd00:1::5'")
        VNIC("b", "02:00:00:00:00:02", "front", "10.1.0.6, 'fd00:1::6'")
            VNIC("c", "02:00:00:00:00:03", "back", "10.2.0.5, 'fd00:2::5'")
                VNIC("r", "02:00:00:00:00:01", "red-front", "10.1.0.5, 'fd00:1::5'")
                    VNIC("s", "02:00:00:00:00:02", "red-front", "10.1.0.6, 'fd00:1::6'");

const struct fr_flow outer_of[2] = {
    {.smac = MAC_H2, .dmac = MAC_UP, .src = "192.0.2.2", .dst = "192.0.2.1", .sport = 50000},
    {.smac = MAC_H2, .dmac = MAC_UP, .src = "2001:db8::2", .dst = "2001:db8::1", .sport = 50000},
};

struct bench *world(void)
{
    static struct bench b;

    if (b.nic == NULL)
        bench_open(&b, &(struct bench_config){.single_slots = 512}, network);
    return &b;
}

/* The equation over all ports: it reads every counter there is, so not after each input, but after the first. */
static void balance(struct bench *b)
{
    static unsigned inputs;

    if (inputs++ % BALANCED != 0)
        return;
    fw_sync(b->fw);
    FUZZ_MUST(fw_balance_total(b->fw).settled);
}

void world_settle(struct bench *b)
{
    struct nic_faults faults = nic_faults(b->nic);

    bench_age(b);
    FUZZ_MUST(bench_sessions(b) == 0);
    FUZZ_MUST(bench_held(b) == 0);
    FUZZ_MUST(bench_actions(b) == 0);
    FUZZ_MUST(nic_slots_out(b->nic) == 0);
    FUZZ_MUST(nic_credit_out(b->nic) == 0);
    FUZZ_MUST(nic_cells_out(b->nic) == 0);
    FUZZ_MUST(faults.bad_entry == 0 && faults.lost_completion == 0);
    balance(b);
}

uint32_t world_vni(const char *port)
{
    if (strcmp(port, "up") == 0)
        return 0;
    return *port == 'r' || *port == 's' ? 200 : 100;
}

uint64_t world_mac(const char *port)
{
    switch (*port) {
    case 'u':
        return MAC_H2;
    case 'a':
    case 'r':
        return MAC_A;
    case 'c':
        return MAC_C;
    default:
        return MAC_B;
    }
}
