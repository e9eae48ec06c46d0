/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DPDK's environment, started when the first port needs it.
 *
 * It leaves nothing in the file system, opens no socket, probes no device by itself, and leaves the caller's CPU
 * affinity as it was. A process that has started the environment already keeps its own. Never torn down: DPDK cannot
 * start twice in a process.
 */
#ifndef NIC_EAL_H
#define NIC_EAL_H

#include "nic/port.h"

enum nic_eal_memory {
    NIC_EAL_HUGE,  /* huge pages when there are free ones: what a device's DMA wants */
    NIC_EAL_PLAIN, /* never: programs that must start alike everywhere */
};

/* 0, also when it runs already; or a negative errno with a text in `why`. Control thread. */
int nic_eal_init(enum nic_eal_memory memory, char why[NIC_WHY]);

#endif
