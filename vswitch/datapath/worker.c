/* SPDX-License-Identifier: Apache-2.0 */
/* A worker's life and its burst. */
#include "datapath/worker.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_rcu_qsbr.h>

#include "frag.h"
#include "kin.h"
#include "timed.h"

#define AGE_NS 1000000u /* look for expired sessions once a millisecond ... */
#define AGE_BUDGET \
    32 /* ... at most this many, and as many more with each turn until none is left: a burst stays short, and more sessions can
          end than its packets open, short of a flood of nothing but first packets */

static void open_rings(struct dp_worker *w, const struct dp_worker_config *config)
{
    hsr_view_ring(w->view, w->id, HSR_RING_RX, &w->rx, config->rx_doorbell);
    hsr_view_ring(w->view, w->id, HSR_RING_TX, &w->tx, config->tx_doorbell);
    hsr_view_ring(w->view, w->id, HSR_RING_COMPLETION, &w->completion, config->rx_doorbell);
    hsr_view_ring(w->view, w->id, HSR_RING_FREE, &w->back, config->tx_doorbell);
    w->rx_doorbell = config->rx_doorbell;
    w->fw_first = w->view->fw_first + w->id * w->view->fw_slots;
    for (uint32_t i = 0; i < w->view->fw_slots; i++)
        w->fw_slot[w->fw_slots++] = w->fw_first + i;
    w->fw_slots_low = w->fw_slots;
}

static uint64_t action_seed(const struct hsr_view *view)
{
    uint64_t seed;

    memcpy(&seed, view->hash_secret, sizeof seed);
    return seed;
}

struct dp_worker *dp_worker_open(const struct dp_worker_config *config)
{
    struct dp_worker *w = aligned_alloc(HSR_CACHE_LINE, (sizeof *w + 63) & ~(size_t)63);
    struct ses_table_config sessions = {.capacity = config->sessions,
                                        .quota = config->quota,
                                        .instance = (uint8_t)config->view->instance,
                                        .worker = (uint8_t)config->id,
                                        .timeouts = config->timeouts,
                                        .memory = config->memory,
                                        .gone = dp_session_gone,
                                        .arg = w};

    if (w == NULL || config->view->ring_entries < 2 * DP_OUT) {
        errno = w == NULL ? ENOMEM : EINVAL; /* a burst and all it makes must fit the tx ring */
        free(w);
        return NULL;
    }
    hsr_no_dump(w, sizeof *w);
    memset(w, 0, sizeof *w);
    w->view = config->view;
    w->shared = config->shared;
    w->id = config->id;
    w->fast_path = config->fast_path;
    hsr_hash_init(&w->hash, config->view->hash_secret);
    w->fw_slot = calloc(config->view->fw_slots, sizeof *w->fw_slot);
    w->fw_out = calloc(config->view->fw_slots, sizeof *w->fw_out);
    w->ledger = calloc(HSR_MAX_PORTS, sizeof *w->ledger);
    w->told = calloc(HSR_MAX_PORTS, sizeof *w->told);
    w->nat = calloc(POL_SNAT_IDS, sizeof *w->nat);
    w->vain = dp_vain_open();
    w->kins = dp_kins_open();
    w->sessions = ses_table_open(&sessions);
    w->frags = frag_open(config->view);
    w->kept = dp_kept_open(config->view);
    w->park = dp_park_open();
    w->holds = w->leaves = DP_NO_HOME;
    if (w->told == NULL || w->nat == NULL || w->vain == NULL || w->kins == NULL ||
        w->fw_slot == NULL || w->fw_out == NULL || w->ledger == NULL || w->sessions == NULL ||
        w->frags == NULL || w->park == NULL || w->kept == NULL ||
        act_store_open(&w->actions, config->sessions, action_seed(config->view), config->memory) <
            0) {
        dp_worker_close(w);
        errno = ENOMEM;
        return NULL;
    }
    open_rings(w, config);
    dp_handover_attach(w);
    return w;
}

void dp_worker_close(struct dp_worker *w)
{
    if (w == NULL)
        return;
    ses_table_close(w->sessions);
    act_store_close(&w->actions);
    frag_close(w->frags);
    dp_park_close(w->park);
    dp_kept_close(w->kept);
    free(w->fw_slot);
    free(w->fw_out);
    free(w->ledger);
    free(w->told);
    free(w->nat);
    dp_vain_close(w->vain);
    dp_kins_close(w->kins);
    free(w);
}

/* Slots of the quota the NIC is done with. One that is not with the NIC is not taken back: it would be given out twice. */
static void take_back(struct dp_worker *w, const uint32_t *entry, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t slot = hsr_entry_slot(entry[i]);

        if (slot - w->fw_first >= w->view->fw_slots || !w->fw_out[slot - w->fw_first]) {
            w->counters.bad_entry++;
            continue;
        }
        w->fw_out[slot - w->fw_first] = false;
        w->fw_slot[w->fw_slots++] = slot;
    }
}

