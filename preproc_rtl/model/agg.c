/* SPDX-License-Identifier: Apache-2.0 */
#include "preproc/agg.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hsring/hash.h"

int pp_agg_open(struct pp_agg *agg, uint32_t capacity, uint32_t max_vector)
{
    memset(agg, 0, sizeof *agg);
    if (capacity == 0 || capacity > UINT16_MAX || max_vector == 0 || max_vector > HSR_MAX_VECTOR)
        return -EINVAL;
    agg->item = aligned_alloc(HSR_CACHE_LINE, capacity * sizeof *agg->item);
    agg->free = calloc(capacity, sizeof(struct pp_agg_item *));
    if (!agg->item || !agg->free) {
        pp_agg_close(agg);
        return -ENOMEM;
    }
    memset(agg->item, 0, capacity * sizeof *agg->item);
    agg->capacity = agg->free_count = capacity;
    for (uint32_t i = 0; i < capacity; i++) {
        agg->item[i].self = (uint16_t)i;
        agg->free[capacity - 1 - i] = &agg->item[i];
    }
    agg->max_vector = max_vector;
    return 0;
}

void pp_agg_close(struct pp_agg *agg)
{
    free(agg->item);
    free(agg->free);
    agg->item = NULL;
    agg->free = NULL;
}

static bool outer_is_ipv6(const struct hsr_rx_meta *m)
{
    return m->flags & HSR_RXF_DECAP && m->flags1 & HSR_RX1F_OUTER_IPV6;
}

/* Of two tunnelled packets. */
static bool same_way(const struct pp_agg_item *a, const struct pp_agg_item *b)
{
    const struct hsr_rx_meta *x = &a->meta, *y = &b->meta;

    if (x->vni_tunnel != y->vni_tunnel || x->outer_src4 != y->outer_src4 ||
        outer_is_ipv6(x) != outer_is_ipv6(y))
        return false;
    return !outer_is_ipv6(x) || memcmp(a->outer6, b->outer6, sizeof a->outer6) == 0;
}

/*
 * Tunnelled packets must have come the same way: what the firmware decides about the
 * outer header of the first then holds for all.
 */
bool pp_agg_joins(const struct pp_agg_item *a, const struct pp_agg_item *b)
{
    const struct hsr_rx_meta *x = &a->meta, *y = &b->meta;
    const unsigned way = HSR_RXF_SWAP | HSR_RXF_DECAP | HSR_RXF_IPV6;

    if (x->key_addrs != y->key_addrs || x->key_ports != y->key_ports || a->ring != b->ring ||
        x->ingress != y->ingress || ((x->flags ^ y->flags) & way))
        return false;
    if (x->reason | y->reason || x->class != y->class || x->class == HSR_CLASS_ARP ||
        x->class == HSR_CLASS_NON_IP || x->class == HSR_CLASS_BAD)
        return false;
    if (x->flags & HSR_RXF_IPV6 && memcmp(x->key6, y->key6, sizeof x->key6) != 0)
        return false;
    return !(x->flags & HSR_RXF_DECAP) || same_way(a, b);
}

/* From a queue with more than one; apart, since on random traffic few have that. */
static __attribute__((noinline)) uint32_t take_more(struct pp_agg *agg, uint32_t number,
                                                    struct pp_agg_item *out[HSR_MAX_VECTOR])
{
    struct pp_agg_queue *q = &agg->queue[number];
    uint32_t n = 0;

    do {
        struct pp_agg_item *item = &agg->item[q->head];

        agg->free[agg->free_count++] = item;
        q->head = item->next;
        q->length--;
        out[n++] = item;
    } while (q->length > 0 && n < agg->max_vector && agg->item[q->head].joins);
    agg->vectors[n]++;
    if (q->length > 0)
        pp_agg_list(agg, number);
    return n;
}

uint32_t pp_agg_take(struct pp_agg *agg, struct pp_agg_item *out[HSR_MAX_VECTOR])
{
    if (agg->busy_count == 0)
        return 0;
    uint32_t number = agg->busy[agg->busy_head];
    struct pp_agg_queue *q = &agg->queue[number];
    struct pp_agg_item *first = &agg->item[q->head];

    agg->busy_head = (agg->busy_head + 1) % PP_AGG_QUEUES;
    agg->busy_count--;
    if (q->length > 1)
        return take_more(agg, number, out);
    q->length = 0;
    agg->free[agg->free_count++] = first;
    agg->vectors[1]++;
    out[0] = first;
    return 1;
}
