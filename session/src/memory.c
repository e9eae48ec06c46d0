/* SPDX-License-Identifier: Apache-2.0 */
#include "session/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "hsring/abi.h"

#ifdef AVS_LIBC_POOLS

static void *private_get(void *arg, const char *name, size_t size)
{
    size_t whole = (size + HSR_CACHE_LINE - 1) & ~(size_t)(HSR_CACHE_LINE - 1);
    void *p;

    (void)arg;
    (void)name;
    /* Of what is large, and comes zeroed from the kernel, calloc() touches no page. */
    p = calloc(1, whole);
    if ((uintptr_t)p % HSR_CACHE_LINE == 0)
        return p;
    free(p);
    p = aligned_alloc(HSR_CACHE_LINE, whole);
    if (p)
        memset(p, 0, whole);
    return p;
}

static void private_put(void *arg, void *memory, size_t size)
{
    (void)arg;
    (void)size;
    free(memory);
}

#else

/*
 * From this size on huge pages are asked for: a million sessions are 65,536 small pages, many times what a TLB holds,
 * and each packet would pay a page walk, or several on a virtual machine. Below it they are not: buckets are touched at random, and
 * the first few sessions of an idle worker would map megabytes.
 */
#define MEMORY_HUGE_FROM (16u << 20)

static void *private_get(void *arg, const char *name, size_t size)
{
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);

    (void)arg;
    (void)name;
    if (p == MAP_FAILED)
        return NULL;
    if (size >= MEMORY_HUGE_FROM)
        (void)madvise(p, size, MADV_HUGEPAGE); /* a wish: a kernel without them is none the worse */
    return p;
}

static void private_put(void *arg, void *memory, size_t size)
{
    (void)arg;
    if (memory)
        munmap(memory, size);
}

#endif

const struct ses_memory ses_private_memory = {.get = private_get, .put = private_put};

void *ses_memory_get(const struct ses_memory *m, const char *name, size_t size)
{
    m = m ? m : &ses_private_memory;
    return m->get(m->arg, name, size);
}

void ses_memory_put(const struct ses_memory *m, void *memory, size_t size)
{
    m = m ? m : &ses_private_memory;
    m->put(m->arg, memory, size);
}
