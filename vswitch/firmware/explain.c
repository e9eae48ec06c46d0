/* SPDX-License-Identifier: Apache-2.0 */
/* What would become of a frame: the NIC's model, twins of the workers, and the model of the way out, in a row. */
#include "explain.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hsring/check.h"
#include "postproc/post.h"

#define SHOWN 64 /* frames that leave, in the answer */

const struct cfg_port *fw_port_named(const struct fw *fw, const char *name)
{
    for (uint32_t i = 0; fw->cfg != NULL && i < fw->cfg->ports; i++)
        if (strcmp(fw->cfg->port[i].name, name) == 0)
            return &fw->cfg->port[i];
    return NULL;
}

void fw_stage(json_t *stages, const char *stage, enum hsr_drop drop, const char *why)
{
    json_t *row = json_pack("{s:s, s:s, s:s}", "stage", stage, "verdict",
                            drop == HSR_DROP_NONE ? "pass" : "drop", "why",
                            *why != '\0' || drop == HSR_DROP_NONE ? why : hsr_drop_text(drop));

    if (drop != HSR_DROP_NONE)
        json_object_set_new(row, "reason", json_string(hsr_drop_name(drop)));
    json_array_append_new(stages, row);
}

/* ---- what leaves ---- */

struct leaving {
    struct fw *fw;
    json_t *frames;
    bool bytes;
    bool made;
    uint16_t port;
};

static char *hex_of(const struct po_frame *f)
{
    static const char digit[] = "0123456789abcdef";
    uint32_t len = po_frame_len(f);
    char *hex = malloc(2 * (size_t)len + 1);
    uint8_t *raw = calloc(1, len + 1u);

    if (hex != NULL && raw != NULL) {
        po_frame_copy(f, raw);
        for (uint32_t i = 0; i < len; i++) {
            hex[2 * i] = digit[raw[i] >> 4];
            hex[2 * i + 1] = digit[raw[i] & 15];
        }
        hex[2 * (size_t)len] = '\0';
    }
    free(raw);
    return hex;
}

static uint32_t sink(void *arg, const struct po_frame *frames, uint32_t n)
{
    struct leaving *l = arg;

    for (uint32_t i = 0; i < n && json_array_size(l->frames) < SHOWN; i++) {
        json_t *row = json_pack("{s:s, s:I, s:b}", "port", fw_port_name(l->fw, l->port), "bytes",
                                (json_int_t)po_frame_len(&frames[i]), "made_by_avsd", l->made);
        char *hex = l->bytes ? hex_of(&frames[i]) : NULL;

        if (hex != NULL)
            json_object_set_new(row, "hex", json_string(hex));
        free(hex);
        json_array_append_new(l->frames, row);
    }
    return n;
}

/* As the port says of itself. */
static struct po_port port_of(const struct fw *fw, uint16_t index)
{
    const struct hsr_port_stats *stats = &fw->view->stats[index];
    bool tso = __atomic_load_n(&stats->takes_tso, __ATOMIC_RELAXED) != 0;

    return (struct po_port){
        .csum = tso, .tso = tso, .mtu = (uint32_t)__atomic_load_n(&stats->mtu, __ATOMIC_RELAXED)};
}

static enum hsr_drop leave(struct leaving *l, const struct dp_left *left)
{
    struct po_work *work = malloc(sizeof *work);
    struct po_span span = {left->bytes, left->meta.frame_len};
    struct po_source source = {.span = &span, .spans = 1, .len = span.len};
    struct po_port port = port_of(l->fw, left->meta.egress_port);
    enum hsr_drop drop = HSR_DROP_NONE;

    l->port = left->meta.egress_port;
    l->made = left->made;
    if (work == NULL)
        return HSR_DROP_NONE;
    work->ident = 0;
    if (fw_port_name(l->fw, l->port)[0] == '\0')
        drop = HSR_DROP_PORT_GONE;
    else
        drop = po_process(work, &left->meta, &source, &port, sink, l).drop;
    free(work);
    return drop;
}

