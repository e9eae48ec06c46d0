/* SPDX-License-Identifier: Apache-2.0 */
/* What the twins did with a packet, step by step, in words. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "twin_internal.h"

/* Keys that a search for a port may turn out to need come one at a time. */
#define ROUNDS TWIN_KEYS

struct telling {
    struct dp_twin *t;
    struct dp_explained *answer;
    pol_each each;
    void *arg;
    /* before it ran: */
    uint64_t found; /* id of the session in the twin, 0: none */
    unsigned dir;
    uint32_t home; /* worker that has it */
    char state[24];
    bool initiator;
};

__attribute__((format(printf, 4, 5))) static void tell(const struct telling *e, const char *stage,
                                                       enum hsr_drop drop, const char *format, ...)
{
    char why[256];
    va_list args;

    va_start(args, format);
    vsnprintf(why, sizeof why, format, args);
    va_end(args);
    e->each(e->arg, &(struct pol_step){.stage = stage, .why = why, .drop = drop});
}

/* The packet as its worker had it last, if that was here. */
static const struct act_packet *after(const struct dp_twin *t)
{
    const struct act_packet *p = t->worker[t->at]->packet;

    return p->entry == t->entry ? p : &t->before;
}

/* What sessions are found by; a first fragment shows it when it has been looked at. */
static const struct act_packet *shown(const struct dp_twin *t)
{
    return t->before.meta.class == HSR_CLASS_FRAG ? after(t) : &t->before;
}

static bool has_session(const struct act_packet *p)
{
    switch (p->meta.class) {
    case HSR_CLASS_TCP:
    case HSR_CLASS_UDP:
    case HSR_CLASS_ICMP:
    case HSR_CLASS_SCTP:
    case HSR_CLASS_IP_OTHER:
    case HSR_CLASS_DHCP:
    case HSR_CLASS_ICMP_ERROR:
    case HSR_CLASS_FRAG:
        return p->meta.reason == HSR_DROP_NONE;
    default:
        return false;
    }
}

static struct session *session_of(struct dp_worker *w, const struct act_packet *p, unsigned *dir)
{
    const struct frag_datagram *d;
    struct frag_key datagram;
    struct hsr_key key;
    bool swap;

    if (p->meta.class != HSR_CLASS_FRAG) {
        return twin_key(p, &key, &swap)
                   ? ses_find(w->sessions, hsr_hash_key(&w->hash, &key), &key, swap, dir)
                   : NULL;
    }
    dp_frag_key(p, &datagram);
    datagram.handed = 0;
    d = frag_find(w->frags, &datagram, p->meta.hash);
    if (d == NULL || d->state != FRAG_PASSED)
        return NULL;
    *dir = d->dir;
    return ses_by_flow(w->sessions, d->flow_id);
}

/* Before it runs. */
static void look(struct telling *e)
{
    const struct act_packet *p = &e->t->before;

    e->found = 0;
    for (uint32_t i = 0; i < e->t->workers && e->found == 0 && has_session(p); i++) {
        struct dp_worker *w = e->t->worker[i];
        const struct session *s = session_of(w, p, &e->dir);

        if (s == NULL)
            continue;
        e->found = ses_flow_id(w->sessions, s, false);
        e->home = i;
        e->initiator = e->dir == ses_initiator(s);
        snprintf(e->state, sizeof e->state, "%s", ses_state_name(s));
    }
}

/* ---- how it left ---- */

static void take_frame(struct telling *e, uint32_t entry)
{
    const uint8_t *slot = hsr_slot(&e->t->region.view, hsr_entry_slot(entry));
    struct dp_explained *a = e->answer;
    struct hsr_tx_meta m;

    memcpy(&m, slot, sizeof m);
    if (entry == e->t->entry) {
        a->end = m.action == HSR_TXA_DROP      ? DP_DROPPED
                 : m.action == HSR_TXA_CONSUME ? DP_CONSUMED
                 : m.action == HSR_TXA_RETURN  ? DP_WAITS
                                               : DP_SENT;
        a->drop = m.action == HSR_TXA_DROP ? (enum hsr_drop)m.drop_reason : HSR_DROP_NONE;
        if (a->end != DP_SENT)
            return;
    } else if (hsr_entry_kind(entry) != HSR_KIND_ORIGINATE) {
        return;
    }
    if (a->frames < DP_EXPLAIN_FRAMES)
        a->frame[a->frames++] =
            (struct dp_left){.meta = m, .bytes = slot + m.frame_off, .made = entry != e->t->entry};
}

