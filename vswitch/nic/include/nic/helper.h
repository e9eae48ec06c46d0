/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process that keeps the rights that opening ports of the kernel takes, so that the one that handles packets need not have them.
 *
 * It is forked before anything else is done, becomes the same user, keeps the capabilities RIGHTS_PORTS, and does one thing: open what
 * a port's configuration names, and hand the descriptors over. It sees no packets and maps no ring; it ends with its parent.
 * Without it ports are opened by the process itself. Control thread only.
 */
#ifndef NIC_HELPER_H
#define NIC_HELPER_H

#include "nic/port.h"
#include "rights/rights.h"

/*
 * Fork it if there are rights to give up and any of those for ports among them; before the first thread, and before rights_drop().
 * 0 or a negative errno with a text in `why`.
 */
int nic_helper_start(const struct rights *rights, char why[NIC_WHY]);

/* Ends it, and waits for its end. */
void nic_helper_stop(void);

#endif
