/* SPDX-License-Identifier: Apache-2.0 */
/* A document against the schema's tables: keys, types, ranges, counts. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "internal.h"

/* One step of a JSON pointer (RFC 6901, section 3). */
static size_t put_step(char *buf, size_t size, size_t used, const struct cfg_at *at)
{
    char number[24];
    const char *text = at->key;

    if (!text) {
        snprintf(number, sizeof(number), "%zu", at->index);
        text = number;
    }
    if (used + 1 < size) {
        buf[used++] = '/';
    }
    for (; *text && used + 2 < size; text++) {
        if (*text == '~' || *text == '/') {
            buf[used++] = '~';
            buf[used++] = *text == '~' ? '0' : '1';
        } else {
            buf[used++] = *text;
        }
    }
    return used;
}

static size_t put_path(char *buf, size_t size, const struct cfg_at *at)
{
    if (!at || !at->up) {
        return 0;
    }
    return put_step(buf, size, put_path(buf, size, at->up), at);
}

int cfg_fail(struct cfg_error *error, const struct cfg_at *at, const char *format, ...)
{
    va_list args;

    error->path[put_path(error->path, sizeof(error->path), at)] = '\0';
    error->line = 0;
    va_start(args, format);
    vsnprintf(error->text, sizeof(error->text), format, args);
    va_end(args);
    return -EINVAL;
}

/* Scalar as the user wrote it, for messages and comparisons; "" for lists and objects. */
static void scalar_text(const json_t *value, char *buf, size_t size)
{
    if (json_is_string(value)) {
        snprintf(buf, size, "%s", json_string_value(value));
    } else if (json_is_integer(value)) {
        snprintf(buf, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    } else if (json_is_boolean(value)) {
        snprintf(buf, size, "%s", json_is_true(value) ? "true" : "false");
    } else if (json_is_null(value)) {
        snprintf(buf, size, "null");
    } else {
        buf[0] = '\0';
    }
}

static const char *type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a text";
    case JSON_INTEGER:
        return "a number";
    case JSON_REAL:
        return "a number with a fraction";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    default:
        return "nothing";
    }
}

static bool listed(const char *choices, const char *word)
{
    size_t length = strlen(word);

    for (const char *p = choices; p; p = strchr(p, '|')) {
        p += *p == '|';
        if (!strncmp(p, word, length) && (p[length] == '|' || p[length] == '\0')) {
            return length > 0;
        }
    }
    return false;
}

static bool name_ok(const char *text)
{
    static const char extra[] = "-_.";
    size_t length = strlen(text);

    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

        if (!alnum && (i == 0 || !strchr(extra, c))) {
            return false;
        }
    }
    return length > 0 && length < CFG_NAME;
}

static int check_name(const char *text, const struct cfg_at *at, struct cfg_error *error)
{
    if (name_ok(text)) {
        return 0;
    }
    return cfg_fail(error, at,
                    "'%.40s' is no name: 1 to %d letters, digits, '-', '_' or '.', the first a "
                    "letter or digit",
                    text, CFG_NAME - 1);
}

static int check_string(const char *text, const struct cfg_field *f, const struct cfg_at *at,
                        struct cfg_error *error)
{
    if (strlen(text) > (size_t)f->hi) {
        return cfg_fail(error, at, "%zu bytes long; at most %" PRId64, strlen(text), f->hi);
    }
    if (text[0] == '\0') {
        return cfg_fail(error, at, "empty; leave '%s' out instead", f->name);
    }
    for (const char *p = text; *p; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f) {
            return cfg_fail(error, at, "control character in the text");
        }
    }
    return 0;
}

static int check_address(const char *text, const struct cfg_at *at, struct cfg_error *error)
{
    struct cfg_addr addr;

    if (!cfg_addr_parse(text, &addr)) {
        return cfg_fail(error, at, "'%.60s' is no address; expected like 10.1.0.5 or fd00::5%s",
                        text, strchr(text, '/') ? ", without a length" : "");
    }
    if (!cfg_addr_unicast(&addr)) {
        return cfg_fail(error, at, "%.60s is not the address of one host", text);
    }
    return 0;
}

static int check_prefix(const char *text, enum cfg_type type, const struct cfg_at *at,
                        struct cfg_error *error)
{
    struct cfg_prefix prefix;
    char right[52];

    if (!cfg_prefix_parse(text, &prefix)) {
        return cfg_fail(error, at,
                        "'%.60s' is no prefix; expected address/length like %s or fd00::/64", text,
                        type == CFG_T_INTERFACE ? "192.0.2.1/24" : "10.1.0.0/16");
    }
    if (type == CFG_T_PREFIX && cfg_prefix_mask(&prefix)) {
        return cfg_fail(error, at, "%.60s has bits beyond its length; the prefix is %s", text,
                        cfg_prefix_text(&prefix, right));
    }
    if (type == CFG_T_INTERFACE && !cfg_addr_unicast(&prefix.addr)) {
        return cfg_fail(error, at, "%.60s is not the address of one host", text);
    }
    return 0;
}

