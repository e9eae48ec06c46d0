/* SPDX-License-Identifier: Apache-2.0 */
/* Rules: in the port's device where that can keep them, else in the NIC's table. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "hsring/rule.h"
#include "nic_internal.h"

static int fail(struct hsr_rule_state *state, int rc, enum hsr_rule_error error, const char *format,
                ...) __attribute__((format(printf, 4, 5)));

static int fail(struct hsr_rule_state *state, int rc, enum hsr_rule_error error, const char *format,
                ...)
{
    va_list args;

    state->home = HSR_RULE_HOME_NONE;
    state->error = (uint8_t)error;
    va_start(args, format);
    vsnprintf(state->text, sizeof state->text, format, args);
    va_end(args);
    return rc;
}

static int no_rule(struct hsr_rule_state *state, uint16_t port, uint32_t id)
{
    return fail(state, -ENOENT, HSR_RULE_ERROR_HANDLE, "port %u has no rule %u", port, id);
}

static struct nic_port *port_at(struct nic *nic, uint16_t index)
{
    return index < HSR_MAX_PORTS && nic->port[index] != NULL ? &nic->port[index]->port : NULL;
}

/* --- rules in devices: the list is the poll thread's to change, ours to read ------------------------------------- */

static struct nic_device_rule *find_device_rule(struct nic *nic, uint16_t port, uint32_t id)
{
    for (uint32_t i = 0; i < nic->device_rules; i++)
        if (nic->device_rule[i].port == port && nic->device_rule[i].id == id)
            return &nic->device_rule[i];
    return NULL;
}

bool nic_ruled(const struct nic *nic, uint16_t port)
{
    return nic->device_rules > 0 || pp_rules_on(nic->pre.rules, port);
}

uint64_t nic_rule_pinned(const struct nic *nic, uint16_t port, uint32_t mark)
{
    for (uint32_t i = nic->device_rules; i-- > 0;) {
        const struct nic_device_rule *r = &nic->device_rule[i];

        if (r->marks && r->port == port && r->mark == mark)
            return r->flow_id;
    }
    return 0;
}

static int insert_device_rule(struct nic *nic, void *arg)
{
    nic->device_rule[nic->device_rules++] = *(const struct nic_device_rule *)arg;
    return 0;
}

static int remove_device_rule(struct nic *nic, void *arg)
{
    struct nic_device_rule *r = arg;

    *r = nic->device_rule[--nic->device_rules];
    return 0;
}

/* Out of the device and of the list; what the device says of it is for who asked by name. */
static int take_from_device(struct nic *nic, struct nic_device_rule *r,
                            struct hsr_rule_state *state)
{
    struct nic_port *port = port_at(nic, r->port);
    int rc = port->ops->rule_destroy(port, r->handle, state);

    if (rc == 0)
        nic_run(nic, remove_device_rule, r);
    return rc;
}

/* The same, and gone for us even if the device will not let it go. */
static int drop_from_device(struct nic *nic, struct nic_device_rule *r,
                            struct hsr_rule_state *state)
{
    int rc = take_from_device(nic, r, state);

    if (rc < 0)
        nic_run(nic, remove_device_rule, r);
    return rc;
}

static void forget(struct nic *nic, bool all, uint16_t port)
{
    for (uint32_t i = nic->device_rules; i-- > 0;) {
        struct nic_device_rule *r = &nic->device_rule[i];
        struct hsr_rule_state ignored = {.error = 0};

        if (!all && r->port != port && r->mirror != port)
            continue;
        drop_from_device(nic, r, &ignored);
    }
}

void nic_rules_forget_port(struct nic *nic, uint16_t port)
{
    forget(nic, false, port);
}

void nic_rules_forget_devices(struct nic *nic)
{
    forget(nic, true, 0);
}

