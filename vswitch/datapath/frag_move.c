/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Datagrams of which not all fragments have come, when a home moves to another worker.
 *
 * A datagram is where its fragments are steered to, and, if that is another home, at its session's worker again, one hop further.
 * Either may move without the other.
 */
#include <string.h>

#include "move.h"

static bool in(uint32_t homes, uint32_t home)
{
    return home < HSR_FLOW_HOMES && (homes >> home & 1);
}

static struct session *session_of(struct dp_worker *w, const struct frag_datagram *d)
{
    return d->state == FRAG_PASSED ? ses_by_flow(w->sessions, d->flow_id) : NULL;
}

static void describe(const struct dp_worker *w, const struct frag_datagram *d,
                     const struct session *s, struct moved_datagram *m)
{
    *m = (struct moved_datagram){.key = d->key,
                                 .steer = d->steer,
                                 .born = d->born,
                                 .charged = d->charged,
                                 .state = d->state,
                                 .drop = d->drop,
                                 .dir = d->dir,
                                 .home = d->home,
                                 .under = d->under,
                                 .units = d->units,
                                 .top = d->top,
                                 .total = d->total,
                                 .seq = d->seq,
                                 .hash = d->hash};
    memcpy(m->seen, d->seen, sizeof m->seen);
    if (s == NULL)
        return;
    bool second = ses_is_second(s, d->dir);

    ses_key(w->sessions, s, second, &m->session.key);
    m->session.hash = ses_hash(w->sessions, s, second);
    m->session.swap = second ? (s->flags & SES_F_SWAPPED2) != 0 : d->dir != 0;
}

/* The same without that it counts: who looks is nobody's packet. */
static const struct session *session_seen(struct dp_worker *w, const struct frag_datagram *d)
{
    uint32_t index = hsr_flow_index(d->flow_id);
    const struct session *s = d->state == FRAG_PASSED && index < ses_extent(w->sessions)
                                  ? ses_at(w->sessions, index)
                                  : NULL;

    return s != NULL && ses_flow_id(w->sessions, s, false) == d->flow_id ? s : NULL;
}

/* Of the datagrams of `p`, which may be here more than once, a hop apart, and of who has used how much of the quotas. */
void dp_frag_copy(struct dp_worker *w, const struct act_packet *p, struct moved_frags *m)
{
    struct frag_datagram *d;
    struct frag_key key;

    dp_frag_key(p, &key);
    m->n = m->held = 0;
    memcpy(m->use, w->frags->use, sizeof m->use);
    memcpy(m->runs, w->frags->runs, sizeof m->runs);
    memcpy(m->most_runs, w->frags->most_runs, sizeof m->most_runs);
    m->full = w->frags->used == FRAG_DATAGRAMS;
    TAILQ_FOREACH (d, &w->frags->ages, age) {
        key.handed = d->key.handed;
        if (memcmp(&d->key, &key, sizeof key) == 0)
            describe(w, d, session_seen(w, d), &m->datagram[m->n++]);
    }
}

void dp_frag_resemble(struct dp_worker *w, const struct moved_frags *m)
{
    dp_frag_take_in(w, m);
    memcpy(w->frags->use, m->use, sizeof m->use);
    memcpy(w->frags->runs, m->runs, sizeof m->runs);
    memcpy(w->frags->most_runs, m->most_runs, sizeof m->most_runs);
    if (m->full) {
        LIST_INIT(&w->frags->free);
        w->frags->used = FRAG_DATAGRAMS;
    }
}

/* On their way their slots are held as well. */
static void send_held(struct dp_worker *w, struct frag_datagram *d, struct moved_frags *m)
{
    struct act_packet p;

    while (frag_take(w->frags, d, &p)) {
        w->ledger[p.meta.ingress].held--;
        w->ledger[p.meta.ingress].handed_out++;
        w->counters.handed_out++;
        m->fragment[m->held++] = (struct moved_fragment){
            .datagram = m->n - 1, .entry = p.entry, .ingress = p.meta.ingress, .hops = p.hops};
    }
}

