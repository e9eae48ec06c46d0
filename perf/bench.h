/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The path between a source and a sink in memory, which avs-bench, avs-bench-workers and avs-bench-latency measure.
 *
 * It is avsd's with an embedded NIC: nic_poll() and dp_poll() in turn, on one thread unless a program gives its workers others,
 * the configuration read by the same parser, every check in place. Only source and sink are of memory.
 */
#ifndef PERF_BENCH_H
#define PERF_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include "firmware/firmware.h"
#include "nic/nic.h"
#include "nic/ports/ring.h"

enum { BENCH_FRAME_MIN = 60, BENCH_FRAME_MAX = 9018 }; /* bytes on the wire without the FCS */

enum bench_stage {
    BENCH_POST, /* tx rings -> Post-Processor -> port */
    BENCH_PRE,  /* port -> Pre-Processor */
    BENCH_RING, /* vectors -> rx ring */
    BENCH_FW,   /* match and act */
    BENCH_STAGES
};

/* What is measured: the last ports of the configuration and what follows them, and the ends of the frames. */
struct bench_case {
    const char *name;
    const char *ports;
    uint8_t dmac[6], smac[6];
    uint8_t src[16], dst[16];
    bool ipv6;  /* frames are 20 bytes longer, for the same payload as over IPv4 */
    bool vxlan; /* as another host sends them: from its VTEP to ours, in the guests' network */
};

/* Bytes of the frames without their FCS, flow by flow, again and again. */
#define BENCH_SIZES 32
struct bench_sizes {
    uint32_t n;
    uint16_t frame[BENCH_SIZES];
    uint32_t
        segments; /* of a frame that is to be cut into such frames (USO); 0: they come as they leave */
};

struct bench_options {
    const struct bench_case *what;
    const char *capture; /* write the frames here, and measure nothing */
    uint32_t flows;
    uint32_t train; /* packets that a flow sends in a row */
    struct bench_sizes sizes;
    uint32_t vector;
    uint32_t workers; /* of the firmware; 0: one */
    uint32_t queue;   /* frames that wait for the NIC in a trial */
    uint32_t idle;    /* ports that never send */
    uint64_t count;   /* packets to run, 0: by time */
    double seconds;
    double warmup;
    int cpu; /* -1: not pinned */
    bool stages;
    bool trials;
    bool generator; /* alone */
    bool fast_path;
    const char *observe;      /* a way to look on (bench_observe.c), NULL: nobody does */
    const char *flow_entries; /* of the flow index, NULL: as many as a chip has */
    bool flow_index;
    bool slice;
};

struct bench {
    const struct bench_options *options;
    struct nic *nic;
    struct fw *fw;
    struct nic_ring *source, *sink;
    struct nic_ring **idle;      /* options->idle of them */
    double seconds, cpu_seconds; /* of the clock; of this thread on its core */
    uint64_t packets;
    uint64_t steal_ms; /* all CPUs, during the measurement */
    uint64_t stage_cycles[BENCH_STAGES], stage_packets;
    struct dp_counters counters;      /* of the measurement alone, as the two below */
    uint64_t gauges[HSR_GAUGE_COUNT]; /* of the NIC; as differences: those that count up */
    uint64_t drops;
};

/* NULL with a line on stderr: there is no such case. */
const struct bench_case *bench_case(const char *name);
/* What options are where nothing else is said: this case, 1,000 flows of 60 bytes, on no CPU in particular. */
struct bench_options bench_defaults(const char *name);

/*
 * All frames of a case, `train` times each flow in a row, the flows in random order (the same for the same number), each flow of
 * one size: flows times train of them; NULL when memory runs out.
 */
struct nic_ring_frame *bench_frames(const struct bench_case *what, uint32_t flows, uint32_t train,
                                    const struct bench_sizes *sizes);
/* Bytes of the frames of the flow that comes as number `i`, over IPv4 and without a tunnel that they may come in. */
uint32_t bench_frame_len(const struct bench_sizes *sizes, uint32_t i);
/* What --size says: a number, "imix", or the letters of an IMIX genome (RFC 6985). False with a line on stderr. */
bool bench_sizes(const char *text, struct bench_sizes *sizes);
/* Is each frame one that there may be, with the segments it has? False with a line on stderr. */
bool bench_sizes_fit(const struct bench_sizes *sizes);
void bench_frames_free(struct nic_ring_frame *frames);
/* The frames as a capture that a peer can send; false with a line on stderr. */
bool bench_capture(const char *path, const struct nic_ring_frame *frames, uint32_t flows);

/* 0, or an exit code with a line on stderr. */
int bench_open(struct bench *b);
int bench_run(struct bench *b); /* 0, or 1: the way to look on cannot be had */
/* Every session is open, and the caches are warm. */
void bench_settle(struct bench *b);
/* A turn of avsd with one worker in its steps, at NIC time `now`; t[]: the cycle counter before each enum bench_stage, and at the end. */
void bench_steps(struct bench *b, struct dp_worker *w, uint64_t now, uint64_t t[BENCH_STAGES + 1]);
/* Cycles: a turn that took longer was interrupted. A burst of 64 packets takes a tenth of it when each misses every cache. */
#define BENCH_INTERRUPTED 1000000
/* Trials at the rates that stdin asks for, a line of JSON on stdout for each. 0, or an exit code. */
int bench_trials(struct bench *b);
void bench_close(struct bench *b);

/* Source and sink without a path between them; a line of JSON on stdout. 0, or an exit code with a line on stderr. */
int bench_generator(const struct bench_options *o);

/* The result as JSON on stdout; 0, or 1 when packets were lost or nothing moved: then the figure means nothing. */
int bench_report(struct bench *b);

/* bench_observe.c: is there such a way to look on? Begin with the one of the options; 0, or 1 with a line on stderr. */
bool bench_observe_known(const char *way);
int bench_observe(struct bench *b);
/* Where the way is to scrape: once, what a scrape of the metrics asks of the datapath. */
void bench_scrape(struct bench *b);
/* Packets between two scrapes of a run of so many packets. */
#define BENCH_SCRAPE 10000u
/* And time of one of so many seconds, ns. */
#define BENCH_SCRAPE_NS 100000000u

#endif
