/* SPDX-License-Identifier: Apache-2.0 */
/* Who opens connections to whom. */
#include <string.h>

#include "connections.h"

#define CLIENT                                                                \
    "  - {name: client, role: vnic, type: ring, device: 'ring:client', mac: " \
    "'02:00:00:00:00:01',\n"                                                  \
    "     subnet: front, addresses: [10.1.0.5], security_groups: [web]}\n"
#define SERVER                                                                \
    "  - {name: server, role: vnic, type: ring, device: 'ring:server', mac: " \
    "'02:00:00:00:00:02',\n"                                                  \
    "     subnet: front, addresses: [10.1.0.6], security_groups: [web]}\n"
#define UPLINK                                                                  \
    "  - {name: server, role: uplink, type: ring, device: 'ring:server', mac: " \
    "'02:bb:00:00:00:01',\n"                                                    \
    "     address: 192.0.2.1/24, gateway: 192.0.2.2}\n"                         \
    "underlay: {neighbors: [{address: 192.0.2.2, mac: '02:aa:00:00:00:02'}]}\n"

#define POOL "snat: [{name: pool, vpc: blue, addresses: [203.0.113.1], ports: 1024-65535}]\n"

/* MAC addresses and IP addresses in the client's packets and in the answers, by what is between. */
#define TO_NEIGHBOR                                                                            \
    {                                                                                          \
        .dmac = {2, 0, 0, 0, 0, 2}, .smac = {2, 0, 0, 0, 0, 1}, .src = {10, 1, 0, 5}, .dst = { \
            10,                                                                                \
            1,                                                                                 \
            0,                                                                                 \
            6                                                                                  \
        }                                                                                      \
    }
#define FROM_NEIGHBOR(by_tunnel)                                                      \
    {                                                                                 \
        .dmac = {2, 0, 0, 0, 0, 1}, .smac = {2, 0, 0, 0, 0, 2}, .src = {10, 1, 0, 6}, \
        .dst = {10, 1, 0, 5}, .tunnel = (by_tunnel)                                   \
    }
#define TO_OUTSIDE                                                                                \
    {                                                                                             \
        .dmac = {2, 0, 0x5E, 0, 1, 1}, .smac = {2, 0, 0, 0, 0, 1}, .src = {10, 1, 0, 5}, .dst = { \
            198,                                                                                  \
            51,                                                                                   \
            100,                                                                                  \
            9                                                                                     \
        }                                                                                         \
    }

static const struct conn_case cases[] = {
    {
        .name = "connections",
        .ports = CLIENT SERVER,
        .ends = {TO_NEIGHBOR, FROM_NEIGHBOR(false)},
    },
    {
        .name = "connections-vxlan",
        .ports = CLIENT UPLINK
        "mappings: [{vpc: blue, address: 10.1.0.6, mac: '02:00:00:00:00:02', vtep: 192.0.2.2}]\n",
        .ends = {TO_NEIGHBOR, FROM_NEIGHBOR(true)},
    },
    {
        /* A pool of all ports: each connection keeps its own, which is free, and so the answers are known. */
        .name = "connections-snat",
        .ports = CLIENT UPLINK "routes: [{vpc: blue, prefix: 0.0.0.0/0, type: external}]\n" POOL,
        .ends = {TO_OUTSIDE,
                 {.dmac = {2, 0xBB, 0, 0, 0, 1},
                  .smac = {2, 0xAA, 0, 0, 0, 2},
                  .src = {198, 51, 100, 9},
                  .dst = {203, 0, 113, 1}}},
    },
    {
        .name = "connections-overlay",
        .ports = CLIENT UPLINK
        "routes: [{vpc: blue, prefix: 0.0.0.0/0, type: external, vtep: 192.0.2.2, mac: "
        "'02:00:00:00:00:77'}]\n" POOL,
        .ends = {TO_OUTSIDE,
                 {.dmac = {2, 0, 0x5E, 0, 1, 1},
                  .smac = {2, 0, 0, 0, 0, 0x77},
                  .src = {198, 51, 100, 9},
                  .dst = {203, 0, 113, 1},
                  .tunnel = true}},
    },
};

const struct conn_case *conn_case(const char *name)
{
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (strcmp(cases[i].name, name) == 0)
            return &cases[i];
    return NULL;
}
