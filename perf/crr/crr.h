/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connect, request, response, close: TCP connections of one exchange each, as netperf's TCP_CRR has them. One thread a side,
 * non-blocking sockets and epoll.
 *
 * The server closes first, as soon as it has written the response. So TIME_WAIT is its own, and the client never runs out of ports.
 */
#ifndef CRR_CRR_H
#define CRR_CRR_H

#include <netinet/in.h>
#include <stdint.h>

#define CRR_MOST_BYTES 65536u

struct crr_options {
    struct sockaddr_in address; /* to listen on, or to connect to */
    uint32_t request;           /* bytes, 1 to CRR_MOST_BYTES */
    uint32_t response;
    uint32_t at_once; /* client: connections under way */
    double seconds;   /* client: measured, after... */
    double warmup;
};

/* Serve until a signal. Returns only with 1, when it could not, after a line on stderr. */
int crr_serve(const struct crr_options *o);

/* Measure, and print a line of JSON. Exit code: 0, or 1 after a line on stderr. Failed connections make "ok" false. */
int crr_ask(const struct crr_options *o);

#endif
