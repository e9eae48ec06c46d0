/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is at the path of a UNIX socket, before somebody listens there: a socket that nobody serves any more is the one thing that may be
 * taken away. Waits for nothing; of two who look at the same moment both may see the same, so that whoever minds holds a lock.
 */
#ifndef HSRING_SOCKET_H
#define HSRING_SOCKET_H

#include <sys/un.h>

enum hsr_path {
    HSR_PATH_FREE,   /* nothing that can be seen; bind() tells what else is wrong */
    HSR_PATH_STALE,  /* a socket that a process left behind */
    HSR_PATH_SERVED, /* one that a process serves, or of which we cannot tell */
    HSR_PATH_FILE,   /* something else, a symbolic link among it */
};

/* `type`: that of the sockets there, SOCK_STREAM or SOCK_SEQPACKET; one of another type is HSR_PATH_SERVED. */
enum hsr_path hsr_path_look(const struct sockaddr_un *address, int type);

#endif
