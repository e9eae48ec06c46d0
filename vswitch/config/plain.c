/* SPDX-License-Identifier: Apache-2.0 */
/* Plain scalars by the core schema of YAML 1.2 (10.3.2): null, booleans, numbers; anything else is a text. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

static bool is_one_of(const char *text, const char *a, const char *b, const char *c)
{
    return !strcmp(text, a) || !strcmp(text, b) || !strcmp(text, c);
}

static size_t digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* [-+]?[0-9]+ | 0o[0-7]+ | 0x[0-9a-fA-F]+ : the base, or 0. */
static int int_base(const char *text)
{
    const char *number = text + (*text == '-' || *text == '+');

    if (!strncmp(text, "0o", 2) && text[2]) {
        return text[2 + strspn(text + 2, "01234567")] == '\0' ? 8 : 0;
    }
    if (!strncmp(text, "0x", 2) && text[2]) {
        return text[2 + strspn(text + 2, "0123456789abcdefABCDEF")] == '\0' ? 16 : 0;
    }
    return *number && number[digits(number)] == '\0' ? 10 : 0;
}

/* [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )? */
static bool is_float(const char *text)
{
    size_t before, after = 0;

    text += *text == '-' || *text == '+';
    before = digits(text);
    text += before;
    if (*text == '.') {
        after = digits(text + 1);
        text += 1 + after;
    }
    if (before + after == 0) {
        return false;
    }
    if (*text == 'e' || *text == 'E') {
        text++;
        text += *text == '-' || *text == '+';
        if (digits(text) == 0) {
            return false;
        }
        text += digits(text);
    }
    return *text == '\0';
}

/* [-+]? ( \.inf | \.Inf | \.INF ) | \.nan | \.NaN | \.NAN : JSON has no such numbers. */
static bool is_not_finite(const char *text)
{
    return is_one_of(text, ".nan", ".NaN", ".NAN") ||
           is_one_of(text + (*text == '-' || *text == '+'), ".inf", ".Inf", ".INF");
}

json_t *cfg_plain(const char *text, size_t length)
{
    int base = int_base(text);

    if (length == 0 || !strcmp(text, "~") || is_one_of(text, "null", "Null", "NULL")) {
        return json_null();
    }
    if (is_one_of(text, "true", "True", "TRUE")) {
        return json_true();
    }
    if (is_one_of(text, "false", "False", "FALSE")) {
        return json_false();
    }
    if (base) {
        long long value;

        errno = 0;
        value = strtoll(text + (base == 10 ? 0 : 2), NULL, base);
        return errno ? NULL : json_integer(value);
    }
    if (is_float(text)) {
        double value = strtod(text, NULL);

        return isfinite(value) ? json_real(value) : NULL;
    }
    return is_not_finite(text) ? NULL : json_stringn(text, length);
}
