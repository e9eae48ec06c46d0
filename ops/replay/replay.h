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
#define REPLAY_RULES  64

enum { REPLAY_OK, REPLAY_BROKEN, REPLAY_USAGE, REPLAY_CONFIG, REPLAY_CAPTURE };

struct replay_options {
    const char *config;
    const char *out;
    const char *port[REPLAY_INPUTS]; /* -p PORT=FILE */
    const char *file[REPLAY_INPUTS];
    unsigned inputs;
    const char *rule[REPLAY_RULES]; /* --rule [@NS ]PORT RULE, by time */
    uint64_t rule_at[REPLAY_RULES]; /* ns after the first frame, 0: before it */
    unsigned rules;
    const char *meter[REPLAY_RULES]; /* --meter ID pps|bps RATE burst BURST */
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
    unsigned rules_done;
    bool limited;                    /* workers have a rate, now */
    int64_t budget[HSR_MAX_WORKERS]; /* packets x 10^9 a worker may still do at this time */
    uint32_t sessions_high;
    uint32_t leaked_sessions;
    uint32_t leaked_slots;
    uint32_t leaked_credit;
    uint32_t leaked_cells;
    uint32_t leaked_programs;
    uint32_t leaked_templates;
    bool corrupt;
};

/* Load the configuration with its ports turned into captures; 0 or an exit code, with a line on stderr. */
int replay_load(const struct replay_options *options, struct cfg **cfg);

/* Note a --rule; false after a line on stderr (rules.c). */
bool replay_take_rule(struct replay_options *options, const char *text);

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
