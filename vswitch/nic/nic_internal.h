/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the NIC share; not for others. */
#ifndef NIC_INTERNAL_H
#define NIC_INTERNAL_H

#include <stdatomic.h>
#include <string.h>

#include "capture/tap.h"
#include "cells.h"
#include "credit.h"
#include "nic/nic.h"
#include "owned.h"
#include "preproc/pre.h"
#include "ready.h"

#define NIC_RX_BURST 32
#define NIC_RX_BYTES \
    (256u << 10) /* of a port a turn; what goes beyond is taken off its next turns */
#define NIC_TX_BURST 64
#define NIC_TX_BATCH NIC_PORT_TX        /* frames a port collects before it is flushed */
#define NIC_TX_TAILS (4 * PO_MAX_SPANS) /* and the spans behind their bodies */

/* Frames on their way out of one port. Heads made by the Post-Processor are kept here until the flush. */
struct nic_batch {
    uint32_t count;
    uint16_t ledger[NIC_TX_BATCH];
    struct po_frame frame[NIC_TX_BATCH];
    uint32_t tails;
    struct po_span tail[NIC_TX_TAILS];
    uint8_t head[NIC_TX_BATCH][PO_MAX_HEADERS];
    const uint8_t *origin[NIC_TX_BATCH]; /* of a frame with a head: in the slot it was made from */
};

/* An open port with its batch. */
struct nic_slot_port {
    struct nic_port port;
    struct nic_credit credit;
    uint32_t ahead; /* bytes it was fetched beyond NIC_RX_BYTES a turn */
    bool touched;   /* in nic->flush */
    struct nic_batch batch;
};

/* A control call on its way to the poll thread. */
struct nic_call {
    int (*run)(struct nic *nic, void *arg);
    void *arg;
    int result;
    _Atomic bool done;
};

/* A rule in a port's device. */
struct nic_device_rule {
    uint16_t port, mirror; /* mirror HSR_NO_PORT: none */
    uint32_t id;
    void *handle;
    bool marks;
    uint32_t mark;
    uint64_t flow_id;
};

/* A frame that further entries of the ring are added to (merge.c). */
struct nic_chain {
    bool open;
    uint16_t ledger;
    uint32_t merged; /* packets added */
    struct hsr_tx_meta meta;
    struct po_source frame;
    struct po_span span[PO_MAX_SPANS];
};

/* Payloads kept while their headers are with the firmware (payload.c). */
struct nic_kept {
    bool on;    /* packets are sliced */
    bool track; /* by_slot is written for every packet received */
    struct nic_cells cells;
    uint32_t *by_slot; /* handle of what was cut off the packet in this run, 0: nothing */
    uint16_t leaving[NIC_TX_BURST + HSR_MAX_VECTOR]; /* to be freed after the flush */
    uint32_t leavings;
    uint64_t sliced, not_sliced, stale;
};

/* Who looks at packets (show.c). */
struct nic_show {
    struct cap_taps taps;
    struct cap_tap *tap[CAP_TAPS];
    struct cap_area area[CAP_TAPS];
    uint64_t (*clock)(void);
    uint64_t fetched;    /* NIC time at which the last frames were */
    struct cap_seen now; /* the packet under way */
    bool told;           /* its drop, if it is to be, has been shown */
    uint8_t *scratch;    /* a frame in one piece */
};

struct nic {
    struct hsr_region region;
    struct nic_slots slots;
    struct pp_pre pre;
    struct po_work work;
    struct hsr_ring ring[HSR_MAX_WORKERS][HSR_RING_KINDS];
    int rx_doorbell[HSR_MAX_WORKERS];
    int tx_doorbell[HSR_MAX_WORKERS];
    uint32_t workers; /* ring sets */
    uint32_t steered; /* of them the first ones, up to the last that the RETA leads to */
    uint32_t owner;
    bool started;
    bool must_poll; /* a port has no descriptor to wait for */
    struct nic_slot_port *port[HSR_MAX_PORTS];
    uint16_t active[HSR_MAX_PORTS]; /* indices of open ports */
    uint32_t actives;
    uint32_t first;               /* port to be served first: it was held back */
    bool held;                    /* one was, in the last turn */
    uint32_t promised[NIC_POOLS]; /* all ports' guaranteed minima (credit.h) */
    uint32_t with_worker[HSR_MAX_PORTS]
                        [HSR_MAX_WORKERS]; /* packets in a ring and beyond, by ledger */
    uint16_t flush[HSR_MAX_PORTS];         /* ports with frames in their batch */
    uint32_t flushes;
    struct hsr_tx_meta
        tx; /* copy of the entry's at hand: not on the stack, where it would be guarded */
    uint32_t done[NIC_TX_BURST + HSR_MAX_VECTOR]; /* runs to free after the flush */
    uint32_t dones;
    struct hsr_port_stats *stats; /* private truth, published by copy */
    uint32_t ledgers;             /* port indices ever used, + 1: packets outlive their port */
    struct nic_kept kept;
    struct nic_chain chain;
    uint64_t now;        /* NIC time of this turn */
    uint64_t published;  /* NIC time of the last publication */
    uint32_t link_turn;  /* place in `active` of the port whose link was looked at last */
    struct nic_traffic { /* over the rings */
        uint32_t rx_ring_high, tx_ring_high; /* of the fullest ring */
        uint64_t bytes_to_fw, bytes_from_fw;
        uint64_t pool_drops; /* to a shared public address, refused */
    } traffic;
    struct nic_device_rule device_rule[HSR_MAX_RULES]; /* the first device_rules of them */
    uint32_t device_rules;
    struct nic_faults faults;
    bool watched; /* entries are looked at: there is `owned`, or a capture */
    struct nic_show show;
    struct nic_latency *latency;      /* NULL: nobody measures (latency.c) */
    struct nic_latency *latency_kept; /* what was measured, control thread */
    struct nic_owned *owned;          /* NULL: there is one firmware, and one group */
    struct nic_ready ready;
    int bells; /* epoll of doorbells, `wake` and what nic_watch() was given */
    int wake;  /* eventfd: a control call waits */
    _Atomic bool threaded;
    struct nic_call *_Atomic pending;
};