static int check_mac(const char *text, const struct cfg_at *at, struct cfg_error *error)
{
    static const uint8_t zero[6];
    uint8_t mac[6];

    if (!cfg_mac_parse(text, mac)) {
        return cfg_fail(error, at, "'%.40s' is no MAC address; expected like 02:00:00:00:00:01",
                        text);
    }
    if (mac[0] & 1) {
        return cfg_fail(error, at,
                        "%s is a multicast MAC address; the lowest bit of its first byte must be 0",
                        text);
    }
    if (!memcmp(mac, zero, 6)) {
        return cfg_fail(error, at,
                        "the zero MAC address is nobody's; expected like "
                        "02:00:00:00:00:01");
    }
    return 0;
}

static int check_ports(const char *text, const struct cfg_at *at, struct cfg_error *error)
{
    uint16_t lo, hi;

    if (!cfg_ports_parse(text, &lo, &hi)) {
        return cfg_fail(error, at, "'%.40s' are no ports; expected 80 or 80-90, 0 to 65535", text);
    }
    if (lo > hi) {
        return cfg_fail(error, at, "the range %s goes backwards; expected %u-%u", text,
                        (unsigned)hi, (unsigned)lo);
    }
    return 0;
}

static int check_remote(const char *text, const struct cfg_at *at, struct cfg_error *error)
{
    struct cfg_addr addr;

    if (!strcmp(text, "any")) {
        return 0;
    }
    if (!strncmp(text, "group:", 6)) {
        return check_name(text + 6, at, error);
    }
    if (cfg_addr_parse(text, &addr)) {
        return cfg_fail(error, at, "%s needs a length; one host is %s/%d", text, text,
                        addr.family == 6 ? 128 : 32);
    }
    if (!strchr(text, '/')) {
        return cfg_fail(error, at, "'%.60s' is no remote; expected any, a prefix or group:NAME",
                        text);
    }
    return check_prefix(text, CFG_T_PREFIX, at, error);
}

static int check_protocol(const json_t *value, const struct cfg_at *at, struct cfg_error *error)
{
    char text[48];

    if (json_is_integer(value) && json_integer_value(value) >= 1 &&
        json_integer_value(value) <= 255) {
        return 0;
    }
    if (json_is_string(value) && cfg_proto(json_string_value(value)) >= 0) {
        return 0;
    }
    scalar_text(value, text, sizeof(text));
    return cfg_fail(error, at,
                    "'%s' is no protocol; expected any, tcp, udp, icmp, icmpv6, sctp or a number "
                    "from 1 to 255",
                    text);
}

static int check_int(const json_t *value, const struct cfg_field *f, const struct cfg_at *at,
                     struct cfg_error *error)
{
    json_int_t v = json_integer_value(value);

    if (!json_is_integer(value)) {
        return cfg_fail(error, at, "'%s' is %s; expected a whole number%s", f->name,
                        type_name(value), json_is_string(value) ? " without quotes" : "");
    }
    if (v >= f->lo && v <= f->hi) {
        return 0;
    }
    if (f->lo == f->hi) {
        return cfg_fail(error, at, "%s %" JSON_INTEGER_FORMAT "; this program reads %s %" PRId64,
                        f->name, v, f->name, f->lo);
    }
    return cfg_fail(error, at,
                    "%" JSON_INTEGER_FORMAT " is out of range; '%s' is %" PRId64 " to %" PRId64, v,
                    f->name, f->lo, f->hi);
}

static int check_bool(const json_t *value, const struct cfg_field *f, const struct cfg_at *at,
                      struct cfg_error *error)
{
    static const char yes[] = "yes|Yes|YES|on|On|ON|y|Y", no[] = "no|No|NO|off|Off|OFF|n|N";
    const char *text = json_string_value(value);

    if (json_is_boolean(value)) {
        return 0;
    }
    if (text && (listed(yes, text) || listed(no, text))) {
        return cfg_fail(error, at, "'%s' is a text here; write %s", text,
                        listed(yes, text) ? "true" : "false");
    }
    return cfg_fail(error, at, "'%s' is %s; expected true or false", f->name, type_name(value));
}

static int check_items(const json_t *value, const struct cfg_field *f, const struct cfg_at *at,
                       struct cfg_error *error)
{
    size_t n = json_array_size(value);

    if (!json_is_array(value)) {
        return cfg_fail(error, at, "'%s' is %s; expected a list", f->name, type_name(value));
    }
    if (n > (size_t)f->hi || n < (size_t)f->lo) {
        return cfg_fail(error, at, "%zu elements in '%s'; %s %" PRId64, n, f->name,
                        n > (size_t)f->hi ? "at most" : "at least",
                        n > (size_t)f->hi ? f->hi : f->lo);
    }
    for (size_t i = 0; i < n; i++) {
        const struct cfg_at item = {.up = at, .index = i};
        const json_t *v = json_array_get(value, i);
        int rc;

        if (f->type == CFG_T_OBJECTS) {
            rc = cfg_check(v, f->sub, &item, error);
        } else if (!json_is_string(v)) {
            rc = cfg_fail(error, &item, "%s in '%s'; expected a text", type_name(v), f->name);
        } else if (f->type == CFG_T_ADDRESSES) {
            rc = check_address(json_string_value(v), &item, error);
        } else {
            rc = check_name(json_string_value(v), &item, error);
        }
        if (rc) {
            return rc;
        }
    }
    return 0;
}

