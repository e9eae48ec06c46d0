/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets that wait for the MAC of a next hop, in the slots they came in. Bounded: so many in all, for a next hop, and of a
 * port; and for a time. When anything about neighbours, uplinks or the policy has changed, each is looked at again as if it
 * came now, oldest first and before what comes new, so that no flow is turned around: those whose next hop is still not known
 * wait on, in their order.
 *
 * A packet that is parked has not been changed. One whose payload lies in the NIC's memory, where it would not be kept so
 * long, is RETURNed first; its place is kept, and it takes that when it comes again, whole. Until then whatever else of its flow
 * comes waits behind the place, also when the next hop is known by now. One that does not come again was lost on its way: its
 * place is given up.
 */
#include <stdlib.h>
#include <string.h>

#include "move.h"

#define RETURN_NS UINT64_C(50000000) /* that a RETURN may take where cores are shared */
#define HASHES    256

struct dp_park {
    uint32_t n, high;
    uint32_t large;    /* of them, those in runs of several slots */
    uint32_t sliced;   /* of them, those that wait with their payload in the NIC: behind a place */
    uint32_t again;    /* of them, the first so many are being looked at again */
    uint32_t neighbor; /* what they were last looked at under */
    uint32_t generation;
    bool due;         /* a place was taken that others wait behind */
    uint64_t give_up; /* NIC time at which the next place is */
    struct dp_parked packet[DP_PARK];
    uint16_t of_port[HSR_MAX_PORTS];
    uint16_t holders[HASHES]; /* by hash: most flows have none */
};

struct dp_park *dp_park_open(void)
{
    struct dp_park *park = calloc(1, sizeof *park);

    if (park != NULL)
        park->give_up = UINT64_MAX;
    return park;
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

static struct dp_flow flow_of(const struct act_packet *p)
{
    const unsigned told = HSR_RXF_SWAP | HSR_RXF_IPV6 | HSR_RXF_UPLINK | HSR_RXF_DECAP;
    struct dp_flow f = {.hash = p->meta.hash,
                        .key_addrs = p->meta.key_addrs,
                        .key_ports = p->meta.key_ports,
                        .flags = (uint8_t)(p->meta.flags & told)};

