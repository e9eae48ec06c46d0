/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of avsd. */
#ifndef AVSD_H
#define AVSD_H

#include <pthread.h>
#include <stdatomic.h>

#include "control/backend.h"
#include "firmware/firmware.h"
#include "rights/filter.h"
#include "telemetry/http.h"

enum { AVSD_OK, AVSD_FAILED, AVSD_USAGE, AVSD_CONFIG };

struct avsd_options {
    const char *config;
    const char *nic; /* attach socket, NULL: embedded */
    const char *socket;
    const char *state;
    const char *metrics;    /* where to serve them, NULL: not */
    bool telemetry;         /* DPDK's */
    const char *slice;      /* of the embedded NIC, NULL: off */
    const char *flow_index; /* likewise: entries, NULL: as many as a chip's */
    int cpu[HSR_MAX_WORKERS];
    unsigned cpus;
    const char *user; /* whom to become, NULL: avs if there is one */
};

struct avsd {
    const struct avsd_options *options;
    struct rights rights;
    struct nic *nic;           /* embedded, or NULL */
    struct hsr_attach *attach; /* attached, or NULL */
    struct avsd_link {         /* attached: watching the NIC */
        struct event_base *base;
        struct event *readable, *retry;
        bool lost; /* waiting for the next one */
        unsigned wait_ms;
        char said[NIC_WHY]; /* why not yet, last logged */
    } link;
    struct fw_arena *arena; /* attached: of the sessions, kept by the NIC; NULL: none */
    struct cfg
        *former; /* names of a former process's ports and VPCs, until ours are known; NULL: none */
    struct fw *fw;
    struct tm_http *metrics; /* NULL: none */
    json_t *document;        /* what runs */
    uint64_t started;        /* ns */
    pthread_t thread[HSR_MAX_WORKERS + 1];
    unsigned threads;
    _Atomic bool stop;
};

/* Everything, until a signal; an exit code. */
int avsd_main(const struct avsd_options *options);

/* The document to start with: a file's, the saved state, or an empty one. An exit code, with a line on stderr. */
int avsd_load(const struct avsd_options *options, json_t **document, struct cfg **cfg);

/* Give up what rights are not needed, before anything else is opened. 0 or a negative errno. */
int avsd_rights(struct avsd *d, char why[NIC_WHY]);

/* Attach to the NIC of the options, with the memory for sessions that it keeps; fills in what the firmware needs. */
int avsd_attach(struct avsd *d, const struct cfg_options *options, struct fw_config *fw,
                char why[NIC_WHY]);
void avsd_detach(struct avsd *d);

/* From here on a NIC that goes is waited for, and the next one gets firmware and sessions. 0 or -ENOMEM. */
int avsd_link_watch(struct avsd *d, struct event_base *base);
void avsd_link_end(struct avsd *d);
/* What became of sessions of a former process or NIC, into the log. */
void avsd_tell_adoption(const struct avsd *d);

/* Worker and NIC threads. 0 or a negative errno. */
int avsd_threads_start(struct avsd *d);
void avsd_threads_stop(struct avsd *d);

/* What the control socket works on, and what the metrics are made of. */
void avsd_backend(struct avsd *d, struct ctl_backend *backend);
json_t *avsd_snapshot(void *arg); /* struct avsd */

/* Metrics and telemetry, as the options want them. 0, or -1 with a line on stderr. */
int avsd_observe(struct avsd *d, struct event_base *base);
void avsd_observe_end(struct avsd *d);

uint64_t avsd_clock(void);

#endif
