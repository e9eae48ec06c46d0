/* SPDX-License-Identifier: Apache-2.0 */
#include "vhost_guest.h"

#include <stdlib.h>
#include <string.h>

enum { AVAIL_AT = 0x8000, USED_AT = 0xC000, TABLES_AT = 0x10000 }; /* in the first region */

void guest_open(struct guest *g, struct guest_kind kind, uint16_t size)
{
    memset(g, 0, sizeof *g);
    g->packed = kind.packed;
    g->size = size;
    g->next_wrap = g->used_wrap = true;
    g->next_table = GUEST_BASE + TABLES_AT;
    for (unsigned i = 0; i < 2; i++) {
        uint8_t *at = aligned_alloc(4096, GUEST_REGION);

        assert_non_null(at);
        memset(at, 0, GUEST_REGION);
        g->mem.region[i] = (struct vh_region){GUEST_BASE + i * GUEST_REGION, GUEST_REGION, at};
    }
    g->mem.regions = 2;
    g->q = (struct vh_queue){.on = true,
                             .packed = kind.packed,
                             .events = kind.events,
                             .tables = kind.tables,
                             .size = size,
                             .desc = (void *)g->mem.region[0].at,
                             .avail = (void *)(g->mem.region[0].at + AVAIL_AT),
                             .used = (void *)(g->mem.region[0].at + USED_AT),
                             .next_wrap = true,
                             .done_wrap = true};
    assert_true(vh_queue_fits(&g->q, &g->mem));
}

void guest_close(struct guest *g)
{
    for (unsigned i = 0; i < g->mem.regions; i++)
        free(g->mem.region[i].at);
}

uint8_t *guest_at(const struct guest *g, uint64_t gpa)
{
    uint64_t one = 1;
    uint8_t *at = vh_at(&g->mem, gpa, &one);

    assert_non_null(at);
    return at;
}

static uint64_t write_table(struct guest *g, const struct buffer *b, uint16_t n, bool writable)
{
    uint64_t at = g->next_table;

    for (uint16_t i = 0; i < n; i++) {
        uint8_t *to = guest_at(g, at + 16u * i);
        uint16_t direction = writable ? VRING_DESC_F_WRITE : 0;

        if (g->packed) {
            struct vring_packed_desc d = {b[i].gpa, b[i].len, 0, direction};

            memcpy(to, &d, sizeof d);
        } else {
            struct vring_desc d = {b[i].gpa, b[i].len, direction, (uint16_t)(i + 1)};

            if (i + 1 < n)
                d.flags |= VRING_DESC_F_NEXT;
            memcpy(to, &d, sizeof d);
        }
    }
    g->next_table += 16u * n;
    if (g->next_table > GUEST_DATA - 0x1000)
        g->next_table = GUEST_BASE + TABLES_AT;
    return at;
}

static uint16_t add_split(struct guest *g, const struct buffer *b, uint16_t n, uint16_t flags)
{
    uint16_t head = g->next_desc;

    for (uint16_t i = 0; i < n; i++) {
        struct vring_desc *d = &g->q.desc[g->next_desc];

        g->next_desc = (uint16_t)((g->next_desc + 1) % g->size);
        *d = (struct vring_desc){b[i].gpa, b[i].len, flags, g->next_desc};
        if (i + 1 < n)
            d->flags |= VRING_DESC_F_NEXT;
    }
    g->q.avail->ring[g->q.avail->idx % g->size] = head;
    g->q.avail->idx++;
    return head;
}

static uint16_t add_packed(struct guest *g, const struct buffer *b, uint16_t n, uint16_t flags)
{
    uint16_t id = g->next_id, first = g->next_desc, first_flags = 0;

    g->next_id = (uint16_t)((g->next_id + 1) % 64);
    g->slots[id] = n;
    for (uint16_t i = 0; i < n; i++) {
        uint16_t lap =
            g->next_wrap ? 1u << VRING_PACKED_DESC_F_AVAIL : 1u << VRING_PACKED_DESC_F_USED;
        uint16_t all = (uint16_t)(flags | lap | (i + 1 < n ? VRING_DESC_F_NEXT : 0));

        if (i == 0)
            first_flags = all;
        g->q.packed_desc[g->next_desc] = (struct vring_packed_desc){
            b[i].gpa, b[i].len, id, i == 0 ? g->q.packed_desc[first].flags : all};
        if (++g->next_desc == g->size) {
            g->next_desc = 0;
            g->next_wrap = !g->next_wrap;
        }
    }
    g->q.packed_desc[first].flags = first_flags;
    return id;
}

uint16_t guest_add(struct guest *g, const struct buffer *b, uint16_t n, bool writable, bool table)
{
    uint16_t flags = writable ? VRING_DESC_F_WRITE : 0;
    struct buffer whole;

    if (table) {
        whole = (struct buffer){write_table(g, b, n, writable), 16u * n};
        b = &whole;
        n = 1;
        flags = VRING_DESC_F_INDIRECT;
    }
    return g->packed ? add_packed(g, b, n, flags) : add_split(g, b, n, flags);
}

static bool get_packed(struct guest *g, uint16_t *id, uint32_t *len)
{
    const struct vring_packed_desc *d = &g->q.packed_desc[g->used];
    bool avail = d->flags & 1u << VRING_PACKED_DESC_F_AVAIL;
    bool used = d->flags & 1u << VRING_PACKED_DESC_F_USED;

    if (avail != used || used != g->used_wrap)
        return false;
    *id = d->id;
    *len = d->len;
    assert_true(d->id < 64);
    g->used = (uint16_t)(g->used + g->slots[d->id]);
    if (g->used >= g->size) {
        g->used = (uint16_t)(g->used - g->size);
        g->used_wrap = !g->used_wrap;
    }
    return true;
}

bool guest_get(struct guest *g, uint16_t *id, uint32_t *len)
{
    if (g->packed)
        return get_packed(g, id, len);
    if (g->q.used->idx == g->used)
        return false;
    *id = (uint16_t)g->q.used->ring[g->used % g->size].id;
    *len = g->q.used->ring[g->used % g->size].len;
    g->used++;
    return true;
}