static int create_in_device(struct nic *nic, struct nic_port *port, const struct hsr_rule *rule,
                            uint32_t id, bool validate, struct hsr_rule_state *state)
{
    bool mirrors = rule->actions & HSR_RULE_ACT_MIRROR;
    struct nic_device_rule r = {.port = rule->port,
                                .mirror = mirrors ? rule->mirror : HSR_NO_PORT,
                                .id = id,
                                .marks = rule->actions & HSR_RULE_ACT_MARK,
                                .mark = rule->mark,
                                .flow_id = rule->flow_id};
    int rc;

    if (port->ops->rule_create == NULL || nic->device_rules == HSR_MAX_RULES)
        return -ENOTSUP;
    rc = port->ops->rule_create(port, rule, mirrors ? port_at(nic, rule->mirror) : NULL, validate,
                                &r.handle, state);
    if (rc < 0)
        return rc;
    state->home = HSR_RULE_HOME_DEVICE;
    return validate ? 0 : nic_run(nic, insert_device_rule, &r);
}

/* --- rules in the table ------------------------------------------------------------------------------------------ */

struct table_call {
    const struct hsr_rule *rule;
    uint16_t port;
    uint32_t id;
    bool validate;
    struct hsr_rule_state *state;
};

static int add_to_table(struct nic *nic, void *arg)
{
    const struct table_call *c = arg;

    return c->validate ? pp_rules_check(nic->pre.rules, c->rule, c->id)
                       : pp_rules_add(nic->pre.rules, c->rule, c->id);
}

static int create_in_table(struct nic *nic, const struct hsr_rule *rule, uint32_t id, bool validate,
                           struct hsr_rule_state *state)
{
    struct table_call c = {.rule = rule, .id = id, .validate = validate};
    int rc = nic_run(nic, add_to_table, &c);

    switch (rc) {
    case 0:
        state->home = HSR_RULE_HOME_TABLE;
        return 0;
    case -ENOSPC:
        return fail(state, rc, HSR_RULE_ERROR_UNSPECIFIED, "the NIC's table has room for %d rules",
                    HSR_MAX_RULES);
    case -E2BIG:
        return fail(state, rc, HSR_RULE_ERROR_ITEM_LAST, "a rule has at most %d ranges",
                    PP_RULE_RANGES);
    default:
        return fail(state, rc, HSR_RULE_ERROR_ACTION_CONF, "there is no meter %u", rule->meter);
    }
}

static int delete_from_table(struct nic *nic, void *arg)
{
    const struct table_call *c = arg;

    return pp_rules_del(nic->pre.rules, c->port, c->id);
}

static int query_table(struct nic *nic, void *arg)
{
    const struct table_call *c = arg;

    return pp_rules_query(nic->pre.rules, c->port, c->id, &c->state->packets, &c->state->bytes);
}

static int flush_table(struct nic *nic, void *arg)
{
    const struct table_call *c = arg;

    c->state->removed += pp_rules_flush(nic->pre.rules, c->port);
    return 0;
}

/* --- control ----------------------------------------------------------------------------------------------------- */

static bool is_taken(struct nic *nic, uint16_t port, uint32_t id)
{
    struct hsr_rule_state state;
    struct table_call c = {.port = port, .id = id, .state = &state};

    return find_device_rule(nic, port, id) != NULL || nic_run(nic, query_table, &c) != -ENOENT;
}

static int check(struct nic *nic, const struct hsr_rule *rule, uint32_t id,
                 struct hsr_rule_state *state)
{
    uint32_t which;
    enum hsr_rule_error error = hsr_rule_check(rule, &which);

    if (error != HSR_RULE_ERROR_NONE)
        return fail(state, -EINVAL, error, "the rule is outside of its contract (item %u)", which);
    if (port_at(nic, rule->port) == NULL)
        return fail(state, -ENODEV, HSR_RULE_ERROR_UNSPECIFIED, "no port has index %u", rule->port);
    if (rule->actions & HSR_RULE_ACT_MIRROR && port_at(nic, rule->mirror) == NULL)
        return fail(state, -ENODEV, HSR_RULE_ERROR_ACTION_CONF, "no port has index %u",
                    rule->mirror);
    if (is_taken(nic, rule->port, id))
        return fail(state, -EEXIST, HSR_RULE_ERROR_UNSPECIFIED, "port %u has a rule %u already",
                    rule->port, id);
    return 0;
}

