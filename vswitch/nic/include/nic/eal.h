/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DPDK's environment, started when the first port needs it.
 *
 * It leaves nothing in the file system, opens no socket unless asked for one, probes no device by itself, and leaves the
 * caller's CPU affinity as it was. A process that has started the environment already keeps its own. Never torn down:
 * DPDK cannot start twice in a process.
 */
#ifndef NIC_EAL_H
#define NIC_EAL_H

#include "nic/port.h"

enum nic_eal_option {
    NIC_EAL_HUGE = 0,      /* huge pages when there are free ones: what a device's DMA wants */
    NIC_EAL_PLAIN = 1,     /* never: programs that must start alike everywhere */
    NIC_EAL_TELEMETRY = 2, /* with DPDK's telemetry socket, and its threads */
};

/* Options are or-ed. 0, also when it runs already; or a negative errno with a text in `why`. Control thread. */
int nic_eal_init(unsigned options, char why[NIC_WHY]);

/*
 * DPDK's folder shall stand beside `file`, a socket of ours: for a process that is not root, whose folder would be in /tmp, where anybody
 * may have been before. Before nic_eal_init().
 */
void nic_eal_beside(const char *file);

/*
 * Load DPDK's drivers, which nic_eal_init() finds loaded then: for a process that starts the environment late, or never, and by then may map
 * no code any more (rights/filter.h).
 */
void nic_eal_load(void);

/* Path of the telemetry socket in the caller's buffer, which is returned. */
const char *nic_eal_telemetry_path(char path[NIC_WHY]);

#endif
