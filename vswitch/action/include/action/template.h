/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rewrite templates: byte strings of at most 64 bytes that sessions share by index, counted by reference. Equal
 * templates are one. A table belongs to one worker: no locks, and a template lives as long as a session needs it,
 * whatever becomes of the configuration it was made from.
 */
#ifndef ACTION_TEMPLATE_H
#define ACTION_TEMPLATE_H

#include <stdint.h>

#include "hsring/abi.h"

#define ACT_TEMPLATE_BYTES 64
#define ACT_TEMPLATE_NONE  UINT32_MAX

struct act_template {
    _Alignas(HSR_CACHE_LINE) uint8_t bytes[ACT_TEMPLATE_BYTES]; /* unused ones are zero */
};

struct act_templates {
    struct act_template *template;
    uint32_t *refs;
    uint32_t *next;   /* hash chain, or free list */
    uint32_t *bucket; /* first of each chain */
    uint32_t mask;
    uint32_t free;
    uint32_t used;
    uint32_t capacity;
    uint64_t seed;
};

/* `capacity`: a power of two. `seed`: secret, so that nobody can choose MACs that share a chain. 0 or -ENOMEM. */
int act_templates_open(struct act_templates *t, uint32_t capacity, uint64_t seed);
void act_templates_close(struct act_templates *t);

/* Index of the template with these bytes, one reference more; ACT_TEMPLATE_NONE when the table is full. */
uint32_t act_template_get(struct act_templates *t, const void *bytes, uint32_t len);

/* One reference less. */
void act_template_put(struct act_templates *t, uint32_t index);

#endif
