/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets from the worker they came to, to the one that has their session.
 *
 * The NIC steers by the key of the packet it sees (RETA). Where that does not lead to the session's home (a fragment, which
 * shows no ports; the inner side of a public address; an error about one of those) the packet is passed on whole: slot,
 * payload and all, as a ring entry. From then on it is the other worker's, which answers for it to the NIC. There is one
 * queue for each pair of workers, with one writer and one reader, so what goes one way stays in order; and all packets of a flow go the
 * same way, since only the RETA says where that begins. A full queue drops.
 */
#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "internal.h"

#define PIPE     512u /* entries, a power of two: several bursts, and far from all slots */
#define HOPS_MAX 4u   /* more than any way has; who has gone so far stays */

/* One writer, one reader. Entry: ingress << 48 | hops << 32 | ring entry. */
struct pipe {
    alignas(HSR_CACHE_LINE) _Atomic uint32_t prod;
    alignas(HSR_CACHE_LINE) _Atomic uint32_t cons;
    alignas(HSR_CACHE_LINE) uint64_t entry[PIPE];
};

struct dp_handover {
    uint32_t workers;
    uint8_t reta[1u << HSR_HASH_RETA_BITS]; /* as the NIC's */
    int doorbell[HSR_MAX_WORKERS];
    struct {
        alignas(HSR_CACHE_LINE) _Atomic bool asleep;
    } of[HSR_MAX_WORKERS];
    struct pipe pipe[]; /* from each to each */
};

static struct pipe *pipe_of(const struct dp_worker *w, uint32_t from, uint32_t to)
{
    struct dp_handover *h = w->shared->handover;

    return &h->pipe[from * h->workers + to];
}

int dp_shared_open(struct dp_shared *shared, uint32_t workers)
{
    size_t pipes = workers > 1 ? (size_t)workers * workers : 0;
    size_t size = sizeof(struct dp_handover) + pipes * sizeof(struct pipe);
    struct dp_handover *h = aligned_alloc(HSR_CACHE_LINE, size);

    if (h == NULL)
        return -ENOMEM;
    memset(h, 0, sizeof *h);
    for (size_t i = 0; i < pipes; i++) {
        atomic_init(&h->pipe[i].prod, 0);
        atomic_init(&h->pipe[i].cons, 0);
    }
    h->workers = workers;
    for (uint32_t i = 0; i < 1u << HSR_HASH_RETA_BITS; i++)
        h->reta[i] = (uint8_t)(i % workers);
    shared->handover = h;
    return 0;
}

void dp_shared_close(struct dp_shared *shared)
{
    free(shared->handover);
    shared->handover = NULL;
}

void dp_handover_attach(struct dp_worker *w)
{
    w->shared->handover->doorbell[w->id] = w->rx_doorbell;
}

uint32_t dp_home(const struct dp_worker *w, uint64_t hash)
{
    return w->shared->handover->reta[hsr_hash_reta(hash)];
}

/* ---- out ---- */

void dp_hand_over(struct dp_worker *w, struct act_packet *p, uint32_t to)
{
    struct pipe *pipe = pipe_of(w, w->id, to);
    uint32_t prod = atomic_load_explicit(&pipe->prod, memory_order_relaxed);

    if (prod - atomic_load_explicit(&pipe->cons, memory_order_acquire) == PIPE) {
        dp_drop(w, p, HSR_DROP_HANDOVER_FULL);
        return;
    }
    pipe->entry[prod % PIPE] =
        (uint64_t)p->meta.ingress << 48 | (uint64_t)(p->hops + 1u) << 32 | p->entry;
    atomic_store_explicit(&pipe->prod, prod + 1, memory_order_release);
    w->ledger[p->meta.ingress].handed_out++;
    w->counters.handed_out++;
    w->handed_to |= 1u << to;
    p->moved = (uint8_t)(to + 1);
}

