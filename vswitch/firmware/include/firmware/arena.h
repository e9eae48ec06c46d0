/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of a firmware that outlives it: a memfd which the NIC side keeps (hsring/attach.h), with the records of every
 * worker (session/memory.h) behind a head that says what they are.
 *
 *     fd = hsr_attach_arena(... FW_ARENA_LAYOUT, fw_arena_size(workers, sessions) ...)
 *     fw_arena_open(&arena, fd, config, why)
 *     fw_open() with config.arena; the first fw_apply() adopts
 *     fw_close(); fw_arena_close(arena)
 *
 * Records hold indices of ports and contexts, and what those mean is a matter of configuration: the head has the name of
 * each. Whoever reads the configuration again gives the names to cfg_parse() as the state before (fw_arena_names()), so
 * that the indices stay; a session whose index has another name than when it was made is not taken.
 *
 * Nothing in it is believed: a head that is not exactly the one this program would write means an empty arena, and why
 * is said. Threads: the control thread; workers have the records alone.
 */
#ifndef FIRMWARE_ARENA_H
#define FIRMWARE_ARENA_H

#include "config/config.h"
#include "hsring/hash.h"
#include "nic/nic.h"
#include "session/memory.h"

/* Counts every change of what stands in the arena: of its head, of a record's members or what they mean. */
#define FW_ARENA_LAYOUT 3

struct fw_arena;

/* Bytes for so many workers (the most there may be, not those that run) with so many sessions each. */
uint64_t fw_arena_size(uint32_t workers, uint32_t sessions);

/*
 * Map the memfd and look at its head. 0, or a negative errno with a text: -EPROTO when it is not
 * sealed against changes of its size or has another one. An arena of something else is emptied. Takes over `fd`, also on
 * failure.
 */
struct fw_arena_config {
    uint32_t workers;  /* there is room for */
    uint32_t used;     /* that may run */
    uint32_t sessions; /* each */
    const uint8_t
        *hash_secret; /* HSR_HASH_SECRET bytes: with several workers it tells which has a session */
};
int fw_arena_open(struct fw_arena **out, int fd, const struct fw_arena_config *config,
                  char why[NIC_WHY]);
/* Look again, as the next process would, when no worker is at the records any more: the NIC is another one. */
int fw_arena_renew(struct fw_arena *a, const uint8_t hash_secret[HSR_HASH_SECRET],
                   char why[NIC_WHY]);
/* The memory stays as it is, for the next one. */
void fw_arena_close(struct fw_arena *a);

/* Has it records of a former process that wait to be adopted? */
bool fw_arena_live(const struct fw_arena *a);
/* Why it was emptied when it was opened; "" when it was new, or live. */
const char *fw_arena_emptied(const struct fw_arena *a);

/* Its size; what fw_arena_size() says of the numbers it was opened with. */
uint64_t fw_arena_bytes(const struct fw_arena *a);
/* The memfd; stays the arena's. */
int fw_arena_fd(const struct fw_arena *a);

/* Records of a worker. */
const struct ses_memory *fw_arena_memory(struct fw_arena *a, uint32_t worker);

/* Ports and VPCs as the head names them, nothing else: a state before for cfg_parse(). cfg_free(); NULL: no memory. */
struct cfg *fw_arena_names(const struct fw_arena *a);

/* Is that what the head says of this index? */
bool fw_arena_port_is(const struct fw_arena *a, uint16_t index, const char *name);
bool fw_arena_vpc_is(const struct fw_arena *a, uint32_t context, const char *name);

/*
 * Before `cfg` is in force: names that will not hold go, free indices get theirs. And behind, when no session of another
 * port or VPC is left: all names are those of `cfg`.
 */
void fw_arena_before(struct fw_arena *a, const struct cfg *cfg);
void fw_arena_settle(struct fw_arena *a, const struct cfg *cfg);

#endif