/* A turn of all ports into the Pre-Processor (rx.c); how many frames. */
uint32_t nic_rx_ports(struct nic *nic, uint64_t now);

/* Vectors out of the Pre-Processor into the rx rings (vectors.c); how many packets. */
uint32_t nic_rx_vectors(struct nic *nic);

/* One burst of a worker's tx and free rings (tx.c); how many entries. */
uint32_t nic_tx_burst(struct nic *nic, uint32_t worker);

/* Do what the checked metadata of an entry without a payload asks; the frame is in this slot (tx.c). */
void nic_tx_act(struct nic *nic, const struct hsr_tx_meta *meta, uint32_t slot, uint32_t kind,
                uint16_t ledger);

/* The copies that the last frame's rules ask for: into their ports' batches (copy.c). */
void nic_copy(struct nic *nic, const struct nic_rx *frame, uint16_t ledger);

/* A copy of a received frame into the batch of its egress port; and all batches to their ports (tx.c). */
void nic_tx_copy(struct nic *nic, const struct hsr_tx_meta *meta, uint32_t slot, uint16_t ledger);
void nic_tx_flush(struct nic *nic);

/* Cut the payload off a packet that Pre has taken in, if that is to be (payload.c). */
void nic_slice(struct nic *nic, const struct nic_rx *frame, const struct pp_ingress *in);

/* The packet goes to this worker, and so does the handle of its payload; bytes that stay here. */
uint32_t nic_payload_sent(struct nic *nic, uint32_t slot, uint32_t worker);

/* The payload that an entry refers to, NIC_NO_PAYLOAD: none that it may. */
uint32_t nic_payload_of(struct nic *nic, const struct hsr_tx_meta *meta, uint32_t worker,
                        uint32_t slot, uint32_t kind);

/* Its bytes behind those of the frame, the spans written to `behind`: room for NIC_PAYLOAD_MOST. */
void nic_payload_source(const struct nic *nic, uint32_t index, struct po_source *source,
                        struct po_span *behind);

/* Released: free after the flush, by nic_payload_free(). */
void nic_payload_leave(struct nic *nic, uint32_t index);
void nic_payload_free(struct nic *nic);

/* The packet in this slot goes, and nobody can name its payload any more. */
void nic_payload_forget(struct nic *nic, uint32_t slot);

/*
 * A checked entry while a chain is open, or that begins or continues one: true, it has been dealt with. An open chain that
 * it does not continue is lost. nic_chain_break(): so is one at the end of what the ring holds (merge.c).
 */
bool nic_chain_entry(struct nic *nic, const struct hsr_tx_meta *meta, uint32_t worker,
                     uint32_t slot, uint32_t kind, uint16_t ledger);
void nic_chain_break(struct nic *nic);

/* A frame of several places leaves by its egress port (tx.c). */
void nic_tx_joined(struct nic *nic, const struct hsr_tx_meta *meta, const struct po_source *frame,
                   uint16_t ledger);

/* A checked RETURN (return.c). */
void nic_return(struct nic *nic, const struct hsr_tx_meta *meta, uint32_t slot, uint16_t ledger,
                uint32_t payload);

/* Has the port rules, in the table or its device? (rules.c) */
bool nic_ruled(const struct nic *nic, uint16_t port);

