/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The firmware as one object: workers, policy snapshot, and the NIC's control side. avsd wraps it in threads and a
 * control socket, avs-replay in a virtual clock.
 *
 *     fw_open(&fw, config) ; fw_apply(fw, cfg, &error) ; ... dp_poll(fw_worker(fw, i)) ... ; fw_close(fw)
 *
 * The firmware reaches the NIC through struct fw_nic alone: the calls of an embedded NIC (fw_nic_embedded) or requests
 * on an attach socket (fw_nic_attached). EAL must be up (rte_rib and rte_acl keep their tables in its memory).
 *
 * Ownership: fw_close() closes the workers, never the NIC. Threads: the control thread; workers only see what
 * datapath/worker.h shares with them.
 */
#ifndef FIRMWARE_FIRMWARE_H
#define FIRMWARE_FIRMWARE_H

#include <jansson.h>

#include "capture/filter.h"
#include "config/config.h"
#include "control/backend.h"
#include "datapath/worker.h"
#include "firmware/arena.h"
#include "histogram/histogram.h"
#include "hsring/attach.h"
#include "nic/nic.h"

/* What the firmware can ask of a NIC; the errors and texts are the NIC's. */
struct fw_nic_ops {
    const char *name; /* "embedded" */
    int (*port_add)(void *nic, const struct nic_port_config *config, int fd, char why[NIC_WHY]);
    int (*port_set)(void *nic, const struct nic_port_config *config); /* as nic_port_set() */
    int (*port_del)(void *nic, uint16_t index);
    int (*context_set)(void *nic, enum hsr_tunnel tunnel, uint32_t vni, uint32_t context);
    int (*vtep_set)(void *nic, const struct cfg_addr *addr, bool remove);
    int (*public_set)(void *nic, const struct hsr_public *public, bool remove);
    int (*reta_set)(void *nic, const uint8_t *ring); /* as nic_reta_set() */
    /* A turn, where nothing has a thread of its own; NULL: it is another process. */
    void (*poll)(void *nic, uint64_t now);
    int (*start)(void *nic);
    int (*sync)(void *nic); /* counters in the region are fresh on return */
    /* As nic_rule_*() and nic_meter_set(); *state is filled in every case. */
    int (*rule_create)(void *nic, const struct hsr_rule *rule, uint32_t id, bool validate,
                       struct hsr_rule_state *state);
    int (*rule_destroy)(void *nic, uint16_t port, uint32_t id, struct hsr_rule_state *state);
    int (*rule_query)(void *nic, uint16_t port, uint32_t id, struct hsr_rule_state *state);
    int (*rule_flush)(void *nic, uint16_t port, struct hsr_rule_state *state);
    int (*meter_set)(void *nic, uint16_t id, enum hsr_meter_unit unit, uint64_t rate,
                     uint32_t burst);
    /* Capture `id` (of CAP_TAPS) into this area, by the spec in it; memfd -1: no more. `memfd` stays the caller's.
     * -EOPNOTSUPP: this NIC cannot. */
    int (*capture_set)(void *nic, uint32_t id, int memfd);
    /* As nic_latency_set() and nic_latency_get(). -EOPNOTSUPP, -EPERM: this NIC does not measure, or not for us. */
    int (*latency_set)(void *nic, bool on);
    int (*latency_get)(void *nic, uint32_t worker, uint32_t stage, struct hist_counts *counts);
};

extern const struct fw_nic_ops fw_nic_embedded; /* nic: struct nic */
extern const struct fw_nic_ops fw_nic_attached; /* nic: struct hsr_attach */

struct fw_config {
    const struct hsr_view *view;
    const struct fw_nic_ops *nic_ops;
    void *nic;
    int rx_doorbell[HSR_MAX_WORKERS];
    int tx_doorbell[HSR_MAX_WORKERS];
    const struct cfg_options *options; /* copied */
    bool threaded;                     /* workers run on threads of their own */
    uint64_t (*clock)(void); /* NIC time to the ns, for captures; NULL: as the region has it */
    struct fw_arena
        *arena; /* of sessions that outlive us (arena.h), stays the caller's; NULL: none do */
};

