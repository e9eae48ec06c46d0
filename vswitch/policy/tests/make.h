/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configurations for tests, by hand: start with make_cfg(), add objects, free with cfg_free(). Functions that add
 * return the index of the new object. Addresses are text and must be right.
 */
#ifndef POL_TEST_MAKE_H
#define POL_TEST_MAKE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "policy/policy.h"

struct cfg *make_cfg(void);

struct cfg_addr make_addr(const char *text);
struct cfg_prefix make_prefix(const char *text);
uint64_t make_mac(uint8_t last); /* 02:00:00:00:00:last as a number */

uint32_t make_vpc(struct cfg *c, uint32_t vni, uint32_t context);
uint32_t make_subnet(struct cfg *c, uint32_t vpc, const char *prefix4, const char *prefix6,
                     const char *gateway4, uint8_t gateway_mac);
/* vNIC `index` with up to two addresses (NULL: none) and anti-spoofing; no groups yet. */
struct cfg_port *make_vnic(struct cfg *c, uint16_t index, uint32_t subnet, uint8_t mac,
                           const char *addr, const char *addr_too);
struct cfg_port *make_uplink(struct cfg *c, uint16_t index, const char *underlay);
void make_join(struct cfg_port *port, uint32_t group);
void make_mapping(struct cfg *c, uint32_t vpc, const char *addr, uint8_t mac, const char *vtep);
struct cfg_route *make_route(struct cfg *c, uint32_t vpc, const char *prefix,
                             enum cfg_route_kind kind, const char *to, uint8_t mac);
uint32_t make_group(struct cfg *c);
/* Remote: "any", "@N" for group N, or a prefix. */
struct cfg_rule *make_rule(struct cfg *c, uint32_t group, bool ingress, bool allow,
                           uint16_t priority, uint8_t proto, uint16_t lo, uint16_t hi,
                           const char *remote);
/* Port by its place in the configuration. */
struct cfg_eip *make_eip(struct cfg *c, uint32_t port, const char *addr, const char *inside);
struct cfg_snat *make_snat(struct cfg *c, uint32_t vpc, const char *addr, uint16_t lo, uint16_t hi);
struct cfg_forward *make_forward(struct cfg *c, uint32_t port, const char *addr, uint8_t proto,
                                 uint16_t l4_port, const char *inside, uint16_t inside_port);
void make_neighbor(struct cfg *c, const char *addr, uint8_t mac);

/* For cmocka's group: EAL without huge pages, devices, files or threads. */
int make_eal(void **state);
int make_eal_end(void **state);

#endif