static void complete(struct dp_worker *w)
{
    uint32_t entry[DP_BURST];
    uint32_t n = hsr_ring_pop(&w->completion, entry, DP_BURST);

    if (n == 0)
        return;
    uint32_t waited = n + hsr_ring_left(&w->completion);

    if (waited > w->completion_high)
        w->completion_high = waited;
    take_back(w, entry, n);
}

static void begin_burst(struct dp_worker *w)
{
    w->now = hsr_view_now(w->view);
    ses_burst(w->sessions, w->now);
    w->tx_room = hsr_ring_room(&w->tx);
    w->policy = atomic_load_explicit(&w->shared->policy, memory_order_acquire);
    w->neighbor = atomic_load_explicit(&w->shared->neighbors.moves, memory_order_acquire) +
                  atomic_load_explicit(&w->shared->pmtus.changes, memory_order_acquire);
    if (w->policy != NULL) {
        uint32_t links = hsr_view_link_epoch(w->view);

        w->generation = pol_generation(w->policy);
        if (w->uplinks.policy != w->policy || w->uplinks.link_epoch != links) {
            w->uplinks.link_epoch = links;
            dp_uplinks_look(w);
        }
        w->neighbor += w->uplinks.changes;
    }
    w->policy_stamp = w->generation + w->neighbor;
    w->news =
        w->neighbor + atomic_load_explicit(&w->shared->neighbors.changes, memory_order_acquire);
}

static DP_APART void age(struct dp_worker *w)
{
    w->aged = w->now;
    ses_expire(w->sessions, w->now, AGE_BUDGET);
    w->ages = ses_due(w->sessions, w->now);
    dp_pmtu_age(&w->shared->pmtus, w->now);
}

/* A call, ageing, the sweep behind a change of policy, the quiescent state. Behind `n` packets, with somebody looking on or not. */
static inline __attribute__((always_inline)) void end_burst(struct dp_worker *w, uint32_t n,
                                                            bool shown)
{
    struct dp_call *call = atomic_load_explicit(&w->pending, memory_order_acquire);

    if (w->now - w->aged >= AGE_NS || w->ages)
        age(w);
    dp_frag_expire(w);
    if (w->swept != w->generation)
        dp_sweep(w);
    if (w->id == 0 && w->policy != NULL)
        dp_neighbors_age(w);
    if (call != NULL) {
        atomic_store_explicit(&w->pending, NULL, memory_order_relaxed);
        call->run(w, call->arg);
        atomic_store_explicit(&call->done, true, memory_order_release);
    }
    if (shown && w->show != NULL)
        dp_show_out(w, n);
    dp_flush(w);
    if (dp_timed(w))
        dp_latency_sent(w, n);
    if (w->handed_to != 0)
        dp_handover_wake(w);
    if (w->shared->qsbr != NULL)
        rte_rcu_qsbr_quiescent(w->shared->qsbr, w->id);
}

static inline __attribute__((always_inline)) uint32_t turn(struct dp_worker *w, bool shown)
{
    uint64_t start = rte_rdtsc();
    uint32_t n = 0, left;

    begin_burst(w);
    complete(w);
    if (dp_frag_waits(w))
        dp_frag_release(w);
    if (w->tx_room >= DP_OUT && dp_park_due(w)) {
        n = dp_unpark(w);
        end_burst(w, n, shown);
        return n;
    }
    if (w->tx_room >= DP_OUT && __builtin_expect(w->kept_due, false)) {
        n = dp_unkeep(w);
    } else if (w->tx_room >= DP_OUT) {
        if (dp_handed_waiting(w) > 0)
            n = dp_handed_load(w, w->packet, DP_BURST / 2);
        n = dp_load_burst(w, n);
        if (dp_timed(w))
            dp_latency_taken(w, n);
        if (__builtin_expect(shown || w->holds != DP_NO_HOME || w->park_holders != 0, false))
            for (uint32_t i = 0; i < n; i++)
                dp_settle(&w->packet[i]);
        if (shown) /* before some are put by, for what comes first */
            dp_show_loaded(w, n);
        if (__builtin_expect(w->holds != DP_NO_HOME, false))
            n = dp_keep(w, n);
    }
    left = __builtin_expect(w->park_holders == 0, true) ? n : dp_park_catch(w, n);
    if (shown)
        dp_show_vectors(w, w->packet, w->packet + left);
    else
        dp_vectors(w, w->packet, w->packet + left);
    w->counters.packets += n;
    w->counters.bursts += n > 0;
    end_burst(w, n, shown);
    if (n > 0)
        w->counters.busy_cycles += rte_rdtsc() - start;
    return n + (w->swept != w->generation) + dp_frag_waits(w);
}

