/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The generator alone: frames out of the source into slots and from there to the sink, by the calls the NIC makes of its ports, with
 * nothing in between. What it makes is the most that any figure of a path behind it can be.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "bench_world.h"
#include "hsring/region.h"
#include "nic/port.h"

#define BURST 64
#define TURN  256 /* bursts between two looks at the clock */

struct generator {
    struct hsr_region region;
    struct nic_slots slots;
    struct nic_port in, out;
    struct nic_ring *source, *sink;
};

static int open_port(struct nic_port *port, const char *device)
{
    char why[NIC_WHY] = "";

    port->ops = nic_port_ops(HSR_PORT_KIND_RING);
    snprintf(port->config.device, sizeof port->config.device, "%s", device);
    if (port->ops->open(port, -1, why) == 0)
        return 0;
    fprintf(stderr, "avs-bench: %s\n", why);
    return 1;
}

static int open_all(struct generator *g, const struct bench_options *o)
{
    struct nic_ring_frame *frames = bench_frames(o->what, o->flows, o->train, &o->sizes);
    struct hsr_geometry geometry;
    bool good;

    hsr_geometry_default(&geometry, 1);
    g->source = nic_ring_new("source", 0);
    g->sink = nic_ring_new("sink", 0);
    good = frames != NULL && g->source != NULL && g->sink != NULL &&
           nic_ring_load(g->source, frames, o->flows * o->train, true) == 0 &&
           hsr_region_create(&g->region, &geometry, false) == 0 &&
           nic_slots_open(&g->slots, &g->region.view) == 0;
    bench_frames_free(frames);
    if (!good) {
        fputs("avs-bench: cannot set up source and sink\n", stderr);
        return 1;
    }
    return open_port(&g->in, "ring:source") || open_port(&g->out, "ring:sink");
}

static void close_all(struct generator *g)
{
    if (g->in.priv != NULL)
        g->in.ops->close(&g->in);
    if (g->out.priv != NULL)
        g->out.ops->close(&g->out);
    if (g->source != NULL)
        nic_ring_free(g->source);
    if (g->sink != NULL)
        nic_ring_free(g->sink);
    nic_slots_close(&g->slots);
    hsr_region_close(&g->region);
}

static void burst(struct generator *g)
{
    struct nic_rx rx[BURST];
    struct po_frame tx[BURST];
    uint32_t no_slot = 0, too_big = 0;
    uint32_t n = g->in.ops->rx(&g->in, &g->slots, rx, BURST, &no_slot, &too_big);

    for (uint32_t i = 0; i < n; i++) {
        tx[i] = (struct po_frame){.body = hsr_slot(&g->region.view, rx[i].slot) + HSR_SLOT_FRAME,
                                  .body_len = rx[i].len};
    }
    g->out.ops->tx(&g->out, tx, n);
    for (uint32_t i = 0; i < n; i++)
        nic_slots_put(&g->slots, rx[i].slot);
}

static void for_seconds(struct generator *g, double seconds)
{
    uint64_t end = bench_clock_ns() + (uint64_t)(seconds * 1e9);

    do {
        for (unsigned i = 0; i < TURN; i++)
            burst(g);
    } while (bench_clock_ns() < end);
}

static int measure(struct generator *g, const struct bench_options *o)
{
    for_seconds(g, o->warmup);
    struct nic_ring_sent before = nic_ring_sent(g->sink), after;
    uint64_t cpu = bench_cpu_ns(), ns = bench_clock_ns();

    for_seconds(g, o->seconds);
    double seconds = (double)(bench_clock_ns() - ns) / 1e9;
    double cpu_seconds = (double)(bench_cpu_ns() - cpu) / 1e9;

    after = nic_ring_sent(g->sink);
    double packets = (double)(after.frames - before.frames);
    json_t *out = json_pack(
        "{s:s, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:b}", "case", "generator", "flows",
        (json_int_t)o->flows, "packets", (json_int_t)packets, "seconds", seconds, "cpu_seconds",
        cpu_seconds, "pps", packets / seconds, "pps_core", packets / cpu_seconds, "gbps_core",
        (double)(after.bytes - before.bytes) * 8 / 1e9 / cpu_seconds, "ok", packets > 0);

    json_dumpf(out, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(8));
    putchar('\n');
    json_decref(out);
    return packets > 0 ? 0 : 1;
}

int bench_generator(const struct bench_options *o)
{
    static struct generator g = {.region.memfd = -1};
    int rc;

    bench_pin(o->cpu);
    rc = open_all(&g, o);
    if (rc == 0)
        rc = measure(&g, o);
    close_all(&g);
    return rc;
}
