/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest memory that goes away. Guest memory is a file that somebody else has made: whoever can shorten it makes a read of what was mapped a
 * SIGBUS of ours. Nobody can look before: it may happen between the look and the read.
 *
 * Zeros take the place of the whole region, and what was under way goes on; the port stops that guest's queues when it notices. A region at once,
 * as each piece would be a mapping, and the kernel has a limit of those. All other mappings of ours are sealed against it, or files of the system.
 *
 * The handler may run on any thread at any moment: it reads the table below without a lock, and what is being changed counts as not there.
 * The thread that changes it is rte_vhost's, which may itself hit what has just been taken out: then a page goes.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ports/vhost_gone.h"

/* Of a mapping of huge pages a whole one has to go. */
static const uintptr_t page[] = {4096, 16384, 65536, 2u << 20, 1u << 30};

static struct guest {
    _Atomic uint32_t version; /* odd: it is being changed */
    _Atomic bool lost;
    _Atomic uintptr_t at[VH_REGIONS];
    _Atomic size_t bytes[VH_REGIONS];
} guests[VHOST_GUESTS];
static _Atomic uint32_t losses;

static int zeros(uintptr_t at, size_t bytes)
{
    void *start = (void *)at; // NOLINT(performance-no-int-to-ptr)

    return mmap(start, bytes, PROT_READ | PROT_WRITE,
                MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0) == MAP_FAILED
               ? -errno
               : 0;
}

static bool page_of_zeros(uintptr_t at)
{
    int rc = -EINVAL;

    /* Not for its alignment: a larger one would cover what is beside. */
    for (size_t i = 0; i < sizeof page / sizeof *page && rc == -EINVAL; i++)
        rc = zeros(at & ~(page[i] - 1), page[i]);
    return rc == 0;
}

/* The region of this guest that the address is in; false: in none. */
static bool find(struct guest *g, uintptr_t address, uintptr_t *at, size_t *bytes)
{
    uint32_t version = atomic_load(&g->version);
    bool found = false;

    for (uint32_t i = 0; i < VH_REGIONS && !found; i++) {
        *at = atomic_load(&g->at[i]);
        *bytes = atomic_load(&g->bytes[i]);
        found = address - *at < *bytes;
    }
    return found && (version & 1) == 0 && atomic_load(&g->version) == version;
}

static bool region_of_zeros(uintptr_t address)
{
    uintptr_t at;
    size_t bytes;

    for (uint32_t i = 0; i < VHOST_GUESTS; i++) {
        if (!find(&guests[i], address, &at, &bytes))
            continue;
        if (zeros(at, bytes) < 0)
            return false;
        atomic_store(&guests[i].lost, true);
        atomic_fetch_add(&losses, 1);
        return true;
    }
    return false;
}

static void on_bus_error(int signal, siginfo_t *info, void *context)
{
    static const char text[] = "vhost-user: memory of a guest is gone, it reads as zeros\n";
    static _Atomic bool said;
    uintptr_t address = (uintptr_t)info->si_addr;
    int error = errno; /* of whom we interrupt */

    (void)context;
    if (info->si_code != BUS_ADRERR || (!region_of_zeros(address) && !page_of_zeros(address))) {
        /* Not that: it happens again, and ends us. */
        struct sigaction plain = {.sa_handler = SIG_DFL};

        sigaction(signal, &plain, NULL);
        return;
    }
    if (!atomic_exchange(&said, true) && write(STDERR_FILENO, text, sizeof text - 1) < 0)
        atomic_store(&said, false);
    errno = error;
}

static void install(void)
{
    struct sigaction action = {.sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO};

    sigaction(SIGBUS, &action, NULL);
}

void vhost_survive_memory_gone(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, install);
}

void vhost_gone_watch(uint32_t guest, const struct vhost_extent *extent, uint32_t n)
{
    struct guest *g = &guests[guest];

    atomic_fetch_add(&g->version, 1);
    for (uint32_t i = 0; i < VH_REGIONS; i++) {
        atomic_store(&g->at[i], i < n ? (uintptr_t)extent[i].at : 0);
        atomic_store(&g->bytes[i], i < n ? extent[i].bytes : 0);
    }
    if (n == 0)
        atomic_store(&g->lost, false);
    atomic_fetch_add(&g->version, 1);
}

uint32_t vhost_gone_losses(void)
{
    return atomic_load_explicit(&losses, memory_order_relaxed);
}

bool vhost_gone(uint32_t guest)
{
    return atomic_load(&guests[guest].lost);
}