static DP_APART uint32_t turn_shown(struct dp_worker *w)
{
    return turn(w, true);
}

uint32_t dp_poll(struct dp_worker *w)
{
    return __builtin_expect(w->show != NULL, false) ? turn_shown(w) : turn(w, false);
}

void dp_wait(struct dp_worker *w, uint32_t timeout_us)
{
    struct pollfd fd = {.fd = w->rx_doorbell, .events = POLLIN};
    struct timespec timeout = {.tv_nsec = (long)timeout_us * 1000};
    uint64_t count;

    if (dp_timed(w))
        dp_latency_asleep(w);
    if (w->shared->qsbr != NULL)
        rte_rcu_qsbr_thread_offline(w->shared->qsbr, w->id);
    bool quiet = hsr_ring_sleep(&w->rx);

    quiet &= hsr_ring_sleep(&w->completion);
    quiet &= dp_handover_sleep(w) && !w->kept_due;
    if (quiet && atomic_load(&w->pending) == NULL)
        ppoll(&fd, 1, &timeout, NULL);
    hsr_ring_awake(&w->rx);
    hsr_ring_awake(&w->completion);
    dp_handover_awake(w);
    if (w->shared->qsbr != NULL)
        rte_rcu_qsbr_thread_online(w->shared->qsbr, w->id);
    if (read(w->rx_doorbell, &count, sizeof count) < 0)
        return; /* nobody rang */
}

void dp_wake(struct dp_worker *w)
{
    uint64_t one = 1;

    if (write(w->rx_doorbell, &one, sizeof one) < 0)
        return; /* it rings already */
}

void dp_threaded(struct dp_worker *w, bool on)
{
    atomic_store(&w->threaded, on);
}

void dp_run(struct dp_worker *w, void (*run)(struct dp_worker *w, void *arg), void *arg)
{
    struct dp_call call = {.run = run, .arg = arg};
    struct timespec pause = {.tv_nsec = 20000};

    if (!atomic_load(&w->threaded)) {
        begin_burst(w);
        run(w, arg);
        dp_flush(w);
        return;
    }
    atomic_store(&w->pending, &call);
    dp_wake(w);
    while (!atomic_load_explicit(&call.done, memory_order_acquire))
        nanosleep(&pause, NULL);
}

struct ses_table *dp_sessions(struct dp_worker *w)
{
    return w->sessions;
}

const struct act_store *dp_actions(const struct dp_worker *w)
{
    return &w->actions;
}

uint64_t dp_now(const struct dp_worker *w)
{
    return w->now;
}

const struct dp_ledger *dp_ledger(const struct dp_worker *w)
{
    return w->ledger;
}

const struct dp_counters *dp_counters(const struct dp_worker *w)
{
    return &w->counters;
}

const struct dp_nat *dp_nat(const struct dp_worker *w)
{
    return w->nat;
}

void dp_levels(const struct dp_worker *w, struct dp_level level[DP_LEVELS])
{
    const struct ses_table_stats *s = ses_stats(w->sessions);
    const struct act_pool *programs = &w->actions.programs, *templates = &w->actions.templates;
    struct ses_overflow overflow = ses_overflow(w->sessions);
    uint32_t slots = w->view->fw_slots;
    const struct dp_frags *frags = w->frags;
    uint32_t park, park_high;

    dp_park_level(w, &park, &park_high);
    const struct dp_level all[DP_LEVELS] = {
        {"sessions", s->used, s->high_water, ses_capacity(w->sessions)},
        {"session_overflow", overflow.used, overflow.high, overflow.capacity},
        {"programs", programs->used, act_pool_high(programs), act_pool_room(programs)},
        {"templates", templates->used, act_pool_high(templates), act_pool_room(templates)},
        {"fw_slots", slots - w->fw_slots, slots - w->fw_slots_low, slots},
        {"completion_ring", hsr_ring_left(&w->completion), w->completion_high,
         w->view->ring_entries},
        {"fragments", frags->used, frags->high, FRAG_DATAGRAMS},
        {"neighbor_wait", park, park_high, DP_PARK},
        {"fragments_held", frags->holds, frags->holds_high, FRAG_HELD},
        {"kept", dp_kept_count(w), w->kept_high, dp_kept_room(w)},
        {"handover", dp_handed_waiting(w), w->handed_high, dp_handed_room()},
    };

    memcpy(level, all, sizeof all);
}

void dp_rings(struct dp_worker *w, uint32_t *rx_waiting, uint32_t *tx_waiting)
{
    *rx_waiting = hsr_ring_waiting(&w->rx);
    *tx_waiting = w->view->ring_entries - hsr_ring_room(&w->tx);
}

bool dp_corrupt(const struct dp_worker *w)
{
    return w->rx.corrupt || w->tx.corrupt || w->completion.corrupt || w->back.corrupt;
}
