/* SPDX-License-Identifier: Apache-2.0 */
/* A filter in tcpdump's language, made into the program of a capture. Not for a worker's thread. */
#ifndef CAPTURE_FILTER_H
#define CAPTURE_FILTER_H

#include "capture/tap.h"

#define CAP_WHY 256

/* Empty text: every packet. 0, or -EINVAL with what is wrong with it in `why`. */
int cap_filter(struct cap_spec *spec, const char *text, char why[CAP_WHY]);

#endif
