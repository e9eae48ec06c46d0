/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions from the table of one worker to that of another, alive: state, counters, age and what is left until their deadline.
 *
 *     ses_take_out(from, s, now, &m);       on the one worker's thread
 *     s = ses_put_in(to, &m, now);          on the other's
 *     s->dir[i].program = ...; ses_seal(to, s);
 *
 * A session that is taken out has not ended: `gone` is not called, and neither table counts an end or a beginning. What its
 * programs refer to is the caller's affair on both sides. Its flow id is another one, and what it was decided under is
 * forgotten (`policy`, `compiled` and `neighbor` are 0): it is looked at again with its next packet.
 */
#ifndef SESSION_MOVE_H
#define SESSION_MOVE_H

#include "session/table.h"

/* A session on its way. */
struct ses_moved {
    struct session session;
    uint64_t key6[4]; /* IPv6 addresses of its secondary key */
    uint64_t hash[2];
    uint64_t left; /* until its deadline, ns; 0: no timer runs */
};

/* A copy for another table; this one is as it was. */
void ses_copy_out(const struct ses_table *t, const struct session *s, uint64_t now,
                  struct ses_moved *m);

/*
 * For a table that has copies of some of the sessions of `of`, and is to answer as that one would: who may open sessions here,
 * and whether there is room, as there. Nothing of `of` changes.
 */
void ses_resemble(struct ses_table *t, const struct ses_table *of);

/* The session is not in the table any more. */
void ses_take_out(struct ses_table *t, struct session *s, uint64_t now, struct ses_moved *m);

/*
 * The session in this table, without programs and without a seal. NULL: there is no room, or its packets are another
 * session's; then it has ended, and is counted here as evicted.
 */
struct session *ses_put_in(struct ses_table *t, const struct ses_moved *m, uint64_t now);

#endif
