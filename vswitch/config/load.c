/* SPDX-License-Identifier: Apache-2.0 */
/* Reading checked objects; names and what is taken. */
#include "load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cfg_items cfg_items(const struct cfg_obj *of, const char *field)
{
    const json_t *list = json_object_get(of->json, field);

    return (struct cfg_items){
        .load = of->load,
        .json = list,
        .table = cfg_schema_field(of->table, field)->sub,
        .at = {.up = &of->at, .key = field},
        .n = (uint32_t)json_array_size(list),
    };
}

struct cfg_obj cfg_item(const struct cfg_items *items, uint32_t index)
{
    return (struct cfg_obj){
        .load = items->load,
        .json = json_array_get(items->json, index),
        .table = items->table,
        .at = {.up = &items->at, .index = index},
    };
}

struct cfg_obj cfg_child(const struct cfg_obj *of, const char *field)
{
    return (struct cfg_obj){
        .load = of->load,
        .json = json_object_get(of->json, field),
        .table = cfg_schema_field(of->table, field)->sub,
        .at = {.up = &of->at, .key = field},
    };
}

bool cfg_has(const struct cfg_obj *obj, const char *field)
{
    return json_object_get(obj->json, field) != NULL;
}

const char *cfg_text(const struct cfg_obj *obj, const char *field)
{
    const json_t *value = json_object_get(obj->json, field);

    if (json_is_null(value)) {
        return "null"; /* a choice of an enum: checked */
    }
    return value ? json_string_value(value) : cfg_schema_field(obj->table, field)->fallback;
}

uint32_t cfg_int(const struct cfg_obj *obj, const char *field)
{
    const json_t *value = json_object_get(obj->json, field);
    const char *fallback = cfg_schema_field(obj->table, field)->fallback;

    if (value) {
        return (uint32_t)json_integer_value(value);
    }
    return fallback ? (uint32_t)strtoul(fallback, NULL, 10) : 0;
}

bool cfg_bool(const struct cfg_obj *obj, const char *field)
{
    const json_t *value = json_object_get(obj->json, field);

    return value ? json_is_true(value)
                 : !strcmp(cfg_schema_field(obj->table, field)->fallback, "true");
}

bool cfg_addr(const struct cfg_obj *obj, const char *field, struct cfg_addr *addr)
{
    const char *text = cfg_text(obj, field);

    memset(addr, 0, sizeof(*addr));
    return text && cfg_addr_parse(text, addr);
}

bool cfg_prefix(const struct cfg_obj *obj, const char *field, struct cfg_prefix *prefix)
{
    const char *text = cfg_text(obj, field);

    memset(prefix, 0, sizeof(*prefix));
    return text && cfg_prefix_parse(text, prefix);
}

bool cfg_mac(const struct cfg_obj *obj, const char *field, uint8_t mac[6])
{
    const char *text = cfg_text(obj, field);

    memset(mac, 0, 6);
    return text && cfg_mac_parse(text, mac);
}

int cfg_define(const struct cfg_obj *obj, const char *name, uint32_t index)
{
    json_t *list = json_object_get(obj->load->names, obj->table->name);

    if (!list) {
        list = json_object();
        if (json_object_set_new(obj->load->names, obj->table->name, list)) {
            return -ENOMEM;
        }
    }
    if (json_object_get(list, name)) {
        return cfg_fail_at(obj, "name", "there is another %s '%s'; names are used once",
                           obj->table->singular, name);
    }
    return json_object_set_new(list, name, json_integer(index)) ? -ENOMEM : 0;
}

int cfg_lookup(struct cfg_load *load, const char *list, const char *name, const struct cfg_at *at,
               uint32_t *index)
{
    const json_t *names = json_object_get(load->names, list);
    const json_t *found = json_object_get(names, name);
    char known[128] = "";
    size_t used = 0;
    const char *key;
    json_t *value;

    if (found) {
        *index = (uint32_t)json_integer_value(found);
        return 0;
    }
    json_object_foreach ((json_t *)(uintptr_t)names, key, value) {
        if (used + strlen(key) + 6 > sizeof(known)) {
            used += (size_t)snprintf(known + used, sizeof(known) - used, ", ...");
            break;
        }
        used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s", used ? ", " : "", key);
    }
    return cfg_fail(load->error, at, "no %s '%s'; '%s' has %s", cfg_schema_find(list)->singular,
                    name, list, used ? known : "none");
}

int cfg_ref(const struct cfg_obj *obj, const char *field, uint32_t *index)
{
    const struct cfg_at at = {.up = &obj->at, .key = field};

    return cfg_lookup(obj->load, cfg_schema_field(obj->table, field)->choices, cfg_text(obj, field),
                      &at, index);
}

static void taken_key(uint32_t space, const char *what, char *buf, size_t size)
{
    snprintf(buf, size, "%u %s", space, what);
}

const char *cfg_taken(const struct cfg_load *load, uint32_t space, const char *what)
{
    char key[256];

    taken_key(space, what, key, sizeof(key));
    return json_string_value(json_object_get(load->taken, key));
}

int cfg_take(struct cfg_load *load, uint32_t space, const char *what, const char *who, bool share,
             const struct cfg_at *at)
{
    const char *other = cfg_taken(load, space, what);
    char key[256];

    if (other && share && !strcmp(other, who)) {
        return 0;
    }
    if (other) {
        return cfg_fail(load->error, at, "%s is taken by %s%s; choose another", what, other,
                        space == CFG_NONE ? "" : " of the same VPC");
    }
    taken_key(space, what, key, sizeof(key));
    return json_object_set_new(load->taken, key, json_string(who)) ? -ENOMEM : 0;
}

uint32_t cfg_number(const uint8_t *used, const uint8_t *before, uint32_t lo, uint32_t hi)
{
    for (uint32_t i = lo; i <= hi; i++) {
        if (!used[i] && !before[i]) {
            return i;
        }
    }
    for (uint32_t i = lo; i <= hi; i++) {
        if (!used[i]) {
            return i;
        }
    }
    return hi + 1;
}
