/* SPDX-License-Identifier: Apache-2.0 */
/* Twins: workers in a region of their own that are like others, as far as one packet can tell. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/moving.h"
#include "hsring/quoted.h"
#include "twin_internal.h"

#define RINGS 512u /* entries: as few as a worker takes */
#define TURNS \
    64u /* more than a packet can bring about: it may go from worker to worker four times */

static int open_region(struct dp_twin *t, const struct dp_twin_of *of)
{
    struct hsr_geometry g = {
        .workers = of->workers, .ring_entries = RINGS, .runs = {4, 1, 1}, .fw_slots = 64};
    int rc;

    memcpy(g.hash_secret, of->view->hash_secret, sizeof g.hash_secret);
    rc = hsr_region_create(&t->region, &g, false);
    if (rc < 0)
        return rc;
    hsr_region_reset(&t->region, of->view->instance, hsr_view_owner(of->view, 0));
    hsr_view_set_now(&t->region.view, hsr_view_now(of->view));
    for (uint16_t port = 0; port < HSR_MAX_PORTS; port++)
        hsr_view_set_port_up(&t->region.view, port, hsr_view_port_up(of->view, port));
    return 0;
}

static int open_shared(struct dp_twin *t, const struct dp_twin_of *of)
{
    int rc = dp_shared_open(&t->shared, of->workers, &t->region.view);

    if (rc < 0)
        return rc;
    for (uint32_t home = 0; home < dp_homes(&t->shared); home++)
        dp_home_set(&t->shared, home, dp_home_at(of->shared, home));
    dp_running_set(&t->shared, dp_running_count(of->shared));
    dp_neighbors_copy(&t->shared.neighbors, &of->shared->neighbors);
    dp_pmtus_copy(&t->shared.pmtus, &of->shared->pmtus);
    atomic_store(&t->shared.policy, atomic_load(&of->shared->policy));
    return 0;
}

static int open_workers(struct dp_twin *t, const struct dp_twin_of *of)
{
    for (uint32_t i = 0; i < of->workers; i++) {
        struct dp_worker_config config = {.view = &t->region.view,
                                          .shared = &t->shared,
                                          .id = i,
                                          .sessions = TWIN_SESSIONS,
                                          .timeouts = of->timeouts,
                                          .fast_path = of->worker[i]->fast_path,
                                          .rx_doorbell = -1,
                                          .tx_doorbell = -1};

        t->worker[i] = dp_worker_open(&config);
        if (t->worker[i] == NULL)
            return -errno;
        t->workers = i + 1;
        hsr_view_ring(&t->region.view, i, HSR_RING_RX, &t->rx[i], -1);
        hsr_view_ring(&t->region.view, i, HSR_RING_TX, &t->tx[i], -1);
    }
    return 0;
}

void dp_twin_close(struct dp_twin *t)
{
    if (t == NULL)
        return;
    for (uint32_t i = 0; i < t->workers; i++)
        dp_worker_close(t->worker[i]);
    dp_shared_close(&t->shared);
    if (t->region.map != NULL)
        hsr_region_close(&t->region);
    free(t->frags);
    free(t->frame);
    free(t);
}

/* ---- what workers copy out ---- */

struct visit {
    struct dp_twin *t;
    struct dp_worker *twin;
    const struct twin_keys *keys;
};

/* But for its sessions. What ageing would do is not the packet's doing. */
static void resemble(struct dp_worker *twin, const struct dp_worker *w)
{
    twin->now = twin->aged = twin->neighbors_aged = w->now;
    twin->uplinks = w->uplinks;
    twin->generation = twin->swept = w->generation;
    twin->neighbors_at = w->neighbors_at;
    memcpy(twin->host, w->host, sizeof twin->host);
    memcpy(twin->told, w->told, HSR_MAX_PORTS * sizeof *twin->told);
    dp_vain_copy(twin->vain, w->vain);
}

static void copy_session(struct visit *v, struct dp_worker *w, const struct session *s)
{
    uint64_t id = dp_flow_id(w, s, false);
    struct dp_twin *t = v->t;
    struct moved_session m;

    for (uint32_t i = 0; i < t->copies; i++)
        if (t->copy[i].of == id)
            return;
    if (t->copies == TWIN_SESSIONS)
        return;
    dp_session_copy(w, s, &m);
    struct session *twin = dp_session_take_in(v->twin, &m);

    if (twin == NULL)
        return;
    twin->policy = s->policy; /* it was looked at as that one was */
    twin->compiled = s->compiled;
    twin->neighbor = s->neighbor;
    t->copy[t->copies++] =
        (struct twin_copy){.twin = ses_flow_id(v->twin->sessions, twin, false), .of = id};
}

static void copy_found(struct visit *v, struct dp_worker *w, const struct hsr_key *key)
{
    uint64_t hash = hsr_hash_key(&w->hash, key);
    const struct session *s;
    unsigned dir;

    for (unsigned swap = 0; swap < 2; swap++)
        if ((s = ses_find(w->sessions, hash, key, swap != 0, &dir)) != NULL)
            copy_session(v, w, s);
}