int nic_rule_create(struct nic *nic, const struct hsr_rule *rule, uint32_t id, bool validate,
                    struct hsr_rule_state *state)
{
    int rc;

    *state = (struct hsr_rule_state){.home = HSR_RULE_HOME_NONE};
    rc = check(nic, rule, id, state);
    if (rc < 0)
        return rc;
    rc = create_in_device(nic, port_at(nic, rule->port), rule, id, validate, state);
    if (rc != -ENOTSUP && rc != -ENOSYS)
        return rc;
    *state = (struct hsr_rule_state){.home = HSR_RULE_HOME_NONE};
    return create_in_table(nic, rule, id, validate, state);
}

int nic_rule_destroy(struct nic *nic, uint16_t port, uint32_t id, struct hsr_rule_state *state)
{
    struct nic_device_rule *r = find_device_rule(nic, port, id);
    struct table_call c = {.port = port, .id = id};

    *state = (struct hsr_rule_state){.home = HSR_RULE_HOME_NONE};
    if (r != NULL)
        return take_from_device(nic, r, state);
    if (port >= HSR_MAX_PORTS || nic_run(nic, delete_from_table, &c) < 0)
        return no_rule(state, port, id);
    return 0;
}

int nic_rule_query(struct nic *nic, uint16_t port, uint32_t id, struct hsr_rule_state *state)
{
    struct nic_device_rule *r = find_device_rule(nic, port, id);
    struct table_call c = {.port = port, .id = id, .state = state};
    int rc;

    *state = (struct hsr_rule_state){.home = HSR_RULE_HOME_TABLE};
    if (r != NULL) {
        struct nic_port *p = port_at(nic, port);

        state->home = HSR_RULE_HOME_DEVICE;
        return p->ops->rule_query(p, r->handle, state);
    }
    rc = port < HSR_MAX_PORTS ? nic_run(nic, query_table, &c) : -ENOENT;
    if (rc == -ENOTSUP)
        return fail(state, rc, HSR_RULE_ERROR_ACTION, "rule %u has no action count", id);
    return rc < 0 ? no_rule(state, port, id) : 0;
}

int nic_rule_flush(struct nic *nic, uint16_t port, struct hsr_rule_state *state)
{
    struct table_call c = {.port = port, .state = state};
    int rc = 0;

    *state = (struct hsr_rule_state){.home = HSR_RULE_HOME_NONE};
    if (port >= HSR_MAX_PORTS)
        return fail(state, -ENODEV, HSR_RULE_ERROR_UNSPECIFIED, "no port has index %u", port);
    for (uint32_t i = nic->device_rules; i-- > 0;) {
        if (nic->device_rule[i].port != port)
            continue;
        int said = drop_from_device(nic, &nic->device_rule[i], state);

        rc = said < 0 ? said : rc;
        state->removed++;
    }
    nic_run(nic, flush_table, &c);
    return rc;
}

struct meter_call {
    uint16_t id;
    enum hsr_meter_unit unit;
    uint64_t rate;
    uint32_t burst;
};

static int set_meter(struct nic *nic, void *arg)
{
    const struct meter_call *c = arg;

    return pp_rules_meter(nic->pre.rules, c->id, c->unit, c->rate, c->burst);
}

int nic_meter_set(struct nic *nic, uint16_t id, enum hsr_meter_unit unit, uint64_t rate,
                  uint32_t burst)
{
    struct meter_call c = {.id = id, .unit = unit, .rate = rate, .burst = burst};

    return nic_run(nic, set_meter, &c);
}
