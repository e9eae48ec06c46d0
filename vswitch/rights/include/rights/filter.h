/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls from a list only, by seccomp: one list for control threads, shorter ones for those that handle packets. The lists
 * are in lists.c, docs/security.md says why they are what they are.
 *
 * A thread that makes another call is ended with its process by SIGSYS, after one line on stderr that names the call's number. Threads
 * inherit the list of the thread that starts them, and can only make it shorter.
 */
#ifndef RIGHTS_FILTER_H
#define RIGHTS_FILTER_H

#include "rights/rights.h"

enum rights_list {
    RIGHTS_CONTROL = 1, /* and all threads that there are already: DPDK's */
    RIGHTS_WORKER,      /* of the firmware: rings and doorbells */
    RIGHTS_NIC,         /* the NIC's poll thread: ports, too */
    RIGHTS_HELPER,      /* opens ports with the rights that others gave up */
    RIGHTS_LISTS
};

/* Off, or "log": calls that are not on the list are let pass, and the kernel logs them. False if `text` is neither, nor "on". */
bool rights_filter_mode(const char *text);
/* The same for an option of a program: false after a message on stderr. */
bool rights_filter_option(const char *program, const char *text);

/* Of the calling thread, from now on. With `rights` of one that stays root its control threads open ports themselves. */
int rights_filter(const struct rights *rights, enum rights_list list, char why[RIGHTS_WHY]);

/* Name of a list. */
const char *rights_list_name(enum rights_list list);

#endif
