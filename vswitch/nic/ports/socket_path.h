/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PORTS_SOCKET_PATH_H
#define PORTS_SOCKET_PATH_H

#include "nic/port.h"

/*
 * Before a library uses this path for a port's UNIX socket: it is in a folder that not everybody may write to, who could put a socket of
 * his own there; and if we are to `listen`, nobody does, and what a killed process left is gone. 0 or a negative errno with a text in `why`.
 */
int nic_socket_path(const char *path, bool listen, char why[NIC_WHY]);

#endif