static void gather(struct telling *e)
{
    struct dp_explained *a = e->answer;
    uint32_t entry[DP_BURST], n;

    *a = (struct dp_explained){.end = DP_WAITS, .worker = e->t->at};
    for (uint32_t i = 0; i < e->t->workers; i++) {
        while ((n = hsr_ring_pop(&e->t->tx[i], entry, DP_BURST)) > 0)
            for (uint32_t k = 0; k < n; k++)
                take_frame(e, entry[k]);
    }
    for (uint32_t i = 0; i < e->t->copies; i++)
        if (e->t->copy[i].twin == e->found)
            a->flow_id = e->t->copy[i].of;
}

/* ---- in words ---- */

static void tell_session(const struct telling *e)
{
    if (!has_session(&e->t->before))
        return;
    if (e->found == 0)
        tell(e, "session", HSR_DROP_NONE, "none");
    else
        tell(e, "session", HSR_DROP_NONE, "%016" PRIx64 ", %s, %s", e->answer->flow_id, e->state,
             e->initiator ? "the initiator's direction" : "the answers' direction");
}

/* Has the policy been asked about this packet? Before that some are answered, or the host's. */
static bool was_walked(const struct telling *e, const struct session *now)
{
    const struct dp_worker *w = e->t->worker[e->t->at];
    enum hsr_drop drop = e->answer->drop;

    if (w->counters.slow == 0 || w->policy == NULL || shown(e->t)->meta.class == HSR_CLASS_FRAG ||
        e->answer->end == DP_CONSUMED)
        return false;
    if (e->answer->end == DP_SENT)
        return now != NULL;
    return drop != HSR_DROP_NOT_FOR_US && drop != HSR_DROP_HOST_RATE;
}

static void tell_policy(const struct telling *e, const struct session *now)
{
    struct dp_worker *w = e->t->worker[e->t->at];
    struct act_packet p = *shown(e->t);
    struct hsr_key key;

    if (was_walked(e, now) && dp_is_flow(&p)) {
        p.slot = e->t->frame; /* as it came */
        p.frame_off = HSR_SLOT_FRAME;
        p.l2 = p.meta.l2_off;
        dp_key(&p, &key);
        dp_explain_first(w, &p, &key, e->each, e->arg);
    } else if (w->counters.revalidated > 0 && now != NULL) {
        tell(e, "again", HSR_DROP_NONE, "the policy, a neighbour or a link has changed");
        dp_explain_again(w, now, e->each, e->arg);
    }
}

static void tell_state(const struct telling *e, const struct session *now)
{
    const char *state = now != NULL ? ses_state_name(now) : "";

    if (now == NULL && e->found != 0)
        tell(e, "state", HSR_DROP_NONE, "%s, and the session ends", e->state);
    else if (now == NULL)
        return;
    else if (e->answer->opens)
        tell(e, "state", HSR_DROP_NONE, "a new session: %s", state);
    else if (strcmp(state, e->state) != 0)
        tell(e, "state", HSR_DROP_NONE, "%s, then %s", e->state, state);
    else
        tell(e, "state", HSR_DROP_NONE, "%s", state);
}

static void tell_actions(const struct telling *e, const struct session *now, unsigned dir)
{
    const struct dp_worker *w = e->t->worker[e->t->at];
    char text[160];

    if (now == NULL || now->dir[dir].program == ACT_NONE ||
        (e->answer->end == DP_DROPPED && e->answer->drop != HSR_DROP_PMTU &&
         e->answer->drop != HSR_DROP_TTL))
        return;
    for (unsigned i = 0; act_describe(&w->actions, &now->dir[dir], i, text, sizeof text); i++)
        tell(e, "action", HSR_DROP_NONE, "%s", text);
}

static void tell_size(const struct telling *e)
{
    const struct act_packet *p = after(e->t);

    if (p->mtu == 0)
        return;
    e->answer->mtu = p->mtu;
    tell(e, "size", HSR_DROP_NONE, "%u bytes, and the path takes %u: %s",
         e->t->before.frame_len - e->t->before.l3, p->mtu,
         e->answer->end == DP_DROPPED ? "the sender is told"
         : p->fragment                ? "cut into fragments"
                                      : "cut into segments");
}

static void tell_wait(const struct telling *e)
{
    const struct dp_worker *w = e->t->worker[e->t->at];
    struct dp_explained *a = e->answer;
    char addr[48];
    uint32_t parked, high;

    if (a->end != DP_WAITS)
        return;
    dp_park_level(w, &parked, &high);
    if (parked == 0) {
        tell(e, "fragment", HSR_DROP_NONE, "held until the first one of its datagram comes");
        return;
    }
    a->drop = HSR_DROP_NEIGH_PENDING;
    a->hop = w->hop;
    tell(e, "next-hop", HSR_DROP_NONE, "waits for %s by port %s: %s",
         cfg_addr_text(&a->hop.addr, addr), pol_port(w->policy, a->hop.port)->name,
         dp_neighbor_state_name(dp_neighbor_find(&e->t->shared.neighbors, &a->hop).state));
}

