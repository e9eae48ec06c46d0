/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "ctl.h"

#define LONGEST 40

/* Damerau's distance with adjacent swaps, of words up to LONGEST characters. */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[3][LONGEST + 1];
    size_t la = strlen(a), lb = strlen(b);

    if (la > LONGEST || lb > LONGEST) {
        return LONGEST;
    }
    for (unsigned j = 0; j <= lb; j++) {
        row[0][j] = j;
    }
    for (unsigned i = 1; i <= la; i++) {
        unsigned *now = row[i % 3], *last = row[(i + 2) % 3], *before = row[(i + 1) % 3];

        now[0] = i;
        for (unsigned j = 1; j <= lb; j++) {
            unsigned best = last[j - 1] + (a[i - 1] != b[j - 1]);

            best = last[j] + 1 < best ? last[j] + 1 : best;
            best = now[j - 1] + 1 < best ? now[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < best) {
                best = before[j - 2] + 1;
            }
            now[j] = best;
        }
    }
    return row[la % 3][lb];
}

const char *nearest(const char *word, const char *const *names)
{
    const char *found = NULL;
    unsigned best = (unsigned)(strlen(word) + 2) / 3 + 1;

    for (; *names; names++) {
        if (strncmp(*names, word, strlen(word)) == 0) {
            return *names;
        }
        unsigned d = distance(word, *names);

        if (d < best) {
            best = d;
            found = *names;
        }
    }
    return found;
}
