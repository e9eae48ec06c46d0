/* SPDX-License-Identifier: Apache-2.0 */
#include "preproc/rules.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "preproc/headers.h"
#include "preproc/meter.h"

/* One header: it is of this type, and equal to `spec` under `mask`, but for the fields that are ranges. */
struct item {
    uint8_t layer, type;
    uint64_t spec[PP_LANE_WORDS];
    uint64_t mask[PP_LANE_WORDS];
};

/* One field, under `mask` from `low` to `high`: bytes compare as the numbers they are, most significant first. */
struct range {
    uint8_t layer;
    uint8_t at, bytes;
    uint8_t mask[HSR_RULE_VALUE], low[HSR_RULE_VALUE], high[HSR_RULE_VALUE];
};

struct rule {
    bool used;
    uint8_t actions;
    uint8_t items, ranges;
    uint16_t port, mirror;
    uint32_t id, meter, priority;
    uint64_t age; /* a number that only grows */
    uint64_t flow_id;
    uint64_t packets, bytes;
    struct item item[HSR_RULE_ITEMS];
    struct range range[PP_RULE_RANGES];
};

struct pp_rules {
    uint64_t age;
    uint32_t used;
    uint16_t order[HSR_MAX_RULES]; /* rules by port, priority, age */
    struct {
        uint16_t first, count; /* in `order` */
    } of[HSR_MAX_PORTS];
    struct rule rule[HSR_MAX_RULES];
    struct pp_meter meter[HSR_MAX_METERS];
};

struct pp_rules *pp_rules_open(void)
{
    return calloc(1, sizeof(struct pp_rules));
}

void pp_rules_close(struct pp_rules *t)
{
    free(t);
}

void pp_rules_clear(struct pp_rules *t)
{
    memset(t, 0, sizeof *t);
}

bool pp_rules_on(const struct pp_rules *t, uint16_t port)
{
    return t->of[port].count > 0;
}

static struct rule *find(const struct pp_rules *t, uint16_t port, uint32_t id)
{
    for (uint32_t i = 0; i < t->of[port].count; i++) {
        const struct rule *r = &t->rule[t->order[t->of[port].first + i]];

        if (r->id == id)
            return (struct rule *)(uintptr_t)r;
    }
    return NULL;
}

/* Before `b` in the order of the table? */
static bool precedes(const struct rule *a, const struct rule *b)
{
    if (a->port != b->port)
        return a->port < b->port;
    return a->priority != b->priority ? a->priority < b->priority : a->age < b->age;
}

/* Rules come and go seldom and are few: all of the order is made anew. */
static void sort(struct pp_rules *t)
{
    uint32_t n = 0;

    memset(t->of, 0, sizeof t->of);
    for (uint16_t i = 0; i < HSR_MAX_RULES; i++) {
        uint32_t at = n;

        if (!t->rule[i].used)
            continue;
        for (n++; at > 0 && precedes(&t->rule[i], &t->rule[t->order[at - 1]]); at--)
            t->order[at] = t->order[at - 1];
        t->order[at] = i;
    }
    for (uint32_t i = n; i-- > 0;) {
        uint16_t port = t->rule[t->order[i]].port;

        t->of[port].first = (uint16_t)i;
        t->of[port].count++;
    }
    t->used = n;
}

static uint32_t count_ranges(const struct hsr_rule *rule)
{
    uint32_t ranges = 0;

    for (uint32_t i = 0; i < rule->items; i++) {
        uint32_t n;
        const struct hsr_rule_field *f = hsr_rule_fields_of(rule->item[i].type, &n);

        for (uint32_t k = 0; k < n; k++)
            ranges += hsr_rule_is_range(&rule->item[i], &f[k]);
    }
    return ranges;
}

int pp_rules_check(const struct pp_rules *t, const struct hsr_rule *rule, uint32_t id)
{
    if (find(t, rule->port, id) != NULL)
        return -EEXIST;
    if (t->used == HSR_MAX_RULES)
        return -ENOSPC;
    if (count_ranges(rule) > PP_RULE_RANGES)
        return -E2BIG;
    if (rule->actions & HSR_RULE_ACT_METER && t->meter[rule->meter].unit == HSR_METER_NONE)
        return -ENOENT;
    return 0;
}

