/* SPDX-License-Identifier: Apache-2.0 */
/* Homes with all that belongs to them, from one worker to another: see moving.h. */
#include "datapath/moving.h"

#include <stdlib.h>

#include "frag.h"
#include "move.h"

#define SESSIONS 256u  /* a parcel: the worker's packets wait meanwhile */
#define LOOKS    4096u /* places of its table that are looked at for them */

struct dp_parcel {
    uint32_t homes;
    uint32_t cursor; /* sessions: the place to go on from */
    bool begun, done;
    uint64_t lost;
    uint32_t sessions;
    struct moved_session session[SESSIONS];
    struct moved_frags frags;
    struct moved_parked parked;
};

struct dp_parcel *dp_parcel_open(void)
{
    return calloc(1, sizeof(struct dp_parcel));
}

void dp_parcel_close(struct dp_parcel *parcel)
{
    free(parcel);
}

void dp_parcel_begin(struct dp_parcel *parcel, uint32_t homes)
{
    parcel->homes = homes;
    parcel->cursor = 0;
    parcel->begun = parcel->done = false;
    parcel->lost = 0;
}

bool dp_parcel_done(const struct dp_parcel *parcel)
{
    return parcel->done;
}

uint64_t dp_parcel_lost(const struct dp_parcel *parcel)
{
    return parcel->lost;
}

void dp_session_copy(const struct dp_worker *w, const struct session *s, struct moved_session *m)
{
    for (unsigned dir = 0; dir < 2; dir++)
        act_program_copy(&w->actions, s->dir[dir].program, &m->program[dir]);
    ses_copy_out(w->sessions, s, w->now, &m->session);
}

static void send_session(struct dp_worker *w, struct session *s, struct moved_session *m)
{
    dp_nat_gone(w, s);
    dp_session_copy(w, s, m);
    for (unsigned dir = 0; dir < 2; dir++)
        act_program_put(&w->actions, s->dir[dir].program);
    ses_take_out(w->sessions, s, w->now, &m->session);
}

/* The flow index is not told: it finds out with the next packet, and holds nothing of a worker against another. */
void dp_send_off(struct dp_worker *w, struct dp_parcel *parcel)
{
    struct session *s;

    parcel->sessions = 0;
    w->leaves = DP_NO_HOME; /* from here on its packets follow */
    if (!parcel->begun) {   /* before the sessions, which tell whose fragments they are */
        parcel->frags.n = parcel->frags.held = parcel->parked.n = 0;
        dp_frag_send_off(w, parcel->homes, &parcel->frags);
        dp_park_send_off(w, parcel->homes, &parcel->parked);
        parcel->begun = true;
    }
    for (uint32_t i = 0; i < LOOKS && parcel->sessions < SESSIONS; i++) {
        if (parcel->cursor >= ses_extent(w->sessions)) {
            parcel->done = true;
            return;
        }
        s = ses_at(w->sessions, parcel->cursor++);
        if (s != NULL && (parcel->homes >> dp_session_home(w, s) & 1))
            send_session(w, s, &parcel->session[parcel->sessions++]);
    }
}

struct session *dp_session_take_in(struct dp_worker *w, const struct moved_session *m)
{
    struct session *s = ses_put_in(w->sessions, &m->session, w->now);

    if (s == NULL)
        return NULL;
    for (unsigned dir = 0; dir < 2; dir++) {
        s->dir[dir].program = act_program_put_in(&w->actions, &m->program[dir]);
        if (s->dir[dir].program == ACT_NONE && m->session.session.dir[dir].program != ACT_NONE) {
            dp_nat_adopted(w, s); /* as it has been counted, it can go */
            ses_remove(w->sessions, s, SES_WHY_EVICTED);
            return NULL;
        }
    }
    dp_nat_adopted(w, s);
    ses_seal(w->sessions, s);
    return s;
}

/* They have been looked at under no policy yet, and are not before they may be used. */
static void sweep_anew(struct dp_worker *w)
{
    w->swept = 0;
    w->sweep = (struct dp_sweep_place){.generation = 0};
}

void dp_take_in(struct dp_worker *w, struct dp_parcel *parcel)
{
    for (uint32_t i = 0; i < parcel->sessions; i++)
        parcel->lost += dp_session_take_in(w, &parcel->session[i]) == NULL;
    if (parcel->sessions > 0)
        sweep_anew(w);
    if (parcel->done) { /* behind the last session */
        dp_frag_take_in(w, &parcel->frags);
        dp_park_take_in(w, &parcel->parked);
    }
}

/* ---- when ---- */

void dp_leave(struct dp_worker *w, uint32_t home)
{
    w->leaves = home;
}

void dp_hold(struct dp_worker *w, uint32_t home)
{
    w->holds = home;
}

void dp_release(struct dp_worker *w)
{
    w->holds = DP_NO_HOME;
    w->kept_due = dp_kept_count(w) > 0;
    sweep_anew(w);
}

bool dp_released(const struct dp_worker *w)
{
    return dp_kept_count(w) == 0;
}

void dp_look(struct dp_worker *w, struct dp_position *at)
{
    at->rx = w->rx.own + hsr_ring_waiting(&w->rx);
    at->tx = w->tx.own + w->outs; /* those of this burst are still to be pushed */
    dp_handed_look(w, at->from);
}

bool dp_reached(const struct dp_worker *w, const struct dp_position *at, bool rx)
{
    if (rx && !w->rx.corrupt && (int32_t)(w->rx.own - at->rx) < 0)
        return false;
    return dp_handed_reached(w, at->from) && !dp_frag_waits(w) && !w->kept_due;
}

bool dp_sent(struct dp_worker *w, const struct dp_position *at)
{
    uint32_t room = hsr_ring_room(&w->tx), taken = w->tx.own - (w->tx.mask + 1 - room);

    return w->tx.corrupt || (int32_t)(taken - at->tx) >= 0;
}

bool dp_empty(struct dp_worker *w)
{
    uint32_t rx, tx;

    dp_rings(w, &rx, &tx);
    return rx == 0 && tx == 0 && dp_handed_waiting(w) == 0 && dp_held(w) == 0 &&
           w->frags->used == 0 && ses_stats(w->sessions)->used == 0 &&
           w->fw_slots == w->view->fw_slots;
}
