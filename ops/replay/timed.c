/* SPDX-License-Identifier: Apache-2.0 */
/* What of the command line comes at a time: rules and configurations. */
#include <stdlib.h>

#include "replay.h"

static bool read_time(const char **text, uint64_t *ns)
{
    char *end;

    *ns = 0;
    if (**text != '@')
        return true;
    *ns = strtoull(*text + 1, &end, 10);
    if ((*text)[1] < '0' || (*text)[1] > '9' || *end != ' ')
        return false;
    *text = end + 1;
    return true;
}

bool replay_timed_add(struct replay_timed *list, const char *text)
{
    unsigned at = list->n;
    uint64_t ns;

    if (list->n == REPLAY_TIMED || !read_time(&text, &ns))
        return false;
    for (; at > 0 && list->at[at - 1] > ns; at--) {
        list->text[at] = list->text[at - 1];
        list->at[at] = list->at[at - 1];
    }
    list->text[at] = text;
    list->at[at] = ns;
    list->n++;
    return true;
}

const char *replay_timed_due(const struct replay_timed *list, unsigned *done, uint64_t ns)
{
    if (*done == list->n || list->at[*done] > ns)
        return NULL;
    return list->text[(*done)++];
}
