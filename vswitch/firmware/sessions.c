/* SPDX-License-Identifier: Apache-2.0 */
/* Sessions for people: list, show, flush. Each look at a worker's table is short, the worker goes on in between. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action/store.h"
#include "hsring/flow_id.h"
#include "internal.h"
#include "session/record.h"
#include "session/track.h"

#define LOOK 512 /* sessions one call looks at */

/* An end point of a record. */
static struct cfg_addr address(const uint8_t bytes[16], uint8_t family)
{
    struct cfg_addr a = {.family = family};

    memcpy(a.bytes, bytes, sizeof a.bytes);
    return a;
}

static json_t *address_json(const uint8_t bytes[16], uint8_t family)
{
    struct cfg_addr a = address(bytes, family);
    char text[48];

    return json_string(cfg_addr_text(&a, text));
}

const char *fw_vpc_name(const struct fw *fw, uint32_t context)
{
    for (uint32_t i = 0; i < fw->cfg->vpcs; i++)
        if (fw->cfg->vpc[i].context == context)
            return fw->cfg->vpc[i].name;
    return "";
}

/* What stands in packets of one side. */
static void put_tuple(json_t *o, const char *prefix, const struct ses_record_tuple *t,
                      uint8_t family)
{
    char key[16];

    snprintf(key, sizeof key, "%ssrc", prefix);
    json_object_set_new(o, key, address_json(t->src, family));
    snprintf(key, sizeof key, "%ssport", prefix);
    fw_put(o, key, t->sport);
    snprintf(key, sizeof key, "%sdst", prefix);
    json_object_set_new(o, key, address_json(t->dst, family));
    snprintf(key, sizeof key, "%sdport", prefix);
    fw_put(o, key, t->dport);
}

static json_t *record_json(const struct fw *fw, const struct ses_record *r, const char *state,
                           uint64_t now)
{
    char proto[8];
    json_t *o = json_object();

    json_object_set_new(o, "flow_id", json_sprintf("%016" PRIx64, r->flow_id));
    json_object_set_new(o, "vpc", json_string(fw_vpc_name(fw, r->tuple[0].context)));
    json_object_set_new(o, "protocol", json_string(cfg_proto_text(r->proto, proto)));
    put_tuple(o, "", &r->tuple[0], r->family);
    if (r->flags & SES_F_KEY2) {
        json_object_set_new(o, "reply_vpc", json_string(fw_vpc_name(fw, r->tuple[1].context)));
        put_tuple(o, "reply_", &r->tuple[1], r->family);
    }
    json_object_set_new(o, "state", json_string(state));
    json_object_set_new(o, "origin", json_string(fw_port_name(fw, r->origin)));
    json_object_set_new(o, "target", json_string(fw_port_name(fw, r->target)));
    fw_put(o, "packets", r->packets[0]);
    fw_put(o, "bytes", r->bytes[0]);
    fw_put(o, "reply_packets", r->packets[1]);
    fw_put(o, "reply_bytes", r->bytes[1]);
    fw_put(o, "age_ns", now - r->created);
    fw_put(o, "expires_ns", r->deadline > now ? r->deadline - now : 0);
    return o;
}

static bool same_addr(const struct cfg_addr *want, const uint8_t bytes[16], uint8_t family)
{
    struct cfg_addr a = address(bytes, family);

    return cfg_addr_equal(want, &a);
}

/* Address and port wanted: one of either end, before or behind translation. */
static bool tuple_matches(const struct ctl_session_filter *f, const struct ses_record_tuple *t,
                          uint8_t family)
{
    if (f->addr.family != 0 && !same_addr(&f->addr, t->src, family) &&
        !same_addr(&f->addr, t->dst, family))
        return false;
    return f->l4_port == 0 || f->l4_port == t->sport || f->l4_port == t->dport;
}

static bool matches(const struct fw *fw, const struct ctl_session_filter *f,
                    const struct ses_record *r, const char *state)
{
    if (f->vpc[0] != '\0' && strcmp(f->vpc, fw_vpc_name(fw, r->tuple[0].context)) != 0 &&
        strcmp(f->vpc, fw_vpc_name(fw, r->tuple[1].context)) != 0)
        return false;
    if (f->port[0] != '\0' && strcmp(f->port, fw_port_name(fw, r->origin)) != 0 &&
        strcmp(f->port, fw_port_name(fw, r->target)) != 0)
        return false;
    if (f->proto != 0 && f->proto != r->proto)
        return false;
    if (!tuple_matches(f, &r->tuple[0], r->family) && !tuple_matches(f, &r->tuple[1], r->family))
        return false;
    return f->state[0] == '\0' || strcmp(f->state, state) == 0;
}