struct fw;

/* 0, or a negative errno with a text. */
int fw_open(struct fw **out, const struct fw_config *config, char why[NIC_WHY]);
void fw_close(struct fw *fw);

/*
 * The NIC is another one: `next`, opened on it and without a configuration yet, goes on from `fw`, whose workers stand still:
 * the neighbours it knows, its rules and meters, which are the NIC's again with fw_restore_rules() behind the first
 * fw_apply(). What the NIC does not take any more is left out; how many rules. `fw` is to be closed.
 */
void fw_inherit(struct fw *next, struct fw *fw);
uint32_t fw_restore_rules(struct fw *fw);

struct dp_worker *fw_worker(struct fw *fw, uint32_t id);
/* Workers that there may be: all of them are polled, whether packets go to them or not. */
uint32_t fw_workers(const struct fw *fw);
const struct cfg_options *fw_options(const struct fw *fw);

/*
 * Make `cfg` the running configuration: all of it or, with an error, none. Takes over `cfg` on success. Options that
 * are read at start only may not differ. On return every worker works under the new policy.
 */
int fw_apply(struct fw *fw, struct cfg *cfg, struct cfg_error *error);
/* Would it be refused for options that are read at start? 0 or -EINVAL with a text. */
int fw_check(const struct fw *fw, const struct cfg *cfg, struct cfg_error *error);
const struct cfg *fw_cfg(const struct fw *fw);

/*
 * Sessions that may still have to be looked at since the last fw_apply(). Workers do so with each session's next packet, and
 * a few a turn without; 0: all follow the running configuration.
 */
uint32_t fw_unsettled(struct fw *fw);

/*
 * What the first fw_apply() found in the arena: records by what became of them, and how long it took. All zero without
 * one, or before.
 */
struct fw_adoption {
    bool looked; /* there were records of a former process */
    uint64_t count[SES_ADOPTIONS];
    uint64_t ns;
};
const struct fw_adoption *fw_adoption(const struct fw *fw);

/* A descriptor for a port that a later fw_apply() adds under this name; 0 or -ENOSPC, and then it is closed. */
int fw_offer_fd(struct fw *fw, const char *port, int fd);

/* The tables of struct ctl_backend. */
json_t *fw_stats(struct fw *fw);
json_t *fw_drops(struct fw *fw);
/* Both of one moment, "drop_totals": all reasons, with the packets of all ports there ever were, and fw_latency_metrics(). */
json_t *fw_snapshot(struct fw *fw);
json_t *fw_session_list(struct fw *fw, const struct ctl_session_filter *filter, const char *cursor,
                        uint32_t limit);
json_t *fw_session_show(struct fw *fw, uint64_t flow_id);
int64_t fw_session_flush(struct fw *fw, const struct ctl_session_filter *filter);
int fw_rule_create(struct fw *fw, const char *port, const char *text, bool validate,
                   json_t **result, struct ctl_rule_error *error);
int fw_rule_destroy(struct fw *fw, const char *port, uint32_t id, struct ctl_rule_error *error);
int fw_rule_query(struct fw *fw, const char *port, uint32_t id, json_t **result,
                  struct ctl_rule_error *error);
int fw_rule_flush(struct fw *fw, const char *port, json_t **result, struct ctl_rule_error *error);
int fw_rule_list(struct fw *fw, const char *port, json_t **result, struct ctl_rule_error *error);
int fw_meter_set(struct fw *fw, uint16_t id, enum hsr_meter_unit unit, uint64_t rate,
                 uint32_t burst, struct ctl_rule_error *error);
json_t *fw_meter_list(struct fw *fw);

