/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Settings of a kernel interface of the calling thread's network namespace. All return 0 or a negative errno with a
 * text in `why` that names the interface. Control thread only.
 */
#ifndef PORTS_NETDEV_H
#define PORTS_NETDEV_H

#include "nic/port.h"

/* Copy an interface name of a configuration to `name`; -EINVAL when it can be none. */
int nic_netdev_name(char name[16], const char *device, char why[NIC_WHY]);

int nic_netdev_index(const char *name, int *index, char why[NIC_WHY]);
int nic_netdev_mtu(const char *name, uint32_t *mtu, char why[NIC_WHY]);
int nic_netdev_set_mtu(const char *name, uint32_t mtu, char why[NIC_WHY]);
int nic_netdev_set_up(const char *name, char why[NIC_WHY]);

/* `mac` as text, "02:00:00:00:00:01". */
int nic_netdev_set_mac(const char *name, const char *mac, char why[NIC_WHY]);

/*
 * Has the interface a link, by any socket of its namespace? One that has gone has none. Any thread.
 */
bool nic_netdev_link(int socket, const char *name);

/* 0 when its frames have Ethernet headers, else -EINVAL. */
int nic_netdev_is_ethernet(const char *name, char why[NIC_WHY]);

#endif
