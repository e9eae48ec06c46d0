/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A UNIX stream socket with a name, for the owner and the group (0660).
 *
 * A name that a dead server left is taken over, one that is served or is no socket is not; of two servers that start at
 * once only one gets it. Any thread.
 */
#ifndef CONTROL_LISTEN_H
#define CONTROL_LISTEN_H

#include <sys/stat.h>

#include "config/config.h"

/* The listening socket, not blocking, and in `bound` what its name was; or a negative errno, with a reason in `error` if it
 * is a special one. */
int ctl_listen(const char *path, struct stat *bound, struct cfg_error *error);

/* Closes the socket and takes its name away, unless another one has it by now. */
void ctl_unlisten(const char *path, int fd, const struct stat *bound);

#endif
