/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which cache lines a piece of code reads and writes, each access seen: all writable memory of the process is taken away from it,
 * every access faults, is noted, and is then let through for one instruction.
 *
 *     t = touch_open(skip, size)
 *     touch_run(t, 0, run, arg)      on a thread and a stack of its own, which are not looked at
 *     touch_run(t, 1, run, other)
 *     n = touch_shared(t, shared, most)
 *     touch_close(t)
 *
 * A write is seen by what it changes or where it begins, a read by where it begins. What the kernel does for the code is not
 * seen, and fails on memory that is away: the code may hand it nothing but its stack.
 * One at a time in a process, by one thread, while no other runs. Linux on x86-64, without sanitizers, which have the same signals.
 */
#ifndef TOUCH_H
#define TOUCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOUCH_WHO 2 /* pieces of code that are told apart */

struct touch;

struct touch_line {
    uintptr_t address;         /* of its first byte */
    uint32_t reads[TOUCH_WHO]; /* accesses of each */
    uint32_t writes[TOUCH_WHO];
};

/* False: not on this machine, or not in this build. */
bool touch_can(void);

/* What lies in `size` bytes from `skip` on is not looked at. NULL: the system refused. */
struct touch *touch_open(const void *skip, size_t size);
void touch_close(struct touch *t);

/* False: there were more lines than can be noted. */
bool touch_run(struct touch *t, unsigned who, void (*run)(void *arg), void *arg);

/* Lines that `who` has touched. */
uint32_t touch_lines(const struct touch *t, unsigned who);
/* Lines that one wrote and the other one touched; the first `most` of them. */
uint32_t touch_shared(const struct touch *t, struct touch_line *shared, uint32_t most);

#endif
