/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench_explain.h"
#include "explain.h"
#include "hsring/check.h"
#include "postproc/post.h"

/* Of a test program's frames the first ones, then some. */
#define ALL  100
#define SOME 29

#define PORTS 64 /* more than a bench has */

/* What was said of the one frame that is under way. */
static struct {
    unsigned pushed; /* since it ran last */
    bool valid;
    json_t *answer;
    uint16_t ingress;
    uint64_t drops, of_reason;
    uint64_t seen;
    uint64_t asked, held; /* in all: frames asked about, outcomes held against it */
} said;

static uint64_t mix(uint64_t h, const void *data, size_t n)
{
    const uint8_t *at = data;

    for (; n >= 8; n -= 8, at += 8) {
        uint64_t v;

        memcpy(&v, at, 8);
        h = (h ^ v) * UINT64_C(0x9E3779B97F4A7C15);
        h ^= h >> 29;
    }
    for (; n > 0; n--, at++)
        h = (h ^ *at) * UINT64_C(0x100000001B3);
    return h;
}

static uint64_t of_sessions(struct ses_table *t, uint64_t h)
{
    uint32_t cursor = 0;
    const struct session *s;

    h = mix(h, ses_stats(t), sizeof *ses_stats(t));
    while ((s = ses_walk(t, &cursor)) != NULL)
        h = mix(h, s, sizeof *s);
    for (uint16_t p = 0; p < PORTS; p++) {
        uint32_t n[2] = {ses_port_count(t, p), ses_port_charged(t, p)};

        h = mix(h, n, sizeof n);
    }
    return h;
}

static uint64_t of_worker(struct dp_worker *w, uint64_t h)
{
    struct dp_level level[DP_LEVELS];
    uint32_t n[3] = {dp_held(w)};

    dp_rings(w, &n[1], &n[2]);
    dp_levels(w, level);
    for (unsigned i = 0; i < DP_LEVELS; i++)
        h = mix(h, &level[i].used, 3 * sizeof level[i].used);
    h = mix(h, n, sizeof n);
    h = mix(h, dp_counters(w), sizeof *dp_counters(w));
    h = mix(h, dp_ledger(w), PORTS * sizeof *dp_ledger(w));
    h = mix(h, dp_nat(w), POL_SNAT_IDS * sizeof *dp_nat(w));
    return of_sessions(dp_sessions(w), h);
}

uint64_t bench_fingerprint(struct bench *b)
{
    const struct hsr_view *view = &nic_region(b->nic)->view;
    uint64_t h = mix(1, view->rings, view->ring_set_size * view->workers);

    h = mix(h, view->stats, PORTS * sizeof *view->stats);
    h = mix(h, &b->fw->shared.neighbors, sizeof b->fw->shared.neighbors);
    h = mix(h, &b->fw->shared.pmtus, sizeof b->fw->shared.pmtus);
    for (uint32_t w = 0; w < fw_workers(b->fw); w++)
        h = of_worker(fw_worker(b->fw, w), h);
    return h;
}

json_t *bench_explain(struct bench *b, const char *port, const struct fr *frame, bool anew)
{
    struct fw_frame f = {.bytes = malloc(FR_ROOM), .len = frame->len, .vnet = frame->vnet};
    const struct fw_explain want = {.anew = anew, .bytes = true};
    json_t *answer = NULL;

    assert_non_null(f.bytes);
    memcpy(f.bytes, frame->b, frame->len);
    assert_int_equal(fw_explain_frame(b->fw, fw_port_named(b->fw, port), &f, &want, &answer), 0);
    free(f.bytes);
    return answer;
}

/* Does a frame that left before wait on a port? */
static bool has_unread(struct bench *b)
{
    for (uint32_t i = 0; i < b->names; i++)
        if (nic_ring_sent(b->port[i].ring).frames != b->port[i].popped)
            return true;
    return false;
}

static const char *text(const char *key)
{
    const char *value = json_string_value(json_object_get(said.answer, key));

    return value != NULL ? value : "";
}

static unsigned reason(void)
{
    unsigned r = 1;

    while (r < HSR_DROP_COUNT && strcmp(hsr_drop_name(r), text("reason")) != 0)
        r++;
    return r;
}

