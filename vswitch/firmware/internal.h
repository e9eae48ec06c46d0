/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the firmware share; not for others. */
#ifndef FIRMWARE_INTERNAL_H
#define FIRMWARE_INTERNAL_H

#include <sys/queue.h>

#include "capture/area.h"
#include "firmware/firmware.h"

#define FW_OFFERS 64

/* A rule that the NIC keeps for us. */
struct fw_rule {
    TAILQ_ENTRY(fw_rule) link;
    uint32_t id;
    uint8_t home; /* enum hsr_rule_home */
    struct hsr_rule rule;
};

/* What the NIC was told, for those who ask: in the order in which it looks at them, by port, priority and age. */
struct fw_rules {
    TAILQ_HEAD(, fw_rule) list;
    struct fw_meter {
        enum hsr_meter_unit unit;
        uint64_t rate;
        uint32_t burst;
    } meter[HSR_MAX_METERS];
    uint32_t high; /* most that the NIC's own table held */
};

struct fw {
    const struct hsr_view *view;
    const struct fw_nic_ops *nic_ops;
    void *nic;
    struct cfg_options options;
    struct dp_shared shared;
    struct dp_worker *worker[HSR_MAX_WORKERS];
    uint32_t workers; /* there may be */
    uint32_t running; /* of them: the first ones, which packets go to */
    struct dp_parcel *parcel;
    bool threaded;
    bool started;
    struct cfg *cfg; /* the running one */
    struct pol *policy;
    uint32_t policy_high[POL_SIZES];      /* most that any of them held */
    uint64_t opened_at;                   /* time-stamp counter */
    struct hsr_port_stats *nic_stats;     /* HSR_MAX_PORTS, as of the last fw_sync() */
    uint64_t nic_gauges[HSR_GAUGE_COUNT]; /* likewise */
    struct fw_worker_stats {
        struct dp_ledger ledger[HSR_MAX_PORTS];
        struct dp_counters counters;
        struct dp_nat nat[POL_SNAT_IDS];
        struct ses_table_stats sessions;
        struct dp_level level[DP_LEVELS];
        uint32_t rx_waiting, tx_waiting; /* entries in the rings */
        uint32_t opened[HSR_MAX_PORTS];  /* sessions of each port, and those to it that count */
        uint32_t charged[HSR_MAX_PORTS]; /* against its quota, too */
        bool corrupt;
        bool empty;   /* it has nothing in its hands */
    } * worker_stats; /* of each worker, likewise */
    struct fw_base { /* the NIC's counters when this firmware came: those of another do not count */
        uint64_t pre_ring, post_in;
    } base[HSR_MAX_PORTS];
    struct fw_offer {
        char port[CFG_NAME];
        int fd; /* -1: free */
    } offer[FW_OFFERS];
    struct fw_rules rules;
    struct fw_arena *arena; /* NULL: sessions are ours alone */
    struct fw_adoption adoption;
    struct fw_capture {
        uint32_t id; /* 0: free */
        struct cap_area area;
        struct cap_tap *tap[HSR_MAX_WORKERS];
    } capture[CAP_TAPS];
    struct dp_show show[HSR_MAX_WORKERS][2]; /* what each worker looks at, and the next */
    uint32_t shows;                          /* changes of that */
    uint64_t (*clock)(void);                 /* as in struct fw_config */
    struct fw_latency *latency;              /* NULL: nobody has measured yet (latency.c) */
};

/* The clock we were given, if the NIC's is no other; else NULL (capture.c). */
uint64_t (*fw_clock(const struct fw *fw))(void);

/* Nothing is measured any more, and the figures are gone (latency.c). */
void fw_latency_close(struct fw *fw);

/* None runs any more (capture.c). */
void fw_captures_close(struct fw *fw);

/* Sessions of the arena, under the first configuration; the NIC has not started yet (adopt.c). */
void fw_adopt(struct fw *fw);

/* Every worker has ended the burst it was in (apply.c). */
void fw_wait_for_workers(struct fw *fw);

/*
 * Packets go to so many workers from here on (workers.c). 0, or a negative errno with a text: the NIC does not steer, and
 * they go to some workers more than they should.
 */
int fw_set_workers(struct fw *fw, uint32_t workers, struct cfg_error *error);
/* Homes of a worker, a bit each. */
uint32_t fw_homes_of(const struct fw *fw, uint32_t worker);
/* Sessions that are at another worker than their home's, while there is no traffic. */
void fw_bring_home(struct fw *fw);

/* A number into a JSON object. */
static inline void fw_put(json_t *object, const char *key, uint64_t value)
{
    json_object_set_new(object, key, json_integer((json_int_t)value));
}

/* Name of a port by index, of a VPC by context, "" for none. */
const char *fw_port_name(const struct fw *fw, uint16_t index);
const char *fw_vpc_name(const struct fw *fw, uint32_t context);

/* Sessions each worker lets a port open, 0: any number. */
uint32_t fw_quota(const struct cfg *cfg, const struct cfg_port *port);

/* Tenant context of a port's packets; 0: of none. */
uint32_t fw_context_of(const struct cfg *cfg, const struct cfg_port *p);

/* Tell a NIC that knows nothing of the tunnels of `cfg` (apply.c): by context_set and vtep_set alone. */
int fw_tell_tunnels(const struct fw_nic_ops *ops, void *nic, const struct cfg *cfg);

/* Tell the NIC of public addresses that differ from those of `old`, NULL: it knows of none (publics.c). */
void fw_publics(struct fw *fw, const struct cfg *old, const struct cfg *new);

/* Rows {"table", "worker", "used", "high_water", "capacity"} of all that can fill up; of the last fw_sync(). */
json_t *fw_tables(struct fw *fw);

/* The NIC has removed a port, and with it its rules and those that mirror to it (rules.c). */
void fw_rules_forget_port(struct fw *fw, uint16_t index);
/* Rules in the NIC's own table. */
uint32_t fw_rules_in_table(const struct fw *fw);
void fw_rules_close(struct fw *fw);
/* The list and the meters of a firmware that goes; the NIC does not know them yet. */
void fw_rules_inherit(struct fw *fw, struct fw *former);

/* Descriptor offered for a port, -1: none; the caller's from then on. */
int fw_take_offer(struct fw *fw, const char *port);

#endif
