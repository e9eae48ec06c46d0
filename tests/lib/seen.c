/* SPDX-License-Identifier: Apache-2.0 */
#include "seen.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "hsring/check.h"

static bool seen[HSR_DROP_COUNT];

/* All that was seen so far: a test that ends in the middle leaves what it had. */
static void write_all(void)
{
    const char *build = getenv("AVS_BUILD_DIR"), *test = getenv("AVS_TEST");
    char path[512];
    FILE *f;

    if (build == NULL || test == NULL)
        return;
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

/* What an earlier run saw counts no more, whatever becomes of this one. */
static __attribute__((constructor)) void begin(void)
{
    write_all();
}

static void note(const struct hsr_port_stats *stats, const char *stage)
{
    for (unsigned port = 0; port < HSR_MAX_PORTS; port++) {
        for (unsigned r = 1; r < HSR_DROP_COUNT; r++) {
            if (stage == NULL || strcmp(hsr_drop_stage(r), stage) == 0)
                seen[r] |= stats[port].drops[r] > 0;
        }
    }
    write_all();
}

void seen_note(const struct hsr_port_stats *stats)
{
    note(stats, NULL);
}

void seen_note_of_nic(const struct hsr_port_stats *stats)
{
    note(stats, "post");
}