bool dp_hand_home(struct dp_worker *w, struct act_packet *p, uint32_t home)
{
    if (home == w->id || p->hops >= HOPS_MAX)
        return false;
    dp_hand_over(w, p, home);
    return true;
}

bool dp_hand_hinted(struct dp_worker *w, struct act_packet *p)
{
    uint64_t id = p->meta.flow_id;
    uint32_t to = hsr_flow_worker(id);

    return id != 0 && p->hops == 0 && hsr_flow_instance(id) == w->view->instance &&
           to < w->shared->handover->workers && dp_hand_home(w, p, to);
}

bool dp_hand_on(struct dp_worker *w, struct act_packet *p)
{
    uint32_t workers = w->shared->handover->workers;

    if (p->hops + 1u >= workers)
        return false;
    dp_hand_over(w, p, (w->id + 1) % workers);
    return true;
}

void dp_handover_wake(struct dp_worker *w)
{
    struct dp_handover *h = w->shared->handover;
    uint64_t one = 1;

    atomic_thread_fence(
        memory_order_seq_cst); /* what was written, before whether somebody sleeps */
    for (; w->handed_to != 0; w->handed_to &= w->handed_to - 1) {
        uint32_t to = (uint32_t)__builtin_ctz(w->handed_to);

        if (atomic_load_explicit(&h->of[to].asleep, memory_order_relaxed) &&
            write(h->doorbell[to], &one, sizeof one) < 0)
            continue; /* it rings already */
    }
}

/* ---- in ---- */

uint32_t dp_handed_waiting(const struct dp_worker *w)
{
    uint32_t n = 0, workers = w->shared->handover->workers;

    for (uint32_t from = 0; workers > 1 && from < workers; from++) {
        const struct pipe *pipe = pipe_of(w, from, w->id);

        n += atomic_load_explicit(&pipe->prod, memory_order_acquire) -
             atomic_load_explicit(&pipe->cons, memory_order_relaxed);
    }
    return n;
}

uint32_t dp_handed_room(void)
{
    return PIPE;
}

static uint32_t take(struct dp_worker *w, struct pipe *pipe, struct act_packet *packet,
                     uint32_t max)
{
    uint32_t cons = atomic_load_explicit(&pipe->cons, memory_order_relaxed);
    uint32_t waiting = atomic_load_explicit(&pipe->prod, memory_order_acquire) - cons;
    uint32_t n = 0;

    if (waiting > w->handed_high)
        w->handed_high = waiting;
    for (uint32_t i = 0; i < waiting && n < max; i++, cons++) {
        uint64_t entry = pipe->entry[cons % PIPE];
        struct act_packet *p = &packet[n];

        if (!dp_load_again(w, (uint32_t)entry, (uint16_t)(entry >> 48), p)) {
            w->counters.bad_entry++;
            continue;
        }
        p->hops = (uint8_t)(entry >> 32);
        p->meta.vec_len = 1;
        w->ledger[p->meta.ingress].handed_in++;
        n++;
    }
    atomic_store_explicit(&pipe->cons, cons, memory_order_release);
    w->counters.handed_in += n;
    return n;
}

uint32_t dp_handed_load(struct dp_worker *w, struct act_packet *packet, uint32_t max)
{
    uint32_t n = 0, workers = w->shared->handover->workers;

    /* Who is asked first changes, so that none is always last. */
    for (uint32_t i = 0; i < workers && n < max; i++) {
        uint32_t from = (w->handed_turn + i) % workers;

        if (from != w->id)
            n += take(w, pipe_of(w, from, w->id), packet + n, max - n);
    }
    w->handed_turn++;
    return n;
}

bool dp_handover_sleep(struct dp_worker *w)
{
    atomic_store(&w->shared->handover->of[w->id].asleep, true);
    return dp_handed_waiting(w) == 0;
}

void dp_handover_awake(struct dp_worker *w)
{
    atomic_store_explicit(&w->shared->handover->of[w->id].asleep, false, memory_order_relaxed);
}
