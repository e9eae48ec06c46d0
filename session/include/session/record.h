/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session as a record of fixed width: what `session list` shows, flow logs say and another process can import.
 * Little-endian, versioned, no pointers; addresses in network order, IPv4 in the first four bytes.
 */
#ifndef SESSION_RECORD_H
#define SESSION_RECORD_H

#include "session/table.h"

#define SES_RECORD_VERSION 1

/* From the initiator's point of view: src is the initiator; index 0 of the pairs is its direction. */
struct ses_record {
    uint16_t version;
    uint16_t size;
    uint8_t family; /* 4 or 6 */
    uint8_t proto;
    uint8_t state; /* enum ses_state */
    uint8_t flags; /* enum ses_flag */
    uint8_t src[16];
    uint8_t dst[16];
    uint16_t sport; /* ICMP: identifier */
    uint16_t dport;
    uint32_t context;
    uint16_t origin;
    uint16_t target;
    uint32_t policy;
    uint64_t flow_id;
    uint64_t created;  /* ns */
    uint64_t deadline; /* ns, NIC time */
    uint64_t packets[2];
    uint64_t bytes[2];
    struct ses_tcp tcp[2]; /* TCP, else 0 */
};
_Static_assert(sizeof(struct ses_record) == 144, "record size is part of its version");

/* Write the session down as of `now` (NIC time, ns). */
void ses_export(const struct ses_table *t, const struct session *s, uint64_t now,
                struct ses_record *r);

#endif
