/* SPDX-License-Identifier: Apache-2.0 */
#include "arguments.h"

#include <errno.h>
#include <stdio.h>

int bench_wrong(const char *what)
{
    const char *name = program_invocation_short_name;

    fprintf(stderr, "%s: %s; try %s --help\n", name, what, name);
    return 2;
}

int bench_arguments(const struct bench_arguments *a, int argc, char **argv, void *to)
{
    int option;

    while ((option = getopt_long(argc, argv, "h", a->options, NULL)) != -1) {
        if (option == 'h') {
            fputs(a->usage, stdout);
            return 0;
        }
        if (!a->take(to, option, optarg))
            return bench_wrong("no such option or value");
    }
    return optind == argc ? BENCH_GO_ON : bench_wrong("no arguments but options");
}