static void visit(struct dp_worker *w, void *arg)
{
    struct visit *v = arg;
    struct moved_frags *frags = v->t->frags;

    resemble(v->twin, w);
    for (uint32_t i = 0; i < v->keys->n; i++)
        copy_found(v, w, &v->keys->key[i]);
    if (frags != NULL) {
        dp_frag_copy(w, &v->t->before, frags);
        for (uint32_t i = 0; i < frags->n; i++)
            if (frags->datagram[i].state == FRAG_PASSED)
                copy_found(v, w, &frags->datagram[i].session.key);
        dp_frag_resemble(v->twin, frags);
    }
    ses_resemble(v->twin->sessions, w->sessions);
}

/* ---- the packet ---- */

static uint32_t run_for(const struct hsr_view *view, uint32_t len)
{
    unsigned class = 0;

    while (class + 1 < HSR_SLOT_CLASSES &&
           hsr_slot_space(view, view->classes[class].first) < len + HSR_SLOT_HEADROOM)
        class ++;
    return view->classes[class].first;
}

static int put_packet(struct dp_twin *t, const struct dp_question *q)
{
    const struct hsr_view *view = &t->region.view;
    uint32_t slot = run_for(view, q->len);
    struct hsr_rx_meta meta = *q->meta;

    if (hsr_slot_space(view, slot) < q->len + HSR_SLOT_HEADROOM || q->ring >= t->workers)
        return -EINVAL;
    meta.flow_id = 0;
    meta.vec_len = 1;
    meta.owner = hsr_view_owner(view, 0);
    t->frame = malloc(HSR_SLOT_FRAME + (size_t)q->len);
    if (t->frame == NULL)
        return -ENOMEM;
    hsr_slot_poison(view, slot, false);
    memcpy(hsr_slot(view, slot), &meta, sizeof meta);
    memcpy(hsr_slot(view, slot) + HSR_SLOT_FRAME, q->frame, q->len);
    t->entry = hsr_entry(slot, HSR_KIND_PACKET);
    t->at = q->ring;
    if (!dp_load_again(t->worker[q->ring], t->entry, meta.ingress, &t->before))
        return -EINVAL;
    memcpy(t->frame + HSR_SLOT_FRAME, q->frame, q->len);
    t->before.slot = t->frame;
    hsr_ring_push(&t->rx[q->ring], &t->entry, 1);
    return 0;
}

static int open_twin(struct dp_twin *t, const struct dp_twin_of *of, const struct dp_question *q,
                     const struct twin_keys *keys)
{
    int rc = open_region(t, of);

    if (rc == 0)
        rc = open_shared(t, of);
    if (rc == 0)
        rc = open_workers(t, of);
    if (rc == 0)
        rc = put_packet(t, q);
    if (rc == 0 && q->meta->class == HSR_CLASS_FRAG && q->meta->reason == HSR_DROP_NONE &&
        (t->frags = calloc(1, sizeof *t->frags)) == NULL)
        rc = -ENOMEM;
    for (uint32_t i = 0; rc == 0 && i < of->workers; i++)
        dp_run(of->worker[i], visit, &(struct visit){.t = t, .twin = t->worker[i], .keys = keys});
    return rc;
}

struct dp_twin *twin_open(const struct dp_twin_of *of, const struct dp_question *q,
                          const struct twin_keys *keys)
{
    struct dp_twin *t = aligned_alloc(HSR_CACHE_LINE, (sizeof *t + 63) & ~(size_t)63);
    int rc;

    if (t == NULL)
        return NULL;
    memset(t, 0, sizeof *t);
    t->region.memfd = -1;
    rc = open_twin(t, of, q, keys);
    if (rc == 0)
        return t;
    dp_twin_close(t);
    errno = -rc;
    return NULL;
}

void twin_run(struct dp_twin *t)
{
    uint32_t work = 1;

    for (uint32_t turn = 0; turn < TURNS && work > 0; turn++) {
        work = 0;
        for (uint32_t i = 0; i < t->workers; i++) {
            uint32_t n = dp_poll(t->worker[i]);

            if (n > 0)
                t->at = i;
            work += n;
        }
    }
}

/* ---- keys ---- */

bool twin_key(const struct act_packet *p, struct hsr_key *key, bool *swap)
{
    bool ipv6 = p->meta.flags & HSR_RXF_IPV6;
    struct hsr_quoted quoted;

    if (p->meta.reason != HSR_DROP_NONE)
        return false;
    if (p->meta.class != HSR_CLASS_ICMP_ERROR) {
        dp_key(p, key);
        *swap = dp_swap(p);
        return true;
    }
    if (p->frame_len < p->l4 + 8u ||
        !hsr_quoted_key(&quoted, act_frame(p) + p->l4, p->frame_len - p->l4, ipv6,
                        hsr_key_context(p->meta.key_ports), dp_from_uplink(p)))
        return false;
    *key = quoted.key;
    *swap = !quoted.swap;
    return true;
}

bool twin_add_key(struct twin_keys *keys, const struct hsr_key *key)
{
    size_t size = (key->ipv6 ? HSR_KEY6_WORDS : HSR_KEY4_WORDS) * sizeof key->w[0];

    for (uint32_t i = 0; i < keys->n; i++)
        if (keys->key[i].ipv6 == key->ipv6 && memcmp(keys->key[i].w, key->w, size) == 0)
            return true;
    if (keys->n == TWIN_KEYS)
        return false;
    keys->key[keys->n++] = *key;
    return true;
}
