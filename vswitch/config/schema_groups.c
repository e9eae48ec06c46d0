/* SPDX-License-Identifier: Apache-2.0 */
/* Schema: security groups. */
#include "internal.h"
#include "schema_tables.h"

static const struct cfg_field rule_field[] = {
    {.name = "direction",
     .type = CFG_T_ENUM,
     .required = true,
     .choices = "ingress|egress",
     .doc = "towards the guest, or from it"},
    {.name = "action",
     .type = CFG_T_ENUM,
     .required = true,
     .choices = "allow|deny",
     .doc = "what happens"},
    {.name = "priority",
     .type = CFG_T_INT,
     .lo = 1,
     .hi = 1000,
     .fallback = "100",
     .doc = "the smaller decides; between equals, `deny`"},
    {.name = "protocol",
     .type = CFG_T_PROTOCOL,
     .fallback = "any",
     .doc = "of the first packet of a session"},
    {.name = "ports",
     .type = CFG_T_PORTS,
     .fallback = "0-65535",
     .only = "protocol=tcp|udp|sctp|6|17|132",
     .doc = "destination ports"},
    {.name = "remote",
     .type = CFG_T_REMOTE,
     .fallback = "any",
     .doc = "the other end; a group stands for its members in the same VPC"},
    {.name = NULL},
};
static const struct cfg_table rules = {
    "rules", "rule", "What may begin a session. The answers of a session need no rule.",
    rule_field};

static const struct cfg_field group_field[] = {
    {.name = "name", .type = CFG_T_NAME, .required = true, .key = true, .doc = "name of the group"},
    {.name = "rules", .type = CFG_T_OBJECTS, .hi = 1024, .sub = &rules, .doc = "its rules"},
    {.name = NULL},
};
const struct cfg_table cfg_groups_table = {
    "security_groups", "security_group",
    "What no rule of a vNIC's groups allows is denied. The group `default` always exists: unless "
    "it "
    "is given here, it allows everything from its members, and to its members from each other.",
    group_field};