/* A field that is a range leaves the mask of its item and is compared on its own. */
static void add_range(struct rule *r, uint8_t layer, const struct hsr_rule_item *item,
                      const struct hsr_rule_field *field, uint8_t mask[HSR_RULE_HEADER])
{
    struct range *range = &r->range[r->ranges++];
    uint8_t ones[HSR_RULE_VALUE], zero[HSR_RULE_VALUE] = {0};
    uint8_t bits[HSR_RULE_HEADER] = {0};

    memset(ones, 0xFF, sizeof ones);
    hsr_rule_put(field, bits, ones);
    range->layer = layer;
    range->at = (uint8_t)(field->at / 8);
    range->bytes = (uint8_t)((field->at + field->bits + 7u) / 8 - range->at);
    for (unsigned i = 0; i < range->bytes; i++) {
        unsigned at = range->at + i;

        range->mask[i] = item->mask[at] & bits[at];
        range->low[i] = item->spec[at] & range->mask[i];
        range->high[i] = item->last[at] & range->mask[i];
    }
    hsr_rule_put(field, mask, zero);
}

static void add_item(struct rule *r, uint8_t layer, const struct hsr_rule_item *item)
{
    struct item *to = &r->item[r->items++];
    uint8_t mask[HSR_RULE_HEADER];
    uint32_t n;
    const struct hsr_rule_field *field = hsr_rule_fields_of(item->type, &n);

    memcpy(mask, item->mask, sizeof mask);
    for (uint32_t i = 0; i < n; i++)
        if (hsr_rule_is_range(item, &field[i]))
            add_range(r, layer, item, &field[i], mask);
    to->layer = layer;
    to->type = item->type;
    memcpy(to->mask, mask, sizeof to->mask);
    memcpy(to->spec, item->spec, sizeof to->spec);
    for (unsigned w = 0; w < PP_LANE_WORDS; w++)
        to->spec[w] &= to->mask[w];
}

int pp_rules_add(struct pp_rules *t, const struct hsr_rule *rule, uint32_t id)
{
    int rc = pp_rules_check(t, rule, id);
    struct rule *r = t->rule;
    uint8_t before = 0;
    int layer = -1;

    if (rc < 0)
        return rc;
    while (r->used)
        r++;
    *r = (struct rule){.used = true,
                       .actions = rule->actions,
                       .port = rule->port,
                       .mirror = rule->mirror,
                       .id = id,
                       .meter = rule->meter,
                       .priority = rule->priority,
                       .age = t->age++,
                       .flow_id = rule->flow_id};
    for (uint32_t i = 0; i < rule->items; i++) {
        layer = hsr_rule_layer(rule->item[i].type, before, layer);
        before = rule->item[i].type;
        add_item(r, (uint8_t)layer, &rule->item[i]);
    }
    sort(t);
    return 0;
}

int pp_rules_del(struct pp_rules *t, uint16_t port, uint32_t id)
{
    struct rule *r = find(t, port, id);

    if (r == NULL)
        return -ENOENT;
    r->used = false;
    sort(t);
    return 0;
}

uint32_t pp_rules_flush(struct pp_rules *t, uint16_t port)
{
    uint32_t n = t->of[port].count;

    for (uint32_t i = 0; i < n; i++)
        t->rule[t->order[t->of[port].first + i]].used = false;
    sort(t);
    return n;
}

void pp_rules_forget_port(struct pp_rules *t, uint16_t port)
{
    for (uint32_t i = 0; i < HSR_MAX_RULES; i++) {
        struct rule *r = &t->rule[i];

        if (r->port == port || (r->actions & HSR_RULE_ACT_MIRROR && r->mirror == port))
            r->used = false;
    }
    sort(t);
}

int pp_rules_query(const struct pp_rules *t, uint16_t port, uint32_t id, uint64_t *packets,
                   uint64_t *bytes)
{
    const struct rule *r = find(t, port, id);

    if (r == NULL)
        return -ENOENT;
    *packets = r->packets;
    *bytes = r->bytes;
    return r->actions & HSR_RULE_ACT_COUNT ? 0 : -ENOTSUP;
}