static void tell_all(struct telling *e, uint32_t ring)
{
    struct dp_worker *w = e->t->worker[e->t->at];
    unsigned dir = 0;
    struct session *now = has_session(shown(e->t)) ? session_of(w, shown(e->t), &dir) : NULL;

    e->answer->opens = now != NULL && ses_flow_id(w->sessions, now, false) != e->found;
    tell(e, "steer", HSR_DROP_NONE, "worker %u", ring);
    if (e->t->at != ring)
        tell(e, "handover", HSR_DROP_NONE, "to worker %u, where its session is at home", e->t->at);
    tell_session(e);
    tell_policy(e, now);
    if (has_session(&e->t->before))
        tell_state(e, now);
    tell_actions(e, now, dir);
    tell_size(e);
    tell_wait(e);
}

/* ---- until it meets nothing unknown ---- */

static bool add_sessions(struct twin_keys *keys, struct dp_worker *w)
{
    const struct session *s;
    struct hsr_key key;
    uint32_t cursor = 0;

    while ((s = ses_walk(w->sessions, &cursor)) != NULL) {
        ses_key(w->sessions, s, false, &key);
        if (!twin_add_key(keys, &key))
            return false;
        if (!(s->flags & SES_F_KEY2))
            continue;
        ses_key(w->sessions, s, true, &key);
        if (!twin_add_key(keys, &key))
            return false;
    }
    return true;
}

/* Have the workers sessions of the keys from `first` on that the twins have no copies of? */
struct probe {
    const struct dp_twin *t;
    const struct twin_keys *keys;
    uint32_t first;
    bool unknown;
};

static void probe_key(struct probe *pr, const struct dp_worker *w, const struct hsr_key *key)
{
    uint64_t hash = hsr_hash_key(&w->hash, key);
    const struct session *s;
    unsigned dir;

    for (unsigned swap = 0; swap < 2; swap++) {
        if ((s = ses_find(w->sessions, hash, key, swap != 0, &dir)) == NULL)
            continue;
        uint64_t id = dp_flow_id(w, s, false);
        bool known = false;

        for (uint32_t i = 0; i < pr->t->copies; i++)
            known |= pr->t->copy[i].of == id;
        pr->unknown |= !known;
    }
}

static void probe(struct dp_worker *w, void *arg)
{
    struct probe *pr = arg;

    for (uint32_t i = pr->first; i < pr->keys->n; i++)
        probe_key(pr, w, &pr->keys->key[i]);
}

static bool meets_others(const struct dp_twin_of *of, const struct dp_twin *t,
                         const struct twin_keys *keys, uint32_t first)
{
    struct probe pr = {.t = t, .keys = keys, .first = first};

    for (uint32_t i = 0; i < of->workers && first < keys->n; i++)
        dp_run(of->worker[i], probe, &pr);
    return pr.unknown;
}

/* Keys that this round has met; false: too many. */
static bool add_keys(struct twin_keys *keys, const struct dp_twin *t)
{
    struct hsr_key key;
    bool swap;

    if (twin_key(&t->before, &key, &swap) && !twin_add_key(keys, &key))
        return false;
    if (twin_key(shown(t), &key, &swap) && !twin_add_key(keys, &key))
        return false;
    for (uint32_t i = 0; i < t->workers; i++)
        if (!add_sessions(keys, t->worker[i]))
            return false;
    return true;
}

struct dp_twin *dp_explain(const struct dp_twin_of *of, const struct dp_question *q,
                           struct dp_explained *answer, pol_each each, void *arg)
{
    struct telling e = {.answer = answer, .each = each, .arg = arg};
    static const struct twin_keys none;
    struct twin_keys keys = {.n = 0};
    uint32_t known;

    for (uint32_t round = 0; round < ROUNDS; round++) {
        known = keys.n;
        e.t = twin_open(of, q, q->anew ? &none : &keys);
        if (e.t == NULL)
            return NULL;
        look(&e);
        twin_run(e.t);
        if (!q->anew && !add_keys(&keys, e.t))
            break;
        if (q->anew || !meets_others(of, e.t, &keys, known)) {
            gather(&e);
            tell_all(&e, q->ring);
            return e.t;
        }
        dp_twin_close(e.t);
        e.t = NULL;
    }
    dp_twin_close(e.t);
    errno = E2BIG;
    return NULL;
}
