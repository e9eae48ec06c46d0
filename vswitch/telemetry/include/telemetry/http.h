/* SPDX-License-Identifier: Apache-2.0 */
/*
 * GET /metrics and GET /healthz over HTTP, on a TCP or UNIX socket.
 *
 *     http = tm_http_open(base, "9470", &source, why);   of 127.0.0.1; or "192.0.2.1:9470", "[::1]:9470", "/run/avs/m.sock"
 *     ... the base's loop ...
 *     tm_http_close(http);
 *
 * There is neither encryption nor log-in: a port alone means the loopback address, and a UNIX socket is for its owner and
 * group. /healthz is 200 as long as the control thread, the NIC and all workers answer and no ring is corrupt, else 503.
 *
 * Limits: 4 KiB a request, one request a connection, 10 s for all of it, 8 connections (others wait to be accepted). Who
 * asks more often than ten times a second gets the answer of a moment ago: nobody keeps the loop or the workers busy.
 *
 * Everything on the thread of the loop.
 */
#ifndef TELEMETRY_HTTP_H
#define TELEMETRY_HTTP_H

#include <event2/event.h>

#include "telemetry/metrics.h"

#define TM_WHY 256

struct tm_http;

/* NULL with a reason. `source` is copied. */
struct tm_http *tm_http_open(struct event_base *base, const char *where,
                             const struct tm_source *source, char why[TM_WHY]);
void tm_http_close(struct tm_http *http);

#endif
