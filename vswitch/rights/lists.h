/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of system calls, in the terms of libseccomp. */
#ifndef RIGHTS_LISTS_H
#define RIGHTS_LISTS_H

#include <seccomp.h>

#include "rights/filter.h"

/* Instrumented programs do more than ours: their run-time libraries read /proc, start a tracer, print stacks, write counters. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(AVS_COVERAGE)
#define RIGHTS_INSTRUMENTED 1
#else
#define RIGHTS_INSTRUMENTED 0
#endif

/* Adds what `list` allows. 0 or a negative errno. */
int rights_list_fill(scmp_filter_ctx filter, enum rights_list list, bool opens_ports);

#endif
