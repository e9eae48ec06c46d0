/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets that wait for the MAC of a next hop, in the slots they came in. Bounded: so many in all, for a next hop, and of a
 * port; and for a time. When anything about neighbours, uplinks or the policy has changed, each is looked at again as if it
 * came now, oldest first and before what comes new, so that no flow is turned around: those whose next hop is still not known
 * wait on, in their order.
 *
 * A packet that is parked has not been changed. One whose payload lies in the NIC's memory, where it would not be kept so
 * long, is RETURNed first and parked when it comes again, whole.
 */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct dp_park {
    uint32_t n, high;
    uint32_t large;    /* of them, those in runs of several slots */
    uint32_t again;    /* of them, the first so many are being looked at again */
    uint32_t neighbor; /* what they were last looked at under */
    uint32_t generation;
    struct parked {
        struct dp_hop hop;
        uint32_t entry;
        uint16_t ingress;
        bool large;
        uint64_t since; /* NIC time, ns */
    } packet[DP_PARK];
    uint16_t of_port[HSR_MAX_PORTS];
};

struct dp_park *dp_park_open(void)
{
    return calloc(1, sizeof(struct dp_park));
}

void dp_park_close(struct dp_park *park)
{
    free(park);
}

void dp_park_level(const struct dp_worker *w, uint32_t *used, uint32_t *high)
{
    *used = w->park->n;
    *high = w->park->high;
}

static bool same_hop(const struct dp_hop *a, const struct dp_hop *b)
{
    return a->port == b->port && cfg_addr_equal(&a->addr, &b->addr);
}

/* Packets that wait for this next hop; those that are being looked at again do not any more. */
static uint32_t waiting_for(const struct dp_park *park, const struct dp_hop *hop)
{
    uint32_t n = 0;

    for (uint32_t i = park->again; i < park->n; i++)
        n += same_hop(&park->packet[i].hop, hop);
    return n;
}

bool dp_parked_for(const struct dp_worker *w, const struct dp_hop *hop)
{
    return waiting_for(w->park, hop) > 0;
}

static void park_since(struct dp_worker *w, struct act_packet *p, uint64_t since)
{
    struct dp_park *park = w->park;
    bool large = p->meta.frame_len > HSR_SLOT_SIZE - HSR_SLOT_FRAME;

    if (park->n == DP_PARK || (large && park->large >= DP_PARK_LARGE) ||
        park->of_port[p->meta.ingress] >= DP_PARK_PORT ||
        waiting_for(park, &w->hop) >= DP_PARK_HOP) {
        dp_drop(w, p, HSR_DROP_NEIGH_PENDING);
        return;
    }
    park->packet[park->n++] = (struct parked){.hop = w->hop,
                                              .entry = p->entry,
                                              .ingress = p->meta.ingress,
                                              .large = large,
                                              .since = since};
    park->large += large;
    park->of_port[p->meta.ingress]++;
    w->ledger[p->meta.ingress].held++;
    if (park->n == 1) {
        park->neighbor = w->news;
        park->generation = w->generation;
    }
    if (park->n > park->high)
        park->high = park->n;
}

/* The first one, too, which goes as the packet of a flow (frag.c). */
static bool is_fragment(const struct act_packet *p)
{
    return p->meta.class == HSR_CLASS_FRAG ||
           (p->meta.flags & HSR_RXF_LINE1 && p->meta.flags1 & HSR_RX1F_FRAG_FIRST);
}

void dp_refuse(struct dp_worker *w, struct act_packet *p, enum hsr_drop drop)
{
    /* The others of a datagram follow its first fragment at once, so that one cannot wait. */
    if (drop != HSR_DROP_NEIGH_PENDING || is_fragment(p))
        dp_drop(w, p, drop);
    else if (p->meta.payload != 0)
        dp_again(w, p, HSR_RETURN_NEIGHBOR);
    else
        park_since(w, p, w->parked_since != 0 ? w->parked_since : w->now);
}

/* As if it came now, but for how long it has waited. */
static void look_again(struct dp_worker *w, const struct parked *parked)
{
    struct act_packet p;

    w->ledger[parked->ingress].held--;
    w->park->of_port[parked->ingress]--;
    w->park->large -= parked->large;
    if (!dp_load_again(w, parked->entry, parked->ingress, &p))
        return;
    if (w->now - parked->since >= DP_PARK_NS) {
        dp_drop(w, &p, HSR_DROP_NEIGH_TIMEOUT);
        return;
    }
    w->parked_since = parked->since;
    dp_vector(w, &p, &p + 1);
    w->parked_since = 0;
}

bool dp_park_due(const struct dp_worker *w)
{
    const struct dp_park *park = w->park;

    if (park->again > 0)
        return true;
    return park->n > 0 && (park->neighbor != w->news || park->generation != w->generation ||
                           w->now - park->packet[0].since >= DP_PARK_NS);
}

uint32_t dp_unpark(struct dp_worker *w)
{
    struct dp_park *park = w->park;
    struct parked now[DP_BURST];
    uint32_t n;

    if (park->again == 0) {
        park->again = park->n;
        park->neighbor = w->news;
        park->generation = w->generation;
    }
    n = park->again < DP_BURST ? park->again : DP_BURST;
    memcpy(now, park->packet, n * sizeof *now);
    park->n -= n;
    park->again -= n;
    memmove(park->packet, park->packet + n, park->n * sizeof *now);
    for (uint32_t i = 0; i < n; i++)
        look_again(w, &now[i]);
    return n;
}