/* It goes where its fragments are steered to now. Its session may stay: then it does too, one hop further. */
static void goes(struct dp_worker *w, struct frag_datagram *d, const struct session *s,
                 bool session_stays, struct moved_frags *m)
{
    struct moved_datagram *to = &m->datagram[m->n++];

    describe(w, d, s, to);
    send_held(w, d, m);
    if (d->state == FRAG_PASSED && s == NULL) {
        to->state = FRAG_DROPPED;
        to->drop = HSR_DROP_NO_SESSION;
    }
    if (!session_stays) {
        frag_forget(w->frags, d);
        return;
    }
    to->state = FRAG_MOVED;
    to->home = d->under = (uint8_t)dp_session_home(w, s);
    d->key.handed = d->under + 1u;
}

/* It stays where its fragments are steered to, and its session goes. */
static void follows(struct dp_worker *w, struct frag_datagram *d, const struct session *s,
                    struct moved_frags *m)
{
    struct moved_datagram *to = &m->datagram[m->n++];

    describe(w, d, s, to);
    to->under = d->home = (uint8_t)dp_session_home(w, s);
    to->key.handed = to->under + 1u;
    d->state = FRAG_MOVED;
}

void dp_frag_send_off(struct dp_worker *w, uint32_t homes, struct moved_frags *m)
{
    struct frag_datagram *d, *next;

    for (d = TAILQ_FIRST(&w->frags->ages); d != NULL; d = next) {
        const struct session *s = session_of(w, d);
        bool with = s != NULL && in(homes, dp_session_home(w, s));

        next = TAILQ_NEXT(d, age);
        if (d->ready) /* what is held of it is on its way out */
            continue;
        if (in(homes, d->under))
            goes(w, d, s, s != NULL && !with, m);
        else if (with)
            follows(w, d, s, m);
    }
}

static void fill(struct dp_worker *w, struct frag_datagram *d, const struct moved_datagram *m)
{
    unsigned dir;

    d->state = m->state;
    d->drop = m->drop;
    d->home = m->home;
    d->under = m->under;
    d->units = m->units;
    d->top = m->top;
    d->total = m->total;
    d->seq = m->seq;
    d->hash = m->hash;
    memcpy(d->seen, m->seen, sizeof d->seen);
    if (d->state != FRAG_PASSED)
        return;
    struct session *s =
        ses_find(w->sessions, m->session.hash, &m->session.key, m->session.swap, &dir);

    if (s == NULL) {
        d->state = FRAG_DROPPED;
        d->drop = HSR_DROP_NO_SESSION;
        return;
    }
    d->flow_id = ses_flow_id(w->sessions, s, false);
    d->dir = (uint8_t)dir;
}

/* Without a datagram there is no room for it any more, or another one with the same identification. */
static void take_held(struct dp_worker *w, struct frag_datagram *d, const struct moved_fragment *f,
                      const struct moved_datagram *m)
{
    enum hsr_drop drop = HSR_DROP_FRAG_QUOTA;
    struct act_packet p;

    w->ledger[f->ingress].handed_in++;
    w->counters.handed_in++;
    if (!dp_load_again(w, f->entry, f->ingress, &p))
        return; /* it could be loaded when it came */
    p.hops = f->hops;
    p.under = m->under;
    p.meta.verdicts &= 3;
    if (p.meta.reason != HSR_DROP_NONE) {
        drop = (enum hsr_drop)p.meta.reason;
    } else if (d != NULL && frag_hold(w->frags, d, &p, w->view)) {
        w->ledger[f->ingress].held++;
        return;
    }
    dp_slot_let_go(w, f->entry);
    dp_drop(w, &p, drop);
}

void dp_frag_take_in(struct dp_worker *w, const struct moved_frags *m)
{
    uint32_t f = 0;

    for (uint32_t i = 0; i < m->n; i++) {
        const struct moved_datagram *from = &m->datagram[i];
        struct frag_datagram *d = NULL;

        if (frag_find(w->frags, &from->key, from->steer) == NULL)
            d = frag_new(w->frags, &from->key, from->steer, from->charged, from->born);
        if (d != NULL)
            fill(w, d, from);
        for (; f < m->held && m->fragment[f].datagram == i; f++)
            take_held(w, d, &m->fragment[f], from);
    }
}
