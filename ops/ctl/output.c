/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "ctl.h"

void print_json(const struct ctl *ctl, const json_t *value)
{
    json_dumpf(value, stdout,
               JSON_ENCODE_ANY | (ctl->pretty ? JSON_INDENT(2) : (size_t)JSON_COMPACT));
    putchar('\n');
}

static void write_safe(FILE *to, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        /* What came from elsewhere must not steer the terminal. */
        putc(c < 0x20 || c == 0x7f ? '?' : c, to);
    }
}

void print_safe(const char *text)
{
    write_safe(stdout, text);
}

static void copy_member(json_t *e, const json_t *data, const char *name)
{
    json_t *value = json_object_get(data, name);

    if (value) {
        json_object_set(json_object_get(e, "error"), name, value);
    }
}

/* `data`: of a server's error, or NULL. What only some errors have is shown as JSON alone. */
static void report(const struct ctl *ctl, const char *name, const char *message, const char *hint,
                   const char *path, int line, const json_t *data)
{
    if (ctl->quiet) {
        return;
    }
    if (ctl->json) {
        json_t *e =
            json_pack("{s:{s:s, s:s, s:s?, s:s?, s:o}}", "error", "code", name, "message", message,
                      "hint", hint, "path", path, "line", line ? json_integer(line) : json_null());

        copy_member(e, data, "type");
        copy_member(e, data, "position");
        print_json(ctl, e);
        json_decref(e);
        return;
    }
    if (ctl->file && line) {
        fprintf(stderr, "%s:%d: ", ctl->file, line);
    } else {
        fputs("avs-ctl: ", stderr);
    }
    write_safe(stderr, message);
    if (path && *path) {
        fputs(" (", stderr);
        write_safe(stderr, path);
        putc(')', stderr);
    }
    putc('\n', stderr);
    if (hint && *hint) {
        fputs("  hint: ", stderr);
        write_safe(stderr, hint);
        putc('\n', stderr);
    }
}

int fail(const struct ctl *ctl, int code, const char *name, const char *hint, const char *format,
         ...)
{
    char message[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    report(ctl, name ? name : "EIO", message, hint, NULL, 0, NULL);
    return code;
}

static int exit_code_of(const char *name)
{
    static const struct {
        const char *name;
        int code;
    } table[] = {
        {"ENOENT", EXIT_NOT_FOUND},  {"EPERM", EXIT_REFUSED},   {"EACCES", EXIT_REFUSED},
        {"EEXIST", EXIT_CONFLICT},   {"ESTALE", EXIT_CONFLICT}, {"EBUSY", EXIT_CONFLICT},
        {"ETIMEDOUT", EXIT_TIMEOUT},
    };

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (strcmp(table[i].name, name) == 0) {
            return table[i].code;
        }
    }
    return EXIT_FAILED;
}

int fail_reply(const struct ctl *ctl, const json_t *error)
{
    const json_t *data = json_object_get(error, "data");
    const char *name = json_string_value(json_object_get(data, "code"));
    const char *message = json_string_value(json_object_get(error, "message"));
    const char *path = json_string_value(json_object_get(data, "path"));
    int line = (int)json_integer_value(json_object_get(data, "line"));

    name = name ? name : "EIO";
    if (!line && path && ctl->lines) {
        line = cfg_line(ctl->lines, path);
    }
    report(ctl, name, message ? message : "failed",
           json_string_value(json_object_get(data, "hint")), path, line, data);
    return exit_code_of(name);
}

char *cell_text(const json_t *value)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    const json_t *item;
    size_t i;

    if (!f) {
        return NULL;
    }
    if (json_is_string(value)) {
        write_safe(f, json_string_value(value));
    } else if (json_is_array(value)) {
        json_array_foreach (value, i, item) {
            if (json_is_object(item)) {
                fprintf(f, "%zu", json_array_size(value));
                break;
            }
            char *one = cell_text(item);
            fprintf(f, "%s%s", i ? "," : "", one ? one : "");
            free(one);
        }
    } else if (value && !json_is_null(value)) {
        json_dumpf(value, f, JSON_ENCODE_ANY | JSON_COMPACT);
    }
    fclose(f);
    return text;
}

/* With --json; then there is nothing more to show. */
static bool shown(const struct ctl *ctl, const json_t *value)
{
    if (ctl->json) {
        print_json(ctl, value);
    }
    return ctl->json;
}

int show_record(const struct ctl *ctl, json_t *result)
{
    if (!shown(ctl, result)) {
        print_record(result, 0);
    }
    json_decref(result);
    return EXIT_OK;
}

int show_table(const struct ctl *ctl, json_t *rows, const char *const *columns)
{
    if (!shown(ctl, rows)) {
        print_table(rows, columns);
    }
    json_decref(rows);
    return EXIT_OK;
}

int show_count(const struct ctl *ctl, json_t *result, const char *key, const char *what)
{
    if (!shown(ctl, result)) {
        printf("%lld %s\n", (long long)json_integer_value(json_object_get(result, key)), what);
    }
    json_decref(result);
    return EXIT_OK;
}

int ask(struct ctl *ctl, const char *method, json_t *params,
        void (*print)(const struct ctl *ctl, const json_t *result))
{
    int code = EXIT_FAILED;
    json_t *result = request(ctl, method, params, &code);

    if (!result) {
        return code;
    }
    if (!shown(ctl, result) && print) {
        print(ctl, result);
    }
    json_decref(result);
    return EXIT_OK;
}
