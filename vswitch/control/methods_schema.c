/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "config/schema.h"
#include "server_internal.h"

static const char *const type_name[] = {
    [CFG_T_NAME] = "name",       [CFG_T_STRING] = "string",       [CFG_T_BOOL] = "bool",
    [CFG_T_INT] = "int",         [CFG_T_ENUM] = "enum",           [CFG_T_MAC] = "mac",
    [CFG_T_ADDRESS] = "address", [CFG_T_INTERFACE] = "interface", [CFG_T_PREFIX] = "prefix",
    [CFG_T_PORTS] = "ports",     [CFG_T_REF] = "reference",       [CFG_T_ADDRESSES] = "addresses",
    [CFG_T_REFS] = "references", [CFG_T_PROTOCOL] = "protocol",   [CFG_T_REMOTE] = "remote",
    [CFG_T_OBJECT] = "object",   [CFG_T_OBJECTS] = "objects",
};

static json_t *table_json(const struct cfg_table *table)
{
    json_t *fields = json_array();

    for (const struct cfg_field *f = table->field; f && f->name; f++) {
        json_t *field =
            json_pack("{s:s, s:s, s:b, s:b, s:s*, s:s*, s:s*, s:s*}", "name", f->name, "type",
                      type_name[f->type], "required", f->required, "key", f->key, "choices",
                      f->choices, "default", f->fallback, "doc", f->doc, "only", f->only);
        if (f->type == CFG_T_INT) {
            json_object_set_new(field, "low", json_integer(f->lo));
            json_object_set_new(field, "high", json_integer(f->hi));
        }
        /* The schema is a tree of fixed depth: this ends. */
        if (f->sub) {
            json_object_set_new(field, "table", table_json(f->sub));
        }
        json_array_append_new(fields, field);
    }
    return json_pack("{s:s*, s:s*, s:s*, s:o}", "name", table->name, "singular", table->singular,
                     "doc", table->doc, "fields", fields);
}

int ctl_method_schema_get(struct ctl_call *call)
{
    call->result =
        json_pack("{s:i, s:o}", "version", CFG_VERSION, "schema", table_json(&cfg_schema));
    return call->result ? 0 : -ENOMEM;
}
