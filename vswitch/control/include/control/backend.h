/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the control socket asks of the program behind it. The server (server.h) speaks JSON-RPC 2.0 and knows roles and
 * limits; everything that touches ports, policy, sessions or counters goes through this table.
 *
 * All functions run on the control thread. Those that return json_t give a new reference. Long lists are produced in
 * pages: a call returns at most `limit` items and an opaque cursor for the next call.
 */
#ifndef CONTROL_BACKEND_H
#define CONTROL_BACKEND_H

#include <jansson.h>
#include <stdint.h>

#include "config/config.h"
#include "hsring/abi.h"

/* Filter of `session list` and `session flush`; empty fields match everything. */
struct ctl_session_filter {
    char vpc[CFG_NAME];
    char port[CFG_NAME]; /* origin or target */
    uint8_t proto;
    struct cfg_addr addr; /* either end */
    uint16_t l4_port;     /* either end */
    char state[24];
};

/* Why a rule is none, or not possible. */
struct ctl_rule_error {
    const char *type; /* as rte_flow names it: "ITEM_SPEC"; NULL: none */
    int64_t at;       /* character of the rule's text, -1: unknown */
    char text[256];
};

/* What to capture; empty names match everything. */
struct ctl_capture {
    const char *filter; /* as of tcpdump */
    char vpc[CFG_NAME];
    char port[CFG_NAME];
    uint32_t points; /* a bit for each cap_point (capture/area.h) */
    uint32_t snap;   /* bytes of a packet */
    uint32_t rate;   /* packets a second and thread, 0: any number */
    bool drop_only;
};

/* A packet whose fate is asked for: a line of text, or bytes as they come in. */
struct ctl_explain {
    const char *port;   /* by name; NULL: the vNIC that has the source address */
    const char *packet; /* "tcp 10.0.0.1:1234 > 10.0.1.2:80 syn", or NULL: */
    const char *frame;  /* hexadecimal, from the Ethernet header on */
    bool anew;          /* as if there were no sessions */
    bool bytes;         /* show those of the frames that would leave */
};

struct ctl_backend {
    void *arg;
    /* Current document (borrowed) and its resolved form. */
    const json_t *(*document)(void *arg);
    const struct cfg *(*config)(void *arg);
    /*
     * Make this state the running one: ports, tables, policy; all or nothing. Takes over `config` on success (0),
     * else returns a negative errno with the reason in `error` and has changed nothing. `document` is borrowed.
     */
    int (*apply)(void *arg, const json_t *document, struct cfg *config, struct cfg_error *error);
    /* Would apply() refuse it for what is read at start? 0, or a negative errno with the reason in `error`. */
    int (*check)(void *arg, const struct cfg *config, struct cfg_error *error);
    /* Workers that there may be. */
    uint32_t (*workers_max)(void *arg);
    /* Counters: {"ports": [...], "workers": [...], "sessions": {...}, "tables": [...], "conservation": {...}, ...}. */
    json_t *(*stats)(void *arg);
    /* Drops: [{"port":..., "reason":..., "stage":..., "packets":...}], zero rows left out. */
    json_t *(*drops)(void *arg);
    /* {"sessions": [...], "cursor": "..." or null} */
    json_t *(*sessions)(void *arg, const struct ctl_session_filter *filter, const char *cursor,
                        uint32_t limit);
    /* One session by flow id with its actions in words, or NULL. */
    json_t *(*session)(void *arg, uint64_t flow_id);
    /* Remove what matches; how many. */
    int64_t (*flush)(void *arg, const struct ctl_session_filter *filter);
    /* Sessions that may still have to be looked at since the last apply(); 0: all follow it. */
    int64_t (*unsettled)(void *arg);
    /* {"program", "version", "abi", "dpdk", "nic", "pid", "uptime_ns"} */
    json_t *(*version)(void *arg);
    /*
     * Open a port under a descriptor passed by the client: the next apply() that adds the port of this name uses it.
     * Takes over `fd`. 0 or a negative errno.
     */
    int (*offer_fd)(void *arg, const char *port, int fd);
    /*
     * Rules on the packets of a port, which is named or numbered in text. 0 and *result, or a negative errno and *error:
     * -ENOENT (no such port, rule or meter), -EINVAL (the text), or what the NIC says.
     */
    /* {"rule": id, "home": "table" or "device", "text": as the NIC has it}; with `validate` without an id */
    int (*rule_create)(void *arg, const char *port, const char *text, bool validate,
                       json_t **result, struct ctl_rule_error *error);
    int (*rule_destroy)(void *arg, const char *port, uint32_t id, struct ctl_rule_error *error);
    /* {"hits": packets, "bytes": ..., "home": ...} */
    int (*rule_query)(void *arg, const char *port, uint32_t id, json_t **result,
                      struct ctl_rule_error *error);
    /* {"removed": how many} */
    int (*rule_flush)(void *arg, const char *port, json_t **result, struct ctl_rule_error *error);
    /* [{"port", "rule", "group", "priority", "home", "text"}], in the order in which they are looked at; NULL: all ports */
    int (*rule_list)(void *arg, const char *port, json_t **result, struct ctl_rule_error *error);
    /* A meter: create, change, or remove it with HSR_METER_NONE. */
    int (*meter_set)(void *arg, uint16_t id, enum hsr_meter_unit unit, uint64_t rate,
                     uint32_t burst, struct ctl_rule_error *error);
    /* [{"id", "unit": "pps" or "bps", "rate", "burst"}] */
    json_t *(*meter_list)(void *arg);
    /*
     * Capture into the memory that the client passed, which stays its; until capture_stop(). 0 and *result: {"id", "nic" (false: it
     * takes no part, the firmware's points alone are seen), "workers", "now_ns" (NIC time), "ports": {index: name}, "vpcs": {context: name}}; or a negative errno and *error.
     */
    int (*capture_start)(void *arg, const struct ctl_capture *want, int fd, json_t **result,
                         struct cfg_error *error);
    void (*capture_stop)(void *arg, uint32_t id);
    /* [{"address", "mac" or null, "uplink" or null, "state"}]; those of the configuration are "static" */
    json_t *(*neighbor_list)(void *arg);
    /*
     * How long packets take: {"on", "nic" (false: it does not measure), "stages": [{"stage", "by", "count", "p50_ns", ...}],
     * "workers": [{"worker", "stages"}], empty before it was measured}.
     */
    json_t *(*latency)(void *arg);
    int (*latency_set)(void *arg, bool on); /* 0 or a negative errno */
    void (*latency_reset)(void *arg);       /* figures begin anew */
    /* What would become of a packet, which changes nothing. 0, or a negative errno and why, with the character of its text. */
    int (*explain)(void *arg, const struct ctl_explain *want, json_t **result,
                   struct ctl_rule_error *error);
};

#endif
