/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The software NIC: ports, Pre-Processor, rings, Post-Processor in one poll function.
 *
 *     nic_open()  ->  nic_port_add(), nic_context_set(), ...  ->  nic_start()
 *     loop: if (!nic_poll(nic, now)) nic_wait(nic, timeout)
 *     nic_close()
 *
 * Threads: nic_poll() and nic_wait() belong to one thread, the poll thread. The control functions may be called from
 * any other single thread once nic_threaded(nic, true) was said: they are then run by the poll thread between two
 * polls; before that they run in the caller. nic_poll() takes no lock, allocates nothing and logs nothing; system
 * calls are those of the ports and of the doorbells.
 *
 * The NIC trusts nothing that it reads from the region: see hsring/check.h and nic/slots.h.
 */
#ifndef NIC_NIC_H
#define NIC_NIC_H

#include <stdbool.h>
#include <stdint.h>

#include "hsring/hash.h"
#include "hsring/region.h"
#include "nic/port.h"
#include "preproc/fit.h"

struct nic;

/* Time-outs of payloads: cores that are shared may be away for long; in virtual time nothing is. */
#define NIC_SLICE_TIMEOUT_NS         50000000u
#define NIC_SLICE_TIMEOUT_VIRTUAL_NS 100000u

struct nic_config {
    struct hsr_geometry geometry;
    bool shared;               /* region in a memfd, for another process */
    uint32_t fit_buckets;      /* flow-index buckets of four entries, a power of two */
    uint32_t max_vector;       /* 1..16 */
    bool use_fit;              /* off: packets arrive without flow ids (for measurements) */
    bool slice;                /* payloads stay in the NIC while the firmware has the headers */
    uint64_t slice_timeout_ns; /* and are given up after that long */
    uint64_t (*clock)(void);   /* NIC time to the ns, for captures; NULL: that of the turn */
};

/* Defaults for this many workers, hash secret from getrandom(). */
void nic_config_default(struct nic_config *config, uint32_t workers);

/* The same, with a hash secret that is always the same: for what must run alike each time (replay, benchmarks, tests). */
void nic_config_repeatable(struct nic_config *config, uint32_t workers);

/* Slicing as an option says it: "on", "on:US" with the time-out in microseconds, "off". False: it is none of them. */
bool nic_config_slice(struct nic_config *config, const char *text);

/*
 * Entries of the flow index, a power of two: NIC_FLOW_INDEX is what a chip holds, NIC_FLOW_INDEX_MAX in the card's external
 * memory. False: it is none.
 */
#define NIC_FLOW_INDEX     65536u
#define NIC_FLOW_INDEX_MIN 1024u
#define NIC_FLOW_INDEX_MAX (PP_FIT_BANKS << PP_FIT_BUCKET_BITS)
bool nic_config_flow_index(struct nic_config *config, const char *text);

/* 0, or a negative errno with a text in `why`. */
int nic_open(struct nic **out, const struct nic_config *config, char why[NIC_WHY]);
void nic_close(struct nic *nic);

/* The region firmware maps; doorbells per worker (eventfds of the NIC). */
struct hsr_region *nic_region(struct nic *nic);
int nic_rx_doorbell(const struct nic *nic, uint32_t worker);
int nic_tx_doorbell(const struct nic *nic, uint32_t worker);

/* One turn at NIC time `now` (ns): Post, ports, Pre, rings. Returns frames and entries moved; 0: idle. */
uint32_t nic_poll(struct nic *nic, uint64_t now);

/* Nothing to do: wait for a port, a doorbell or a control call, at most `timeout_us`. */
void nic_wait(struct nic *nic, uint32_t timeout_us);

/* Let nic_wait() return when this descriptor is readable, too; its owner reads it. 0 or a negative errno. */
int nic_watch(struct nic *nic, int fd);

/* Spread the flows over the first `workers` ring sets (at most those of the geometry). */
int nic_steer(struct nic *nic, uint32_t workers);

/*
 * Which ring set each entry of the RETA leads to, 1 << HSR_HASH_RETA_BITS of them: for what comes to a ring after the call. 0, or
 * -EINVAL when one is not there.
 */
int nic_reta_set(struct nic *nic, const uint8_t *ring);

/* From now on control functions are handed to the poll thread (true), or run in the caller (false). */
void nic_threaded(struct nic *nic, bool on);

/* Control. 0 or a negative errno, with a text in `why` where there is one. `fd`: see nic_port_ops.open. */
int nic_port_add(struct nic *nic, const struct nic_port_config *config, int fd, char why[NIC_WHY]);
int nic_port_del(struct nic *nic, uint16_t index);
/* Of a port that is open and stays so, what can change: all from `share` to `bad_pps`. */
int nic_port_set(struct nic *nic, const struct nic_port_config *config);
int nic_context_set(struct nic *nic, enum hsr_tunnel tunnel, uint32_t vni, uint32_t context);
int nic_vtep_set(struct nic *nic, const uint8_t addr[16], uint8_t family, bool remove);
/* Who a public address is for (PUBLIC_SET): -EINVAL, -ENOSPC, -ENOENT. */
int nic_public_set(struct nic *nic, const struct hsr_public *public, bool remove);
int nic_start(struct nic *nic);
int nic_stop(struct nic *nic);

/*
 * Rules on the packets of a port (hsring/rule.h), control. A rule is kept in the port's device where that can, else in the
 * NIC's table; state->home says where. Rules live until their port goes, or the port they mirror to, or nic_reset(). 0, or
 * a negative errno with the error in *state: -ENODEV (no such port), -EEXIST, -ENOENT (rule, meter), -ENOSPC, -E2BIG,
 * -EINVAL, or what the device says.
 */
