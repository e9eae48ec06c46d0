/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seal of a record: whole or not, and whose. It guards against a process that ended between two stores and against
 * stray ones, not against an enemy: whoever can write here needs no forged record.
 */
#include <stdatomic.h>
#include <string.h>

#include "internal.h"

/* Set by packets, and told to the flow index again when it is not so. */
#define NOT_SEALED (SES_F_FIT | SES_F_FIT2)

/* `program` and `param`, to the end of the line. */
#define ACTS_AT offsetof(struct ses_dir, program)

/* Loses nothing, the factor being odd: another word gives another sum. */
static uint64_t mix(uint64_t sum, uint64_t word)
{
    return (sum ^ word) * UINT64_C(0x9E3779B97F4A7C15);
}

static uint64_t mix_bytes(uint64_t sum, const void *bytes, size_t size)
{
    for (size_t at = 0; at < size; at += sizeof sum) {
        uint64_t word;

        memcpy(&word, (const uint8_t *)bytes + at, sizeof word);
        sum = mix(sum, word);
    }
    return sum;
}

static uint32_t seal_of(const struct ses_table *t, const struct session *s)
{
    uint32_t index = index_of(t, s);
    uint64_t sum = mix(index, (uint64_t)s->generation << 32 | (s->flags & ~(unsigned)NOT_SEALED));

    sum = mix(sum, (uint64_t)s->proto << 32 | (uint64_t)s->origin << 16 | s->target);
    sum = mix(sum, s->created);
    for (unsigned dir = 0; dir < 2; dir++) {
        const struct ses_dir *d = &s->dir[dir];

        sum = mix(mix(sum, d->key_addrs), d->key_ports);
        sum = mix_bytes(sum, (const uint8_t *)d + ACTS_AT, sizeof *d - ACTS_AT);
    }
    if (s->flags & SES_F_IPV6)
        sum = mix_bytes(sum, s->key6, sizeof s->key6);
    if ((s->flags & SES_F_IPV6) && (s->flags & SES_F_KEY2))
        sum = mix_bytes(sum, t->keys6[index].w, sizeof t->keys6[index].w);
    sum ^= sum >> 32;
    return (uint32_t)sum ? (uint32_t)sum : 1;
}

/* Only the compiler must keep the order: who reads the record does so when this process has ended. */
void ses_seal(const struct ses_table *t, struct session *s)
{
    uint32_t seal = seal_of(t, s);

    atomic_signal_fence(memory_order_seq_cst);
    s->seal = seal;
}

void ses_unseal(struct session *s)
{
    s->seal = 0;
    atomic_signal_fence(memory_order_seq_cst);
}

bool ses_sealed(const struct ses_table *t, const struct session *s)
{
    return s->seal != 0 && s->seal == seal_of(t, s);
}
