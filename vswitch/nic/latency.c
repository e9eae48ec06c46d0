/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long packets take (LATENCY_SET): by the NIC's own clock, from stamps it keeps by slot in memory of its own, so that
 * nothing the firmware writes moves a figure. Once a burst at each place, and packets in a row with the same time together.
 */
#include <errno.h>
#include <stdlib.h>

#include "histogram/histogram.h"
#include "nic_internal.h"

_Static_assert(HSR_LATENCY_BUCKETS == HIST_BUCKETS, "what LATENCY carries");

#define TAKEN 1u /* of `delivered`: it is back */

struct nic_latency {
    struct nic_stamp {
        uint64_t received;  /* NIC time; 0: it was not, or nobody measured then */
        uint64_t delivered; /* NIC time at which it was on an rx ring; 0: it was not; TAKEN */
    } * stamp;              /* by slot */
    struct hist hist[HSR_MAX_WORKERS][HSR_LATENCY_STAGES];
};

/* Packets in a row that took equally long. */
struct run {
    struct hist *hist;
    uint64_t value, n;
};

static inline void end(const struct run *run)
{
    if (run->n > 0)
        hist_record(run->hist, run->value, run->n);
}

static inline void add(struct run *run, struct hist *hist, uint64_t value)
{
    if (hist != run->hist || value != run->value) {
        end(run);
        *run = (struct run){.hist = hist, .value = value};
    }
    run->n++;
}

static uint64_t clock_now(const struct nic *nic)
{
    return nic->show.clock != NULL ? nic->show.clock() : nic->now;
}

/* The clock of a turn may be one that was read a little later than that of the stamp. */
static uint64_t since(uint64_t then, uint64_t now)
{
    return now > then ? now - then : 0;
}

/* Where packets of this slot's worker are counted. */
static struct hist *hist_of(struct nic *nic, uint32_t slot, enum hsr_latency stage)
{
    return &nic->latency->hist[nic->slots.run[slot].worker][stage];
}

void nic_latency_received(struct nic *nic, const struct nic_rx *frame, uint32_t n, uint64_t now)
{
    struct nic_stamp *stamp = nic->latency->stamp;

    for (uint32_t i = 0; i < n; i++)
        stamp[frame[i].slot] = (struct nic_stamp){.received = now};
}

void nic_latency_again(struct nic *nic, uint32_t from, uint32_t to)
{
    struct nic_stamp *stamp = nic->latency->stamp;

    stamp[to] = (struct nic_stamp){.received = stamp[from].received};
}

void nic_latency_delivered(struct nic *nic, const uint32_t *entry, uint32_t n)
{
    uint64_t now = clock_now(nic);
    struct run run = {.n = 0};

    for (uint32_t i = 0; i < n; i++) {
        uint32_t slot = hsr_entry_slot(entry[i]);
        struct nic_stamp *s = &nic->latency->stamp[slot];

        if (s->received == 0)
            continue;
        s->delivered = now;
        add(&run, hist_of(nic, slot, HSR_LATENCY_TO_RING), since(s->received, now));
    }
    end(&run);
}

/* Entries as the firmware wrote them. */
void nic_latency_taken(struct nic *nic, const uint32_t *entry, uint32_t n)
{
    uint64_t now = clock_now(nic);
    struct run run = {.n = 0};

    for (uint32_t i = 0; i < n; i++) {
        uint32_t slot = hsr_entry_slot(entry[i]);

        if (hsr_entry_kind(entry[i]) != HSR_KIND_PACKET || slot >= nic->region.view.slots ||
            nic->slots.run[slot].state != NIC_SLOT_FIRMWARE)
            continue;
        struct nic_stamp *s = &nic->latency->stamp[slot];

        if (s->delivered <= TAKEN)
            continue;
        add(&run, hist_of(nic, slot, HSR_LATENCY_WITH_WORKER), since(s->delivered, now));
        s->delivered = TAKEN;
    }
    end(&run);
}

/* The slot whose run these bytes lie in; UINT32_MAX: they lie in none. */
static uint32_t slot_of(const struct nic *nic, const uint8_t *at)
{
    const struct hsr_view *view = &nic->region.view;
    uintptr_t off = (uintptr_t)at - (uintptr_t)view->slot0;
    size_t place = off / HSR_SLOT_SIZE;
    uint32_t slot = place < view->slots ? (uint32_t)place : UINT32_MAX;

    if (slot - view->classes[0].first < view->classes[0].count) /* nearly always it */
        return slot;
    if (slot == UINT32_MAX)
        return slot;
    for (unsigned class = 1; class < HSR_SLOT_CLASSES; class ++) {
        const struct hsr_slot_class *c = &view->classes[class];

        if (slot - c->first < c->run * c->count)
            return slot - (slot - c->first) % c->run;
    }
    return slot;
}

void nic_latency_sent(struct nic *nic, const struct nic_slot_port *p, uint32_t taken)
{
    const struct nic_batch *b = &p->batch;
    uint64_t now = clock_now(nic);
    struct run run = {.n = 0};

    for (uint32_t i = 0; i < taken; i++) {
        uint32_t slot = slot_of(nic, b->frame[i].head_len > 0 ? b->origin[i] : b->frame[i].body);

        if (slot == UINT32_MAX || nic->latency->stamp[slot].delivered != TAKEN ||
            p->port.refused[i] != HSR_DROP_NONE)
            continue;
        add(&run, hist_of(nic, slot, HSR_LATENCY_WHOLE),
            since(nic->latency->stamp[slot].received, now));
    }
    end(&run);
}

void nic_latency_done(struct nic *nic)
{
    for (uint32_t i = 0; i < nic->dones; i++)
        nic->latency->stamp[hsr_entry_slot(nic->done[i])] = (struct nic_stamp){0};
}

/* Packets that are under way have stamps of another time, or none. */
static int install(struct nic *nic, void *arg)
{
    struct nic_latency *l = arg;

    if (l != NULL && nic->latency == NULL)
        memset(l->stamp, 0, nic->region.view.slots * sizeof *l->stamp);
    nic->latency = l;
    return 0;
}

static void forget(struct nic_latency *l)
{
    if (l != NULL)
        free(l->stamp);
    free(l);
}

int nic_latency_set(struct nic *nic, bool on)
{
    struct nic_latency *l = nic->latency_kept;

    if (!on)
        return nic_run(nic, install, NULL);
    if (l == NULL) {
        l = calloc(1, sizeof *l);
        if (l != NULL)
            l->stamp = calloc(nic->region.view.slots, sizeof *l->stamp);
        if (l == NULL || l->stamp == NULL) {
            forget(l);
            return -ENOMEM;
        }
        nic->latency_kept = l;
    }
    return nic_run(nic, install, l);
}

int nic_latency_get(const struct nic *nic, uint32_t worker, uint32_t stage,
                    struct hist_counts *counts)
{
    if (worker >= nic->workers || stage >= HSR_LATENCY_STAGES)
        return -EINVAL;
    if (nic->latency_kept != NULL)
        hist_read(&nic->latency_kept->hist[worker][stage], counts);
    return 0;
}

void nic_latency_end(struct nic *nic)
{
    nic_run(nic, install, NULL);
    forget(nic->latency_kept);
    nic->latency_kept = NULL;
}