/*
 * A capture of all workers and of the NIC, into an area (capture/area.h) that has a ring for each worker, in their order, and
 * one for the NIC behind them. 0, its *id and whether the NIC takes part in it (*nic; not all can), or -ENOENT, -EINVAL, -EBUSY, or what the NIC says, with a text. It runs until
 * it is stopped, or the firmware closed: then the area says so. `memfd` stays the caller's.
 */
int fw_capture_start(struct fw *fw, const struct ctl_capture *want, int memfd, uint32_t *id,
                     bool *nic, char why[CAP_WHY]);
void fw_capture_stop(struct fw *fw, uint32_t id);
/* NIC time, as its records have it. */
uint64_t fw_capture_now(const struct fw *fw);

/*
 * Measure how long packets take, in the workers and the NIC, or not any more (docs/troubleshooting.md). 0, -ENOMEM, or what
 * the NIC says: then nothing is turned on, but the workers are turned off all the same. A NIC that does not measure is none of
 * it, and its stages are missing. What was measured stays, also of a NIC that does not answer; fw_latency_reset(): figures begin
 * anew.
 */
int fw_latency_set(struct fw *fw, bool on);
bool fw_latency_on(const struct fw *fw);
void fw_latency_reset(struct fw *fw);
/*
 * {"on", "nic": it measures, too, "stages": [...] of all workers, "workers": [{"worker", "stages"}]}; a stage is {"stage",
 * "by": "nic" or "worker", "count", "p50_ns", "p90_ns", "p99_ns", "p999_ns", "max_ns", "mean_ns"}.
 */
json_t *fw_latency(struct fw *fw);
/*
 * For metrics, since it was first measured: [{"stage", "by", "count", "sum_ns", "below": [[ns, packets that took less],
 * ...]}] of all workers; NULL: nobody has measured.
 */
json_t *fw_latency_metrics(struct fw *fw);

/*
 * What would become of a frame, by the code it would go through, and without that anything here changes: `stages` in order,
 * each with its verdict and why, and the outcome. 0, or a negative errno. docs/reference/cli.md has the members.
 */
struct fw_frame;
struct fw_explain {
    bool anew;  /* as if there were no sessions */
    bool bytes; /* show those of the frames that would leave */
};
int fw_explain_frame(struct fw *fw, const struct cfg_port *port, const struct fw_frame *frame,
                     const struct fw_explain *want, json_t **result);

/* The same of a packet that is described, or given as bytes; as in struct ctl_backend. */
int fw_explain(struct fw *fw, const struct ctl_explain *want, json_t **result,
               struct ctl_rule_error *error);

/* The underlay's neighbours, static and asked for; as in struct ctl_backend. */
json_t *fw_neighbor_list(struct fw *fw);

/*
 * Take fresh copies of all counters: the NIC's as it publishes them, each worker's between two of its bursts. What the
 * functions below say is as of the last fw_sync(); those that give JSON make one themselves.
 */
void fw_sync(struct fw *fw);

/*
 * The conservation equation, stage by stage. `ok`: no stage
 * has lost or invented a packet, seen from a running datapath. `settled`: the same with nothing under way anywhere, each
 * stage having taken exactly what the one before sent: what must hold when traffic has stopped.
 */
struct fw_balance {
    int64_t pre, post; /* left side minus right side of the NIC's stages; 0 is right */
    int64_t returned;  /* returned by Post less taken in again by Pre; 0 is right */
    int64_t fw;        /* the same of the firmware; 0 is right */
    int64_t held;      /* packets that wait in the workers' hands */
    int64_t in_flight; /* between Pre and Post, the firmware's included */
    int64_t to_fw;     /* sent by Pre, not yet taken by the firmware */
    int64_t to_post;   /* sent by the firmware, not yet taken by Post */
    uint64_t rx, tx, originated, copies, consumed, merged, drops, segments;
    bool ok;
    bool settled;
};
struct fw_balance fw_balance(struct fw *fw, uint16_t port);
struct fw_balance fw_balance_total(struct fw *fw);

#endif
