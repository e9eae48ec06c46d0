/* SPDX-License-Identifier: Apache-2.0 */
/* What twin.c (twins that are like the workers) and explain.c (what they do, in words) share. */
#ifndef DATAPATH_TWIN_INTERNAL_H
#define DATAPATH_TWIN_INTERNAL_H

#include "datapath/twin.h"
#include "move.h"

#define TWIN_SESSIONS 512u
#define TWIN_KEYS     384u

struct dp_twin {
    struct hsr_region region;
    struct dp_shared shared;
    struct dp_worker *worker[HSR_MAX_WORKERS];
    struct hsr_ring rx[HSR_MAX_WORKERS], tx[HSR_MAX_WORKERS]; /* the NIC's side */
    uint32_t workers;
    uint32_t entry;           /* the packet's */
    uint32_t at;              /* worker that had it last */
    struct act_packet before; /* the packet as it came; its bytes are in `frame` */
    uint8_t *frame;
    struct twin_copy {
        uint64_t twin, of; /* flow ids */
    } copy[TWIN_SESSIONS];
    uint32_t copies;
    struct moved_frags *frags; /* NULL: the packet is none */
};

/* Keys under which sessions are looked up. */
struct twin_keys {
    struct hsr_key key[TWIN_KEYS];
    uint32_t n;
};

/* Twins of the workers as they are now, with their sessions of these keys; the packet is in its ring. NULL with errno. */
struct dp_twin *twin_open(const struct dp_twin_of *of, const struct dp_question *q,
                          const struct twin_keys *keys);
/* Until nothing moves. */
void twin_run(struct dp_twin *t);
/* The key of a packet that is this one, or (of an error) that it quotes. */
bool twin_key(const struct act_packet *p, struct hsr_key *key, bool *swap);
/* False: one more than there is room for. */
bool twin_add_key(struct twin_keys *keys, const struct hsr_key *key);

#endif
