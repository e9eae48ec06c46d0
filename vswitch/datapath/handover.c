/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets from the worker they came to, to the one that has their session.
 *
 * The NIC steers by the key of the packet it sees (RETA). Where that does not lead to the session's home (a fragment, which
 * shows no ports; the inner side of a public address; an error about one of those) the packet is passed on whole: slot,
 * payload and all, as a ring entry. From then on it is the other worker's, which answers for it to the NIC. There is one
 * queue for each pair of workers, with one writer and one reader, so what goes one way stays in order; and all packets of a flow go the
 * same way, since only the RETA says where that begins. A full queue drops; and before it is full, it drops what is of a port
 * that has its share: as much as is free (Choudhury and Hahne, as in the NIC's credit.h), so that there is room for others.
 *
 * Packets are handed to a home, not to a worker: a home is a part of the RETA, whose worker may change (moving.h).
 */
#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "datapath/moving.h"
#include "internal.h"

#define PIPE     512u /* entries, a power of two: several bursts, and far from all slots */
#define HOPS_MAX 4u   /* more than any way has; who has gone so far stays */
#define UPLINK   4u   /* times the share of a vNIC: an uplink is everybody's */

/* Parts of the RETA, for so many workers: more than those, so that any number of them has about as many each. */
#define HOMES_FEW   16u
#define WORKERS_FEW 8u

_Static_assert(HSR_FLOW_HOMES <= 32, "a bit each");

/* One writer, one reader. Entry: ingress << 48 | home << 40 | hops << 32 | ring entry. */
struct pipe {
    alignas(HSR_CACHE_LINE) _Atomic uint32_t prod;
    alignas(HSR_CACHE_LINE) _Atomic uint32_t cons;
    alignas(HSR_CACHE_LINE) uint64_t entry[PIPE];
    /* the writer's: what waits, by ingress port, and up to where it has seen entries go */
    alignas(HSR_CACHE_LINE) uint32_t seen;
    uint16_t of_port[HSR_MAX_PORTS];
};

struct dp_handover {
    uint32_t workers;
    uint32_t homes;           /* a power of two: the RETA's entry i is of home i % homes */
    _Atomic uint32_t running; /* the first so many have homes */
    _Atomic uint8_t worker_of[HSR_FLOW_HOMES]; /* as the NIC's RETA, but while it changes */
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

int dp_shared_open(struct dp_shared *shared, uint32_t workers, const struct hsr_view *view)
{
    size_t pipes = workers > 1 ? (size_t)workers * workers : 0;
    size_t size = sizeof(struct dp_handover) + pipes * sizeof(struct pipe);
    struct dp_handover *h = aligned_alloc(HSR_CACHE_LINE, size);

    shared->holding = dp_holding_open(view);
    if (h == NULL || shared->holding == NULL || workers == 0) {
        free(h);
        dp_holding_close(shared->holding);
        shared->holding = NULL;
        return workers == 0 ? -EINVAL : -ENOMEM;
    }
    memset(h, 0, sizeof *h);
    for (size_t i = 0; i < pipes; i++) {
        atomic_init(&h->pipe[i].prod, 0);
        atomic_init(&h->pipe[i].cons, 0);
        h->pipe[i].seen = 0;
        memset(h->pipe[i].of_port, 0, sizeof h->pipe[i].of_port);
    }
    h->workers = workers;
    h->homes = workers == 1 ? 1 : workers <= WORKERS_FEW ? HOMES_FEW : HSR_FLOW_HOMES;
    shared->handover = h;
    dp_share_out(shared, workers);
    return 0;
}

void dp_share_out(struct dp_shared *shared, uint32_t running)
{
    struct dp_handover *h = shared->handover;

    for (uint32_t home = 0; home < h->homes; home++)
        dp_home_set(shared, home, home % running);
    dp_running_set(shared, running);
}

uint32_t dp_homes(const struct dp_shared *shared)
{
    return shared->handover->homes;
}

uint32_t dp_home_at(const struct dp_shared *shared, uint32_t home)
{
    return atomic_load_explicit(&shared->handover->worker_of[home], memory_order_relaxed);
}

void dp_home_set(struct dp_shared *shared, uint32_t home, uint32_t worker)
{
    atomic_store_explicit(&shared->handover->worker_of[home], (uint8_t)worker,
                          memory_order_release);
}

void dp_running_set(struct dp_shared *shared, uint32_t workers)
{
    atomic_store_explicit(&shared->handover->running, workers, memory_order_relaxed);
}

uint32_t dp_running_count(const struct dp_shared *shared)
{
    return atomic_load_explicit(&shared->handover->running, memory_order_relaxed);
}

bool dp_running(const struct dp_worker *w)
{
    return w->id < dp_running_count(w->shared);
}

void dp_reta(const struct dp_shared *shared, uint8_t ring[1u << HSR_HASH_RETA_BITS])
{
    for (uint32_t i = 0; i < 1u << HSR_HASH_RETA_BITS; i++)
        ring[i] = (uint8_t)dp_home_at(shared, i & (dp_homes(shared) - 1));
}

void dp_shared_close(struct dp_shared *shared)
{
    free(shared->handover);
    dp_holding_close(shared->holding);
    shared->handover = NULL;
    shared->holding = NULL;
}

void dp_handover_attach(struct dp_worker *w)
{
    w->shared->handover->doorbell[w->id] = w->rx_doorbell;
}

uint32_t dp_home(const struct dp_worker *w, uint64_t hash)
{
    return hsr_hash_reta(hash) & (w->shared->handover->homes - 1);
}

uint32_t dp_under(const struct dp_worker *w, const struct act_packet *p)
{
    return p->hops == 0 ? dp_home(w, p->meta.hash) : p->under;
}

/* ---- out ---- */

/* What the reader has taken is nobody's any more; the entries stand until the writer writes over them. */
static void forget_taken(struct pipe *pipe, uint32_t cons)
{
    for (; pipe->seen != cons; pipe->seen++)
        pipe->of_port[pipe->entry[pipe->seen % PIPE] >> 48]--;
}

static bool admits(struct pipe *pipe, const struct act_packet *p, uint32_t prod)
{
    uint32_t cons = atomic_load_explicit(&pipe->cons, memory_order_acquire);
    uint32_t free_entries = PIPE - (prod - cons);

    forget_taken(pipe, cons);
    return pipe->of_port[p->meta.ingress] < free_entries * (dp_from_uplink(p) ? UPLINK : 1);
}

/* To another worker; `home` may be DP_NO_HOME. */
static void pass(struct dp_worker *w, struct act_packet *p, uint32_t to, uint32_t home)
{
    struct pipe *pipe = pipe_of(w, w->id, to);
    uint32_t prod = atomic_load_explicit(&pipe->prod, memory_order_relaxed);

    if (!admits(pipe, p, prod)) {
        dp_drop(w, p, HSR_DROP_HANDOVER_FULL);
        return;
    }
    pipe->of_port[p->meta.ingress]++;
    pipe->entry[prod % PIPE] = (uint64_t)p->meta.ingress << 48 | (uint64_t)home << 40 |
                               (uint64_t)(p->hops + 1u) << 32 | p->entry;
    atomic_store_explicit(&pipe->prod, prod + 1, memory_order_release);
    w->ledger[p->meta.ingress].handed_out++;
    w->counters.handed_out++;
    w->handed_to |= 1u << to;
    p->moved = (uint8_t)(home + 1);
}

void dp_hand_over(struct dp_worker *w, struct act_packet *p, uint32_t home)
{
    uint32_t to = dp_home_at(w->shared, home);

    if (to == w->id)
        dp_keep_for(w, p, home);
    else
        pass(w, p, to, home);
}

bool dp_hand_home(struct dp_worker *w, struct act_packet *p, uint32_t home)
{
    if (home ==
        w->leaves) /* what was on its way here comes first: a session it opens goes with the others */
        return false;
    if (dp_home_at(w->shared, home) == w->id ? !dp_holds(w, home) : p->hops >= HOPS_MAX)
        return false;
    dp_hand_over(w, p, home);
    return true;
}

bool dp_hand_hinted(struct dp_worker *w, struct act_packet *p)
{
    uint64_t id = p->meta.flow_id;

    return id != 0 && p->hops == 0 && hsr_flow_instance(id) == w->view->instance &&
           dp_hand_home(w, p, hsr_flow_home(id) & (w->shared->handover->homes - 1));
}

bool dp_hand_on(struct dp_worker *w, struct act_packet *p)
{
    uint32_t running = atomic_load_explicit(&w->shared->handover->running, memory_order_relaxed);

    if (p->hops + 1u >= running)
        return false;
    pass(w, p, w->id + 1 < running ? w->id + 1 : 0, DP_NO_HOME);
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

void dp_handed_look(const struct dp_worker *w, uint32_t from[HSR_MAX_WORKERS])
{
    uint32_t workers = w->shared->handover->workers;

    for (uint32_t i = 0; workers > 1 && i < workers; i++)
        from[i] = atomic_load_explicit(&pipe_of(w, i, w->id)->prod, memory_order_acquire);
}

bool dp_handed_reached(const struct dp_worker *w, const uint32_t from[HSR_MAX_WORKERS])
{
    uint32_t workers = w->shared->handover->workers;

    for (uint32_t i = 0; workers > 1 && i < workers; i++) {
        if ((int32_t)(atomic_load_explicit(&pipe_of(w, i, w->id)->cons, memory_order_relaxed) -
                      from[i]) < 0)
            return false;
    }
    return true;
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
    uint32_t n = 0, twice = 0;

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
        p->under = (uint8_t)(entry >> 40);
        p->meta.vec_len = 1;
        w->ledger[p->meta.ingress].handed_in++;
        if (dp_slot_held(w, p->entry)) {
            dp_came_twice(w, p);
            twice++;
            continue;
        }
        n++;
    }
    atomic_store_explicit(&pipe->cons, cons, memory_order_release);
    w->counters.handed_in += n + twice;
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
