/* SPDX-License-Identifier: Apache-2.0 */
/* cfg_parse(): check, then resolve part by part in the order of their references. */
#include <stdlib.h>
#include <string.h>

#include "load.h"

static int load_options(const struct cfg_obj *document)
{
    struct cfg_obj options = cfg_child(document, "options");
    struct cfg_obj timeouts = cfg_child(&options, "timeouts");
    struct cfg_options *o = &document->load->c->options;
    const struct {
        const char *field;
        uint32_t *to;
    } seconds[] = {
        {"tcp_embryonic", &o->timeouts.tcp_embryonic},
        {"tcp_established", &o->timeouts.tcp_established},
        {"tcp_half_closed", &o->timeouts.tcp_half_closed},
        {"tcp_closing", &o->timeouts.tcp_closing},
        {"tcp_time_wait", &o->timeouts.tcp_time_wait},
        {"tcp_reset", &o->timeouts.tcp_reset},
        {"udp_single", &o->timeouts.udp_single},
        {"udp_stream", &o->timeouts.udp_stream},
        {"icmp", &o->timeouts.icmp},
        {"other", &o->timeouts.other},
    };

    _Static_assert(sizeof(seconds) / sizeof(seconds[0]) ==
                       sizeof(struct ses_timeouts) / sizeof(uint32_t),
                   "every time-out is here and in the schema");
    o->workers = cfg_int(&options, "workers");
    o->workers_max = cfg_int(&options, "workers_max");
    o->sessions = cfg_int(&options, "sessions");
    o->quota = cfg_int(&options, "quota");
    o->vector = cfg_int(&options, "vector");
    o->fast_path = cfg_bool(&options, "fast_path");
    o->gro = cfg_bool(&options, "gro");
    for (size_t i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
        *seconds[i].to = cfg_int(&timeouts, seconds[i].field);
    }
    if (o->workers_max != 0 && o->workers > o->workers_max) {
        return cfg_fail_at(&options, cfg_has(&options, "workers") ? "workers" : "workers_max",
                           "more workers than workers_max (%u)", o->workers_max);
    }
    return 0;
}

static size_t count(const json_t *document, const char *list)
{
    return json_array_size(json_object_get(document, list));
}

/* One element more than needed, so that none is of size zero, and group 0 has room. */
static int make_room(struct cfg *c, const json_t *d)
{
    size_t mappings = count(d, "mappings"), routes = count(d, "routes");

    c->port = calloc(count(d, "ports") + 1, sizeof(*c->port));
    c->vpc = calloc(count(d, "vpcs") + 1, sizeof(*c->vpc));
    c->subnet = calloc(count(d, "subnets") + 1, sizeof(*c->subnet));
    c->mapping = calloc(mappings + 1, sizeof(*c->mapping));
    c->route = calloc(routes + 1, sizeof(*c->route));
    c->group = calloc(count(d, "security_groups") + 1, sizeof(*c->group));
    c->neighbor =
        calloc(count(json_object_get(d, "underlay"), "neighbors") + 1, sizeof(*c->neighbor));
    c->vtep = calloc(mappings + routes + 1, sizeof(*c->vtep));
    c->eip = calloc(count(d, "eips") + 1, sizeof(*c->eip));
    c->snat = calloc(count(d, "snat") + 1, sizeof(*c->snat));
    c->forward = calloc(count(d, "forwards") + 1, sizeof(*c->forward));
    return c->port && c->vpc && c->subnet && c->mapping && c->route && c->group && c->neighbor &&
                   c->vtep && c->eip && c->snat && c->forward
               ? 0
               : -ENOMEM;
}

static int load_all(struct cfg_load *load)
{
    static int (*const part[])(const struct cfg_obj *) = {
        cfg_load_vpcs,     cfg_load_subnets,  cfg_load_groups,   cfg_load_ports,
        cfg_load_underlay, cfg_load_mappings, cfg_load_routes,   cfg_load_neighbors,
        cfg_load_eips,     cfg_load_snats,    cfg_load_forwards,
    };
    const struct cfg_obj document = {.load = load, .json = load->document, .table = &cfg_schema};
    int rc = make_room(load->c, load->document);

    if (!rc) {
        rc = load_options(&document);
    }
    for (size_t i = 0; i < sizeof(part) / sizeof(part[0]) && !rc; i++) {
        rc = part[i](&document);
    }
    return rc ? rc : cfg_load_vteps(load);
}

static int check(const json_t *document, struct cfg_error *error)
{
    const struct cfg_at root = {.up = NULL};
    const struct cfg_at at = {.up = &root, .key = "version"};
    const json_t *version = json_object_get(document, "version");
    int rc = 0;

    if (version) {
        /* First, because another version may have other keys. */
        rc = cfg_check_value(version, cfg_schema_field(&cfg_schema, "version"), &at, error);
    }
    return rc ? rc : cfg_check(document, &cfg_schema, &root, error);
}

int cfg_parse(const json_t *document, const struct cfg *old, struct cfg **out,
              struct cfg_error *error)
{
    struct cfg_load load = {.document = document, .old = old, .error = error};
    int rc;

    *out = NULL;
    memset(error, 0, sizeof(*error));
    rc = check(document, error);
    if (rc) {
        return rc;
    }
    load.c = calloc(1, sizeof(*load.c));
    load.names = json_object();
    load.taken = json_object();
    rc = load.c && load.names && load.taken ? load_all(&load) : -ENOMEM;
    json_decref(load.names);
    json_decref(load.taken);
    if (rc) {
        cfg_free(load.c);
        if (rc == -ENOMEM) {
            cfg_copy(error->text, sizeof(error->text), "out of memory");
        }
        return rc;
    }
    *out = load.c;
    return 0;
}

void cfg_free(struct cfg *c)
{
    if (!c) {
        return;
    }
    for (uint32_t i = 0; c->group && i < c->groups; i++) {
        free(c->group[i].rule);
    }
    free(c->port);
    free(c->vpc);
    free(c->subnet);
    free(c->mapping);
    free(c->route);
    free(c->group);
    free(c->neighbor);
    free(c->vtep);
    free(c->eip);
    free(c->snat);
    free(c->forward);
    free(c);
}