/* Flow id that a device's mark stands for, 0: none (rules.c). */
uint64_t nic_rule_pinned(const struct nic *nic, uint16_t port, uint32_t mark);

/* Before a port goes, and before a reset: its rules leave their devices (rules.c, control thread). */
void nic_rules_forget_port(struct nic *nic, uint16_t port);
void nic_rules_forget_devices(struct nic *nic);

typedef uint64_t nic_word __attribute__((may_alias)); /* of a struct */

/*
 * What was found of a packet into its slot, when it is handed over: written once, and never read there. Line 1 has nothing
 * else to say without those flags.
 */
static inline void nic_write_meta(const struct hsr_view *view, uint32_t slot,
                                  const struct hsr_rx_meta *meta)
{
    struct hsr_rx_meta *to = (struct hsr_rx_meta *)(void *)hsr_slot(view, slot);
    const volatile nic_word *word = (const volatile nic_word *)(const void *)&meta->verdicts;
    const uint64_t last[2] = {word[0],
                              word[1]}; /* the first one has just been written, as a word */

    memcpy(to, meta, offsetof(struct hsr_rx_meta, verdicts));
    memcpy(&to->verdicts, last, sizeof last);
    if (meta->flags & (HSR_RXF_LINE1 | HSR_RXF_IPV6)) {
        memcpy(&to->key6, &meta->key6, sizeof *meta - offsetof(struct hsr_rx_meta, key6));
    } else {
        to->timestamp = meta->timestamp;
        to->packet_id = meta->packet_id;
    }
}

_Static_assert(offsetof(struct hsr_rx_meta, verdicts) + 16 == HSR_CACHE_LINE,
               "two words of line 0");

/*
 * Captures, while one runs (show.c): frames have been fetched; one that Pre has looked at, in the words of Pre; one it
 * parsed and could not deliver; an entry that Post begins with; the drop of what that was; frames that a port took.
 */
void nic_show_fetched(struct nic *nic);
void nic_show_rx(struct nic *nic, const struct nic_rx *frame, uint16_t port, enum hsr_drop drop,
                 bool returned);
void nic_show_refused(struct nic *nic, uint32_t slot, const struct hsr_rx_meta *meta,
                      enum hsr_drop drop);
void nic_show_post(struct nic *nic, const struct hsr_tx_meta *meta, uint32_t slot, uint32_t kind,
                   bool good);
void nic_show_drop(struct nic *nic, unsigned reason);
void nic_show_tx(struct nic *nic, const struct nic_slot_port *p, uint32_t taken);
/* A capture, or `owned`, has come or gone. */
void nic_note_watched(struct nic *nic);

/*
 * While latency is measured (nic->latency; latency.c): frames were fetched; one is received again, in another slot; entries
 * go onto an rx ring; came from a tx ring; frames that a port took, before what it refused is settled; nic->done is
 * done with.
 */
void nic_latency_received(struct nic *nic, const struct nic_rx *frame, uint32_t n, uint64_t now);
void nic_latency_again(struct nic *nic, uint32_t from, uint32_t to);
void nic_latency_delivered(struct nic *nic, const uint32_t *entry, uint32_t n);
void nic_latency_taken(struct nic *nic, const uint32_t *entry, uint32_t n);
void nic_latency_sent(struct nic *nic, const struct nic_slot_port *p, uint32_t taken);
void nic_latency_done(struct nic *nic);

static inline bool nic_timed(const struct nic *nic)
{
    return __builtin_expect(nic->latency != NULL, false);
}

static inline bool nic_shown(const struct nic *nic)
{
    return __builtin_expect(nic->show.taps.n > 0, false);
}

/* Count one packet of this ledger as dropped by the Pre- or the Post-Processor. */
static inline void nic_pre_drop(struct nic *nic, uint16_t ledger, enum hsr_drop reason)
{
    nic->stats[ledger].pre_drops++;
    nic->stats[ledger].drops[reason]++;
}

static inline void nic_post_drop(struct nic *nic, uint16_t ledger, unsigned reason)
{
    nic->stats[ledger].post_drops++;
    nic->stats[ledger].drops[reason]++;
    if (nic_shown(nic))
        nic_show_drop(nic, reason);
}

/* Run `run(nic, arg)` on the poll thread, or here (control.c). */
int nic_run(struct nic *nic, int (*run)(struct nic *nic, void *arg), void *arg);

/* Run what waits in the mailbox (control.c). */
void nic_run_pending(struct nic *nic);

/* Links of the ports into the region (links.c); and of one. */
void nic_links(struct nic *nic);
bool nic_has_link(const struct nic_port *port);

/* Counters and gauges into the region (publish.c). */
void nic_publish(struct nic *nic);

/* Rings that are out of use now; nic->faults has those of before the last reset. */
uint32_t nic_corrupt_rings(const struct nic *nic);

#endif
