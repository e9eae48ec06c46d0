/* SPDX-License-Identifier: Apache-2.0 */
/* Security groups. Rules may name any group, so all names come first. */
#include <stdlib.h>
#include <string.h>

#include "load.h"

#define DEFAULT_PRIORITY 100 /* the schema's default of a rule */

static const struct cfg_rule any_rule = {
    .allow = true, .priority = DEFAULT_PRIORITY, .port_hi = 65535, .remote = CFG_ANY};

/* What "default" means when the document does not say. */
static int builtin_default(struct cfg_group *g)
{
    cfg_copy(g->name, sizeof(g->name), "default");
    g->rule = calloc(2, sizeof(*g->rule));
    if (!g->rule) {
        return -ENOMEM;
    }
    g->rules = 2;
    g->rule[0] = any_rule;
    g->rule[1] = any_rule;
    g->rule[1].ingress = true;
    g->rule[1].remote = CFG_GROUP;
    g->rule[1].group = 0;
    return 0;
}

static int rule_remote(const struct cfg_obj *obj, struct cfg_rule *r)
{
    const struct cfg_at at = {.up = &obj->at, .key = "remote"};
    const char *text = cfg_text(obj, "remote");
    uint8_t family;

    if (!strcmp(text, "any")) {
        r->remote = CFG_ANY;
        return 0;
    }
    if (!strncmp(text, "group:", 6)) {
        r->remote = CFG_GROUP;
        return cfg_lookup(obj->load, "security_groups", text + 6, &at, &r->group);
    }
    r->remote = CFG_PREFIX;
    cfg_prefix_parse(text, &r->prefix);
    family = r->prefix.addr.family;
    if ((r->proto == 1 && family == 6) || (r->proto == 58 && family == 4)) {
        return cfg_fail_at(obj, "remote", "%s never has an IPv%d address; expected protocol %s",
                           r->proto == 1 ? "icmp" : "icmpv6", family,
                           r->proto == 1 ? "icmpv6" : "icmp");
    }
    return 0;
}

static int load_rule(const struct cfg_obj *obj, struct cfg_rule *r)
{
    const json_t *protocol = json_object_get(obj->json, "protocol");
    const json_t *ports = json_object_get(obj->json, "ports");

    *r = any_rule;
    r->ingress = !strcmp(cfg_text(obj, "direction"), "ingress");
    r->allow = !strcmp(cfg_text(obj, "action"), "allow");
    r->priority = (uint16_t)cfg_int(obj, "priority");
    r->proto = json_is_integer(protocol) ? (uint8_t)json_integer_value(protocol)
                                         : (uint8_t)cfg_proto(cfg_text(obj, "protocol"));
    if (json_is_integer(ports)) {
        r->port_lo = r->port_hi = (uint16_t)json_integer_value(ports);
    } else {
        cfg_ports_parse(cfg_text(obj, "ports"), &r->port_lo, &r->port_hi);
    }
    return rule_remote(obj, r);
}

static int load_rules(const struct cfg_obj *obj, struct cfg_group *g)
{
    struct cfg_items items = cfg_items(obj, "rules");
    int rc = 0;

    g->rule = calloc(items.n + 1, sizeof(*g->rule));
    if (!g->rule) {
        return -ENOMEM;
    }
    g->rules = items.n;
    for (uint32_t i = 0; i < items.n && !rc; i++) {
        struct cfg_obj rule = cfg_item(&items, i);

        rc = load_rule(&rule, &g->rule[i]);
    }
    return rc;
}

static int name_groups(const struct cfg_items *items, struct cfg *c, uint32_t *place, bool *given)
{
    uint32_t next = 1;
    int rc = 0;

    for (uint32_t i = 0; i < items->n && !rc; i++) {
        struct cfg_obj obj = cfg_item(items, i);
        const char *name = cfg_text(&obj, "name");
        bool is_default = !strcmp(name, "default");

        place[i] = is_default ? 0 : next;
        next += is_default ? 0 : 1;
        *given = *given || is_default;
        rc = cfg_define(&obj, name, place[i]);
        if (!rc) {
            cfg_copy(c->group[place[i]].name, CFG_NAME, name);
        }
    }
    c->groups = next;
    return rc;
}

int cfg_load_groups(const struct cfg_obj *document)
{
    struct cfg_items items = cfg_items(document, "security_groups");
    struct cfg_obj first = {.load = document->load, .table = items.table, .at = items.at};
    struct cfg *c = document->load->c;
    uint32_t *place = calloc(items.n + 1, sizeof(*place));
    bool given = false;
    int rc;

    if (!place) {
        return -ENOMEM;
    }
    rc = name_groups(&items, c, place, &given);
    if (!rc && !given) {
        rc = cfg_define(&first, "default", 0);
        rc = rc ? rc : builtin_default(&c->group[0]);
    }
    for (uint32_t i = 0; i < items.n && !rc; i++) {
        struct cfg_obj obj = cfg_item(&items, i);

        rc = load_rules(&obj, &c->group[place[i]]);
    }
    free(place);
    return rc;
}
