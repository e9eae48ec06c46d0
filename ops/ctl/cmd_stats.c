/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

static int drops_round(struct ctl *ctl, json_t **memory)
{
    static const char *const keys[] = {"port", "reason", "stage", NULL};
    int code = EXIT_OK;
    json_t *result = request(ctl, "drops.get", NULL, &code), *before, *row;
    size_t i;

    if (!result) {
        return code;
    }
    json_t *rows = json_object_get(result, "drops");
    if (ctl->json) {
        print_json(ctl, rows);
        json_decref(result);
        return EXIT_OK;
    }
    double seconds = remember(memory, json_deep_copy(rows), &before);
    json_array_foreach (rows, i, row) {
        if (seconds > 0) {
            const json_t *old = row_like(before, row, keys);

            json_object_set_new(row, "packets_per_s",
                                json_integer(rate(row, old, "packets", seconds)));
        }
    }
    if (json_array_size(rows) == 0) {
        puts("no drops");
    }
    print_table(rows, NULL);
    json_decref(before);
    json_decref(result);
    return EXIT_OK;
}

static void print_sections(const struct ctl *ctl, const json_t *result)
{
    json_t *copy = json_deep_copy(result), *value;
    const char *key, *gap = "";

    (void)ctl;
    json_object_foreach (copy, key, value) {
        fputs(gap, stdout);
        print_safe(key);
        if (json_is_array(value)) {
            puts("");
            print_table(value, NULL);
        } else if (json_is_object(value)) {
            puts("");
            print_record(value, 2);
        } else {
            char *text = cell_text(value);

            printf(": %s\n", text ? text : "");
            free(text);
        }
        gap = "\n";
    }
    json_decref(copy);
}

static int stats_round(struct ctl *ctl, json_t **memory)
{
    (void)memory;
    return ask(ctl, "stats.get", NULL, print_sections);
}

int cmd_drops(struct ctl *ctl)
{
    return watch(ctl, drops_round);
}

int cmd_stats(struct ctl *ctl)
{
    return watch(ctl, stats_round);
}
