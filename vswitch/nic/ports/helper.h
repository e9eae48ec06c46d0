/* SPDX-License-Identifier: Apache-2.0 */
/* What nic_device_open() asks the helper for; see nic/helper.h. */
#ifndef PORTS_HELPER_H
#define PORTS_HELPER_H

#include "nic/helper.h"
#include "ports/device.h"

bool nic_helper_running(void);

/* nic_device_open() in the helper. -EPIPE when it has gone. */
int nic_helper_open(const struct nic_port_config *config, int fd, struct nic_device *device,
                    char why[NIC_WHY]);

#endif
