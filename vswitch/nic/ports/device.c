/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/device.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "ports/helper.h"

void nic_device_close(struct nic_device *device)
{
    while (device->fds > 0)
        close(device->fd[--device->fds]);
}

int nic_device_open_here(const struct nic_port_config *config, int fd, struct nic_device *device,
                         char why[NIC_WHY])
{
    int rc = -EINVAL;

    *device = (struct nic_device){.fds = 0};
    if (config->kind == HSR_PORT_KIND_TAP)
        rc = nic_tap_device(config, fd, device, why);
    else if (config->kind == HSR_PORT_KIND_KERNEL)
        rc = nic_kernel_device(config, device, why);
    else
        snprintf(why, NIC_WHY, "ports of this kind are not the kernel's");
    if (rc < 0)
        nic_device_close(device);
    return rc;
}

int nic_device_open(const struct nic_port_config *config, int fd, struct nic_device *device,
                    char why[NIC_WHY])
{
    return nic_helper_running() ? nic_helper_open(config, fd, device, why)
                                : nic_device_open_here(config, fd, device, why);
}
