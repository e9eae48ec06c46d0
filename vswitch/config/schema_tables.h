/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the document, each in the file of its subject: schema_ports.c, schema_net.c, schema_nat.c, schema_groups.c. */
#ifndef CONFIG_SCHEMA_TABLES_H
#define CONFIG_SCHEMA_TABLES_H

#include "config/schema.h"

extern const struct cfg_table cfg_ports_table;
extern const struct cfg_table
    cfg_rx_limit_table; /* an object of ports, and of pools of public addresses */

extern const struct cfg_table cfg_underlay_table;
extern const struct cfg_table cfg_vpcs_table;
extern const struct cfg_table cfg_subnets_table;
extern const struct cfg_table cfg_mappings_table;
extern const struct cfg_table cfg_routes_table;

extern const struct cfg_table cfg_eips_table;
extern const struct cfg_table cfg_snat_table;
extern const struct cfg_table cfg_forwards_table;

extern const struct cfg_table cfg_groups_table;

#endif
