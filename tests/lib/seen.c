/* SPDX-License-Identifier: Apache-2.0 */
#include "seen.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "hsring/check.h"

static bool seen[HSR_DROP_COUNT];

/* All that was seen so far: a test that ends in the middle leaves what it had. */
static void write_all(const char *build, const char *test)
{
    char path[512];
    FILE *f;

    snprintf(path, sizeof path, "%s/seen", build);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/seen/%s", build, test);
    f = fopen(path, "w");
    if (f == NULL)
        return;
    for (unsigned r = 1; r < HSR_DROP_COUNT; r++)
        if (seen[r])
            fprintf(f, "%s\n", hsr_drop_name(r));
    fclose(f);
}

void seen_note(const struct hsr_port_stats *stats)
{
    const char *build = getenv("AVS_BUILD_DIR"), *test = getenv("AVS_TEST");

    if (build == NULL || test == NULL)
        return;
    for (unsigned port = 0; port < HSR_MAX_PORTS; port++)
        for (unsigned r = 1; r < HSR_DROP_COUNT; r++)
            seen[r] |= stats[port].drops[r] > 0;
    write_all(build, test);
}