    if (p->meta.flags & HSR_RXF_IPV6)
        memcpy(f.key6, p->meta.key6, sizeof f.key6);
    return f;
}

static bool same_flow(const struct dp_flow *a, const struct dp_flow *b)
{
    return a->hash == b->hash && a->key_addrs == b->key_addrs && a->key_ports == b->key_ports &&
           a->flags == b->flags && memcmp(a->key6, b->key6, sizeof a->key6) == 0;
}

/*
 * The first one that packets of this flow and port wait behind, or the first place for one; those that are being looked at
 * again are not asked.
 */
static struct dp_parked *holder_of(struct dp_park *park, const struct dp_flow *flow,
                                   uint16_t ingress, bool place)
{
    if (park->holders[flow->hash % HASHES] == 0)
        return NULL;
    for (uint32_t i = park->again; i < park->n; i++) {
        struct dp_parked *q = &park->packet[i];

        if (q->holds && (q->place || !place) && q->ingress == ingress && same_flow(&q->flow, flow))
            return q;
    }
    return NULL;
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

/* A place holds up its own flow alone; but in the burst that made it nobody has looked for that yet. */
bool dp_parked_for(const struct dp_worker *w, const struct dp_hop *hop)
{
    const struct dp_park *park = w->park;

    for (uint32_t i = park->again; i < park->n; i++) {
        const struct dp_parked *q = &park->packet[i];

        if ((!q->place || q->asked == w->now) && same_hop(&q->hop, hop))
            return true;
    }
    return false;
}

static void count_holder(struct dp_worker *w, const struct dp_parked *q, int by)
{
    uint16_t *holders = &w->park->holders[q->flow.hash % HASHES];

    *holders = (uint16_t)(*holders + by);
    w->park_holders += (uint32_t)by;
}

static void put(struct dp_worker *w, const struct dp_parked *q)
{
    struct dp_park *park = w->park;

    if (park->n == 0) {
        park->neighbor = w->news;
        park->generation = w->generation;
    }
    park->packet[park->n++] = *q;
    if (park->n > park->high)
        park->high = park->n;
    park->large += q->large;
    park->sliced += q->sliced;
    park->of_port[q->ingress]++;
    if (q->holds)
        count_holder(w, q, 1);
    if (!q->place)
        w->ledger[q->ingress].held++;
    else if (q->asked + RETURN_NS < park->give_up)
        park->give_up = q->asked + RETURN_NS;
}

/* It is not in the list any more. */
static void took(struct dp_worker *w, const struct dp_parked *q)
{
    w->park->large -= q->large;
    w->park->sliced -= q->sliced;
    w->park->of_port[q->ingress]--;
    if (q->holds)
        count_holder(w, q, -1);
    if (!q->place)
        w->ledger[q->ingress].held--;
}

/* Wait for `hop`: RETURNed, with a place, if it lies apart and is not to stay so. */
static void wait_for(struct dp_worker *w, struct act_packet *p, const struct dp_hop *hop,
                     bool whole)
{
    const struct dp_park *park = w->park;
    bool again = p->meta.payload != 0 && whole;
    struct dp_parked q = {.hop = *hop,
                          .entry = p->entry,
                          .ingress = p->meta.ingress,
                          .large = p->meta.frame_len > HSR_SLOT_SIZE - HSR_SLOT_FRAME,
                          .sliced = p->meta.payload != 0 && !whole,
                          .holds = again,
                          .place = again,
                          .since = w->parked_since != 0 ? w->parked_since : w->now,
                          .asked = w->now,
                          .hops = p->hops,
                          .under = (uint8_t)dp_under(w, p)};

    if (!again && !dp_slot_hold(w, p->entry)) {
        dp_came_twice(w, p);
        return;
    }
    if (park->n == DP_PARK || (q.large && park->large >= DP_PARK_LARGE) ||
        park->of_port[q.ingress] >= DP_PARK_PORT || park->of_port[q.ingress] >= DP_PARK - park->n ||
        waiting_for(park, hop) >= DP_PARK_HOP) {
        if (!again)
            dp_slot_let_go(w, p->entry);
        dp_drop(w, p, HSR_DROP_NEIGH_PENDING);
        return;
    }
    if (again)
        q.flow = flow_of(p);
    put(w, &q);
    if (again)
        dp_again(w, p, HSR_RETURN_NEIGHBOR);
}

/* The first one, too, which goes as the packet of a flow (frag.c). */
static bool is_fragment(const struct act_packet *p)
{
    return p->meta.class == HSR_CLASS_FRAG ||
           (p->meta.flags & HSR_RXF_LINE1 && p->meta.flags1 & HSR_RX1F_FRAG_FIRST);
}

void dp_refuse(struct dp_worker *w, struct act_packet *p, enum hsr_drop drop)
{
    if (drop == HSR_DROP_NEIGH_PENDING && w->hop.port == HSR_NO_PORT && w->holds != DP_NO_HOME) {
        dp_keep_for(w, p, w->holds);
        return;
    }
    /* The others of a datagram follow its first fragment at once, so that one cannot wait. */
    if (drop != HSR_DROP_NEIGH_PENDING || is_fragment(p))
        dp_drop(w, p, drop);
    else
        wait_for(w, p, &w->hop, true);
}

/* --- behind a place ------------------------------------------------------------------------------------------------ */

static bool came_again(const struct act_packet *p)
{
    return p->meta.flags & HSR_RXF_LINE1 && p->meta.flags1 & HSR_RX1F_RETURNED &&
           p->meta.partial_sum == HSR_RETURN_NEIGHBOR;
}

static void take_place(struct dp_worker *w, struct dp_parked *q, struct act_packet *p)
{
    if (!dp_slot_hold(w, p->entry)) {
        dp_came_twice(w, p);
        return;
    }
    q->place = false;
    q->entry = p->entry;
    w->ledger[q->ingress].held++;
    /* Without news it waits on, and so do those behind it, unless they cannot. */
    w->park->due |= q->late || w->park->sliced > 0;
}

/* Nobody waits for the next hop any more, for whatever reason: who waits behind a place does so for moments. */
static bool is_decided(const struct dp_worker *w, const struct dp_hop *hop)
{
    struct dp_known known = dp_neighbor_find(&w->shared->neighbors, hop);

    return known.mac48 != 0 || known.state == DP_NEIGHBOR_FAILED;
}

static bool caught(struct dp_worker *w, struct act_packet *p)
{
    const struct dp_flow flow = flow_of(p);
    struct dp_parked *q = NULL;

    if (p->meta.reason != HSR_DROP_NONE)
        return false;
    if (came_again(p) && (q = holder_of(w->park, &flow, p->meta.ingress, true)) != NULL) {
        take_place(w, q, p);
        return true;
    }
    if ((q = holder_of(w->park, &flow, p->meta.ingress, false)) != NULL) {
        struct dp_hop hop = q->hop;

        wait_for(w, p, &hop, !is_decided(w, &hop));
    }
    return q != NULL;
}

uint32_t dp_park_catch(struct dp_worker *w, uint32_t n)
{
    uint32_t left = 0;

    for (uint32_t i = 0; i < n; i++) {
        if (caught(w, &w->packet[i]))
            continue;
        if (left != i)
            w->packet[left] = w->packet[i];
        left++;
    }
    return left;
}

/* --- again --------------------------------------------------------------------------------------------------------- */

/* A place that nobody has taken yet: kept, unless it is too late for that. */
static void keep_place(struct dp_worker *w, const struct dp_parked *parked)
{
    struct dp_parked q = *parked;

    q.late = true;
    if (w->now - q.asked < RETURN_NS)
        put(w, &q);
}

/* As if it came now, but for how long it has waited. */
static void look_again(struct dp_worker *w, const struct dp_parked *parked)
{
    struct act_packet p;
    struct dp_flow flow;
    bool timed_out;

    took(w, parked);
    if (parked->place) {
        keep_place(w, parked);
        return;
    }
    if (!dp_load_again(w, parked->entry, parked->ingress, &p))
        return;
    p.hops = parked->hops;
    p.under = parked->under;
    timed_out = w->now - parked->since >= DP_PARK_NS;
    flow = flow_of(&p);
    if (!timed_out && holder_of(w->park, &flow, parked->ingress, false) != NULL) {
        put(w, parked);
        return;
    }
    dp_slot_let_go(w, parked->entry);
    if (timed_out) {
        dp_drop(w, &p, HSR_DROP_NEIGH_TIMEOUT);
        return;
    }
    w->parked_since = parked->since;
    dp_vectors(w, &p, &p + 1);
    w->parked_since = 0;
}

bool dp_park_due(const struct dp_worker *w)
{
    const struct dp_park *park = w->park;

    if (park->again > 0)
        return true;
    return park->n > 0 &&
           (park->neighbor != w->news || park->generation != w->generation || park->due ||
            w->now >= park->give_up || w->now - park->packet[0].since >= DP_PARK_NS);
}

uint32_t dp_unpark(struct dp_worker *w)
{
    struct dp_park *park = w->park;
    struct dp_parked now[DP_BURST];
    uint32_t n;

    if (park->again == 0) {
        park->again = park->n;
        park->neighbor = w->news;
        park->generation = w->generation;
        park->due = false;
        park->give_up = UINT64_MAX;
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

/* ---- to another worker ---- */

void dp_park_send_off(struct dp_worker *w, uint32_t homes, struct moved_parked *m)
{
    struct dp_park *park = w->park;
    uint32_t left = 0, again = park->again;

    for (uint32_t i = 0; i < park->n; i++) {
        const struct dp_parked parked = park->packet[i];

        if (parked.under >= HSR_FLOW_HOMES || !(homes >> parked.under & 1)) {
            park->packet[left++] = parked;
            continue;
        }
        again -= i < park->again;
        took(w, &parked);
        if (!parked.place) {
            w->ledger[parked.ingress].handed_out++;
            w->counters.handed_out++;
        }
        m->packet[m->n++] = parked;
    }
    park->n = left;
    park->again = again;
}

/* Behind what waits here; all are looked at again. */
void dp_park_take_in(struct dp_worker *w, const struct moved_parked *m)
{
    struct act_packet p;

    for (uint32_t i = 0; i < m->n; i++) {
        const struct dp_parked *parked = &m->packet[i];

        if (!parked->place) {
            w->ledger[parked->ingress].handed_in++;
            w->counters.handed_in++;
        }
        if (w->park->n < DP_PARK) {
            put(w, parked);
        } else if (!parked->place && dp_load_again(w, parked->entry, parked->ingress, &p)) {
            dp_slot_let_go(w, parked->entry);
            dp_drop(w, &p, HSR_DROP_NEIGH_PENDING);
        }
    }
    if (m->n > 0)
        w->park->due = true;
}
