/* SPDX-License-Identifier: Apache-2.0 */
/* Rules: text to what the NIC gets, and a list of what it has got. They live as long as this firmware. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hsring/flow_id.h"
#include "hsring/rule.h"
#include "internal.h"
#include "rule/text.h"

static int fail(struct ctl_rule_error *error, int rc, const char *type, const char *text)
{
    error->type = type;
    error->at = -1;
    snprintf(error->text, sizeof error->text, "%s", text);
    return rc;
}

/* --- names ------------------------------------------------------------------------------------------------------- */

static int port_index(void *arg, const char *name)
{
    const struct cfg *cfg = ((struct fw *)arg)->cfg;
    char *end;
    unsigned long index;

    for (uint32_t i = 0; cfg != NULL && i < cfg->ports; i++)
        if (strcmp(cfg->port[i].name, name) == 0)
            return cfg->port[i].index;
    index = strtoul(name, &end, 10);
    for (uint32_t i = 0; cfg != NULL && i < cfg->ports; i++)
        if (*name >= '0' && *name <= '9' && *end == '\0' && cfg->port[i].index == index)
            return (int)index;
    return -1;
}

static const char *port_name(void *arg, uint16_t index)
{
    return fw_port_name(arg, index);
}

struct by_mark {
    uint32_t index;
    uint64_t flow_id;
};

static void find_by_mark(struct dp_worker *w, void *arg)
{
    struct by_mark *b = arg;
    uint32_t cursor = b->index;
    struct session *s = ses_walk(dp_sessions(w), &cursor);
    uint64_t id = s != NULL ? dp_flow_id(w, s, false) : 0;

    if (s != NULL && hsr_flow_index(id) == b->index)
        b->flow_id = id;
}

static uint64_t flow_id(void *arg, uint32_t mark)
{
    struct fw *fw = arg;
    struct by_mark b = {.index = hsr_mark_index(mark)};

    if (hsr_mark_worker(mark) < fw->workers)
        dp_run(fw->worker[hsr_mark_worker(mark)], find_by_mark, &b);
    return b.flow_id;
}

static struct rule_names names_of(struct fw *fw)
{
    return (struct rule_names){
        .arg = fw, .port = port_index, .port_name = port_name, .flow_id = flow_id};
}

static int find_port(struct fw *fw, const char *port, uint16_t *index, struct ctl_rule_error *error)
{
    int found = port_index(fw, port);
    char text[sizeof error->text];

    snprintf(text, sizeof text, "no port '%.60s'", port);
    if (found < 0)
        return fail(error, -ENOENT, "UNSPECIFIED", text);
    *index = (uint16_t)found;
    return 0;
}

/* --- the list ---------------------------------------------------------------------------------------------------- */

static struct fw_rule *find(struct fw *fw, uint16_t port, uint32_t id)
{
    struct fw_rule *r;

    TAILQ_FOREACH (r, &fw->rules.list, link)
        if (r->rule.port == port && r->id == id)
            return r;
    return NULL;
}

static uint32_t next_id(struct fw *fw, uint16_t port)
{
    struct fw_rule *r;
    uint32_t id = 0;

    TAILQ_FOREACH (r, &fw->rules.list, link)
        if (r->rule.port == port && r->id >= id)
            id = r->id + 1;
    return id;
}

uint32_t fw_rules_in_table(const struct fw *fw)
{
    const struct fw_rule *r;
    uint32_t n = 0;

    TAILQ_FOREACH (r, &fw->rules.list, link)
        n += r->home == HSR_RULE_HOME_TABLE;
    return n;
}

static void insert(struct fw *fw, struct fw_rule *new)
{
    struct fw_rule *r;

    TAILQ_FOREACH (r, &fw->rules.list, link) {
        if (r->rule.port > new->rule.port ||
            (r->rule.port == new->rule.port && r->rule.priority > new->rule.priority)) {
            TAILQ_INSERT_BEFORE(r, new, link);
            return;
        }
    }
    TAILQ_INSERT_TAIL(&fw->rules.list, new, link);
}

static void forget(struct fw *fw, struct fw_rule *r)
{
    TAILQ_REMOVE(&fw->rules.list, r, link);
    free(r);
}

static bool mirrors_to(const struct hsr_rule *rule, uint16_t port)
{
    return rule->actions & HSR_RULE_ACT_MIRROR && rule->mirror == port;
}

void fw_rules_forget_port(struct fw *fw, uint16_t index)
{
    for (struct fw_rule *r = TAILQ_FIRST(&fw->rules.list), *next; r != NULL; r = next) {
        next = TAILQ_NEXT(r, link);
        if (r->rule.port == index || mirrors_to(&r->rule, index))
            forget(fw, r);
    }
}

