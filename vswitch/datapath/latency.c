/* SPDX-License-Identifier: Apache-2.0 */
/* How long packets take in a worker: two looks at the clock a burst, and none while nobody measures (worker.c). */
#include <errno.h>
#include <stdlib.h>

#include "datapath/latency.h"
#include "timed.h"

#define FUTURE_NS 1000000000u /* of the 32 bits of a stamp */

struct dp_latency {
    uint64_t (*clock)(void);
    uint64_t taken; /* NIC time at which the burst was; 0: it did not come from the rx ring */
    uint32_t place; /* in the tx ring, of what the burst will push */
    uint32_t waits; /* entries of a burst that the NIC had not taken yet; 0: none is waited for */
    uint32_t end;   /* behind them in the tx ring */
    uint64_t pushed;
    struct hist hist[DP_LATENCY_STAGES];
};

int dp_latency_open(struct dp_latency **out, uint64_t (*clock)(void))
{
    struct dp_latency *l = calloc(1, sizeof *l);

    if (l == NULL)
        return -ENOMEM;
    l->clock = clock;
    *out = l;
    return 0;
}

void dp_latency_close(struct dp_latency *l)
{
    free(l);
}

const struct hist *dp_latency_hist(const struct dp_latency *l, enum dp_latency_stage stage)
{
    return &l->hist[stage];
}

static uint64_t clock_now(const struct dp_worker *w)
{
    return w->latency->clock != NULL ? w->latency->clock() : hsr_view_now(w->view);
}

static uint32_t stamp_of(const uint8_t *slot)
{
    uint32_t stamp;

    memcpy(&stamp, slot + offsetof(struct hsr_rx_meta, timestamp), sizeof stamp);
    return stamp;
}

/* Of a stamp of 32 bits, up to 3.29 s; one of the next second is not of the past, but somebody's mistake, or mischief. */
static uint64_t age_of(uint32_t stamp, uint64_t now)
{
    uint32_t age = (uint32_t)now - stamp;

    return age <= UINT32_MAX - FUTURE_NS ? age : 0;
}

/* Vectors, each by its oldest packet; those in a row that were received in the same turn of the NIC's together. */
static void record_waits(struct dp_worker *w, uint32_t n, uint64_t now)
{
    struct hist *hist = &w->latency->hist[DP_LATENCY_TO_WORKER];
    uint32_t stamp = stamp_of(w->packet[0].slot), since = 0;

    for (uint32_t i = 0; i < n;) {
        const struct act_packet *p = &w->packet[i];
        uint32_t next = stamp_of(p->slot);

        if (next != stamp) {
            hist_record(hist, age_of(stamp, now), i - since);
            stamp = next;
            since = i;
        }
        i += p->meta.vec_len > 1 ? p->meta.vec_len : 1; /* a hint, cut to what is there */
    }
    hist_record(hist, age_of(stamp, now), n - since);
}

/* Has the NIC taken the burst that is waited for? */
static void look(struct dp_worker *w, uint64_t now)
{
    struct dp_latency *l = w->latency;

    if ((int32_t)(w->tx.peer - l->end) < 0)
        return;
    hist_record(&l->hist[DP_LATENCY_TX_RING], now - l->pushed, l->waits);
    l->waits = 0;
}

void dp_latency_taken(struct dp_worker *w, uint32_t n)
{
    struct dp_latency *l = w->latency;
    uint64_t now;

    l->taken = 0;
    if (n == 0 && l->waits == 0)
        return;
    now = clock_now(w);
    if (l->waits > 0)
        look(w, now);
    if (n == 0)
        return;
    l->taken = now;
    w->slow = 0;
    l->place = w->tx.own;
    record_waits(w, n, now);
}

void dp_latency_sent(struct dp_worker *w, uint32_t n)
{
    struct dp_latency *l = w->latency;
    uint64_t now;

    if (l->taken == 0)
        return;
    now = clock_now(w);
    hist_record(&l->hist[w->slow != 0 ? DP_LATENCY_SLOW : DP_LATENCY_FAST], now - l->taken, n);
    l->taken = 0;
    if (l->waits == 0 && w->tx.own != l->place) {
        l->waits = w->tx.own - l->place;
        l->end = w->tx.own;
        l->pushed = now;
    }
}

void dp_latency_asleep(struct dp_worker *w)
{
    w->latency->waits = 0;
}

void dp_worker_time(struct dp_worker *w, struct dp_latency *l)
{
    if (l != NULL)
        l->taken = l->waits = 0;
    w->latency = l;
}
