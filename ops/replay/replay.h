/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avs-replay: captures through NIC and firmware, in one thread, on a virtual clock (architecture, section 8).
 *
 * Ports are those of the configuration, each turned into a pair of captures. NIC time is capture time less the time of
 * the first frame; frames are due when their time has come, and everything they cause happens at that time. The hash
 * secret is a constant, so that the same input gives the same output on every machine.
 */
#ifndef REPLAY_H
#define REPLAY_H

#include "firmware/firmware.h"

#define REPLAY_INPUTS 64
#define REPLAY_TIMED  64
#define REPLAY_METERS 64

enum { REPLAY_OK, REPLAY_BROKEN, REPLAY_USAGE, REPLAY_CONFIG, REPLAY_CAPTURE };

/* Words of the command line with the time at which they are due, in that order (timed.c). */
struct replay_timed {
    const char *text[REPLAY_TIMED];
    uint64_t at[REPLAY_TIMED]; /* ns after the first frame, 0: before it */
    unsigned n;
};

struct replay_options {
    const char *config;
    const char *out;
    const char *port[REPLAY_INPUTS]; /* -p PORT=FILE */
    const char *file[REPLAY_INPUTS];
    unsigned inputs;
    struct replay_timed rules;        /* --rule [@NS ]PORT RULE */
    struct replay_timed applies;      /* --apply @NS FILE */
    struct replay_timed sets;         /* --set-workers @NS N */
    const char *meter[REPLAY_METERS]; /* --meter ID pps|bps RATE burst BURST */
    unsigned meters;
    unsigned vector;      /* 0: as configured */
    unsigned workers;     /* 0: as configured */
    uint64_t worker_rate; /* packets a second that one worker can do, 0: as many as there are */
    uint64_t patience_ns; /* frames that wait longer are lost where they wait, 0: none is */
    uint64_t quantum_ns;  /* frames due within this time of one another come in one burst */
    const char *slice;    /* NULL: off */
    bool slow;            /* every packet walks the policy */
    bool no_flow_index;   /* packets arrive without flow ids */
    bool no_ageing;       /* leave the sessions be at the end */
    bool json;
};

struct replay {
    const struct replay_options *options;
    struct nic *nic;
    struct fw *fw;
    uint64_t first; /* capture time of the first frame, ns since 1970 */
    uint64_t now;   /* NIC time */
    uint64_t frames;
    unsigned rules_done, applies_done, sets_done;
    const char *file;                    /* configuration that runs */
    unsigned workers;                    /* of it, 0: as it says */
    unsigned workers_max;                /* that there are at any time */
    int input_fd[REPLAY_INPUTS], out_fd; /* 0: not opened yet */
    bool limited;                        /* workers have a rate, now */
    int64_t budget[HSR_MAX_WORKERS];     /* packets x 10^9 a worker may still do at this time */
    uint32_t sessions_high;
    uint32_t leaked_sessions;
    uint32_t leaked_slots;
    uint32_t leaked_credit;
    uint32_t leaked_cells;
    uint32_t leaked_programs;
    uint32_t leaked_templates;
    bool corrupt;
};

/*
 * Load a configuration with its ports turned into captures, to follow the one that runs (NULL: none does); 0 or an exit
 * code, with a line on stderr.
 */
int replay_load(struct replay *r, const char *file, const struct cfg *old, struct cfg **cfg);

/* Make it the running one, likewise. */
int replay_apply(struct replay *r, const char *file);

/* Are all of them numbers of workers? The largest of them and `workers`. Those that are due `ns` after the first frame (workers.c). */
bool replay_workers_ok(const struct replay_timed *list);
unsigned replay_most_workers(const struct replay_timed *list, unsigned workers);
int replay_set_workers(struct replay *r, uint64_t ns);

/* Note "[@NS ]TEXT"; false: that is none, or there are too many. */
bool replay_timed_add(struct replay_timed *list, const char *text);
/* The next one that is due `ns` after the first frame, and counts it; NULL: none is. */
const char *replay_timed_due(const struct replay_timed *list, unsigned *done, uint64_t ns);

/* Set the meters; create the rules that are due `ns` after the first frame. 0 or an exit code, with a line on stderr. */
int replay_set_meters(struct replay *r);
int replay_create_rules(struct replay *r, uint64_t ns);

/* Everything between first and last frame, then ageing. 0 or an exit code. */
int replay_run(struct replay *r, struct cfg *cfg);
uint64_t replay_missed(struct replay *r, uint16_t index);
void replay_close(struct replay *r);

/* What happened, on stdout; the exit code: REPLAY_BROKEN when a packet, slot or session is unaccounted for. */
int replay_report(struct replay *r);

#endif