/* One look at a worker's table, from `cursor` on. */
struct look {
    struct fw *fw;
    const struct ctl_session_filter *filter;
    uint32_t cursor;
    uint32_t limit; /* list: rows wanted */
    json_t *rows;   /* NULL: remove instead */
    int64_t removed;
    bool end;
};

static void look(struct dp_worker *w, void *arg)
{
    struct look *l = arg;
    struct ses_table *t = dp_sessions(w);
    struct ses_record r;

    for (uint32_t i = 0; i < LOOK && !(l->rows != NULL && json_array_size(l->rows) >= l->limit);
         i++) {
        struct session *s = ses_walk(t, &l->cursor);

        if (s == NULL) {
            l->end = true;
            return;
        }
        ses_export(t, s, dp_now(w), &r);
        if (!matches(l->fw, l->filter, &r, ses_state_name(s)))
            continue;
        if (l->rows != NULL) {
            json_array_append_new(l->rows, record_json(l->fw, &r, ses_state_name(s), dp_now(w)));
        } else {
            ses_remove(t, s, SES_WHY_FLUSH);
            l->removed++;
        }
    }
}

static void add_unswept(struct dp_worker *w, void *arg)
{
    *(uint32_t *)arg += dp_unswept(w);
}

uint32_t fw_unsettled(struct fw *fw)
{
    uint32_t left = 0;

    for (uint32_t w = 0; w < fw->workers; w++)
        dp_run(fw->worker[w], add_unswept, &left);
    return left;
}

json_t *fw_session_list(struct fw *fw, const struct ctl_session_filter *filter, const char *cursor,
                        uint32_t limit)
{
    struct look l = {.fw = fw, .filter = filter, .limit = limit, .rows = json_array()};
    unsigned worker = 0;
    json_t *o = json_object();

    if (cursor != NULL && sscanf(cursor, "%u:%" SCNu32, &worker, &l.cursor) != 2)
        worker = fw->workers;
    while (worker < fw->workers && json_array_size(l.rows) < limit && fw->cfg != NULL) {
        l.end = false;
        dp_run(fw->worker[worker], look, &l);
        if (l.end) {
            worker++;
            l.cursor = 0;
        }
    }
    json_object_set_new(o, "sessions", l.rows);
    json_object_set_new(o, "cursor",
                        worker < fw->workers ? json_sprintf("%u:%" PRIu32, worker, l.cursor)
                                             : json_null());
    return o;
}

int64_t fw_session_flush(struct fw *fw, const struct ctl_session_filter *filter)
{
    struct look l = {.fw = fw, .filter = filter};

    for (uint32_t w = 0; w < fw->workers && fw->cfg != NULL; w++) {
        l.cursor = 0;
        l.end = false;
        while (!l.end)
            dp_run(fw->worker[w], look, &l);
    }
    return l.removed;
}

struct show {
    struct fw *fw;
    uint64_t flow_id;
    json_t *found;
};

static json_t *actions_json(const struct dp_worker *w, const struct ses_dir *dir)
{
    json_t *rows = json_array();
    char text[160];

    for (unsigned i = 0; act_describe(dp_actions(w), dir, i, text, sizeof text); i++)
        json_array_append_new(rows, json_string(text));
    return rows;
}

/* Of a path; one that is not known has none. */
static void put_mtu(json_t *o, const char *key, uint16_t mtu)
{
    if (mtu != SES_MTU_NONE)
        fw_put(o, key, mtu);
}

static void show(struct dp_worker *w, void *arg)
{
    struct show *sh = arg;
    struct session *s = ses_by_flow(dp_sessions(w), sh->flow_id);
    struct ses_record r;

    if (s == NULL)
        return;
    unsigned first = ses_initiator(s);

    ses_export(dp_sessions(w), s, dp_now(w), &r);
    sh->found = record_json(sh->fw, &r, ses_state_name(s), dp_now(w));
    put_mtu(sh->found, "mtu", s->mtu[first]);
    put_mtu(sh->found, "reply_mtu", s->mtu[1 - first]);
    fw_put(sh->found, "mark", hsr_flow_mark(r.flow_id));
    json_object_set_new(sh->found, "actions", actions_json(w, &s->dir[first]));
    json_object_set_new(sh->found, "reply_actions", actions_json(w, &s->dir[1 - first]));
}

json_t *fw_session_show(struct fw *fw, uint64_t flow_id)
{
    struct show sh = {.fw = fw, .flow_id = flow_id};

    for (uint32_t w = 0; w < fw->workers && sh.found == NULL && fw->cfg != NULL; w++)
        dp_run(fw->worker[w], show, &sh);
    return sh.found;
}
