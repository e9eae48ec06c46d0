/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "internal.h"

#ifdef AVS_LIBC_POOLS

void *memory_get(size_t size)
{
    size_t whole = (size + HSR_CACHE_LINE - 1) & ~(size_t)(HSR_CACHE_LINE - 1);
    void *p = aligned_alloc(HSR_CACHE_LINE, whole);

    if (p)
        memset(p, 0, whole);
    return p;
}

void memory_put(void *p, size_t size)
{
    (void)size;
    free(p);
}

#else

/*
 * From this size on huge pages are asked for: a million sessions are 65,536 small pages, many times what a TLB holds,
 * and each packet would pay a page walk. Below it they are not: buckets are touched at random, and the first few
 * sessions of an idle worker would map megabytes.
 */
#define MEMORY_HUGE_FROM (256u << 20)

void *memory_get(size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);

    if (p == MAP_FAILED)
        return NULL;
    if (size >= MEMORY_HUGE_FROM)
        (void)madvise(p, size, MADV_HUGEPAGE); /* a wish: a kernel without them is none the worse */
    return p;
}

void memory_put(void *p, size_t size)
{
    if (p)
        munmap(p, size);
}

#endif
