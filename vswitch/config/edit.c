/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "internal.h"

#define KEY 160

struct edit {
    struct cfg_place place;
    char key[KEY];
    json_t *copy; /* of the document */
    json_t *list; /* the list in it */
};

static json_t *member(json_t *of, const char *name, json_t *(*make)(void))
{
    json_t *value = json_object_get(of, name);

    if (!value) {
        value = make();
        json_object_set_new(of, name, value);
    }
    return value;
}

/* The key fields must be there and well formed; the others are cfg_parse()'s business. */
static int check_key(const struct cfg_place *place, const json_t *object, const struct cfg_at *at,
                     struct cfg_error *error)
{
    if (!json_is_object(object)) {
        return cfg_fail(error, at, "a %s is an object", place->table->singular);
    }
    for (const struct cfg_field *f = place->table->field; f->name; f++) {
        const struct cfg_at field = {.up = at, .key = f->name};
        const json_t *value = json_object_get(object, f->name);
        int rc = 0;

        if (!f->key) {
            continue;
        }
        if (!value) {
            return cfg_fail(error, at, "'%s' is missing, which tells one %s from another", f->name,
                            place->table->singular);
        }
        rc = cfg_check_value(value, f, &field, error);
        if (rc) {
            return rc;
        }
    }
    return 0;
}

static int begin(struct edit *e, const json_t *document, const char *list, const json_t *object,
                 struct cfg_error *error)
{
    const struct cfg_at root = {.up = NULL};
    const struct cfg_at at = {.up = &root, .key = list};
    json_t *outer;
    int rc;

    memset(error, 0, sizeof(*error));
    if (!cfg_place_find(list, &e->place)) {
        return cfg_fail(error, &root, "no list '%.40s' in the document", list);
    }
    rc = check_key(&e->place, object, &at, error);
    if (rc) {
        return rc;
    }
    if (!cfg_key(e->place.table, object, e->key, sizeof(e->key))) {
        return cfg_fail(error, &at, "the key is too long");
    }
    e->copy = json_deep_copy(document);
    outer = e->place.outer ? member(e->copy, e->place.outer->name, json_object) : e->copy;
    e->list = member(outer, list, json_array);
    if (!json_is_array(e->list)) {
        json_decref(e->copy);
        return cfg_fail(error, &at, "the document has no such list");
    }
    return 0;
}

/* Index of the object with the key, or the length of the list. */
static size_t find(const struct edit *e)
{
    size_t n = json_array_size(e->list);
    char key[KEY];

    for (size_t i = 0; i < n; i++) {
        if (cfg_key(e->place.table, json_array_get(e->list, i), key, sizeof(key)) &&
            !strcmp(key, e->key)) {
            return i;
        }
    }
    return n;
}

json_t *cfg_add(const json_t *document, const char *list, const json_t *object,
                struct cfg_error *error)
{
    const struct cfg_at root = {.up = NULL};
    const struct cfg_at at = {.up = &root, .key = list};
    struct edit e;

    if (begin(&e, document, list, object, error)) {
        return NULL;
    }
    if (find(&e) < json_array_size(e.list)) {
        cfg_fail(error, &at, "there is a %s '%s' already; remove it first", e.place.table->singular,
                 e.key);
        json_decref(e.copy);
        return NULL;
    }
    json_array_append_new(e.list, json_deep_copy(object));
    return e.copy;
}

json_t *cfg_remove(const json_t *document, const char *list, const json_t *object,
                   struct cfg_error *error)
{
    const struct cfg_at root = {.up = NULL};
    const struct cfg_at at = {.up = &root, .key = list};
    struct edit e;
    size_t index;

    if (begin(&e, document, list, object, error)) {
        return NULL;
    }
    index = find(&e);
    if (index == json_array_size(e.list)) {
        cfg_fail(error, &at, "no %s '%s'", e.place.table->singular, e.key);
        json_decref(e.copy);
        return NULL;
    }
    json_array_remove(e.list, index);
    return e.copy;
}
