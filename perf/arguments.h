/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of a benchmark's program. */
#ifndef PERF_ARGUMENTS_H
#define PERF_ARGUMENTS_H

#include <getopt.h>
#include <stdbool.h>

struct bench_arguments {
    const char *usage;
    const struct option *options; /* "help" is 'h' */
    bool (*take)(void *to, int option, const char *value);
};

/* All options into `to`. BENCH_GO_ON, or the exit code: 0 behind --help, 2 with lines on stderr. */
enum { BENCH_GO_ON = -1 };
int bench_arguments(const struct bench_arguments *a, int argc, char **argv, void *to);

/* A line on stderr; 2. */
int bench_wrong(const char *what);

#endif
