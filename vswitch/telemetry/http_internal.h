/* SPDX-License-Identifier: Apache-2.0 */
/* For http.c and its tests. */
#ifndef TELEMETRY_HTTP_INTERNAL_H
#define TELEMETRY_HTTP_INTERNAL_H

#include <sys/stat.h>
#include <sys/time.h>

#include "answer.h"
#include "telemetry/http.h"

#define TM_CLIENTS       8
#define TM_REQUEST_BYTES 4096

struct tm_client;

struct tm_http {
    struct event_base *base;
    struct tm_answers answers;
    struct timeval exchange_time; /* from accept to the last byte */
    int fd;
    char *path; /* of a UNIX socket, and what its name was; NULL: TCP */
    struct stat bound;
    struct event *acceptable, *retry; /* retry: when descriptors had run out */
    struct tm_client *client[TM_CLIENTS];
    unsigned client_count;
};

#endif
