/* SPDX-License-Identifier: Apache-2.0 */
/* Which object of a list is which. */
#include <stdio.h>
#include <string.h>

#include "internal.h"

static void canonical(const struct cfg_field *f, const char *text, char *buf, size_t size)
{
    struct cfg_prefix prefix;
    struct cfg_addr addr;
    char right[52];

    if (f->type == CFG_T_ADDRESS && cfg_addr_parse(text, &addr)) {
        text = cfg_addr_text(&addr, right);
    } else if (f->type == CFG_T_PREFIX && cfg_prefix_parse(text, &prefix)) {
        text = cfg_prefix_text(&prefix, right);
    }
    cfg_copy(buf, size, text);
}

bool cfg_key(const struct cfg_table *table, const json_t *object, char *buf, size_t size)
{
    size_t used = 0;

    for (const struct cfg_field *f = table->field; f->name; f++) {
        const char *text = json_string_value(json_object_get(object, f->name));

        if (!f->key) {
            continue;
        }
        if (!text || used + strlen(text) + 56 > size) {
            return false;
        }
        if (used) {
            buf[used++] = ' ';
        }
        canonical(f, text, buf + used, size - used);
        used += strlen(buf + used);
    }
    return used > 0;
}

bool cfg_place_find(const char *name, struct cfg_place *place)
{
    for (const struct cfg_field *f = cfg_schema.field; f->name; f++) {
        if (f->type == CFG_T_OBJECTS && !strcmp(f->name, name)) {
            *place = (struct cfg_place){.table = f->sub, .list = f};
            return true;
        }
        for (const struct cfg_field *g = f->type == CFG_T_OBJECT ? f->sub->field : NULL;
             g && g->name; g++) {
            if (g->type == CFG_T_OBJECTS && !strcmp(g->name, name)) {
                *place = (struct cfg_place){.table = g->sub, .outer = f, .list = g};
                return true;
            }
        }
    }
    return false;
}