void fw_rules_close(struct fw *fw)
{
    for (struct fw_rule *r = TAILQ_FIRST(&fw->rules.list), *next; r != NULL; r = next) {
        next = TAILQ_NEXT(r, link);
        free(r);
    }
}

void fw_rules_inherit(struct fw *fw, struct fw *former)
{
    TAILQ_CONCAT(&fw->rules.list, &former->rules.list, link);
    memcpy(fw->rules.meter, former->rules.meter, sizeof fw->rules.meter);
}

/* A mark stands for a session, and the session's flow id is another one under another NIC. */
static bool restore(struct fw *fw, struct fw_rule *r)
{
    struct hsr_rule_state state = {.home = HSR_RULE_HOME_NONE};

    if (r->rule.actions & HSR_RULE_ACT_MARK) {
        r->rule.flow_id = flow_id(fw, r->rule.mark);
        if (r->rule.flow_id == 0)
            return false;
    }
    if (fw->nic_ops->rule_create(fw->nic, &r->rule, r->id, false, &state) < 0)
        return false;
    r->home = state.home;
    return true;
}

uint32_t fw_restore_rules(struct fw *fw)
{
    uint32_t lost = 0;

    for (uint16_t id = 0; id < HSR_MAX_METERS; id++) {
        struct fw_meter *m = &fw->rules.meter[id];

        if (m->unit != HSR_METER_NONE &&
            fw->nic_ops->meter_set(fw->nic, id, m->unit, m->rate, m->burst) < 0)
            m->unit = HSR_METER_NONE;
    }
    for (struct fw_rule *r = TAILQ_FIRST(&fw->rules.list), *next; r != NULL; r = next) {
        next = TAILQ_NEXT(r, link);
        if (restore(fw, r))
            continue;
        forget(fw, r);
        lost++;
    }
    return lost;
}

/* --- what is asked for ------------------------------------------------------------------------------------------- */

static const char *home_name(uint8_t home)
{
    return home == HSR_RULE_HOME_DEVICE ? "device" : "table";
}

static int said(const struct hsr_rule_state *state, int rc, struct ctl_rule_error *error)
{
    return fail(error, rc, hsr_rule_error_name(state->error),
                state->text[0] != '\0' ? state->text : strerror(-rc));
}

static int parse(struct fw *fw, const char *port, const char *text, struct hsr_rule *rule,
                 struct ctl_rule_error *error)
{
    struct rule_names names = names_of(fw);
    struct rule_error wrong;
    uint16_t index;
    int rc = find_port(fw, port, &index, error);

    if (rc == 0)
        rc = rule_parse(text, index, &names, rule, &wrong);
    if (rc == -EINVAL) {
        fail(error, rc, hsr_rule_error_name(wrong.type), wrong.text);
        error->at = wrong.at;
    }
    return rc;
}

static json_t *describe(struct fw *fw, const struct hsr_rule *rule, uint8_t home)
{
    struct rule_names names = names_of(fw);
    char *text = rule_text(rule, &names);
    json_t *o = json_object();

    json_object_set_new(o, "home", json_string(home_name(home)));
    json_object_set_new(o, "text", json_string(text != NULL ? text : ""));
    free(text);
    return o;
}

int fw_rule_create(struct fw *fw, const char *port, const char *text, bool validate,
                   json_t **result, struct ctl_rule_error *error)
{
    struct fw_rule *r = calloc(1, sizeof *r);
    struct hsr_rule_state state = {.home = HSR_RULE_HOME_NONE};
    int rc;

    if (r == NULL)
        return fail(error, -ENOMEM, "UNSPECIFIED", "out of memory");
    rc = parse(fw, port, text, &r->rule, error);
    if (rc == 0) {
        r->id = next_id(fw, r->rule.port);
        rc = fw->nic_ops->rule_create(fw->nic, &r->rule, r->id, validate, &state);
        if (rc < 0)
            said(&state, rc, error);
    }
    if (rc == 0)
        *result = describe(fw, &r->rule, state.home);
    if (rc < 0 || validate) {
        free(r);
        return rc;
    }
    r->home = state.home;
    insert(fw, r);
    if (fw_rules_in_table(fw) > fw->rules.high)
        fw->rules.high = fw_rules_in_table(fw);
    fw_put(*result, "rule", r->id);
    return 0;
}

static int find_rule(struct fw *fw, const char *port, uint32_t id, struct fw_rule **rule,
                     struct ctl_rule_error *error)
{
    uint16_t index;
    char text[64];
    int rc = find_port(fw, port, &index, error);

