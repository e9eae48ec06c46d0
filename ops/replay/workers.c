/* SPDX-License-Identifier: Apache-2.0 */
/* How many workers are running, changed at the time that is due. */
#include <stdlib.h>

#include "replay.h"

static unsigned number(const char *text)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    return *text >= '0' && *text <= '9' && *end == '\0' && n <= HSR_MAX_WORKERS ? (unsigned)n : 0;
}

bool replay_workers_ok(const struct replay_timed *list)
{
    for (unsigned i = 0; i < list->n; i++)
        if (number(list->text[i]) == 0)
            return false;
    return true;
}

unsigned replay_most_workers(const struct replay_timed *list, unsigned workers)
{
    for (unsigned i = 0; i < list->n; i++)
        if (number(list->text[i]) > workers)
            workers = number(list->text[i]);
    return workers;
}

/* With frames of that time in the rings, so that something is under way. */
int replay_set_workers(struct replay *r, uint64_t ns)
{
    const char *text;
    int rc = REPLAY_OK;

    while (rc == REPLAY_OK &&
           (text = replay_timed_due(&r->options->sets, &r->sets_done, ns)) != NULL) {
        nic_poll(r->nic, r->now);
        r->workers = number(text);
        rc = replay_apply(r, r->file);
    }
    return rc;
}
