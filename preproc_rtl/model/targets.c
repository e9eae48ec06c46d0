/* SPDX-License-Identifier: Apache-2.0 */
#include "preproc/targets.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hsring/bytes.h"
#include "hsring/key.h"

#define MAC_BYTES 6u

/* Bursts: what comes in a twentieth of a second, and never so little that TCP would starve on a single GSO frame. */
enum { BURST_PART = 20, BURST_PACKETS = 64, BURST_BYTES = 256 << 10 };

struct pp_targets *pp_targets_open(const uint32_t *in_flight)
{
    static const uint32_t nothing[PP_TARGETS];
    struct pp_targets *t = calloc(1, sizeof *t);

    if (t != NULL && (t->publics = pp_publics_open()) == NULL) {
        free(t);
        t = NULL;
    }
    if (t != NULL) {
        t->in_flight = in_flight != NULL ? in_flight : nothing;
        t->spare = UINT32_MAX;
        for (uint32_t i = PP_TARGET_NONE; i < PP_TARGETS; i++)
            t->target[i].share = 1;
    }
    return t;
}

void pp_targets_close(struct pp_targets *targets)
{
    if (targets != NULL)
        pp_publics_close(targets->publics);
    free(targets);
}

static uint32_t place_of(uint32_t context, uint64_t mac48)
{
    uint64_t h = mac48 ^ (uint64_t)context << 40;

    return (uint32_t)((h ^ h >> 29) * UINT64_C(0x9E3779B97F4A7C15) >> 52);
}

_Static_assert(PP_TARGET_PLACES == 1 << 12, "place_of() takes twelve bits");

/* All places anew: a port more or less is rare, and nothing can be left behind. */
static void place_all(struct pp_targets *t)
{
    memset(t->place, 0, sizeof t->place);
    for (uint16_t port = 0; port < HSR_MAX_PORTS; port++) {
        const struct pp_target_config *c = &t->config[port];
        uint64_t mac48 = hsr_load48(c->mac);
        uint32_t at = place_of(c->context, mac48);

        if (!c->guest || c->context == 0)
            continue;
        while (t->place[at].context != 0)
            at = (at + 1) % PP_TARGET_PLACES;
        t->place[at] =
            (struct pp_target_place){.mac48 = mac48, .context = c->context, .port = port};
    }
}

static void set_meter(struct pp_meter *meter, enum hsr_meter_unit unit, uint64_t rate,
                      uint64_t burst, uint64_t least)
{
    burst = burst < least ? least : burst;
    pp_meter_set(meter, rate != 0 ? unit : HSR_METER_NONE, rate,
                 burst < PP_METER_BURST_MAX ? (uint32_t)burst : PP_METER_BURST_MAX);
}

static void set_rates(struct pp_target *target, uint32_t pps, uint32_t kbps,
                      const struct pp_pool_rate *was)
{
    if (pps != was->pps)
        set_meter(&target->packets, HSR_METER_PACKETS, pps, pps / BURST_PART, BURST_PACKETS);
    if (kbps != was->kbps)
        set_meter(&target->bits, HSR_METER_BITS, kbps * UINT64_C(1000),
                  kbps * UINT64_C(125) / BURST_PART, BURST_BYTES);
}

void pp_targets_set(struct pp_targets *t, uint16_t port, const struct pp_target_config *config)
{
    const struct pp_target_config none = {0}, *c = config != NULL ? config : &none;
    struct pp_target_config *was = &t->config[port];
    struct pp_target *target = &t->target[port];

    set_rates(target, c->pps, c->kbps, &(struct pp_pool_rate){was->pps, was->kbps});
    if (c->bad != was->bad)
        set_meter(&target->bad, HSR_METER_PACKETS, c->bad, c->bad / BURST_PART, BURST_PACKETS);
    target->least = c->least;
    target->share = c->share;
    bool same = c->guest == was->guest && c->context == was->context &&
                memcmp(c->mac, was->mac, sizeof c->mac) == 0;

    *was = *c;
    if (!same)
        place_all(t);
}

int pp_targets_public(struct pp_targets *t, const struct hsr_public *public, bool remove)
{
    struct pp_public entry =
        pp_public_of(public->addr, public->family, public->proto, public->l4_port);
    bool pool = public->port == HSR_NO_PORT;

    if (!remove && (pool ? public->pool >= HSR_MAX_POOLS : public->port >= HSR_MAX_PORTS))
        return -EINVAL;
    if (!remove)
        entry.target = (uint16_t)(pool ? PP_TARGET_POOL + public->pool : public->port);
    int rc = pp_publics_set(t->publics, &entry);

    if (rc == 0 && pool && !remove) {
        struct pp_pool_rate rate = {public->pps, public->kbps};

        set_rates(&t->target[entry.target], rate.pps, rate.kbps, &t->pool[public->pool]);
        t->pool[public->pool] = rate;
    }
    return rc;
}

/*
 * From outside: whose public address it is, as far as that is a guest who is there. ARP and neighbour discovery are the link's
 * affair, whomever they ask for.
 */
static uint16_t outside(const struct pp_targets *t, const struct hsr_rx_meta *meta,
                        const struct pp_flow *flow)
{
    bool link = meta->class == HSR_CLASS_ARP || meta->class == HSR_CLASS_ND;
    uint16_t target = link ? PP_PUBLIC_NOBODY
                           : pp_publics_find(t->publics, &flow->key, meta->flags & HSR_RXF_SWAP);

    if (target == PP_PUBLIC_NOBODY || (target < HSR_MAX_PORTS && !t->config[target].guest))
        return PP_TARGET_NONE;
    return target;
}

uint16_t pp_targets_find(const struct pp_targets *t, const struct hsr_rx_meta *meta,
                         const struct pp_flow *flow, const uint8_t *frame, uint32_t len)
{
    uint32_t context = hsr_key_context(hsr_key_tail(&flow->key));
    if (!(meta->flags & HSR_RXF_DECAP))
        return outside(t, meta, flow);
    if (context == 0 || meta->l2_off + MAC_BYTES > len)
        return PP_TARGET_NONE;
    uint64_t mac48 = hsr_load48(frame + meta->l2_off); /* once: the frame is in the slot */

    for (uint32_t at = place_of(context, mac48); t->place[at].context != 0;
         at = (at + 1) % PP_TARGET_PLACES) {
        if (t->place[at].context == context && t->place[at].mac48 == mac48)
            return t->place[at].port;
    }
    return PP_TARGET_NONE;
}

enum hsr_drop pp_targets_admit(struct pp_targets *t, uint16_t target, uint32_t bytes, uint64_t now)
{
    struct pp_target *to = &t->target[target];

    if (t->in_flight[target] >= to->least + (uint64_t)to->share * t->spare)
        return HSR_DROP_PRE_SHARE;
    if ((to->packets.unit != HSR_METER_NONE && !pp_meter_pass(&to->packets, bytes, now)) ||
        (to->bits.unit != HSR_METER_NONE && !pp_meter_pass(&to->bits, bytes, now)))
        return HSR_DROP_PRE_LIMIT;
    t->spare -= t->spare > 0;
    return HSR_DROP_NONE;
}

bool pp_targets_bad(struct pp_targets *t, uint16_t port, uint64_t now)
{
    struct pp_meter *meter = &t->target[port].bad;

    return meter->unit == HSR_METER_NONE || pp_meter_pass(meter, 0, now);
}
