/* SPDX-License-Identifier: Apache-2.0 */
/* Document to YAML. Texts that could be read as another type, by this program or by a YAML 1.1 reader, are quoted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

struct writer {
    FILE *out;
    bool failed; /* something YAML cannot hold */
};

static bool plain_char(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           strchr("_-./:", c);
}

/* Words and numbers of YAML 1.1 that are texts in 1.2: booleans, sexagesimals, dates. */
static bool old_type(const char *text)
{
    static const char *const word[] = {"yes", "no", "on", "off", "y", "n"};

    for (size_t i = 0; i < sizeof(word) / sizeof(word[0]); i++) {
        if (!strcasecmp(text, word[i])) {
            return true;
        }
    }
    return text[strspn(text, "0123456789:_.")] == '\0' && strpbrk(text, ":_") != NULL;
}

static bool plain_ok(const char *text, size_t length)
{
    json_t *read;
    bool ok;

    if (length == 0 || strchr("-.:/", text[0]) || text[length - 1] == ':' || old_type(text)) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if (!plain_char((unsigned char)text[i])) {
            return false;
        }
    }
    read = cfg_plain(text, length);
    ok = json_is_string(read);
    json_decref(read);
    return ok;
}

/* Code point at *p, which jansson has checked to be UTF-8; *p moves on. */
static uint32_t code_point(const char **p)
{
    const unsigned char *c = (const unsigned char *)*p;
    int more = c[0] < 0x80 ? 0 : c[0] < 0xe0 ? 1 : c[0] < 0xf0 ? 2 : 3;
    uint32_t value = more ? c[0] & (0x3fu >> more) : c[0];

    for (int i = 1; i <= more; i++) {
        value = value << 6 | (c[i] & 0x3f);
    }
    *p += more + 1;
    return value;
}

/* Line breaks, and what a YAML stream may not hold as it is (YAML 1.2, 5.1). */
static bool must_escape(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0x2028 || c == 0x2029 || c == 0xfeff ||
           c == 0xfffe || c == 0xffff;
}

static void put_text(struct writer *w, const char *text, size_t length)
{
    const char *p = text;

    if (memchr(text, '\0', length)) {
        w->failed = true;
        return;
    }
    if (plain_ok(text, length)) {
        fputs(text, w->out);
        return;
    }
    fputc('"', w->out);
    while (p < text + length) {
        const char *start = p;
        uint32_t c = code_point(&p);

        if (c == '"' || c == '\\') {
            fprintf(w->out, "\\%c", (char)c);
        } else if (must_escape(c)) {
            fprintf(w->out, "\\u%04x", (unsigned)c);
        } else {
            fwrite(start, 1, (size_t)(p - start), w->out);
        }
    }
    fputc('"', w->out);
}

static void put_real(struct writer *w, double value)
{
    char text[40];

    /* 17 digits bring every double back. */
    snprintf(text, sizeof(text), "%.17g", value);
    fprintf(w->out, "%s%s", text, strpbrk(text, ".e") ? "" : ".0");
}

static void put_scalar(struct writer *w, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_STRING:
        put_text(w, json_string_value(value), json_string_length(value));
        break;
    case JSON_INTEGER:
        fprintf(w->out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL:
        put_real(w, json_real_value(value));
        break;
    case JSON_OBJECT:
        fputs("{}", w->out);
        break;
    case JSON_ARRAY:
        fputs("[]", w->out);
        break;
    case JSON_NULL:
        fputs("null", w->out);
        break;
    default:
        fputs(json_is_true(value) ? "true" : "false", w->out);
    }
}

static bool is_block(const json_t *value)
{
    return json_object_size(value) > 0 || json_array_size(value) > 0;
}

static void put_block(struct writer *w, const json_t *value, const struct cfg_table *table,
                      unsigned indent, bool indented);

static void put_member(struct writer *w, const char *key, const json_t *value,
                       const struct cfg_field *field, unsigned indent, bool indented)
{
    if (!indented) {
        fprintf(w->out, "%*s", (int)indent, "");
    }
    put_text(w, key, strlen(key));
    fputc(':', w->out);
    if (is_block(value)) {
        fputc('\n', w->out);
        put_block(w, value, field ? field->sub : NULL, indent + 2, false);
        return;
    }
    fputc(' ', w->out);
    put_scalar(w, value);
    fputc('\n', w->out);
}

/* Keys of the schema first, in its order; then the others. `indented`: the first line has its indentation. */
static void put_object(struct writer *w, const json_t *object, const struct cfg_table *table,
                       unsigned indent, bool indented)
{
    const char *key;
    json_t *value;

    for (const struct cfg_field *f = table ? table->field : NULL; f && f->name; f++) {
        value = json_object_get(object, f->name);
        if (value) {
            put_member(w, f->name, value, f, indent, indented);
            indented = false;
        }
    }
    json_object_foreach ((json_t *)(uintptr_t)object, key, value) {
        if (!table || !cfg_schema_field(table, key)) {
            put_member(w, key, value, NULL, indent, indented);
            indented = false;
        }
    }
}

static void put_list(struct writer *w, const json_t *list, const struct cfg_table *table,
                     unsigned indent, bool indented)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *value = json_array_get(list, i);

        fprintf(w->out, "%*s- ", indented ? 0 : (int)indent, "");
        indented = false;
        if (is_block(value)) {
            put_block(w, value, table, indent + 2, true);
        } else {
            put_scalar(w, value);
            fputc('\n', w->out);
        }
    }
}

static void put_block(struct writer *w, const json_t *value, const struct cfg_table *table,
                      unsigned indent, bool indented)
{
    if (json_is_object(value)) {
        put_object(w, value, table, indent, indented);
    } else {
        put_list(w, value, table, indent, indented);
    }
}

char *cfg_yaml_dump(const json_t *document)
{
    struct writer w = {.failed = false};
    char *text = NULL;
    size_t size = 0;

    w.out = open_memstream(&text, &size);
    if (!w.out) {
        return NULL;
    }
    if (is_block(document)) {
        put_block(&w, document, &cfg_schema, 0, false);
    } else {
        put_scalar(&w, document);
        fputc('\n', w.out);
    }
    if (fclose(w.out) || w.failed) {
        free(text);
        return NULL;
    }
    return text;
}
