/* SPDX-License-Identifier: Apache-2.0 */
/* From counters of two rounds to rates. */
#include <time.h>

#include "ctl.h"

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double remember(json_t **memory, json_t *seen, json_t **before)
{
    double now = now_s(), then = json_real_value(json_object_get(*memory, "time"));

    *before = json_incref(json_object_get(*memory, "seen"));
    json_decref(*memory);
    *memory = json_pack("{s:f, s:o}", "time", now, "seen", seen);
    return *before && now > then ? now - then : 0;
}

const json_t *row_like(const json_t *rows, const json_t *row, const char *const *keys)
{
    const json_t *other;
    size_t i;

    json_array_foreach (rows, i, other) {
        bool same = true;

        for (const char *const *k = keys; *k; k++) {
            same = same && json_equal(json_object_get(other, *k), json_object_get(row, *k));
        }
        if (same) {
            return other;
        }
    }
    return NULL;
}

json_int_t member(const json_t *row, const char *name)
{
    return json_integer_value(json_object_get(row, name));
}

const char *text_of(const json_t *row, const char *name)
{
    const char *text = json_string_value(json_object_get(row, name));

    return text ? text : "";
}

json_int_t rate(const json_t *row, const json_t *before, const char *name, double seconds)
{
    json_int_t now = member(row, name), then = member(before, name);

    return now >= then && seconds > 0 ? (json_int_t)((double)(now - then) / seconds) : 0;
}
