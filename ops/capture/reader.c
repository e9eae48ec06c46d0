/* SPDX-License-Identifier: Apache-2.0 */
#include "reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PACKETS 65536u /* whose last sight is remembered, by id */

/* A record that waits for its turn. */
struct waiting {
    uint64_t seq; /* of records of the same time, the one that was read first */
    struct cap_record r;
    uint8_t frame[];
};

struct rd {
    struct cap_area *area;
    struct waiting **list; /* from `next` on: by time, latest first, when sorted */
    size_t count, room;
    bool sorted;
    uint64_t seq;
    struct waiting *out; /* given out last */
    struct rd_record record;
    uint8_t frame[CAP_SNAP_MAX];
    struct sight {
        uint32_t id;
        uint8_t point;
        bool skip;
        uint64_t time;
    } sight[PACKETS];
};

struct rd *rd_open(struct cap_area *area)
{
    struct rd *rd = calloc(1, sizeof *rd);

    if (rd != NULL)
        rd->area = area;
    return rd;
}

void rd_close(struct rd *rd)
{
    if (rd == NULL)
        return;
    for (size_t i = 0; i < rd->count; i++)
        free(rd->list[i]);
    free(rd->list);
    free(rd->out);
    free(rd);
}

static int keep(struct rd *rd, const struct cap_record *r)
{
    struct waiting *w = malloc(sizeof *w + r->captured);

    if (w != NULL && rd->count == rd->room) {
        size_t room = rd->room > 0 ? 2 * rd->room : 1024;
        struct waiting **list = realloc(rd->list, room * sizeof(struct waiting *));

        if (list == NULL) {
            free(w);
            return -ENOMEM;
        }
        rd->list = list;
        rd->room = room;
    }
    if (w == NULL)
        return -ENOMEM;
    w->seq = rd->seq++;
    w->r = *r;
    memcpy(w->frame, rd->frame, r->captured);
    rd->list[rd->count++] = w;
    rd->sorted = false;
    return 0;
}

int rd_fill(struct rd *rd)
{
    struct cap_record r;
    int rc = 0;

    for (uint32_t ring = 0; ring < rd->area->rings; ring++) {
        int got;

        while ((got = cap_area_read(rd->area, ring, &r, rd->frame)) == 1 && rc != -ENOMEM)
            if (keep(rd, &r) < 0)
                rc = -ENOMEM;
        if (got < 0 && rc == 0)
            rc = got;
    }
    return rc;
}

static int later_first(const void *a, const void *b)
{
    const struct waiting *x = *(struct waiting *const *)a, *y = *(struct waiting *const *)b;

    if (x->r.time != y->r.time)
        return x->r.time < y->r.time ? 1 : -1;
    if (x->r.packet_id == y->r.packet_id && x->r.point != y->r.point)
        return x->r.point < y->r.point ? 1 : -1;
    return x->seq < y->seq ? 1 : -1;
}

/* What is remembered of the packet, and that it has been here. */
static void note(struct rd *rd, struct rd_record *to)
{
    struct sight *s = &rd->sight[to->r.packet_id % PACKETS];

    to->known = to->r.packet_id != 0 && s->id == to->r.packet_id && s->time <= to->r.time;
    to->first = !to->known;
    if (to->known) {
        to->since = to->r.time - s->time;
        to->before = (enum cap_point)s->point;
    }
    *s = (struct sight){.id = to->r.packet_id,
                        .point = to->r.point,
                        .skip = to->known && s->skip,
                        .time = to->r.time};
}

void rd_skip(struct rd *rd)
{
    rd->sight[rd->record.r.packet_id % PACKETS].skip = true;
}

static bool skipped(const struct rd *rd)
{
    return rd->record.r.packet_id != 0 && rd->sight[rd->record.r.packet_id % PACKETS].skip;
}

const struct rd_record *rd_next(struct rd *rd, uint64_t until)
{
    if (!rd->sorted && rd->count > 0)
        qsort(rd->list, rd->count, sizeof(struct waiting *), later_first);
    rd->sorted = true;
    do {
        if (rd->count == 0 || rd->list[rd->count - 1]->r.time >= until)
            return NULL;
        free(rd->out);
        rd->out = rd->list[--rd->count];
        rd->record = (struct rd_record){.r = rd->out->r, .frame = rd->out->frame};
        note(rd, &rd->record);
    } while (skipped(rd));
    return &rd->record;
}

uint64_t rd_missed(const struct rd *rd)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < rd->area->rings; i++)
        n += atomic_load(&cap_area_ring(rd->area, i)->missed);
    return n;
}

uint64_t rd_limited(const struct rd *rd)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < rd->area->rings; i++)
        n += atomic_load(&cap_area_ring(rd->area, i)->limited);
    return n;
}
