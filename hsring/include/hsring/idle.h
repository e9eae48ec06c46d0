/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a thread that polls goes on looking when nothing comes, before it sleeps and has to be woken:
 *
 *     for (;;) {
 *         uint64_t now = clock();
 *
 *         if (!hsr_idle_spin(&idle, now, poll() > 0))
 *             wait(); // on the doorbell, with a time-out
 *     }
 *
 * To be woken costs both sides more than a packet does: a call of the kernel there, on a virtual machine an exit, and some ten
 * microseconds until this one runs. So a sleep that ended before spinning would have been given up was one too many, and doubles
 * the time; one that lasted longer puts it back to the least (KVM does it so for halted guests, halt_poll_ns). Steady traffic of
 * more than 1 packet in HSR_IDLE_MOST is then met awake, and what comes now and then costs HSR_IDLE_LEAST a packet. Whoever spins while
 * others wait for the core is taken off it between two turns, which shows in the clock: then it sleeps at once.
 *
 * All zero at first. One thread each. Times are nanoseconds of one clock.
 */
#ifndef HSRING_IDLE_H
#define HSRING_IDLE_H

#include <stdbool.h>
#include <stdint.h>

#define HSR_IDLE_LEAST 10000u  /* ns */
#define HSR_IDLE_MOST  200000u /* ns */
#define HSR_IDLE_AWAY  50000u  /* ns between two turns without work: it did not run */

struct hsr_idle {
    uint64_t since; /* of the first turn without work */
    uint64_t turn;  /* of the last one */
    uint32_t spin;  /* ns, less HSR_IDLE_LEAST */
    bool empty;     /* the last turn was */
    bool slept;
};

/* The sleep ended with work. */
static inline void hsr_idle_learn(struct hsr_idle *idle, uint64_t now)
{
    uint32_t longer = 2 * (HSR_IDLE_LEAST + idle->spin) - HSR_IDLE_LEAST;

    if (now - idle->since > HSR_IDLE_MOST)
        idle->spin = 0;
    else
        idle->spin =
            longer < HSR_IDLE_MOST - HSR_IDLE_LEAST ? longer : HSR_IDLE_MOST - HSR_IDLE_LEAST;
}

/* After a turn that began at `now` and had work, or had not. False: sleep. */
static inline bool hsr_idle_spin(struct hsr_idle *idle, uint64_t now, bool work)
{
    if (work) {
        if (idle->slept)
            hsr_idle_learn(idle, now);
        idle->slept = idle->empty = false;
        return true;
    }
    if (!idle->empty) {
        idle->empty = true;
        idle->since = idle->turn = now;
    }
    if (!idle->slept && now - idle->turn > HSR_IDLE_AWAY) {
        idle->spin = 0;
        idle->slept = true;
    }
    idle->turn = now;
    if (now - idle->since >= HSR_IDLE_LEAST + idle->spin)
        idle->slept = true;
    return !idle->slept;
}

#endif