/* ---- the answer ---- */

/* Has the last stage said so already? */
static bool is_said(const json_t *stages, enum hsr_drop drop)
{
    const json_t *last = json_array_get(stages, json_array_size(stages) - 1);
    const char *reason = json_string_value(json_object_get(last, "reason"));

    return reason != NULL && strcmp(reason, hsr_drop_name(drop)) == 0;
}

static void put_drop(json_t *o, enum hsr_drop drop, const char *by)
{
    json_object_set_new(o, "outcome", json_string("dropped"));
    json_object_set_new(o, "reason", json_string(hsr_drop_name(drop)));
    json_object_set_new(o, "reason_text", json_string(hsr_drop_text(drop)));
    json_object_set_new(o, "by", json_string(by));
}

/* Frames that leave, and whether the packet itself does. */
static void put_frames(struct fw *fw, json_t *o, json_t *stages, const struct dp_explained *a,
                       bool bytes)
{
    struct leaving l = {.fw = fw, .bytes = bytes, .frames = json_array()};

    for (uint32_t i = 0; i < a->frames; i++) {
        enum hsr_drop drop = leave(&l, &a->frame[i]);

        if (a->frame[i].made)
            continue;
        if (drop != HSR_DROP_NONE) {
            fw_stage(stages, "post", drop, "");
            put_drop(o, drop, "nic");
        } else {
            json_object_set_new(o, "to", json_string(fw_port_name(fw, l.port)));
        }
    }
    json_object_set_new(o, "frames", l.frames);
}

static void put_answer(struct fw *fw, json_t *o, json_t *stages, const struct dp_explained *a,
                       const struct cfg_port *port, bool bytes)
{
    bool back = a->frames > 0 && a->frame[0].meta.egress_port == port->index && a->flow_id == 0 &&
                !a->opens;
    char addr[48];

    switch (a->end) {
    case DP_SENT:
        json_object_set_new(o, "outcome", json_string(back ? "answered" : "delivered"));
        break;
    case DP_DROPPED:
        put_drop(o, a->drop, "firmware");
        if (!is_said(stages, a->drop))
            fw_stage(stages, "verdict", a->drop, "");
        break;
    case DP_CONSUMED:
        json_object_set_new(o, "outcome", json_string("consumed"));
        break;
    case DP_WAITS:
        json_object_set_new(o, "outcome", json_string("waits"));
        if (a->drop == HSR_DROP_NEIGH_PENDING) {
            json_object_set_new(o, "next_hop", json_string(cfg_addr_text(&a->hop.addr, addr)));
            json_object_set_new(o, "to", json_string(fw_port_name(fw, a->hop.port)));
        }
        break;
    }
    put_frames(fw, o, stages, a, bytes);
    fw_put(o, "worker", a->worker);
    json_object_set_new(o, "new_session", json_boolean(a->opens));
    if (a->flow_id != 0)
        json_object_set_new(o, "flow_id", json_sprintf("%016" PRIx64, a->flow_id));
    if (a->mtu != 0)
        fw_put(o, "mtu", a->mtu);
}

/* ---- the way ---- */

struct asking {
    struct fw *fw;
    const struct cfg_port *port;
    const struct fw_frame *frame;
    const struct fw_explain *want;
    json_t *answer, *stages;
    const char *vpc; /* of the packet, "" */
};

/* Actions know ports by their number. */
static void each_step(void *arg, const struct pol_step *step)
{
    const struct asking *k = arg;
    char words[64];
    unsigned port;

    if (strcmp(step->stage, "action") == 0 && sscanf(step->why, "output port %u", &port) == 1) {
        snprintf(words, sizeof words, "output port %s", fw_port_name(k->fw, (uint16_t)port));
        fw_stage(k->stages, step->stage, step->drop, words);
        return;
    }
    fw_stage(k->stages, step->stage, step->drop,
             *step->why == '\0' && strcmp(step->stage, "vpc") == 0 && step->drop == HSR_DROP_NONE
                 ? k->vpc
                 : step->why);
}

