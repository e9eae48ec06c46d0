/* SPDX-License-Identifier: Apache-2.0 */
#include "action/pool.h"

#include <errno.h>
#include <string.h>

static size_t buckets(const struct act_pool *p)
{
    return (size_t)p->mask + 1;
}

int act_pool_open(struct act_pool *p, const char *name, uint32_t capacity, uint64_t seed,
                  const struct ses_memory *memory)
{
    memset(p, 0, sizeof *p);
    p->capacity = capacity + 1; /* and record 0 */
    p->fresh = 1;
    p->seed = seed;
    p->memory = memory;
    while (p->mask < capacity)
        p->mask = p->mask * 2 + 1;
    p->record = ses_memory_get(memory, name, sizeof *p->record * p->capacity);
    p->link = ses_memory_get(NULL, name, sizeof *p->link * p->capacity);
    p->bucket = ses_memory_get(NULL, name, sizeof *p->bucket * buckets(p));
    if (p->record == NULL || p->link == NULL || p->bucket == NULL) {
        act_pool_close(p);
        return -ENOMEM;
    }
    return 0;
}

void act_pool_close(struct act_pool *p)
{
    ses_memory_put(p->memory, p->record, sizeof *p->record * p->capacity);
    ses_memory_put(NULL, p->link, sizeof *p->link * p->capacity);
    ses_memory_put(NULL, p->bucket, sizeof *p->bucket * buckets(p));
    memset(p, 0, sizeof *p);
}

static uint32_t hash_of(const struct act_pool *p, const union act_record *r, uint32_t words)
{
    uint64_t hash = p->seed;

    for (uint32_t i = 0; i < words; i++) {
        hash = (hash ^ r->word[i]) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 29;
    }
    /* So that the last word, too, reaches all bits of the bucket's number. */
    return (uint32_t)(hash * UINT64_C(0xBF58476D1CE4E5B9) >> 32);
}

/* A place for a new record; ACT_NONE when there is none. */
static uint32_t take(struct act_pool *p)
{
    uint32_t index = p->free;

    if (index != ACT_NONE)
        p->free = p->link[index].next;
    else if (p->fresh < p->capacity)
        index = p->fresh++;
    p->used += index != ACT_NONE;
    return index;
}

/* Few words: not worth a call. */
static bool same(const union act_record *a, const union act_record *b, uint32_t words)
{
    for (uint32_t i = 0; i < words; i++)
        if (a->word[i] != b->word[i])
            return false;
    return true;
}

/* Zeroes at the end say nothing. */
static uint32_t words_of(const union act_record *r, uint32_t words)
{
    while (words > 0 && r->word[words - 1] == 0)
        words--;
    return words;
}

uint32_t act_pool_get(struct act_pool *p, const union act_record *record, uint32_t words)
{
    words = words_of(record, words);
    uint32_t hash = hash_of(p, record, words);
    uint32_t *bucket = &p->bucket[hash & p->mask];
    struct act_link *link;

    for (uint32_t i = *bucket; i != ACT_NONE; i = link->next) {
        link = &p->link[i];
        if (link->hash == hash && link->words == words && same(&p->record[i], record, words)) {
            link->refs++;
            return i;
        }
    }
    uint32_t index = take(p);

    if (index == ACT_NONE)
        return ACT_NONE;
    p->record[index] = (union act_record){.word = {0}};
    memcpy(&p->record[index], record, words * sizeof *record->word);
    p->link[index] = (struct act_link){.refs = 1, .next = *bucket, .hash = hash, .words = words};
    *bucket = index;
    return index;
}

bool act_pool_put(struct act_pool *p, uint32_t index)
{
    if (index >= p->capacity || p->link[index].refs == 0 || --p->link[index].refs > 0)
        return false;
    uint32_t *link = &p->bucket[p->link[index].hash & p->mask];

    while (*link != index)
        link = &p->link[*link].next;
    *link = p->link[index].next;
    p->link[index].next = p->free;
    p->free = index;
    p->used--;
    return true;
}

bool act_pool_adopt(struct act_pool *p, uint32_t index)
{
    if (index == ACT_NONE || index >= p->capacity)
        return false;
    struct act_link *link = &p->link[index];

    if (link->refs++ > 0)
        return true;
    link->words = words_of(&p->record[index], ACT_RECORD_WORDS);
    link->hash = hash_of(p, &p->record[index], link->words);
    link->next = p->bucket[link->hash & p->mask];
    p->bucket[link->hash & p->mask] = index;
    p->used++;
    if (index >= p->fresh)
        p->fresh = index + 1;
    return true;
}

void act_pool_adopted(struct act_pool *p)
{
    p->free = ACT_NONE;
    /* Backwards, so that the first ones are taken first. */
    for (uint32_t index = p->fresh; --index > ACT_NONE;) {
        if (p->link[index].refs > 0)
            continue;
        p->link[index].next = p->free;
        p->free = index;
    }
}
