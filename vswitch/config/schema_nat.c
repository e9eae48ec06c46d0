/* SPDX-License-Identifier: Apache-2.0 */
/* Schema: public addresses. */
#include "internal.h"
#include "schema_tables.h"

static const struct cfg_field eip_field[] = {
    {.name = "name", .type = CFG_T_NAME, .required = true, .key = true, .doc = "name of the EIP"},
    {.name = "address",
     .type = CFG_T_ADDRESS,
     .required = true,
     .doc = "public address, of this guest alone"},
    {.name = "vnic",
     .type = CFG_T_REF,
     .required = true,
     .choices = "ports",
     .doc = "port of the guest"},
    {.name = "inside",
     .type = CFG_T_ADDRESS,
     .doc = "its address that the public one stands for; default: its first of the same family"},
    {.name = NULL},
};
const struct cfg_table cfg_eips_table = {
    "eips", "eip",
    "Elastic IPs: a public address for one guest, in both directions and with all its ports.",
    eip_field};

static const struct cfg_field snat_field[] = {
    {.name = "name", .type = CFG_T_NAME, .required = true, .key = true, .doc = "name of the pool"},
    {.name = "vpc",
     .type = CFG_T_REF,
     .required = true,
     .choices = "vpcs",
     .doc = "whose guests share it"},
    {.name = "subnets",
     .type = CFG_T_REFS,
     .lo = 1,
     .hi = CFG_SNAT_NETS,
     .choices = "subnets",
     .doc = "only guests of these; default: all that have no pool of their own"},
    {.name = "addresses",
     .type = CFG_T_ADDRESSES,
     .required = true,
     .lo = 1,
     .hi = CFG_SNAT_ADDRS,
     .doc = "public addresses; a guest mostly keeps one of them"},
    {.name = "ports",
     .type = CFG_T_PORTS,
     .fallback = "1024-65535",
     .doc = "ports (ICMP: identifiers) to be used; a guest's own is kept where it is free"},
    {.name = "rx_limit",
     .type = CFG_T_OBJECT,
     .sub = &cfg_rx_limit_table,
     .doc = "of packets from outside to its addresses, forwarded ports apart; none by default"},
    {.name = NULL},
};
const struct cfg_table cfg_snat_table = {
    "snat", "snat", "Public addresses that guests without an EIP share for what they begin.",
    snat_field};

static const struct cfg_field forward_field[] = {
    {.name = "name",
     .type = CFG_T_NAME,
     .required = true,
     .key = true,
     .doc = "name of the port forwarding"},
    {.name = "address",
     .type = CFG_T_ADDRESS,
     .required = true,
     .doc = "public address; may be one of a `snat` pool"},
    {.name = "protocol",
     .type = CFG_T_ENUM,
     .required = true,
     .choices = "tcp|udp",
     .doc = "transport protocol"},
    {.name = "port",
     .type = CFG_T_INT,
     .required = true,
     .lo = 1,
     .hi = 65535,
     .doc = "public port"},
    {.name = "vnic",
     .type = CFG_T_REF,
     .required = true,
     .choices = "ports",
     .doc = "port of the guest"},
    {.name = "inside",
     .type = CFG_T_ADDRESS,
     .doc = "its address; default: its first of the same family"},
    {.name = "inside_port",
     .type = CFG_T_INT,
     .lo = 1,
     .hi = 65535,
     .doc = "its port; default: the public one"},
    {.name = NULL},
};
const struct cfg_table cfg_forwards_table = {
    "forwards", "forward", "Ports of public addresses that lead to a guest.", forward_field};
