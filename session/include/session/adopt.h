/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions of a former process, taken over by the next one.
 *
 *     t = ses_table_open(config);            config->memory gives the former one's records
 *     ses_adopt(t, &how, count);             once, before anything else
 *
 * The table begins with what that process left: each record is held against its seal and its own sense, and all that a
 * table keeps besides its records (hash table, links, lists, quotas, queues, timer wheel) is made again from them. What
 * does not pass is nobody's, as if it had never been; its index is free. Nothing that stands in the memory can make this
 * read or write outside the table, whoever wrote it.
 *
 * An adopted session goes on as it was: state, counters, age, deadline, whose time went on meanwhile and which is never
 * later than its state allows. What the former process derived from its configuration or told the NIC is not believed:
 * `policy`, `compiled` and `neighbor` are 0, and the flow index is told again on demand.
 *
 * In place: a process that is killed while it adopts leaves records as good as those it found.
 */
#ifndef SESSION_ADOPT_H
#define SESSION_ADOPT_H

#include "session/table.h"

/* What became of a record. */
enum ses_adoption {
    SES_ADOPTED,
    SES_ADOPT_TORN,    /* no seal that fits: it was being written, or somebody wrote over it */
    SES_ADOPT_BAD,     /* sealed, and yet nothing that a session can be */
    SES_ADOPT_PORT,    /* its port is not there any more */
    SES_ADOPT_CONTEXT, /* nor its tenant context */
    SES_ADOPT_TWICE,   /* its packets are another session's */
    SES_ADOPT_PROGRAM, /* what it refers to is no program */
    SES_ADOPT_FULL,    /* no room for it in the hash table */
    SES_ADOPTIONS
};

struct ses_adopt {
    uint64_t now; /* NIC time, ns */
    uint64_t (*hash)(void *arg, const struct hsr_key *key);
    /* Does this index mean what it meant when the records were written? */
    bool (*port)(void *arg, uint16_t port);
    bool (*context)(void *arg, uint32_t context);
    /* Last of all: refer to the programs of both directions; false, and refer to none, where there is no such program. */
    bool (*take)(void *arg, const struct session *s);
    void *arg;
};

/*
 * Adopt what is there, up to the first index that was never used. `count` is added to. The table has just been opened.
 */
void ses_adopt(struct ses_table *t, const struct ses_adopt *how, uint64_t count[SES_ADOPTIONS]);

/* "adopted", "torn", "bad", "port", "context", "twice", "program", "full" */
const char *ses_adoption_name(enum ses_adoption what);

#endif
