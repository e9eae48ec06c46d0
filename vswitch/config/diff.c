/* SPDX-License-Identifier: Apache-2.0 */
#include "internal.h"

#define KEY 160

static void report(json_t *out, const char *kind, const char *name, json_t *from, json_t *to)
{
    json_t *change = json_object();

    json_object_set_new(change, "op", json_string(from && to ? "change" : from ? "remove" : "add"));
    json_object_set_new(change, "kind", json_string(kind));
    json_object_set_new(change, "name", json_string(name));
    if (from) {
        json_object_set(change, "from", from);
    }
    if (to) {
        json_object_set(change, "to", to);
    }
    json_array_append_new(out, change);
}

/* Key -> object; objects without a key are left out: no such document was ever accepted. */
static json_t *by_key(const struct cfg_table *table, const json_t *list)
{
    json_t *map = json_object();

    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *object = json_array_get(list, i);
        char key[KEY];

        if (cfg_key(table, object, key, sizeof(key))) {
            json_object_set(map, key, object);
        }
    }
    return map;
}

static void diff_list(json_t *out, const struct cfg_table *table, const json_t *from,
                      const json_t *to)
{
    json_t *was = by_key(table, from), *is = by_key(table, to), *value;
    const char *key;

    json_object_foreach (was, key, value) {
        if (!json_object_get(is, key)) {
            report(out, table->singular, key, value, NULL);
        }
    }
    json_object_foreach (is, key, value) {
        json_t *old = json_object_get(was, key);

        if (!old || !json_equal(old, value)) {
            report(out, table->singular, key, old, value);
        }
    }
    json_decref(was);
    json_decref(is);
}

static void diff_object(json_t *out, const struct cfg_table *table, const json_t *from,
                        const json_t *to)
{
    for (const struct cfg_field *f = table->field; f->name; f++) {
        json_t *a = json_object_get(from, f->name), *b = json_object_get(to, f->name);

        if (f->type == CFG_T_OBJECTS) {
            diff_list(out, f->sub, a, b);
        } else if (f->type == CFG_T_OBJECT) {
            diff_object(out, f->sub, a, b);
        } else if ((a || b) && !json_equal(a, b)) {
            report(out, table->singular, f->name, a, b);
        }
    }
}

json_t *cfg_diff(const json_t *from, const json_t *to)
{
    json_t *out = json_array();

    diff_object(out, &cfg_schema, from, to);
    return out;
}
