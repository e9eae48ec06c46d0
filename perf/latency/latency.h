/* SPDX-License-Identifier: Apache-2.0 */
/*
 * avs-bench-latency: how long a frame is in the datapath at a share of what that can do. The datapath is the one of avs-bench, run
 * on a virtual clock: what a step does is done, how long it takes is looked up in a table of what it took before. So neighbours of
 * this machine are in the table at most, never in the order of events.
 *
 * Times are picoseconds (`ps`) of the virtual clock; a table in JSON has nanoseconds.
 */
#ifndef PERF_LATENCY_LATENCY_H
#define PERF_LATENCY_LATENCY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "bench.h"

#define LAT_PS_PER_NS    UINT64_C(1000)
#define LAT_PS_PER_S     UINT64_C(1000000000000)
#define LAT_LOADS        16
#define LAT_DRAWS        32 /* equally likely costs of a step that handles so many packets */
#define LAT_NIC_BURST    32 /* packets that a port brings in a turn */
#define LAT_FW_BURST     64 /* that the firmware takes in a turn */
#define LAT_PUBLISHED_NS UINT64_C(20000001) /* since counters were published: they are due again */
#define LAT_QUEUE_MOST   1000000u
#define LAT_FRAMES_MOST  20000000u

/* A step's cost when it handles a certain number of packets: one of these, each as likely. */
struct lat_cost {
    uint32_t draws;
    uint64_t ps[LAT_DRAWS];
};

/* What each step takes, by the number of packets it handles. */
struct lat_costs {
    struct lat_cost clock;                      /* reading it, once a turn */
    struct lat_cost publish;                    /* counters into the region, 50 times a second */
    struct lat_cost post[LAT_NIC_BURST + 1];    /* tx ring -> Post-Processor -> port, slots back */
    struct lat_cost pre[LAT_NIC_BURST + 1];     /* port -> Pre-Processor */
    struct lat_cost ring[LAT_NIC_BURST + 1];    /* vectors -> rx ring */
    struct lat_cost firmware[LAT_FW_BURST + 1]; /* dp_poll() */
};

enum lat_pattern { LAT_POISSON, LAT_CONSTANT, LAT_BURSTS };

/* How frames arrive. */
struct lat_arrivals {
    enum lat_pattern pattern;
    /* LAT_BURSTS: frames of one, 84 bytes each of a 100 Gb/s wire; bursts come as a Poisson process. */
    uint32_t burst;
};

/* A NIC that is hardware: what lies before the rx ring and behind the tx ring. */
struct lat_pipeline {
    uint64_t in_ps, out_ps;
};

struct lat_options {
    struct bench_options bench;
    struct lat_arrivals arrivals;
    struct lat_pipeline pipeline;
    const char *costs, *save; /* files of a table, or NULL */
    double load[LAT_LOADS];   /* shares of the capacity */
    uint32_t loads;
    uint32_t frames; /* of each load */
    uint64_t seed;
    bool live, json;
};

/* What became of the frames of one load. */
struct lat_result {
    double load, rate; /* frames a second */
    uint64_t offered, arrived, lost, delivered;
    uint64_t idle;              /* turns since one has arrived or left */
    uint64_t turns, busy_turns; /* of the loop; with packets for the firmware */
    uint64_t longest;           /* queue before the NIC, frames */
    uint64_t ps;                /* until the last one had left */
    /* Live: the hypervisor's, all CPUs; of this thread, without its core. */
    uint64_t steal_ms, away_ms;
    bool right; /* every frame was counted once, and left in the turn that it had to */
    /* When each arrives, ps; at last the latency of each delivered one, sorted. */
    uint64_t *sample;
};

/* The datapath between its source and its sink. */
struct lat_path {
    struct bench bench;
    struct dp_worker *worker;
    uint64_t base_ns; /* NIC time at which the virtual clock begins */
};

/* Random numbers: the same for a seed, on every machine. */
uint64_t lat_random(uint64_t *state);

/* No frame comes any more, and all have left. */
void lat_stop(struct lat_path *p);

/* What each step takes here (measure.c); returned: ns that full turns take as a whole, to hold the table against. */
double lat_costs_measure(struct lat_costs *c, struct lat_path *p);
/* A table as a file (costs.c); false with a line on stderr. */
bool lat_costs_load(struct lat_costs *c, const char *path);
bool lat_costs_save(const struct lat_costs *c, const char *path);
uint64_t lat_cost_draw(const struct lat_cost *c, uint64_t *state);
double lat_cost_mean(const struct lat_cost *c); /* ps */
/* Frames a second when every turn is full. */
double lat_capacity(const struct lat_costs *c, bool hardware);

/* Arrival times of `n` frames at `rate` a second, ascending, ps (arrivals.c). */
void lat_arrive(const struct lat_arrivals *a, double rate, uint32_t n, uint64_t seed,
                uint64_t *due);
bool lat_arrivals_read(struct lat_arrivals *a, const char *text);
const char *lat_pattern_name(enum lat_pattern pattern);

/*
 * The frames of a load (frames.c); result->sample holds when they arrive, then of those that were not lost, then what they took.
 * What has arrived until `when` waits for the NIC, which has taken so many, or is lost where `queue` wait.
 */
void lat_admit(struct lat_result *r, uint64_t taken, uint32_t queue, uint64_t when);
/* Once a turn: so many have left, the last of them at `when`. */
void lat_deliver(struct lat_result *r, uint64_t sent, uint64_t when);
/* Is there one to come or to leave? A frame that the path dropped is not waited for for ever. */
bool lat_under_way(const struct lat_result *r);
/* Afterwards: was every frame lost before the path, or taken by it and sent, once? */
bool lat_accounted(const struct lat_result *r, uint64_t taken, uint64_t sent);

/* One load (simulate.c, live.c): result->sample is memory for so many frames, result->load and rate are set. */
void lat_embedded(struct lat_path *p, const struct lat_costs *c, const struct lat_options *o,
                  struct lat_result *result);
void lat_hardware(struct lat_path *p, const struct lat_costs *c, const struct lat_options *o,
                  struct lat_result *result);
void lat_live(struct lat_path *p, const struct lat_options *o, struct lat_result *result);

/* All of it on stdout (report.c). */
struct lat_report {
    const struct lat_options *o;
    const struct lat_costs *costs;
    double capacity[2]; /* embedded, hardware */
    double turn_ns;     /* measured of a full turn as a whole; 0: not */
    struct lat_result embedded[LAT_LOADS], hardware[LAT_LOADS], live[LAT_LOADS];
    uint64_t drops;
};
/* Frames were lost in the path, or counted twice: then nothing here means anything. */
bool lat_is_right(const struct lat_report *r);
void lat_print(const struct lat_report *r);

#endif
