/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections of six packets, from memory: SYN, SYN+ACK, ACK, FIN+ACK of the server, FIN+ACK of the client, last ACK, so that
 * either side sends three. Each five-tuple comes once in the list, and the list again and again.
 *
 * Place t of the client's frames is three of them: the SYN of connection t, the ACK of an earlier one, the FIN+ACK of one
 * that is still earlier; the server's likewise, half a step later. So a certain number is open at any time, and as long as the
 * two sides are received in step, each connection's packets come in their order.
 */
#ifndef PERF_SESSIONS_CONNECTIONS_H
#define PERF_SESSIONS_CONNECTIONS_H

#include "nic/ports/ring.h"
#include "sessions.h"

enum conn_side { CONN_CLIENT, CONN_SERVER, CONN_SIDES };

#define CONN_FRAMES 3 /* of either side, a connection */
#define CONN_OPEN_LEAST \
    160 /* so that what is received of one side before the other is no more than half a step */

/* Who talks to whom, and what of the configuration is theirs. */
struct conn_case {
    const char *name;
    const char *ports; /* "client" and "server", and what follows them */
    struct conn_ends {
        uint8_t dmac[6], smac[6];
        uint8_t src[4], dst[4];
        bool tunnel; /* from the uplink in VXLAN */
    } ends[CONN_SIDES];
};

struct conn_list {
    struct nic_ring_frame *frame[CONN_SIDES]; /* CONN_FRAMES a connection */
    uint32_t connections;
};

/* NULL: there is no such case. */
const struct conn_case *conn_case(const char *name);

/* `open` of them at a time. False: out of memory. */
bool conn_list_make(struct conn_list *list, const struct conn_case *what, uint32_t connections,
                    uint32_t open);
void conn_list_free(struct conn_list *list);
/* Both sides in one capture, in order; false with a line on stderr. */
bool conn_list_capture(const struct conn_list *list, const char *path);

#endif
