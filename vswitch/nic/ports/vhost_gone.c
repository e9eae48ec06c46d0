/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guest memory that goes away. Guest memory is a file that somebody else has made: whoever can shorten it makes a read of what was mapped a
 * SIGBUS of ours. Nobody can look before: it may happen between the look and the read.
 *
 * A page of zeros takes the place of the one that is gone, and what was under way goes on. Zeros are no ring that keeps to the rules: the
 * queue stops, as it does for other rings that are wrong. All other mappings of ours are sealed against it, or files of the system.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ports/vhost.h"

/* Of a mapping of huge pages a whole one has to go. */
static const uintptr_t page[] = {4096, 16384, 65536, 2u << 20, 1u << 30};

static bool put_zeros(uintptr_t at)
{
    for (size_t i = 0; i < sizeof page / sizeof *page; i++) {
        void *start = (void *)(at & ~(page[i] - 1)); // NOLINT(performance-no-int-to-ptr)

        if (mmap(start, page[i], PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS,
                 -1, 0) != MAP_FAILED)
            return true;
        if (errno != EINVAL)
            break; /* not for its alignment: a larger one would cover what is beside */
    }
    return false;
}

static void on_bus_error(int signal, siginfo_t *info, void *context)
{
    static const char text[] = "vhost-user: memory of a guest is gone, it reads as zeros\n";
    static _Atomic bool said;
    int error = errno; /* of whom we interrupt */

    (void)context;
    if (info->si_code != BUS_ADRERR || !put_zeros((uintptr_t)info->si_addr)) {
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
