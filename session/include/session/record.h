/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A session as a record of fixed width: what `session list` shows, flow logs say and another process can import.
 * Little-endian, versioned, no pointers; addresses in network order, IPv4 in the first four bytes.
 *
 * Version 2: the responder's packets by themselves (`reply`), wider flags.
 */
#ifndef SESSION_RECORD_H
#define SESSION_RECORD_H

#include "session/table.h"

#define SES_RECORD_VERSION 2

/* Packets of one side: what stands in them, and the context they come in. */
struct ses_record_tuple {
    uint8_t src[16];
    uint8_t dst[16];
    uint16_t sport; /* ICMP: identifier */
    uint16_t dport;
    uint32_t context;
};

/*
 * From the initiator's point of view: index 0 of the pairs is its direction. Where nothing is translated (no
 * SES_F_KEY2) tuple[1] is tuple[0] turned round. With SES_F_KEY2 it is not: the initiator is known outside as
 * tuple[1].dst, and whom it talks to is tuple[1].src.
 */
struct ses_record {
    uint16_t version;
    uint16_t size;
    uint8_t family; /* 4 or 6 */
    uint8_t proto;
    uint8_t state; /* enum ses_state */
    uint8_t pad;
    uint16_t flags; /* enum ses_flag */
    uint16_t origin;
    uint16_t target;
    uint16_t pad2;
    struct ses_record_tuple tuple[2];
    uint32_t policy;
    uint32_t pad3;
    uint64_t flow_id;  /* of the initiator's packets */
    uint64_t created;  /* ns */
    uint64_t deadline; /* ns, NIC time */
    uint64_t packets[2];
    uint64_t bytes[2];
    struct ses_tcp tcp[2]; /* TCP, else 0 */
};
_Static_assert(sizeof(struct ses_record) == 192, "record size is part of its version");

/* Write the session down as of `now` (NIC time, ns). */
void ses_export(const struct ses_table *t, const struct session *s, uint64_t now,
                struct ses_record *r);

#endif