    if (rc < 0)
        return rc;
    *rule = find(fw, index, id);
    snprintf(text, sizeof text, "port %.31s has no rule %u", fw_port_name(fw, index), id);
    return *rule != NULL ? 0 : fail(error, -ENOENT, "HANDLE", text);
}

int fw_rule_destroy(struct fw *fw, const char *port, uint32_t id, struct ctl_rule_error *error)
{
    struct hsr_rule_state state;
    struct fw_rule *r;
    int rc = find_rule(fw, port, id, &r, error);

    if (rc < 0)
        return rc;
    rc = fw->nic_ops->rule_destroy(fw->nic, r->rule.port, id, &state);
    if (rc == 0 || rc == -ENOENT)
        forget(fw, r);
    return rc == 0 ? 0 : said(&state, rc, error);
}

int fw_rule_query(struct fw *fw, const char *port, uint32_t id, json_t **result,
                  struct ctl_rule_error *error)
{
    struct hsr_rule_state state;
    struct fw_rule *r;
    int rc = find_rule(fw, port, id, &r, error);

    if (rc < 0)
        return rc;
    rc = fw->nic_ops->rule_query(fw->nic, r->rule.port, id, &state);
    if (rc < 0)
        return said(&state, rc, error);
    *result = json_object();
    fw_put(*result, "hits", state.packets);
    fw_put(*result, "bytes", state.bytes);
    json_object_set_new(*result, "home", json_string(home_name(r->home)));
    return 0;
}

int fw_rule_flush(struct fw *fw, const char *port, json_t **result, struct ctl_rule_error *error)
{
    struct hsr_rule_state state;
    uint16_t index;
    int rc = find_port(fw, port, &index, error);

    if (rc < 0)
        return rc;
    rc = fw->nic_ops->rule_flush(fw->nic, index, &state);
    for (struct fw_rule *r = TAILQ_FIRST(&fw->rules.list), *next; r != NULL; r = next) {
        next = TAILQ_NEXT(r, link);
        if (r->rule.port == index)
            forget(fw, r);
    }
    if (rc < 0)
        return said(&state, rc, error);
    *result = json_object();
    fw_put(*result, "removed", state.removed);
    return 0;
}

int fw_rule_list(struct fw *fw, const char *port, json_t **result, struct ctl_rule_error *error)
{
    uint16_t index = HSR_NO_PORT;
    int rc = port != NULL ? find_port(fw, port, &index, error) : 0;
    struct fw_rule *r;

    if (rc < 0)
        return rc;
    *result = json_array();
    TAILQ_FOREACH (r, &fw->rules.list, link) {
        json_t *o;

        if (index != HSR_NO_PORT && r->rule.port != index)
            continue;
        o = describe(fw, &r->rule, r->home);
        json_object_set_new(o, "port", json_string(fw_port_name(fw, r->rule.port)));
        fw_put(o, "rule", r->id);
        fw_put(o, "group", 0);
        fw_put(o, "priority", r->rule.priority);
        json_array_append_new(*result, o);
    }
    return 0;
}

/* --- meters ------------------------------------------------------------------------------------------------------ */

int fw_meter_set(struct fw *fw, uint16_t id, enum hsr_meter_unit unit, uint64_t rate,
                 uint32_t burst, struct ctl_rule_error *error)
{
    int rc = fw->nic_ops->meter_set(fw->nic, id, unit, rate, burst);
    const char *text = rc == -EINVAL   ? "rate or burst is 0 or too large"
                       : rc == -ENOENT ? "there is no such meter"
                       : rc == -EBUSY  ? "a rule uses the meter: destroy that first"
                                       : strerror(-rc);

    if (rc < 0)
        return fail(error, rc, NULL, text);
    fw->rules.meter[id] = (struct fw_meter){.unit = unit, .rate = rate, .burst = burst};
    return 0;
}

json_t *fw_meter_list(struct fw *fw)
{
    json_t *rows = json_array();

    for (uint32_t id = 0; id < HSR_MAX_METERS; id++) {
        const struct fw_meter *m = &fw->rules.meter[id];
        json_t *o;

        if (m->unit == HSR_METER_NONE)
            continue;
        o = json_object();
        fw_put(o, "id", id);
        json_object_set_new(o, "unit", json_string(m->unit == HSR_METER_PACKETS ? "pps" : "bps"));
        fw_put(o, "rate", m->rate);
        fw_put(o, "burst", m->burst);
        json_array_append_new(rows, o);
    }
    return rows;
}
