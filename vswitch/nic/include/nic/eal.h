/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DPDK's environment, started when the first port needs it.
 *
 * It takes huge pages when there are free ones, else plain memory; it leaves nothing in the file system, opens no
 * socket, probes no device by itself, and leaves the caller's CPU affinity as it was. A process that has started the
 * environment already keeps its own. Never torn down: DPDK cannot start twice in a process.
 */
#ifndef NIC_EAL_H
#define NIC_EAL_H

#include "nic/port.h"

/* 0, also when it runs already; or a negative errno with a text in `why`. Control thread. */
int nic_eal_init(char why[NIC_WHY]);

#endif
