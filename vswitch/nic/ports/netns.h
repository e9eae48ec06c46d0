/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run a function inside another network namespace.
 *
 * It runs on a thread of its own that enters the namespace and ends with it, while the caller waits: the caller's
 * namespace never changes, so there is nothing that could fail to be restored. What the function opens stays bound to
 * the namespace. Control thread only. Needs CAP_SYS_ADMIN in both namespaces.
 */
#ifndef PORTS_NETNS_H
#define PORTS_NETNS_H

#include "nic/port.h"

/*
 * Run fn(arg) in the namespace /run/netns/`name`, or just here when `name` is empty. What fn returned, or a negative
 * errno with a text in `why` when the namespace cannot be entered.
 */
int nic_netns_run(const char *name, int (*fn)(void *arg), void *arg, char why[NIC_WHY]);

/* The same in the namespace of an open descriptor, which stays the caller's. */
int nic_netns_run_fd(int fd, int (*fn)(void *arg), void *arg, char why[NIC_WHY]);

#endif
