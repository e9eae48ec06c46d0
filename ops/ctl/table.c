/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ctl.h"

#define COLUMNS 32

struct table {
    const char *name[COLUMNS];
    size_t columns, rows;
    size_t width[COLUMNS];
    bool right[COLUMNS]; /* numbers */
    char **cell;
};

/* Characters, not bytes: UTF-8 continuation bytes take no room. */
static size_t width_of(const char *text)
{
    size_t n = 0;

    for (; *text; text++) {
        n += ((unsigned char)*text & 0xc0) != 0x80;
    }
    return n;
}

/* Of the terminal, or of $COLUMNS; 0: as wide as needed. */
static size_t screen_width(void)
{
    struct winsize size;
    const char *text = getenv("COLUMNS");

    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
        return size.ws_col;
    }
    return text ? (size_t)strtoul(text, NULL, 10) : 0;
}

static void choose_columns(struct table *t, const json_t *rows, const char *const *columns)
{
    json_t *row, *value;
    const char *key;
    size_t i;

    for (; columns && *columns && t->columns < COLUMNS; columns++) {
        t->name[t->columns++] = *columns;
    }
    if (columns) {
        return;
    }
    json_array_foreach (rows, i, row) {
        json_object_foreach (row, key, value) {
            size_t c = 0;

            while (c < t->columns && strcmp(t->name[c], key) != 0) {
                c++;
            }
            /* Objects within a row have no room in a line: --json shows them. */
            if (c == t->columns && c < COLUMNS && !json_is_object(value)) {
                t->name[t->columns++] = key;
            }
        }
    }
}

/* A number, or one with a unit: "12.3k", "7%". */
static bool numeric(const json_t *value)
{
    const char *text = json_string_value(value);
    char *end;

    if (!text) {
        return !value || json_is_number(value);
    }
    if (*text < '0' || *text > '9' || (text[0] == '0' && text[1] == 'x')) {
        return false;
    }
    strtod(text, &end);
    return *end == 0 || (strchr("kMGTP%", *end) && end[1] == 0);
}

static bool fill(struct table *t, const json_t *rows)
{
    const json_t *row;
    size_t i;

    t->rows = json_array_size(rows);
    t->cell = calloc(t->rows * t->columns + 1, sizeof(*t->cell));
    if (!t->cell) {
        return false;
    }
    for (size_t c = 0; c < t->columns; c++) {
        t->width[c] = width_of(t->name[c]);
        t->right[c] = t->rows > 0;
    }
    json_array_foreach (rows, i, row) {
        for (size_t c = 0; c < t->columns; c++) {
            const json_t *value = json_object_get(row, t->name[c]);
            char *text = cell_text(value);

            t->cell[i * t->columns + c] = text;
            if (text && width_of(text) > t->width[c]) {
                t->width[c] = width_of(text);
            }
            t->right[c] = t->right[c] && numeric(value);
        }
    }
    return true;
}

/* Takes from the widest text column until the line fits, down to 8 characters. */
static void shrink(struct table *t)
{
    size_t screen = screen_width(), total = 0;

    for (size_t c = 0; c < t->columns; c++) {
        total += t->width[c] + (c > 0 ? 2 : 0);
    }
    while (screen > 0 && total > screen) {
        size_t widest = t->columns;

        for (size_t c = 0; c < t->columns; c++) {
            if (!t->right[c] && t->width[c] > 8 &&
                (widest == t->columns || t->width[c] > t->width[widest])) {
                widest = c;
            }
        }
        if (widest == t->columns) {
            return;
        }
        t->width[widest]--;
        total--;
    }
}

/* What is cut off ends in '~'. */
static void print_cell(const char *text, size_t width, bool right, bool last)
{
    size_t own = width_of(text), shown = 0;

    if (right) {
        printf("%*s", (int)(width > own ? width - own : 0), "");
    }
    for (; *text; text++) {
        bool starts = ((unsigned char)*text & 0xc0) != 0x80;

        if (starts && own > width && shown + 1 == width) {
            putchar('~');
            shown++;
            break;
        }
        shown += starts;
        putchar(*text);
    }
    if (!right && !last) {
        printf("%*s", (int)(width > shown ? width - shown : 0), "");
    }
    fputs(last ? "\n" : "  ", stdout);
}

static void print_heading(const struct table *t)
{
    const char *plain = getenv("NO_COLOR");
    bool bold = isatty(STDOUT_FILENO) && !(plain && *plain);

    fputs(bold ? "\033[1m" : "", stdout);
    for (size_t c = 0; c < t->columns; c++) {
        print_cell(t->name[c], t->width[c], t->right[c], c + 1 == t->columns);
    }
    fputs(bold ? "\033[0m" : "", stdout);
}

void print_table(const json_t *rows, const char *const *columns)
{
    struct table t = {.columns = 0};

    choose_columns(&t, rows, columns);
    if (t.columns == 0 || !fill(&t, rows)) {
        return;
    }
    shrink(&t);
    print_heading(&t);
    for (size_t i = 0; i < t.rows * t.columns; i++) {
        size_t c = i % t.columns;

        print_cell(t.cell[i] ? t.cell[i] : "", t.width[c], t.right[c], c + 1 == t.columns);
        free(t.cell[i]);
    }
    free(t.cell);
}

void print_record(const json_t *object, int indent)
{
    json_t *value, *item, *copy = json_deep_copy(object);
    const char *key;
    size_t widest = 0, i;

    json_object_foreach (copy, key, value) {
        widest = width_of(key) > widest ? width_of(key) : widest;
    }
    json_object_foreach (copy, key, value) {
        printf("%*s", indent, "");
        print_safe(key);
        if (json_is_object(value) ||
            (json_is_array(value) && json_is_object(json_array_get(value, 0)))) {
            puts(":");
            if (json_is_object(value)) {
                print_record(value, indent + 2);
            }
            json_array_foreach (value, i, item) {
                printf("%*s-\n", indent + 2, "");
                print_record(item, indent + 4);
            }
            continue;
        }
        char *text = cell_text(value);
        printf(":%*s%s\n", (int)(widest - width_of(key) + 1), "", text ? text : "");
        free(text);
    }
    json_decref(copy);
}
