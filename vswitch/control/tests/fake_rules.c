/* SPDX-License-Identifier: Apache-2.0 */
/* The fake's rules: read as the daemon reads them, kept in a list; the port "busy" keeps its own in a device. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"
#include "rule/text.h"

static const char *const ports[] = {"busy", "idle"};

static int port_index(void *arg, const char *name)
{
    (void)arg;
    for (int i = 0; i < 2; i++) {
        if (strcmp(ports[i], name) == 0 || (name[0] == '0' + i && !name[1])) {
            return i;
        }
    }
    return -1;
}

static const char *port_name(void *arg, uint16_t index)
{
    (void)arg;
    return ports[index];
}

static uint64_t flow_id(void *arg, uint32_t mark)
{
    (void)arg;
    return mark < FAKE_SESSIONS ? 0x10000 + mark : 0;
}

static const struct rule_names names = {
    .port = port_index, .port_name = port_name, .flow_id = flow_id};

static int fail(struct ctl_rule_error *error, int rc, const char *type, int64_t at,
                const char *text)
{
    error->type = type;
    error->at = at;
    snprintf(error->text, sizeof(error->text), "%s", text);
    return rc;
}

/* Index of a rule in the list, or a negative errno. */
static int find(const struct fake *f, const char *port, uint32_t id, struct ctl_rule_error *error)
{
    for (size_t i = 0; i < json_array_size(f->rules); i++) {
        const json_t *r = json_array_get(f->rules, i);

        if (strcmp(json_string_value(json_object_get(r, "port")), port) == 0 &&
            json_integer_value(json_object_get(r, "rule")) == id) {
            return (int)i;
        }
    }
    return fail(error, -ENOENT, "HANDLE", -1, "no such rule");
}

static int create(void *arg, const char *port, const char *text, bool validate, json_t **result,
                  struct ctl_rule_error *error)
{
    struct fake *f = arg;
    int index = port_index(NULL, port);
    struct rule_error wrong;
    struct hsr_rule rule;

    if (index < 0) {
        return fail(error, -ENOENT, "UNSPECIFIED", -1, "no such port");
    }
    if (rule_parse(text, (uint16_t)index, &names, &rule, &wrong)) {
        return fail(error, -EINVAL, hsr_rule_error_name(wrong.type), wrong.at, wrong.text);
    }
    char *printed = rule_text(&rule, &names);
    *result = json_pack("{s:s, s:s}", "home", index == 0 ? "device" : "table", "text", printed);
    free(printed);
    if (validate) {
        return 0;
    }
    json_object_set_new(*result, "rule", json_integer(f->next_rule));
    json_array_append_new(f->rules,
                          json_pack("{s:s, s:i, s:i, s:I, s:O, s:O}", "port",
                                    port_name(NULL, (uint16_t)index), "rule", (int)f->next_rule++,
                                    "group", 0, "priority", (json_int_t)rule.priority, "home",
                                    json_object_get(*result, "home"), "text",
                                    json_object_get(*result, "text")));
    return 0;
}

static int destroy(void *arg, const char *port, uint32_t id, struct ctl_rule_error *error)
{
    struct fake *f = arg;
    int i = find(f, port, id, error);

    return i < 0 ? i : json_array_remove(f->rules, (size_t)i);
}

static int query(void *arg, const char *port, uint32_t id, json_t **result,
                 struct ctl_rule_error *error)
{
    int i = find(arg, port, id, error);

    if (i >= 0) {
        *result = json_pack("{s:i, s:i, s:s}", "hits", 7, "bytes", 700, "home", "table");
    }
    return i < 0 ? i : 0;
}

static int list(void *arg, const char *port, json_t **result, struct ctl_rule_error *error)
{
    const struct fake *f = arg;
    json_t *r;
    size_t i;

    if (port && port_index(NULL, port) < 0) {
        return fail(error, -ENOENT, "UNSPECIFIED", -1, "no such port");
    }
    *result = json_array();
    json_array_foreach (f->rules, i, r) {
        if (!port || strcmp(json_string_value(json_object_get(r, "port")), port) == 0) {
            json_array_append(*result, r);
        }
    }
    return 0;
}

static int flush(void *arg, const char *port, json_t **result, struct ctl_rule_error *error)
{
    struct fake *f = arg;
    json_t *rows = NULL;
    int rc = list(f, port, &rows, error);

    if (rc) {
        return rc;
    }
    *result = json_pack("{s:i}", "removed", (int)json_array_size(rows));
    json_decref(rows);
    json_array_clear(f->rules);
    return 0;
}

static int set_meter(void *arg, uint16_t id, enum hsr_meter_unit unit, uint64_t rate,
                     uint32_t burst, struct ctl_rule_error *error)
{
    struct fake *f = arg;

    if (unit == HSR_METER_NONE && !f->meter[id].unit) {
        return fail(error, -ENOENT, NULL, -1, "no such meter");
    }
    f->meter[id] = (struct fake_meter){.unit = unit, .rate = rate, .burst = burst};
    return 0;
}

static json_t *list_meters(void *arg)
{
    const struct fake *f = arg;
    json_t *rows = json_array();

    for (int id = 0; id < HSR_MAX_METERS; id++) {
        const struct fake_meter *m = &f->meter[id];

        if (m->unit) {
            json_array_append_new(rows,
                                  json_pack("{s:i, s:s, s:I, s:I}", "id", id, "unit",
                                            m->unit == HSR_METER_BITS ? "bps" : "pps", "rate",
                                            (json_int_t)m->rate, "burst", (json_int_t)m->burst));
        }
    }
    return rows;
}

void fake_rules_init(struct fake *f)
{
    f->rules = json_array();
    f->backend.rule_create = create;
    f->backend.rule_destroy = destroy;
    f->backend.rule_query = query;
    f->backend.rule_flush = flush;
    f->backend.rule_list = list;
    f->backend.meter_set = set_meter;
    f->backend.meter_list = list_meters;
}
