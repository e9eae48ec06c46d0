/* SPDX-License-Identifier: Apache-2.0 */
/* What the policy has said of a session holds for others between the same ends (kin.c). */
#ifndef DATAPATH_KIN_H
#define DATAPATH_KIN_H

#include "internal.h"

#define DP_KIN_WORDS 5
struct dp_kin {
    uint64_t word[DP_KIN_WORDS]; /* all that decides, but the initiator's port */
};
struct dp_kins *dp_kins_open(void); /* NULL: out of memory */
void dp_kins_close(struct dp_kins *kins);

/* False: there is none of this packet, of this session. */
bool dp_kin_of_packet(const struct dp_worker *w, const struct act_packet *p,
                      const struct hsr_key *key, struct dp_kin *kin);
/* Before it is looked at again: by what it has. */
bool dp_kin_of_session(const struct dp_worker *w, const struct session *s,
                       const struct hsr_key *key, struct dp_kin *kin);

/* One that is right under the present policy, or NULL. And from here on this is one. */
struct session *dp_kin_find(const struct dp_worker *w, const struct dp_kin *kin);
void dp_kin_note(struct dp_worker *w, const struct dp_kin *kin, const struct session *s);

/* What it has, with a reference of its own to both programs; and back. */
struct dp_found {
    uint32_t program[2];
    uint16_t mtu[2];
    uint16_t target;
    bool charged; /* against the target's quota */
};
void dp_kin_hold(struct dp_worker *w, const struct session *like, struct dp_found *found);
void dp_kin_let_go(struct dp_worker *w, const struct dp_found *found);

/* compile.c: what is held, in place of what the session has; it is the session's from here on. */
void dp_compile_alike(struct dp_worker *w, struct session *s, const struct dp_found *found);

#endif
