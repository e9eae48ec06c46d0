/* SPDX-License-Identifier: Apache-2.0 */
/* So many sessions are opened, one after the other: does the table take them, and how much memory is that? */
#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

#include "flows.h"

#define PART 1000000u /* flows in memory at a time */

/* Bytes of this process that are there. */
static uint64_t resident(void)
{
    unsigned long long pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");

    if (f != NULL) {
        if (fscanf(f, "%*u %llu", &pages) != 1)
            pages = 0;
        fclose(f);
    }
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int report(const struct flows *f, const struct sessions_options *o, uint64_t bytes,
                  uint64_t cpu_ns)
{
    uint32_t used = ses_stats(dp_sessions(f->worker))->used;
    uint64_t drops = fw_balance_total(f->world.fw).drops;
    bool ok = used == o->sessions && drops == 0;
    json_t *j =
        json_pack("{s:s, s:i, s:i, s:f, s:f, s:f, s:i, s:b}", "case", "capacity", "sessions",
                  (int)used, "record_bytes", (int)sizeof(struct session), "bytes_each",
                  (double)bytes / used, "gib", (double)bytes / (1u << 30), "opened_per_second",
                  (double)used * 1e9 / (double)cpu_ns, "drops", (int)drops, "ok", ok);

    json_dumpf(j, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(8));
    putchar('\n');
    json_decref(j);
    return ok ? 0 : 1;
}

static int measure(struct flows *f, const struct sessions_options *o)
{
    uint64_t cpu = 0, before;

    /* The list of frames is there before and behind. */
    if (!flows_load(f, 0, o->sessions < PART ? o->sessions : PART, false))
        return 1;
    before = resident();
    for (uint32_t done = 0, n; done < o->sessions; done += n) {
        n = o->sessions - done < PART ? o->sessions - done : PART;
        if (!flows_load(f, (uint8_t)(done / PART), n, false))
            return 1;
        uint64_t begin = bench_cpu_ns();

        flows_send(f, n);
        cpu += bench_cpu_ns() - begin;
    }
    if (!flows_load(f, 0, o->sessions < PART ? o->sessions : PART, false))
        return 1;
    fw_sync(f->world.fw);
    return report(f, o, resident() - before, cpu);
}

int capacity_run(const struct sessions_options *o)
{
    struct flows f;
    int rc = flows_open(&f, o);

    if (rc == 0)
        rc = measure(&f, o);
    flows_close(&f);
    return rc;
}
