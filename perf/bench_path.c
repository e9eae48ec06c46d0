/* SPDX-License-Identifier: Apache-2.0 */
/* The path: configuration, NIC and firmware on one thread, and the loop that is measured. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "bench_net.h"
#include "bench_world.h"
#include "nic_internal.h"

#define TURN 256 /* polls between two looks at the clock */

static const char common[] =
    "version: 1\n"
    "options: {workers: %u, sessions: %u, quota: %u, vector: %u, fast_path: %s}\n" BENCH_NET
        BENCH_GROUP("udp", "5000-5999") "ports:\n";

static char *document_text(const struct bench_options *o)
{
    uint32_t sessions = o->flows + o->flows / 4 < 131072 ? 131072 : o->flows + o->flows / 4;
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    if (f == NULL)
        abort();
    fprintf(f, common, o->workers ? o->workers : 1, sessions, sessions, o->vector,
            o->fast_path ? "true" : "false");
    for (uint32_t i = 0; i < o->idle; i++) {
        fprintf(f,
                "  - {name: idle%u, role: vnic, type: ring, device: 'ring:idle%u', mac: "
                "'02:00:00:01:%02x:%02x', subnet: quiet, addresses: [10.2.%u.%u]}\n",
                i, i, i >> 8, i & 0xFF, i / 200, i % 200 + 2);
    }
    fputs(o->what->ports, f);
    if (fclose(f) != 0)
        abort();
    return text;
}

static bool open_rings(struct bench *b)
{
    struct nic_ring_frame *frames =
        bench_frames(b->options->what, b->options->flows, b->options->train, &b->options->sizes);
    bool good;

    b->source = nic_ring_new("source", 0);
    b->sink = nic_ring_new("sink", 0);
    good = frames != NULL && b->source != NULL && b->sink != NULL &&
           nic_ring_load(b->source, frames, b->options->flows * b->options->train, true) == 0;
    bench_frames_free(frames);
    b->idle = calloc(b->options->idle + 1, sizeof(struct nic_ring *));
    for (uint32_t i = 0; good && i < b->options->idle; i++) {
        char name[16];

        snprintf(name, sizeof name, "idle%u", i);
        good = b->idle != NULL && (b->idle[i] = nic_ring_new(name, 0)) != NULL;
    }
    return good;
}

int bench_open(struct bench *b)
{
    const struct bench_options *o = b->options;
    char *text = document_text(o);
    struct bench_world world = {.text = text,
                                .cpu = o->cpu,
                                .flow_entries = o->flow_entries,
                                .flow_index = o->flow_index,
                                .slice = o->slice};
    int rc = 1;

    if (open_rings(b))
        rc = bench_world_open(&world);
    else
        fprintf(stderr, "%s: cannot set up source and sink\n", program_invocation_short_name);
    free(text);
    b->nic = world.nic;
    b->fw = world.fw;
    return rc;
}

void bench_close(struct bench *b)
{
    fw_close(b->fw);
    nic_close(b->nic);
    if (b->source != NULL)
        nic_ring_free(b->source);
    if (b->sink != NULL)
        nic_ring_free(b->sink);
    for (uint32_t i = 0; b->idle != NULL && i < b->options->idle && b->idle[i] != NULL; i++)
        nic_ring_free(b->idle[i]);
    free(b->idle);
}

/* avsd's turn with one worker. */
static void turn(struct bench *b, struct dp_worker *w)
{
    nic_poll(b->nic, bench_clock_ns());
    dp_poll(w);
}

static void for_seconds(struct bench *b, double seconds)
{
    struct dp_worker *w = fw_worker(b->fw, 0);
    uint64_t now = bench_clock_ns(), scraped = now, end = now + (uint64_t)(seconds * 1e9);

    do {
        for (unsigned i = 0; i < TURN; i++)
            turn(b, w);
        now = bench_clock_ns();
        if (now - scraped >= BENCH_SCRAPE_NS) {
            bench_scrape(b);
            scraped = now;
        }
    } while (now < end);
}