static int check_text(const json_t *value, const struct cfg_field *f, const struct cfg_at *at,
                      struct cfg_error *error)
{
    const char *text = json_string_value(value);

    if (json_is_null(value) && f->type == CFG_T_ENUM) {
        text = "null"; /* a type of port is called so */
    }
    if (!text) {
        return cfg_fail(error, at, "'%s' is %s; expected a text%s", f->name, type_name(value),
                        json_is_number(value) || json_is_boolean(value) ? " (put it in quotes)"
                                                                        : "");
    }
    switch (f->type) {
    case CFG_T_STRING:
        return check_string(text, f, at, error);
    case CFG_T_ENUM:
        return listed(f->choices, text)
                   ? 0
                   : cfg_fail(error, at, "'%.40s' is no %s; expected one of %s", text, f->name,
                              f->choices);
    case CFG_T_MAC:
        return check_mac(text, at, error);
    case CFG_T_ADDRESS:
        return check_address(text, at, error);
    case CFG_T_INTERFACE:
    case CFG_T_PREFIX:
        return check_prefix(text, f->type, at, error);
    case CFG_T_PORTS:
        return check_ports(text, at, error);
    case CFG_T_REMOTE:
        return check_remote(text, at, error);
    default:
        return check_name(text, at, error);
    }
}

int cfg_check_value(const json_t *value, const struct cfg_field *f, const struct cfg_at *at,
                    struct cfg_error *error)
{
    char number[24];

    switch (f->type) {
    case CFG_T_BOOL:
        return check_bool(value, f, at, error);
    case CFG_T_INT:
        return check_int(value, f, at, error);
    case CFG_T_PROTOCOL:
        return check_protocol(value, at, error);
    case CFG_T_OBJECT:
        return cfg_check(value, f->sub, at, error);
    case CFG_T_ADDRESSES:
    case CFG_T_REFS:
    case CFG_T_OBJECTS:
        return check_items(value, f, at, error);
    case CFG_T_PORTS:
        if (json_is_integer(value)) {
            scalar_text(value, number, sizeof(number));
            return check_ports(number, at, error);
        }
        return check_text(value, f, at, error);
    default:
        return check_text(value, f, at, error);
    }
}

/* Does `only` allow the field in this object? The field it names may be left to its default. */
static bool applies(const json_t *object, const struct cfg_table *table, const struct cfg_field *f)
{
    char name[32], text[48];
    const char *equals = f->only ? strchr(f->only, '=') : NULL;
    const struct cfg_field *other;
    const json_t *value;

    if (!equals) {
        return true;
    }
    cfg_copy(name, (size_t)(equals - f->only) + 1, f->only);
    value = json_object_get(object, name);
    other = cfg_schema_field(table, name);
    if (value) {
        scalar_text(value, text, sizeof(text));
    } else {
        cfg_copy(text, sizeof(text), other && other->fallback ? other->fallback : "");
    }
    return listed(equals + 1, text);
}

static int check_unknown(const json_t *object, const struct cfg_table *table,
                         const struct cfg_at *at, struct cfg_error *error)
{
    const char *key;
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)object, key, value) {
        const struct cfg_at place = {.up = at, .key = key};
        char known[192] = "";
        size_t used = 0;

        if (cfg_schema_field(table, key)) {
            continue;
        }
        for (const struct cfg_field *f = table->field; f->name; f++) {
            if (used + strlen(f->name) + 3 < sizeof(known)) {
                used += (size_t)snprintf(known + used, sizeof(known) - used, "%s%s",
                                         used ? ", " : "", f->name);
            }
        }
        return cfg_fail(error, &place, "unknown key '%.32s'; known: %s", key, known);
    }
    return 0;
}

int cfg_check(const json_t *object, const struct cfg_table *table, const struct cfg_at *at,
              struct cfg_error *error)
{
    int rc;

    if (!json_is_object(object)) {
        return cfg_fail(error, at, "%s is %s; expected an object with the keys of '%s'",
                        table->singular, object ? type_name(object) : "nothing", table->name);
    }
    rc = check_unknown(object, table, at, error);
    for (const struct cfg_field *f = table->field; f->name && !rc; f++) {
        const struct cfg_at place = {.up = at, .key = f->name};
        const json_t *value = json_object_get(object, f->name);

        if (value && !applies(object, table, f)) {
            rc = cfg_fail(error, &place, "'%s' is only for a %s with %s", f->name, table->singular,
                          f->only);
        } else if (value) {
            rc = cfg_check_value(value, f, &place, error);
        } else if (f->required && applies(object, table, f)) {
            rc = cfg_fail(error, at, "'%s' is missing: %s", f->name, f->doc);
        }
    }
    return rc;
}
