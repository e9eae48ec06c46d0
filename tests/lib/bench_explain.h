/* SPDX-License-Identifier: Apache-2.0 */
/*
 * With AVS_TEST_EXPLAIN in the environment the bench asks of each frame what will become of it, asserts that asking changed
 * nothing, and holds what then becomes of it against the answer: reason, port, and the bytes that are read there. Of frames
 * that come to the firmware alone; the others of a burst are not asked about.
 */
#ifndef BENCH_EXPLAIN_H
#define BENCH_EXPLAIN_H

#include "bench_fw.h"

/* A frame is about to be pushed; the bench has run; a frame has been popped. */
void bench_explain_push(struct bench *b, const char *port, const struct fr *frame);
void bench_explain_ran(struct bench *b);
void bench_explain_pop(struct bench *b, const char *port, const struct fr *frame);
void bench_explain_close(struct bench *b);

/* Everything of the firmware and the region that asking could have changed, as one number. */
uint64_t bench_fingerprint(struct bench *b);

/* What would become of it: the answer (json_decref()). */
json_t *bench_explain(struct bench *b, const char *port, const struct fr *frame, bool anew);

#endif