static void for_packets(struct bench *b, uint64_t packets)
{
    struct dp_worker *w = fw_worker(b->fw, 0);
    uint64_t from = nic_ring_sent(b->sink).frames, end = from + packets, next = from;

    while (next < end) {
        next = end - next > BENCH_SCRAPE ? next + BENCH_SCRAPE : end;
        while (nic_ring_sent(b->sink).frames < next)
            turn(b, w);
        bench_scrape(b);
    }
}

void bench_steps(struct bench *b, struct dp_worker *w, uint64_t now, uint64_t t[BENCH_STAGES + 1])
{
    struct nic *nic = b->nic;

    t[0] = bench_cycles();
    hsr_view_set_now(&nic->region.view, now);
    nic_tx_burst(nic, 0);
    t[1] = bench_cycles();
    nic_rx_ports(nic, now);
    t[2] = bench_cycles();
    nic_rx_vectors(nic);
    t[3] = bench_cycles();
    dp_poll(w);
    t[4] = bench_cycles();
}

/* Apart from the figure itself. */
static void by_stage(struct bench *b)
{
    struct dp_worker *w = fw_worker(b->fw, 0);
    uint64_t t[BENCH_STAGES + 1];

    for (unsigned i = 0; i < 20000; i++) {
        uint64_t before = nic_ring_sent(b->sink).frames;

        bench_steps(b, w, bench_clock_ns(), t);
        if (t[BENCH_STAGES] - t[0] > BENCH_INTERRUPTED)
            continue;
        b->stage_packets += nic_ring_sent(b->sink).frames - before;
        for (unsigned s = 0; s < BENCH_STAGES; s++)
            b->stage_cycles[s] += t[s + 1] - t[s];
    }
}

static void subtract(void *after, const void *before, size_t size)
{
    uint64_t *a = after;
    const uint64_t *b = before;

    for (size_t i = 0; i < size / sizeof *a; i++)
        a[i] -= b[i];
}

static uint64_t all_drops(struct bench *b)
{
    fw_sync(b->fw);
    return fw_balance_total(b->fw).drops;
}

/* Opens every session before the clock starts. */
void bench_settle(struct bench *b)
{
    const struct bench_options *o = b->options;
    uint64_t segments = o->sizes.segments ? o->sizes.segments : 1;

    for_packets(b, 4 * segments * o->flows * o->train);
    if (o->count == 0)
        for_seconds(b, o->warmup);
}

int bench_run(struct bench *b)
{
    const struct bench_options *o = b->options;

    bench_settle(b);
    if (bench_observe(b) != 0)
        return 1;
    struct dp_counters counters = *dp_counters(fw_worker(b->fw, 0));
    uint64_t gauges[HSR_GAUGE_COUNT];
    uint64_t drops = all_drops(b);
    uint64_t sent = nic_ring_sent(b->sink).frames, steal = bench_steal_ms();
    nic_gauges(b->nic, gauges);
    uint64_t cpu = bench_cpu_ns(), ns = bench_clock_ns();

    if (o->count > 0)
        for_packets(b, o->count);
    else
        for_seconds(b, o->seconds);
    b->seconds = (double)(bench_clock_ns() - ns) / 1e9;
    b->cpu_seconds = (double)(bench_cpu_ns() - cpu) / 1e9;
    b->steal_ms = bench_steal_ms() - steal;
    b->packets = nic_ring_sent(b->sink).frames - sent;
    b->counters = *dp_counters(fw_worker(b->fw, 0));
    nic_gauges(b->nic, b->gauges);
    subtract(&b->counters, &counters, sizeof counters);
    subtract(b->gauges, gauges, sizeof gauges);
    b->drops = all_drops(b) - drops;
    if (o->stages)
        by_stage(b);
    return 0;
}
