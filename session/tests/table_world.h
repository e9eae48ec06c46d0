/* SPDX-License-Identifier: Apache-2.0 */
/* A table with sessions that are numbers, and what it said last of one that went. */
#ifndef SESSION_TESTS_TABLE_WORLD_H
#define SESSION_TESTS_TABLE_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "session/track.h"

#define NS UINT64_C(1000000000)
#define SECRET \
    UINT64_C(0x9E3779B97F4A7C15) /* spreads numbers over 64 bits, as the hash spreads keys */

struct seen {
    const struct ses_table *t;
    unsigned count;
    enum ses_why why;
    uint64_t flow_id;
    uint64_t addrs;
};

/* A quota of 0 is none here: most tests have one port. */
struct ses_table *open_table(uint32_t capacity, uint32_t quota, struct seen *seen);
struct hsr_key key_of(uint32_t n);
uint64_t hash_of(uint32_t n);
/* NULL: refused. */
struct session *add(struct ses_table *t, uint32_t n, uint16_t origin, uint64_t now);
/* By either end's packets. */
struct session *find_key(struct ses_table *t, uint64_t hash, const struct hsr_key *key);
struct session *find(struct ses_table *t, uint32_t n);

#endif
