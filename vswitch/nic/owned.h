/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ownership (architecture, section 3): who may send what, when there is more than one answer. A group of ports and contexts has
 * one owner; its word is (epoch, owner, from_seq). With a second firmware attached every packet goes to both, and what the
 * one that does not own it makes of it is held back.
 *
 * Most NICs never need any of it: nic->owned is NULL then, every packet bears nic->owner, and the packet path asks for that
 * pointer alone. Everything here is off that path. Threads: the poll thread (nic_run()).
 *
 * The second firmware has a region of its own: rings, slots, quota, ledger. Packets are copied into it, and what it sends
 * and owns is copied back into slots of the first region, as a NIC would fetch it. So it can neither exhaust nor touch what the
 * first one has.
 */
#ifndef NIC_OWNED_H
#define NIC_OWNED_H

#include "nic/nic.h"
#include "preproc/agg.h"

#define NIC_OWNED_BURST 64

struct nic_second {
    struct hsr_region region;
    struct nic_slots slots;
    struct hsr_ring ring[HSR_MAX_WORKERS][HSR_RING_KINDS];
    int rx_doorbell[HSR_MAX_WORKERS], tx_doorbell[HSR_MAX_WORKERS];
    bool started; /* packets are copied */
    bool *own;    /* by slot: the packet in it is its to send */
    uint32_t
        fetched[NIC_OWNED_BURST]; /* slots of the first region with what it sent, until the flush */
    uint32_t fetches;
};

struct nic_owned {
    struct nic_group {
        uint32_t now, old; /* stamps */
        uint32_t from_seq; /* the old one's packets are below it */
        bool fenced;       /* nothing of the old owner is valid any more */
    } group[HSR_MAX_GROUPS];
    uint8_t of_port[HSR_MAX_PORTS];
    struct nic_group_context {
        uint32_t context;
        uint8_t group;
    } of_context[HSR_MAX_GROUPS]; /* the first `contexts` of them; others are in group 0 */
    uint32_t contexts;
    bool *foreign; /* by slot of the first region: the packet in it is the second's to send */
    struct hsr_port_stats
        *ledger; /* of copies: HSR_MAX_PORTS of the first firmware, then of the second */
    struct nic_second *second; /* NULL: nobody */
};

/* Its ledger of copies. */
static inline struct hsr_port_stats *nic_ledger(struct nic_owned *o, unsigned instance,
                                                uint16_t port)
{
    return &o->ledger[instance * HSR_MAX_PORTS + port];
}

/* owners.c. There is no word of ownership but the default one: NULL, or no memory. */
struct nic_owned *nic_owned(struct nic *nic);
void nic_owned_free(struct nic *nic);
/* Stamp of a packet of this port, context and sequence. */
uint32_t nic_owned_stamp(const struct nic_owned *o, const struct hsr_rx_meta *meta);
/* May this firmware send it? */
bool nic_owned_valid(const struct nic_owned *o, unsigned instance, const struct hsr_tx_meta *meta,
                     uint32_t kind);
/* No older output of this firmware follows for the group of the stamp. */
void nic_owned_fence(struct nic_owned *o, unsigned instance, uint32_t stamp);
/* The second is gone: what it owned is the first one's again. */
void nic_owned_revert(struct nic *nic);

/*
 * second.c. Packets of a vector that go to the first firmware's ring: stamped, and copied for the second. How many are lost: the
 * second's to send, and no room for them there.
 */
uint32_t nic_owned_deliver(struct nic *nic, struct pp_agg_item *const *item, uint32_t n,
                           uint32_t worker);
/*
 * An entry of the first firmware's, checked (`good`) or not: false when it is held back, or has been dealt with. Else the stamp
 * becomes nic->owner if it may send that, and another one if it may not.
 */
bool nic_owned_entry(struct nic *nic, struct hsr_tx_meta *meta, uint32_t slot, uint32_t kind,
                     bool good);
/* A run given back without a word: was it a copy? */
bool nic_owned_freed(struct nic *nic, uint32_t slot);
/* A turn of the second's rings; how many entries. */
uint32_t nic_owned_poll(struct nic *nic, uint64_t now);
bool nic_owned_sleep(struct nic *nic);
void nic_owned_awake(struct nic *nic);
void nic_owned_publish(struct nic *nic);
/* The first firmware is gone, and with it the second and every word. Before slots are reclaimed. */
void nic_owned_reset(struct nic *nic);

#endif
