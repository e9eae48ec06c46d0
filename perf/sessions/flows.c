/* SPDX-License-Identifier: Apache-2.0 */
#include "flows.h"
#include "bench_net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define TURN_NS 20000u /* NIC time of a turn: about a burst's */

char *flows_text(uint32_t sessions, const char *vtep)
{
    static const char text[] =
        "version: 1\n"
        "options: {workers: 1, sessions: %u, quota: %u, timeouts: {udp_single: 604800}}\n" BENCH_NET
            BENCH_GROUP(
                "udp",
                "5000-5999") "routes: [{vpc: blue, prefix: 10.3.0.0/16, type: vtep, vtep: %s, mac: "
                             "'02:00:00:00:03:01'}]\n"
                             "ports:\n"
                             "  - {name: in, role: vnic, type: ring, device: 'ring:in', mac: "
                             "'02:00:00:00:00:01',\n"
                             "     subnet: front, addresses: [10.1.0.5], security_groups: [web]}\n"
                             "  - {name: out, role: uplink, type: ring, device: 'ring:out', mac: "
                             "'02:bb:00:00:00:01',\n"
                             "     address: 192.0.2.1/24, gateway: 192.0.2.2}\n"
                             "underlay: {neighbors: [{address: " FLOWS_VTEP_BEFORE
                             ", mac: '02:aa:00:00:00:02'},\n"
                             "                       {address: " FLOWS_VTEP_AFTER
                             ", mac: '02:aa:00:00:00:03'}]}\n";
    char *out;

    return asprintf(&out, text, sessions, sessions, vtep) < 0 ? NULL : out;
}

int flows_open(struct flows *f, const struct sessions_options *o)
{
    char *text = flows_text(o->sessions, FLOWS_VTEP_BEFORE);
    int rc = 1;

    *f = (struct flows){.world = {.text = text, .cpu = o->cpu, .flow_index = o->flow_index},
                        .now = 1000000000};
    f->in = nic_ring_new("in", 0);
    f->out = nic_ring_new("out", 0);
    if (text != NULL && f->in != NULL && f->out != NULL)
        rc = bench_world_open(&f->world);
    else
        fputs("avs-bench-sessions: out of memory\n", stderr);
    if (rc == 0)
        f->worker = fw_worker(f->world.fw, 0);
    free(text);
    return rc;
}

void flows_close(struct flows *f)
{
    bench_world_close(&f->world);
    if (f->in != NULL)
        nic_ring_free(f->in);
    if (f->out != NULL)
        nic_ring_free(f->out);
}

bool flows_load(struct flows *f, uint8_t part, uint32_t n, bool again)
{
    const struct bench_case what = {.dmac = {2, 0, 0x5E, 0, 1, 1},
                                    .smac = {2, 0, 0, 0, 0, 1},
                                    .src = {10, 1, 0, 5},
                                    .dst = {10, 3, 0, part}};
    struct nic_ring_frame *frames =
        bench_frames(&what, n, 1, &(struct bench_sizes){.n = 1, .frame = {BENCH_FRAME_MIN}});
    bool good = frames != NULL && nic_ring_load(f->in, frames, n, again) == 0;

    bench_frames_free(frames);
    if (!good)
        fputs("avs-bench-sessions: out of memory\n", stderr);
    return good;
}

void flows_turn(struct flows *f)
{
    f->now += TURN_NS;
    nic_poll(f->world.nic, f->now);
    dp_poll(f->worker);
}

uint64_t flows_sent(const struct flows *f)
{
    return nic_ring_sent(f->out).frames;
}

void flows_send(struct flows *f, uint64_t packets)
{
    uint64_t end = flows_sent(f) + packets;

    while (flows_sent(f) < end)
        flows_turn(f);
}
