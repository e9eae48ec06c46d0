/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where tables have their memory from.
 *
 * What a firmware needs to go on after a crash of its own stands in a few arrays of records without pointers: sessions
 * and secondary IPv6 keys (table.h), and what their `program` words refer to. Those come from a provider, by name, so
 * that they can lie where the next process finds them. Whatever can be computed from them again (hash table, links,
 * timer wheel, queues, lists, reference counts) is private, always.
 *
 * A provider's memory begins on a cache line, is zeroed when it is new, and costs nothing before it is touched: tables
 * ask for all they may ever need at once. Memory that a former process has used is given as that one left it; what
 * stands there is not believed (see ses_table_open()). Calls come from whoever opens and closes the table, never from a
 * worker's loop.
 */
#ifndef SESSION_MEMORY_H
#define SESSION_MEMORY_H

#include <stddef.h>

struct ses_memory {
    /* `size` bytes for the array of this name; NULL with errno. Names of one worker are unique, sizes fixed by its
     * configuration. */
    void *(*get)(void *arg, const char *name, size_t size);
    /* `memory` is what get() gave, or NULL. */
    void (*put)(void *arg, void *memory, size_t size);
    void *arg;
};

/* Private memory of this process. With AVS_LIBC_POOLS from libc, so that sanitizers see its ends. */
extern const struct ses_memory ses_private_memory;

/* By the provider, private memory if it is NULL. */
void *ses_memory_get(const struct ses_memory *m, const char *name, size_t size);
void ses_memory_put(const struct ses_memory *m, void *memory, size_t size);

#endif