static uint64_t drops_of(struct bench *b, unsigned r)
{
    const struct hsr_port_stats *s = &nic_region(b->nic)->view.stats[said.ingress];

    fw_sync(b->fw);
    return r < HSR_DROP_COUNT ? s->drops[r] : s->pre_drops + s->post_drops;
}

static void forget(void)
{
    json_decref(said.answer);
    said.answer = NULL;
    said.valid = false;
}

void bench_explain_push(struct bench *b, const char *port, const struct fr *frame)
{
    const struct cfg_port *p = fw_port_named(b->fw, port);

    said.seen++;
    if (said.pushed++ > 0 || p == NULL || (said.seen > ALL && said.seen % SOME != 0)) {
        forget();
        return;
    }
    forget();
    hsr_view_set_now(&nic_region(b->nic)->view, b->now); /* as the NIC will when it takes it */
    fw_sync(b->fw); /* what a test did to a worker by hand is on its way, too */
    uint64_t before = bench_fingerprint(b);

    said.answer = bench_explain(b, port, frame, false);
    if (bench_fingerprint(b) != before)
        fail_msg("explaining a frame at port %s has changed something", port);
    said.ingress = p->index;
    said.drops = drops_of(b, HSR_DROP_COUNT);
    said.of_reason = drops_of(b, reason());
    /* Others may go on behind it, or be read for it; and which UDP segmentation a port takes is not published. */
    said.valid = bench_held(b) == 0 && !has_unread(b) &&
                 frame->vnet.gso_type != VIRTIO_NET_HDR_GSO_UDP &&
                 frame->vnet.gso_type != PO_VNET_GSO_UDP_L4;
    said.asked++;
}

static void complain(struct bench *b, const char *what)
{
    char *dump = json_dumps(said.answer, JSON_INDENT(1));

    print_message("explained: %.3000s\n", dump);
    free(dump);
    for (unsigned r = 1; r < HSR_DROP_COUNT; r++)
        if (drops_of(b, r) > 0)
            print_message("dropped so far: %s %u\n", hsr_drop_name(r), (unsigned)drops_of(b, r));
    fail_msg("what became of the frame is not what was explained: %s", what);
}

void bench_explain_ran(struct bench *b)
{
    bool dropped = strcmp(text("outcome"), "dropped") == 0;
    uint64_t drops;

    if (said.pushed == 0) /* what happens now is not its doing */
        forget();
    said.pushed = 0;
    if (!said.valid)
        return;
    drops = drops_of(b, HSR_DROP_COUNT) - said.drops;
    said.held++;
    if (dropped && drops_of(b, reason()) != said.of_reason + 1)
        complain(b, "dropped");
    if (!dropped && drops > 0 && strcmp(text("outcome"), "waits") != 0)
        complain(b, text("outcome"));
}

/* The frames that were said to leave by this port, in their order. */
void bench_explain_pop(struct bench *b, const char *port, const struct fr *frame)
{
    json_t *frames = json_object_get(said.answer, "frames"), *row;
    size_t i;

    if (!said.valid)
        return;
    json_array_foreach (frames, i, row) {
        const char *hex = json_string_value(json_object_get(row, "hex"));

        if (strcmp(json_string_value(json_object_get(row, "port")), port) != 0)
            continue;
        if (strlen(hex) != 2 * (size_t)frame->len)
            complain(b, "another length leaves");
        for (uint32_t k = 0; k < frame->len; k++) {
            unsigned byte;

            sscanf(hex + 2 * (size_t)k, "%2x", &byte);
            if (byte != frame->b[k]) {
                print_message("byte %u of %u: %02x, not %02x\n", k, frame->len, frame->b[k], byte);
                complain(b, "other bytes leave");
            }
        }
        json_array_remove(frames, i);
        return;
    }
    complain(b, "something leaves that was not explained");
}

void bench_explain_close(struct bench *b)
{
    (void)b;
    forget();
    if (said.asked > 0)
        print_message("explained %u frames, %u of them alone\n", (unsigned)said.asked,
                      (unsigned)said.held);
    said.pushed = 0;
}