int nic_rule_create(struct nic *nic, const struct hsr_rule *rule, uint32_t id, bool validate,
                    struct hsr_rule_state *state);
int nic_rule_destroy(struct nic *nic, uint16_t port, uint32_t id, struct hsr_rule_state *state);
int nic_rule_query(struct nic *nic, uint16_t port, uint32_t id, struct hsr_rule_state *state);
/* None is left, also when a device did not like to let one go, which it says. */
int nic_rule_flush(struct nic *nic, uint16_t port, struct hsr_rule_state *state);

/* A meter of the table: create or change (it is full then), or with HSR_METER_NONE remove. 0, -EINVAL, -ENOENT, -EBUSY. */
int nic_meter_set(struct nic *nic, uint16_t id, enum hsr_meter_unit unit, uint64_t rate,
                  uint32_t burst);

/* Hash with this secret from here on; the flow index is empty then. -EBUSY once it has started. */
int nic_hash_set(struct nic *nic, const uint8_t secret[HSR_HASH_SECRET]);

/*
 * Capture `id` (0..CAP_TAPS - 1): packets at the NIC's points into the last ring of this area (capture/area.h), by the spec in
 * it, in place of the capture that had the number; memfd -1: no more. `memfd` stays the caller's. 0, -EINVAL, -ENOMEM.
 */
int nic_capture_set(struct nic *nic, uint32_t id, int memfd);
/* None runs any more: the firmware is gone. */
void nic_captures_end(struct nic *nic);

/*
 * Measure how long packets take (enum hsr_latency), or not any more; what was measured stays until the firmware goes. 0 or
 * -ENOMEM.
 */
int nic_latency_set(struct nic *nic, bool on);
/* What was measured of a worker's packets, added to `counts` (histogram/histogram.h). 0 or -EINVAL. */
struct hist_counts;
int nic_latency_get(const struct nic *nic, uint32_t worker, uint32_t stage,
                    struct hist_counts *counts);
/* Nothing is measured any more, and what was is forgotten: the firmware is gone. */
void nic_latency_end(struct nic *nic);

/* Publish counters and gauges now. */
int nic_sync(struct nic *nic);

/*
 * The firmware went away, or another one comes: stop, take back every slot (counted as FW_GONE), forget flow ids,
 * tunnels, contexts, public addresses, rules and meters, reset rings and region for `instance`. Ports stay.
 */
int nic_reset(struct nic *nic, uint32_t instance);

/*
 * A second firmware, with a region of its own like the first one's: from nic_second_start() on it gets a copy of each packet,
 * and what it makes of them is held back, but of those it owns. `instance` as in nic_reset(). 0, -EBUSY: there is one, or
 * what the system said. It ends with nic_second_close() (what it owned is the first one's again) or nic_reset().
 */
int nic_second_open(struct nic *nic, uint32_t instance);
int nic_second_start(struct nic *nic);
void nic_second_close(struct nic *nic);
struct hsr_region *nic_second_region(struct nic *nic); /* NULL: there is none */
int nic_second_rx_doorbell(const struct nic *nic, uint32_t worker);
int nic_second_tx_doorbell(const struct nic *nic, uint32_t worker);
/* What either firmware (0, 1) got as a copy and gave back, by ingress port. Not in the NIC's own statistics. */
struct hsr_port_stats nic_copy_ledger(struct nic *nic, unsigned instance, uint16_t port);

/* Packets that come in by this port, or (HSR_NO_PORT) out of a tunnel of this context, are of that group; else of group 0. */
int nic_group_set(struct nic *nic, uint16_t port, uint32_t context, uint16_t group);

/*
 * Who owns a group: the firmware 0 or 1, in the next epoch, for packets from this rx_seq on (NULL: those not sent to a ring
 * yet). What the other one still sends is valid for those below, until it says CTRL FENCE. 0, -EINVAL, -ENOTCONN: no second
 * firmware has started, -EALREADY, -EBUSY: the last switch is not fenced yet.
 */
int nic_owner_set(struct nic *nic, uint16_t group, uint8_t owner, const uint32_t *from_seq);

struct nic_owner_state {
    uint32_t now, old; /* stamps (hsring/owner.h) */
    uint32_t from_seq;
    bool fenced;
    uint32_t next_seq; /* the next packet's */
};
int nic_owner_state(struct nic *nic, uint16_t group, struct nic_owner_state *state);

/* A port by index, NULL when there is none. Only while not threaded, or on the poll thread. */
struct nic_port *nic_port(struct nic *nic, uint16_t index);

/* Things that must not happen, counted since nic_open(). */
struct nic_faults {
    uint64_t bad_entry; /* ring entries that name no slot of the other side */
    uint64_t
        corrupt_rings; /* rings with an impossible index; each is out of use until nic_reset() */
    uint64_t lost_completion;
};
struct nic_faults nic_faults(const struct nic *nic);

/* The gauges of the contract as they are now; the region has them as they were when last published. */
void nic_gauges(const struct nic *nic, uint64_t gauge[HSR_GAUGE_COUNT]);

/* Runs not free, the firmware's quota apart; cells of payload memory not free. */
uint32_t nic_slots_out(const struct nic *nic);
uint32_t nic_cells_out(const struct nic *nic);

/* Runs and ring entries that are charged to ports: 0 when no packet is in flight. */
uint32_t nic_credit_out(const struct nic *nic);

#endif
