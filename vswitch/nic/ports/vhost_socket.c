/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rte_vhost reads and answers the messages of all ports on one thread, and waits for the rest of a message, or for room for an answer, as long as it
 * takes. It does not say which descriptor a connection is, so it is found by the socket's name; it stays rte_vhost's.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "ports/vhost.h"

/* A front-end sends a message in one call: what is not there by then does not come. */
#define WAIT_US 200000

static bool named(int (*name_of)(int, struct sockaddr *, socklen_t *), int fd, const char *path)
{
    struct sockaddr_un name = {0};
    socklen_t size = sizeof name;

    return name_of(fd, (struct sockaddr *)&name, &size) == 0 && name.sun_family == AF_UNIX &&
           strncmp(name.sun_path, path, sizeof name.sun_path) == 0;
}

static bool is_connection(int fd, const char *path)
{
    int listens = 1;
    socklen_t size = sizeof listens;

    return (named(getsockname, fd, path) || named(getpeername, fd, path)) &&
           getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) == 0 && !listens;
}

bool vhost_socket_limit(const char *path)
{
    const struct timeval most = {.tv_usec = WAIT_US};
    DIR *folder = opendir("/proc/self/fd");
    bool found = false;

    if (folder == NULL)
        return false;
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        int fd = (int)strtol(entry->d_name, NULL, 10);

        if (entry->d_name[0] != '.' && is_connection(fd, path) &&
            setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most) == 0 &&
            setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most) == 0)
            found = true;
    }
    closedir(folder);
    return found;
}
