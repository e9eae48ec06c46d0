/* SPDX-License-Identifier: Apache-2.0 */
/* Words "key=value" by the schema's types. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

static json_t *comma_list(const char *text)
{
    json_t *list = json_array();

    while (*text) {
        size_t length = strcspn(text, ",");

        json_array_append_new(list, json_stringn(text, length));
        text += length + (text[length] == ',');
    }
    return list;
}

static json_t *integer(const char *text)
{
    char *end;

    errno = 0;
    long long value = strtoll(text, &end, 10);
    return errno || *end || end == text ? NULL : json_integer(value);
}

/* NULL: not of this type. The daemon checks the rest; here it is only given its JSON form. */
static json_t *typed(const struct cfg_field *f, const char *text)
{
    switch (f->type) {
    case CFG_T_BOOL:
        return strcmp(text, "true") == 0    ? json_true()
               : strcmp(text, "false") == 0 ? json_false()
                                            : NULL;
    case CFG_T_INT:
        return integer(text);
    case CFG_T_ADDRESSES:
    case CFG_T_REFS:
        return comma_list(text);
    case CFG_T_OBJECT:
    case CFG_T_OBJECTS:
        return json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    default:
        return json_string(text);
    }
}

static int unknown_key(const struct ctl *ctl, const struct cfg_table *table, const char *key)
{
    const char *names[MAX_WORDS];
    char hint[120];
    int n = 0;

    for (const struct cfg_field *f = table->field; f->name && n < MAX_WORDS - 1; f++) {
        names[n++] = f->name;
    }
    names[n] = NULL;
    const char *near = nearest(key, names);
    if (near) {
        snprintf(hint, sizeof(hint), "did you mean '%s'?", near);
    } else {
        snprintf(hint, sizeof(hint), "avs-ctl schema %s shows the keys", table->singular);
    }
    return fail(ctl, EXIT_USAGE, "EINVAL", hint, "a %s has no key '%s'", table->singular, key);
}

static int add_field(struct ctl *ctl, const struct cfg_table *table, const char *word,
                     json_t *object)
{
    char key[64];
    size_t length = strcspn(word, "=");

    if (!word[length] || length == 0 || length >= sizeof(key)) {
        return fail(ctl, EXIT_USAGE, "EINVAL", NULL, "'%s' is not of the form KEY=VALUE", word);
    }
    memcpy(key, word, length);
    key[length] = 0;
    const struct cfg_field *f = cfg_schema_field(table, key);
    if (!f) {
        return unknown_key(ctl, table, key);
    }
    if (json_object_get(object, key)) {
        return fail(ctl, EXIT_USAGE, "EINVAL", NULL, "%s is given twice", key);
    }
    json_t *value = typed(f, word + length + 1);
    if (!value) {
        return fail(ctl, EXIT_USAGE, "EINVAL", f->doc, "'%s' is not a value of %s",
                    word + length + 1, key);
    }
    json_object_set_new(object, key, value);
    return EXIT_OK;
}

json_t *fields_object(struct ctl *ctl, const struct cfg_table *table, int first, int *code)
{
    json_t *object = json_object();

    *code = EXIT_OK;
    for (int i = first; i < ctl->words && *code == EXIT_OK; i++) {
        /* The first word may be the bare name. */
        if (i == first && !strchr(ctl->word[i], '=') && cfg_schema_field(table, "name")) {
            json_object_set_new(object, "name", json_string(ctl->word[i]));
        } else {
            *code = add_field(ctl, table, ctl->word[i], object);
        }
    }
    if (*code) {
        json_decref(object);
        return NULL;
    }
    return object;
}
