/* SPDX-License-Identifier: Apache-2.0 */
/* What a request gets; knows nothing of sockets. */
#ifndef TELEMETRY_ANSWER_H
#define TELEMETRY_ANSWER_H

#include <event2/buffer.h>
#include <stdbool.h>
#include <stdint.h>

#include "telemetry/metrics.h"

struct tm_answers {
    struct tm_source source;
    uint64_t (*clock)(void); /* ns */
    struct evbuffer
        *page; /* the metrics as they were, whether all was well then, and when; NULL: never */
    bool healthy;
    uint64_t made;
};

void tm_answers_init(struct tm_answers *a, const struct tm_source *source);
void tm_answers_fini(struct tm_answers *a);

/* Append the whole response to a request line; NULL: the request was larger than may be. */
void tm_answer(struct tm_answers *a, const char *request, struct evbuffer *out);

#endif
