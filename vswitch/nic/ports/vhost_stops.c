/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Queues that were stopped are logged. The poll thread, which notices, must not log: it leaves the reason and wakes a thread that sleeps
 * all the time otherwise.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "log/log.h"
#include "ports/vhost.h"

AVS_LOG_MODULE(log_stops, "vhost");

static int wake = -1;

static const char *text_of(uint8_t why)
{
    static const char *const text[] = {
        [VH_STOP_INDEX] = "its index is more than a ring ahead",
        [VH_STOP_HEAD] = "it names a descriptor that there is not",
        [VH_STOP_CHAIN] = "a chain has no end",
        [VH_STOP_MEMORY] = "memory of the guest is gone",
    };

    return why < sizeof text / sizeof *text ? text[why] : NULL;
}

static void log_of(struct vhost *v)
{
    for (uint32_t i = 0; i < 2 * v->pairs; i++) {
        uint8_t why = atomic_exchange(&v->stopped[i], VH_RUNS);

        if (why != VH_RUNS) {
            AVS_LOG(log_stops, AVS_LOG_WARN,
                    "a queue is stopped until the guest's driver resets it",
                    avs_log_str("path", v->path), avs_log_u64("queue", i),
                    avs_log_str("why", text_of(why)));
        }
    }
}

static void *wait_for_stops(void *arg)
{
    uint64_t count;

    (void)arg;
    while (read(wake, &count, sizeof count) > 0 || errno == EINTR)
        vhost_session_each(log_of);
    return NULL;
}

static void start(void)
{
    sigset_t all, before;
    pthread_t thread;

    wake = eventfd(0, EFD_CLOEXEC);
    if (wake < 0)
        return;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&thread, NULL, wait_for_stops, NULL) == 0)
        pthread_detach(thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void vhost_stops_start(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, start);
}

void vhost_stops_tell(struct vhost *v, uint32_t queue)
{
    uint64_t one = 1;

    atomic_store(&v->stopped[queue], (uint8_t)v->queue[queue].stop);
    if (wake >= 0 && write(wake, &one, sizeof one) < 0)
        return; /* it is awake */
}