static bool meter_in_use(const struct pp_rules *t, uint32_t id)
{
    for (uint32_t i = 0; i < t->used; i++) {
        const struct rule *r = &t->rule[t->order[i]];

        if (r->actions & HSR_RULE_ACT_METER && r->meter == id)
            return true;
    }
    return false;
}

int pp_rules_meter(struct pp_rules *t, uint32_t id, enum hsr_meter_unit unit, uint64_t rate,
                   uint32_t burst)
{
    if (id >= HSR_MAX_METERS)
        return -EINVAL;
    if (unit == HSR_METER_NONE && t->meter[id].unit == HSR_METER_NONE)
        return -ENOENT;
    if (unit == HSR_METER_NONE && meter_in_use(t, id))
        return -EBUSY;
    return pp_meter_set(&t->meter[id], unit, rate, burst);
}

static bool item_matches(const struct item *item, const struct pp_headers *h)
{
    const uint64_t *lane = h->lane[item->layer];
    uint64_t differ = 0;

    if (h->type[item->layer] != item->type)
        return false;
    for (unsigned w = 0; w < PP_LANE_WORDS; w++)
        differ |= (lane[w] & item->mask[w]) ^ item->spec[w];
    return differ == 0;
}

static bool range_holds(const struct range *range, const struct pp_headers *h)
{
    const uint8_t *lane = (const uint8_t *)h->lane[range->layer] + range->at;
    uint8_t value[HSR_RULE_VALUE];

    for (unsigned i = 0; i < range->bytes; i++)
        value[i] = lane[i] & range->mask[i];
    return memcmp(value, range->low, range->bytes) >= 0 &&
           memcmp(value, range->high, range->bytes) <= 0;
}

static bool matches(const struct rule *r, const struct pp_headers *h)
{
    for (unsigned i = 0; i < r->items; i++)
        if (!item_matches(&r->item[i], h))
            return false;
    for (unsigned i = 0; i < r->ranges; i++)
        if (!range_holds(&r->range[i], h))
            return false;
    return true;
}

/* Do what the rule says; false: nothing behind it is to be looked at. */
static bool act(struct pp_rules *t, struct rule *r, uint32_t len, uint64_t now,
                struct pp_verdict *verdict)
{
    if (r->actions & HSR_RULE_ACT_COUNT) {
        r->packets++;
        r->bytes += len;
    }
    if (r->actions & HSR_RULE_ACT_METER && !pp_meter_pass(&t->meter[r->meter], len, now)) {
        verdict->drop = HSR_DROP_METER;
        return false;
    }
    if (r->actions & HSR_RULE_ACT_MIRROR)
        verdict->copy_to[verdict->copies++] = r->mirror;
    if (r->actions & HSR_RULE_ACT_MARK)
        verdict->flow_id = r->flow_id;
    if (r->actions & HSR_RULE_ACT_DROP)
        verdict->drop = HSR_DROP_RULE;
    return r->actions & HSR_RULE_ACT_PASSTHRU;
}

void pp_rules_apply(struct pp_rules *t, uint16_t port, const struct hsr_rx_meta *meta,
                    const uint8_t *frame, uint32_t len, uint64_t now, struct pp_verdict *verdict)
{
    const uint16_t *order = &t->order[t->of[port].first];
    struct pp_headers h;

    verdict->drop = HSR_DROP_NONE;
    verdict->flow_id = 0;
    verdict->copies = 0;
    if (!pp_rules_on(t, port))
        return;
    pp_headers_take(&h, meta, frame, len);
    for (uint32_t i = 0; i < t->of[port].count; i++) {
        struct rule *r = &t->rule[order[i]];

        if (matches(r, &h) && !act(t, r, len, now, verdict))
            break;
    }
    if (meta->reason != HSR_DROP_NONE)
        verdict->flow_id = 0;
    if (verdict->copies > 0) {
        bool tunnelled = h.type[HSR_LAYER_TUNNEL] != 0;

        verdict->outer_l3 = tunnelled ? h.at[HSR_LAYER_IP] : 0;
        verdict->outer_l4 = tunnelled ? h.at[HSR_LAYER_L4] : 0;
    }
}
