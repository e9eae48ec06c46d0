/* SPDX-License-Identifier: Apache-2.0 */
/* Schema: the document and its options, and how its tables are found. */
#include "config/schema.h"

#include <string.h>

#include "internal.h"
#include "schema_tables.h"

#define SECONDS(field, text, what)                                                     \
    {                                                                                  \
        .name = (field), .type = CFG_T_INT, .lo = 1, .hi = 604800, .fallback = (text), \
        .doc = (what)                                                                  \
    }

static const struct cfg_field timeout_field[] = {
    SECONDS("tcp_embryonic", "20", "TCP: SYN seen, or SYN and SYN+ACK"),
    SECONDS("tcp_established", "3600", "TCP: established"),
    SECONDS("tcp_half_closed", "120", "TCP: one FIN seen"),
    SECONDS("tcp_closing", "30", "TCP: both FINs seen, not both acknowledged"),
    SECONDS("tcp_time_wait", "30", "TCP: closed by both sides"),
    SECONDS("tcp_reset", "2", "TCP: reset"),
    SECONDS("udp_single", "30", "UDP: packets in one direction only"),
    SECONDS("udp_stream", "120", "UDP: packets in both directions"),
    SECONDS("icmp", "10", "ICMP and ICMPv6 queries"),
    SECONDS("other", "60", "other protocols"),
    {.name = NULL},
};
static const struct cfg_table timeouts = {
    "timeouts", "timeouts", "Seconds without a packet after which a session goes.", timeout_field};

static const struct cfg_field option_field[] = {
    {.name = "workers",
     .type = CFG_T_INT,
     .lo = 1,
     .hi = HSR_MAX_WORKERS,
     .fallback = "1",
     .doc = "worker threads that packets go to; may change under traffic, up to workers_max"},
    {.name = "workers_max",
     .type = CFG_T_INT,
     .hi = HSR_MAX_WORKERS,
     .fallback = "0",
     .doc = "most that `workers` may become while the program runs; an avs-nic needs as many ring "
            "sets. 0: as many as "
            "`workers` says at start, and later documents may leave it out"},
    {.name = "sessions",
     .type = CFG_T_INT,
     .lo = 1024,
     .hi = 1 << HSR_FLOW_INDEX_BITS,
     .fallback = "262144",
     .doc = "sessions a worker"},
    {.name = "quota",
     .type = CFG_T_INT,
     .hi = 1 << HSR_FLOW_INDEX_BITS,
     .fallback = "0",
     .doc =
         "sessions a vNIC may open, and as many that the network may open to it, 0: its share, as "
         "many as are free, so half of `sessions` if it is alone"},
    {.name = "vector",
     .type = CFG_T_INT,
     .lo = 1,
     .hi = HSR_MAX_VECTOR,
     .fallback = "16",
     .doc = "most packets of a vector"},
    {.name = "fast_path",
     .type = CFG_T_BOOL,
     .fallback = "true",
     .doc = "false sends every packet through the policy stages, for tests"},
    {.name = "gro",
     .type = CFG_T_BOOL,
     .fallback = "true",
     .doc = "packets of a TCP flow that come together leave as one by a vNIC that takes "
            "segmentation offload"},
    {.name = "timeouts", .type = CFG_T_OBJECT, .sub = &timeouts, .doc = "idle time-outs"},
    {.name = NULL},
};
static const struct cfg_table options = {"options", "options", "Sizes and limits of the program.",
                                         option_field};

static const struct cfg_field document_field[] = {
    {.name = "version",
     .type = CFG_T_INT,
     .required = true,
     .lo = CFG_VERSION,
     .hi = CFG_VERSION,
     .doc = "version of this layout"},
    {.name = "options", .type = CFG_T_OBJECT, .sub = &options, .doc = "sizes and limits"},
    {.name = "underlay",
     .type = CFG_T_OBJECT,
     .sub = &cfg_underlay_table,
     .doc = "between the hosts"},
    {.name = "ports",
     .type = CFG_T_OBJECTS,
     .hi = HSR_MAX_PORTS,
     .sub = &cfg_ports_table,
     .doc = "ports"},
    {.name = "vpcs",
     .type = CFG_T_OBJECTS,
     .hi = 4096,
     .sub = &cfg_vpcs_table,
     .doc = "tenant networks"},
    {.name = "subnets",
     .type = CFG_T_OBJECTS,
     .hi = 4096,
     .sub = &cfg_subnets_table,
     .doc = "their parts"},
    {.name = "mappings",
     .type = CFG_T_OBJECTS,
     .hi = 65536,
     .sub = &cfg_mappings_table,
     .doc = "addresses elsewhere"},
    {.name = "routes",
     .type = CFG_T_OBJECTS,
     .hi = 65536,
     .sub = &cfg_routes_table,
     .doc = "routes"},
    {.name = "eips",
     .type = CFG_T_OBJECTS,
     .hi = 4096,
     .sub = &cfg_eips_table,
     .doc = "a guest's public addresses"},
    {.name = "snat",
     .type = CFG_T_OBJECTS,
     .hi = CFG_SNATS,
     .sub = &cfg_snat_table,
     .doc = "public addresses that are shared"},
    {.name = "forwards",
     .type = CFG_T_OBJECTS,
     .hi = 16384,
     .sub = &cfg_forwards_table,
     .doc = "public ports that lead to guests"},
    {.name = "security_groups",
     .type = CFG_T_OBJECTS,
     .hi = 1024,
     .sub = &cfg_groups_table,
     .doc = "who may talk to whom"},
    {.name = NULL},
};
const struct cfg_table cfg_schema = {"document", "document", "The document.", document_field};

static const struct cfg_table *find_in(const struct cfg_table *table, const char *name)
{
    for (const struct cfg_field *f = table->field; f->name; f++) {
        const struct cfg_table *found;

        if (!f->sub) {
            continue;
        }
        if (!strcmp(f->sub->name, name) || !strcmp(f->sub->singular, name)) {
            return f->sub;
        }
        found = find_in(f->sub, name);
        if (found) {
            return found;
        }
    }
    return NULL;
}

const struct cfg_table *cfg_schema_find(const char *name)
{
    return find_in(&cfg_schema, name);
}

const struct cfg_field *cfg_schema_field(const struct cfg_table *table, const char *name)
{
    for (const struct cfg_field *f = table->field; f->name; f++) {
        if (!strcmp(f->name, name)) {
            return f;
        }
    }
    return NULL;
}