/* By the workers, when the NIC has let it pass. 0 or a negative errno. */
static int through_workers(struct asking *k, const struct pp_agg_item *item)
{
    struct fw *fw = k->fw;
    const struct dp_twin_of of = {.view = fw->view,
                                  .shared = &fw->shared,
                                  .worker = fw->worker,
                                  .workers = fw->workers,
                                  .timeouts = fw->options.timeouts};
    k->vpc = fw_vpc_name(fw, hsr_key_context(item->meta.key_ports));
    const struct dp_question q = {.meta = &item->meta,
                                  .frame = k->frame->bytes,
                                  .len = item->meta.frame_len,
                                  .ring = item->ring,
                                  .anew = k->want->anew};
    struct dp_explained a;
    struct dp_twin *twin = dp_explain(&of, &q, &a, each_step, k);

    if (twin == NULL)
        return -errno;
    put_answer(fw, k->answer, k->stages, &a, k->port, k->want->bytes);
    dp_twin_close(twin);
    return 0;
}

static void tell_rules(struct asking *k, const struct pp_pre *pre, enum hsr_drop drop)
{
    char why[160] = "";

    if (drop == HSR_DROP_NONE && pre->verdict.copies > 0)
        snprintf(why, sizeof why, "a copy leaves by port %s",
                 fw_port_name(k->fw, pre->verdict.copy_to[0]));
    fw_stage(k->stages, "rules", drop, why);
}

static int through_nic(struct asking *k, struct pp_pre *pre)
{
    struct pp_ingress in = {.port = k->port->index,
                            .uplink = k->port->role == CFG_UPLINK,
                            .ruled = pp_rules_on(pre->rules, k->port->index),
                            .context = fw_context_of(k->fw->cfg, k->port)};
    struct pp_agg_item *item[HSR_MAX_VECTOR];
    char words[FW_WORDS];
    enum hsr_drop drop = pp_pre_frame(pre, 0, k->frame->bytes, k->frame->len, &in, &k->frame->vnet,
                                      hsr_view_now(k->fw->view));

    if (pre->meta == NULL) { /* it has not come as far as the parser */
        fw_stage(k->stages, "port", drop, "");
        put_drop(k->answer, drop, "nic");
        return 0;
    }
    fw_parse_words(pre->meta, k->frame->bytes, words);
    fw_stage(k->stages, "parse", (enum hsr_drop)pre->meta->reason, words);
    if (in.ruled)
        tell_rules(k, pre, drop);
    if (drop != HSR_DROP_NONE) {
        put_drop(k->answer, drop, "nic");
        return 0;
    }
    return pp_pre_vector(pre, item) == 1 ? through_workers(k, item[0]) : -EIO;
}

int fw_explain_frame(struct fw *fw, const struct cfg_port *port, const struct fw_frame *frame,
                     const struct fw_explain *want, json_t **result)
{
    struct asking k = {.fw = fw, .port = port, .frame = frame, .want = want};
    struct pp_pre *pre = malloc(sizeof *pre);
    int rc = pre != NULL ? fw_twin_pre(fw, pre) : -ENOMEM;

    if (rc < 0) {
        free(pre);
        return rc;
    }
    k.answer = json_object();
    k.stages = json_array();
    json_object_set_new(k.answer, "port", json_string(port->name));
    fw_put(k.answer, "bytes", frame->len);
    json_object_set(k.answer, "stages", k.stages);
    rc = through_nic(&k, pre);
    pp_pre_close(pre);
    free(pre);
    json_decref(k.stages);
    if (rc < 0)
        json_decref(k.answer);
    else
        *result = k.answer;
    return rc;
}
