/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a port of the kernel is made of, opened: this takes rights (CAP_NET_ADMIN, CAP_NET_RAW, and CAP_SYS_ADMIN for a network
 * namespace), using it takes none. So a process that has given its rights up lets a helper open (nic/helper.h), and gets descriptors.
 */
#ifndef PORTS_DEVICE_H
#define PORTS_DEVICE_H

#include "nic/port.h"

enum { NIC_DEVICE_QUEUES = 16 };

struct nic_device {
    char name[16]; /* as the kernel has it */
    uint32_t mtu;
    bool uso;     /* tap: its user may leave segmentation of UDP to us, and takes such frames */
    uint32_t fds; /* those that follow */
    int fd[NIC_DEVICE_QUEUES +
           1]; /* tap: its queues, then a socket of its namespace; kernel: the packet socket */
};

/*
 * Open what `config` says, or settle a descriptor of it that was passed in, which stays the caller's. By the helper if there is one,
 * else here. 0, or a negative errno with a text that says what to do in `why`, and nothing open. Control thread only.
 */
int nic_device_open(const struct nic_port_config *config, int fd, struct nic_device *device,
                    char why[NIC_WHY]);
void nic_device_close(struct nic_device *device);

/* The same, here. */
int nic_device_open_here(const struct nic_port_config *config, int fd, struct nic_device *device,
                         char why[NIC_WHY]);

/* By kind. What they leave open on failure, nic_device_open_here() closes. */
int nic_tap_device(const struct nic_port_config *config, int fd, struct nic_device *device,
                   char why[NIC_WHY]);
int nic_kernel_device(const struct nic_port_config *config, struct nic_device *device,
                      char why[NIC_WHY]);

#endif
