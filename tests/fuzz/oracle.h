/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slow second opinion of the fuzzer of sessions: it keeps every packet that was let through, and answers each question by
 * reading all of them again. It knows nothing of states.
 */
#ifndef FUZZ_ORACLE_H
#define FUZZ_ORACLE_H

#include "hsring/wire.h"
#include "session/track.h"

#define ORACLE_PACKETS 96

struct oracle {
    bool there;
    bool picked_up;
    uint8_t proto;
    unsigned n;
    struct oracle_packet {
        bool answer; /* of the responder's */
        struct ses_packet p;
    } packet[ORACLE_PACKETS];
};

void oracle_begin(struct oracle *o, const struct ses_packet *p);
void oracle_note(struct oracle *o, bool answer, const struct ses_packet *p);

/* May there be a session in this state after these packets? */
bool oracle_may_be(const struct oracle *o, uint8_t state);
/* May this packet end the connection, or begin another one in its place? */
bool oracle_may_reset(const struct oracle *o, bool answer, const struct ses_packet *p);
bool oracle_may_reopen(const struct oracle *o);
/* May it pass at all? */
bool oracle_may_pass(const struct oracle *o, bool answer, const struct ses_packet *p);

#endif
