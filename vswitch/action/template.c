/* SPDX-License-Identifier: Apache-2.0 */
#include "action/template.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int act_templates_open(struct act_templates *t, uint32_t capacity, uint64_t seed)
{
    memset(t, 0, sizeof *t);
    t->template = aligned_alloc(HSR_CACHE_LINE, sizeof *t->template * capacity);
    t->refs = calloc(capacity, sizeof *t->refs);
    t->next = calloc(capacity, sizeof *t->next);
    t->bucket = calloc(capacity, sizeof *t->bucket);
    if (t->template == NULL || t->refs == NULL || t->next == NULL || t->bucket == NULL) {
        act_templates_close(t);
        return -ENOMEM;
    }
    t->capacity = capacity;
    t->seed = seed;
    t->mask = capacity - 1;
    for (uint32_t i = 0; i < capacity; i++) {
        t->next[i] = i + 1 < capacity ? i + 1 : ACT_TEMPLATE_NONE;
        t->bucket[i] = ACT_TEMPLATE_NONE;
    }
    return 0;
}

void act_templates_close(struct act_templates *t)
{
    free(t->template);
    free(t->refs);
    free(t->next);
    free(t->bucket);
    memset(t, 0, sizeof *t);
}

static uint32_t bucket_of(const struct act_templates *t, const struct act_template *template)
{
    uint64_t hash = t->seed;

    for (uint32_t i = 0; i < ACT_TEMPLATE_BYTES; i += 8) {
        uint64_t word;
        memcpy(&word, template->bytes + i, sizeof word);
        hash = (hash ^ word) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 29;
    }
    return (uint32_t)hash & t->mask;
}

uint32_t act_template_get(struct act_templates *t, const void *bytes, uint32_t len)
{
    struct act_template wanted = {{0}};

    memcpy(wanted.bytes, bytes, len < ACT_TEMPLATE_BYTES ? len : ACT_TEMPLATE_BYTES);
    uint32_t b = bucket_of(t, &wanted);

    for (uint32_t i = t->bucket[b]; i != ACT_TEMPLATE_NONE; i = t->next[i]) {
        if (memcmp(&t->template[i], &wanted, sizeof wanted) == 0) {
            t->refs[i]++;
            return i;
        }
    }
    uint32_t i = t->free;

    if (i == ACT_TEMPLATE_NONE)
        return i;
    t->free = t->next[i];
    t->template[i] = wanted;
    t->refs[i] = 1;
    t->next[i] = t->bucket[b];
    t->bucket[b] = i;
    t->used++;
    return i;
}

void act_template_put(struct act_templates *t, uint32_t index)
{
    if (index >= t->capacity || t->refs[index] == 0 || --t->refs[index] > 0)
        return;
    uint32_t *link = &t->bucket[bucket_of(t, &t->template[index])];

    while (*link != index)
        link = &t->next[*link];
    *link = t->next[index];
    t->next[index] = t->free;
    t->free = index;
    t->used--;
}
