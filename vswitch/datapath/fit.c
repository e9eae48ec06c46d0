/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the flow index is told of the keys of sessions. It is a cache that may forget and be wrong: a key that is not
 * there costs a look into the session table, no packet.
 */
#include "internal.h"

/* A key whose entry was replaced asks for it again once in this many packets: with more flows than entries, a table
 * where each packet evicts another flow's entry would answer nobody. */
#define REINSERT 64u

/* Was the primary (0), the secondary (1) key told? */
static const uint16_t told[2] = {SES_F_FIT, SES_F_FIT2};

uint32_t dp_session_home(const struct dp_worker *w, const struct session *s)
{
    return dp_home(w, ses_hash(w->sessions, s, (s->flags & SES_F_KEY2) != 0));
}

uint64_t dp_flow_id(const struct dp_worker *w, const struct session *s, bool second)
{
    return ses_flow_id(w->sessions, s, second) | dp_session_home(w, s) << HSR_FLOW_HOME_SHIFT;
}

bool dp_fit_wanted(struct dp_worker *w, const struct act_packet *p, struct session *s, unsigned dir,
                   struct dp_fit *fit)
{
    bool second = ses_is_second(s, dir);

    if (p->meta.flow_id != 0) {
        const struct session *other = ses_by_flow(w->sessions, p->meta.flow_id);

        w->counters.stale_flow_id++;
        if (other != NULL && other != s) /* never over another flow that lives */
            return false;
    }
    if ((s->flags & told[second]) && s->dir[dir].packets % REINSERT != 0)
        return false;
    *fit = (struct dp_fit){.op = HSR_FIT_INSERT,
                           .hash = ses_hash(w->sessions, s, second),
                           .flow_id = dp_flow_id(w, s, second),
                           .named = p->meta.flow_id};
    w->counters.fit_inserts++;
    s->flags |= told[second];
    return true;
}

bool dp_fit_over(struct dp_worker *w, struct session *s, unsigned dir, struct dp_fit *fit)
{
    bool second = ses_is_second(s, dir);

    if (!(s->flags & told[second]))
        return false;
    *fit = (struct dp_fit){.op = HSR_FIT_DELETE,
                           .hash = ses_hash(w->sessions, s, second),
                           .named = dp_flow_id(w, s, second)};
    w->counters.fit_deletes++;
    s->flags &= (uint16_t)~told[second];
    return true;
}

void dp_fit_second(struct dp_worker *w, struct session *s)
{
    if (!(s->flags & SES_F_KEY2))
        return;
    struct dp_fit fit = {.op = HSR_FIT_INSERT,
                         .hash = ses_hash(w->sessions, s, true),
                         .flow_id = dp_flow_id(w, s, true)};

    if (!dp_post_fit(w, &fit))
        return; /* the first packet that comes under it asks again */
    w->counters.fit_inserts++;
    s->flags |= told[true];
}

void dp_fit_gone(struct dp_worker *w, const struct session *s)
{
    for (unsigned second = 0; second < 2; second++) {
        if (!(s->flags & told[second]))
            continue;
        struct dp_fit fit = {.op = HSR_FIT_DELETE,
                             .hash = ses_hash(w->sessions, s, second),
                             .named = dp_flow_id(w, s, second)};

        w->counters.fit_deletes += dp_post_fit(w, &fit);
    }
}
