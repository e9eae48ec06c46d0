/* SPDX-License-Identifier: Apache-2.0 */
/* The protocols, one file each, and what they share. */
#ifndef SESSION_PROTO_H
#define SESSION_PROTO_H

#include "hsring/wire.h"
#include "session/track.h"

extern const struct ses_proto proto_tcp, proto_udp, proto_icmp, proto_sctp, proto_other;

/* Two-way protocols, which know a session as embryonic until the responder has answered (other.c). */
enum hsr_drop two_way_opens(const struct ses_packet *p, enum ses_midstream policy);
void two_way_begin(struct session *s, unsigned dir, const struct ses_packet *p);
const char *two_way_state_name(const struct session *s);

#endif
