/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The paper's first baseline, software AVS (AVS 3.0): the whole vSwitch in software on one core.
 *
 *     sw_open(&avs, config) ; sw_queues(avs, port) ... ; n = sw_poll(avs, port, now) ; sw_close(avs)
 *
 * Plain batches: up to `batch` packets are taken from a port's queue, then each of them goes through parser, match and
 * actions by itself. No flow id, no vectors, no Pre- or Post-Processor: the key is hashed and looked up for every packet,
 * checksums are verified here. Parser, hash, session table, policy walk and actions are the product's own libraries, so
 * that what differs from it is the architecture and not the craft.
 *
 * It knows what its figures need: guests of one VPC, local or behind VXLAN over IPv4, with anti-spoofing and security
 * groups. What needs NAT, fragments, ARP or ICMP errors is dropped under HSR_DROP_NO_MAPPING or HSR_DROP_META_BAD.
 *
 * Ownership: sw_close() frees everything but the queues' memory. Threads: one. EAL must be up (policy tables).
 * Nothing of it is linked into the product.
 */
#ifndef BASELINES_SOFTWARE_AVS_H
#define BASELINES_SOFTWARE_AVS_H

#include "hsring/abi.h"
#include "session/table.h"
#include "virtqueue.h"

#define SW_BATCH_MAX 64
#define SW_FRAME_MAX 9018

/* Where the cycles of a packet go, as the paper divides them (its table 2). */
enum sw_stage {
    SW_DRIVER_RX,
    SW_CHECKSUM, /* of the received packet: verified inside the parser, measured by doing it once more */
    SW_PARSE,
    SW_MATCH,
    SW_ACTION,
    SW_OPERATION, /* counters, flow statistics, taps */
    SW_DRIVER_TX,
    SW_STAGES
};

struct sw_config {
    const char
        *yaml; /* a configuration of the product; `type` and `device` of ports mean nothing */
    uint32_t sessions;
    uint32_t batch; /* 1..SW_BATCH_MAX; the paper says 32 to 64 */
};

struct sw_avs;

/* What a port exchanges with the vSwitch. */
struct sw_port {
    struct sw_queue from, to;
    uint64_t rx, tx, rx_bytes, tx_bytes, drops;
};

struct sw_counters {
    uint64_t packets, hits, slow, drops, tx;
};

/* NULL with a line on stderr. */
struct sw_avs *sw_open(const struct sw_config *config);
void sw_close(struct sw_avs *avs);

/* The port of this name, NULL: there is none. Its queues are the caller's to fill in before the first poll. */
struct sw_port *sw_port(struct sw_avs *avs, const char *name);

/* One batch from this port; how many packets. `now`: ns. */
uint32_t sw_poll(struct sw_avs *avs, struct sw_port *port, uint64_t now);

/* The same, stage by stage over the batch, with the cycles of each added to `cycles`. Leads to the same frames. */
uint32_t sw_poll_staged(struct sw_avs *avs, struct sw_port *port, uint64_t now,
                        uint64_t cycles[SW_STAGES]);

struct sw_counters sw_counters(const struct sw_avs *avs);
struct ses_table *sw_sessions(struct sw_avs *avs);
/* Reason of the last drop. */
enum hsr_drop sw_last_drop(const struct sw_avs *avs);
const char *sw_stage_name(enum sw_stage stage);

#endif
