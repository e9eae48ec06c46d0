/* SPDX-License-Identifier: Apache-2.0 */
/* Public ends as they were seen to be used: whose answers they bring, at what time. */
#include <stdlib.h>

#include "check.h"

bool mix_ends_open(struct mix_ends *e, uint32_t room)
{
    e->room = room + 2;
    e->events = 0;
    e->mask = 1;
    while (e->mask < 2 * e->room)
        e->mask = e->mask * 2 + 1;
    e->event = calloc(e->room, sizeof *e->event);
    e->bucket = calloc((size_t)e->mask + 1, sizeof *e->bucket);
    return e->event != NULL && e->bucket != NULL;
}

void mix_ends_close(struct mix_ends *e)
{
    free(e->event);
    free(e->bucket);
}

uint64_t mix_ends_key(const struct seen *f, struct mix_end end, bool far_public, struct mix_end far)
{
    uint64_t ours = (uint64_t)end.pub << 16 | end.port, theirs = (uint64_t)far.pub << 16 | far.port;

    return (uint64_t)f->proto << 56 | ours << 28 | (uint64_t)far_public << 24 | theirs |
           (uint64_t)f->six << 55;
}

/* Last event of a key, or the free place for it. */
static uint32_t *locate(const struct mix_ends *e, uint64_t key)
{
    uint32_t at = (uint32_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> 32) & e->mask;

    while (e->bucket[at] != 0 && e->event[e->bucket[at]].key != key)
        at = (at + 1) & e->mask;
    return &e->bucket[at];
}

void mix_ends_add(struct mix_ends *e, uint64_t key, uint64_t ns, uint32_t stream)
{
    uint32_t *last = locate(e, key);

    if ((*last != 0 && e->event[*last].stream == stream) || e->events + 1 >= e->room)
        return;
    e->event[++e->events] =
        (struct mix_event){.key = key, .ns = ns, .stream = stream, .before = *last};
    *last = e->events;
}

uint32_t mix_ends_find(const struct mix_ends *e, const struct mix_stream *streams, uint64_t key,
                       uint64_t ns, unsigned tenant, unsigned guest)
{
    uint64_t latest = 0;
    uint32_t last = *locate(e, key);

    for (uint32_t i = last; i != 0; i = e->event[i].before)
        if (e->event[i].ns < ns && e->event[i].ns > latest)
            latest = e->event[i].ns;
    /* The last one before, or one of the same moment. */
    for (uint32_t i = last; i != 0; i = e->event[i].before) {
        const struct mix_event *event = &e->event[i];
        const struct mix_stream *s = &streams[event->stream];

        if ((event->ns == latest || event->ns == ns) && s->tenant == tenant && s->from == guest)
            return event->stream;
    }
    return UINT32_MAX;
}

bool mix_ends_any(const struct mix_ends *e, uint64_t key, uint64_t ns)
{
    for (uint32_t i = *locate(e, key); i != 0; i = e->event[i].before)
        if (e->event[i].ns <= ns)
            return true;
    return false;
}
