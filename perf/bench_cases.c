/* SPDX-License-Identifier: Apache-2.0 */
/* The cases: who sends from where, and what of the configuration is theirs. Frames come in by port "in", leave by "out". */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"

/* A guest that sends, under anti-spoofing and the default group. */
#define GUEST_IN                                                                                \
    "  - {name: in, role: vnic, type: ring, device: 'ring:source', mac: '02:00:00:00:00:01',\n" \
    "     subnet: front, addresses: [10.1.0.5, 'fd00:1::5'], security_groups: [web], mtu: 9000}\n"
/* Without offload: what was left to be cut is cut here. */
#define GUEST_OUT                                                                                 \
    "  - {name: out, role: vnic, type: ring, device: 'ring:sink', mac: '02:00:00:00:00:02',\n"    \
    "     subnet: front, addresses: [10.1.0.6, 'fd00:1::6'], security_groups: [web], mtu: 9000, " \
    "offload: "                                                                                   \
    "false}\n"
#define UPLINK(name, ring)                                                          \
    "  - {name: " name ", role: uplink, type: ring, device: 'ring:" ring "', mac: " \
    "'02:bb:00:00:00:01',\n"                                                        \
    "     address: 192.0.2.1/24, gateway: 192.0.2.2, mtu: 9100}\n"                  \
    "underlay: {neighbors: [{address: 192.0.2.2, mac: '02:aa:00:00:00:02'}]}\n"
#define WAY_OUT "routes: [{vpc: blue, prefix: 0.0.0.0/0, type: external}]\n"

#define MAC_IN              \
    {                       \
        0x02, 0, 0, 0, 0, 1 \
    }
#define MAC_OUT             \
    {                       \
        0x02, 0, 0, 0, 0, 2 \
    }
#define MAC_UPLINK             \
    {                          \
        0x02, 0xBB, 0, 0, 0, 1 \
    }
#define MAC_GATEWAY            \
    {                          \
        0x02, 0, 0x5E, 0, 1, 1 \
    } /* of the guests */
#define MAC_ROUTER             \
    {                          \
        0x02, 0xAA, 0, 0, 0, 2 \
    } /* of the uplink */

static const struct bench_case cases[] = {
    {
        .name = "forward",
        .ports = GUEST_IN GUEST_OUT,
        .dmac = MAC_OUT,
        .smac = MAC_IN,
        .src = {10, 1, 0, 5},
        .dst = {10, 1, 0, 6},
    },
    {
        .name = "forward6",
        .ports = GUEST_IN GUEST_OUT,
        .dmac = MAC_OUT,
        .smac = MAC_IN,
        .src = {0xFD, 0, 0, 1, [15] = 5},
        .dst = {0xFD, 0, 0, 1, [15] = 6},
        .ipv6 = true,
    },
    {
        .name = "vxlan",
        .ports = GUEST_IN UPLINK("out", "sink") "mappings: [{vpc: blue, address: 10.1.0.6, mac: "
                                                "'02:00:00:00:00:02', vtep: 192.0.2.2}]\n",
        .dmac = MAC_OUT,
        .smac = MAC_IN,
        .src = {10, 1, 0, 5},
        .dst = {10, 1, 0, 6},
    },
    {
        .name = "vxlan-in",
        .ports = GUEST_OUT UPLINK("in", "source") "mappings: [{vpc: blue, address: 10.1.0.5, mac: "
                                                  "'02:00:00:00:00:01', vtep: 192.0.2.2}]\n",
        .dmac = MAC_OUT,
        .smac = MAC_IN,
        .src = {10, 1, 0, 5},
        .dst = {10, 1, 0, 6},
        .vxlan = true,
    },
    {
        .name = "snat",
        .ports = GUEST_IN UPLINK("out", "sink") WAY_OUT
        "snat: [{name: pool, vpc: blue, addresses: [203.0.113.1]}]\n",
        .dmac = MAC_GATEWAY,
        .smac = MAC_IN,
        .src = {10, 1, 0, 5},
        .dst = {198, 51, 100, 9},
    },
    {
        .name = "overlay",
        .ports = GUEST_IN UPLINK(
            "out", "sink") "routes: [{vpc: blue, prefix: 0.0.0.0/0, type: external, vtep: "
                           "192.0.2.2, mac: '02:00:00:00:00:77'}]\n"
                           "snat: [{name: pool, vpc: blue, addresses: [203.0.113.1]}]\n",
        .dmac = MAC_GATEWAY,
        .smac = MAC_IN,
        .src = {10, 1, 0, 5},
        .dst = {198, 51, 100, 9},
    },
    {
        .name = "eip",
        .ports = GUEST_OUT UPLINK("in", "source") WAY_OUT
        "eips: [{name: one, address: 203.0.113.5, vnic: out}]\n",
        .dmac = MAC_UPLINK,
        .smac = MAC_ROUTER,
        .src = {198, 51, 100, 9},
        .dst = {203, 0, 113, 5},
    },
};

const struct bench_case *bench_case(const char *name)
{
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (strcmp(cases[i].name, name) == 0)
            return &cases[i];
    fprintf(stderr, "%s: no case '%s'; there are:", program_invocation_short_name, name);
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++)
        fprintf(stderr, " %s", cases[i].name);
    fputc('\n', stderr);
    return NULL;
}

struct bench_options bench_defaults(const char *name)
{
    return (struct bench_options){.what = bench_case(name),
                                  .flows = 1000,
                                  .train = 1,
                                  .sizes = {.n = 1, .frame = {BENCH_FRAME_MIN}},
                                  .vector = HSR_MAX_VECTOR,
                                  .queue = 4096,
                                  .seconds = 2,
                                  .warmup = 0.5,
                                  .cpu = -1,
                                  .fast_path = true,
                                  .flow_index = true};
}
