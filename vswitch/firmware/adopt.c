/* SPDX-License-Identifier: Apache-2.0 */
/* The sessions of a former process, under the configuration that we begin with. */
#include <time.h>

#include "internal.h"

#define CLOCK_TRIES 1000 /* milliseconds to wait for the NIC's clock */

static bool port_is_known(const void *arg, uint16_t port)
{
    const struct fw *fw = arg;
    const char *name = fw_port_name(fw, port);

    return name[0] != '\0' && fw_arena_port_is(fw->arena, port, name);
}

static bool context_is_known(const void *arg, uint32_t context)
{
    const struct fw *fw = arg;

    for (uint32_t i = 0; i < fw->cfg->vpcs; i++)
        if (fw->cfg->vpc[i].context == context)
            return fw_arena_vpc_is(fw->arena, context, fw->cfg->vpc[i].name);
    return context == 0; /* the underlay's: there is but one */
}

static void adopt(struct dp_worker *w, void *arg)
{
    struct fw *fw = arg;
    const struct dp_adopt known = {.port = port_is_known, .context = context_is_known, .arg = fw};

    dp_adopt(w, &known, fw->adoption.count);
}

/* A NIC that has just been reset shows no time before its next turn, and deadlines are in its time. */
static void wait_for_clock(const struct fw *fw)
{
    const struct timespec pause = {.tv_nsec = 1000000};

    for (unsigned i = 0; i < CLOCK_TRIES && hsr_view_now(fw->view) == 0; i++)
        nanosleep(&pause, NULL);
}

static uint64_t clock_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void fw_adopt(struct fw *fw)
{
    uint64_t start = clock_ns();

    if (!fw_arena_live(fw->arena))
        return;
    if (fw->threaded)
        wait_for_clock(fw);
    fw->adoption.looked = true;
    for (uint32_t w = 0; w < fw->workers; w++)
        dp_run(fw->worker[w], adopt, fw);
    fw_bring_home(fw); /* that process may have had more or fewer workers, or been changing that */
    fw->adoption.ns = clock_ns() - start;
}

const struct fw_adoption *fw_adoption(const struct fw *fw)
{
    return &fw->adoption;
}
