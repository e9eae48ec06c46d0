/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/socket_path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "hsring/socket.h"

static int check_folder(const struct sockaddr_un *address, char why[NIC_WHY])
{
    char folder[sizeof address->sun_path];
    struct stat st;

    memcpy(folder, address->sun_path, sizeof folder);
    *strrchr(folder, '/') = '\0';
    if (stat(folder[0] != '\0' ? folder : "/", &st) < 0) {
        int rc = -errno;

        snprintf(why, NIC_WHY, "socket %s: its folder: %s", address->sun_path, strerror(-rc));
        return rc;
    }
    if (!(st.st_mode & S_IWOTH))
        return 0;
    snprintf(why, NIC_WHY,
             "socket %s: everybody may write to its folder, choose one that is yours alone",
             address->sun_path);
    return -EPERM;
}

static int clear_stale(const struct sockaddr_un *address, char why[NIC_WHY])
{
    enum hsr_path found = hsr_path_look(address, SOCK_STREAM);

    if (found == HSR_PATH_FREE || (found == HSR_PATH_STALE && unlink(address->sun_path) == 0))
        return 0;
    if (found == HSR_PATH_FILE) {
        snprintf(why, NIC_WHY, "socket %s: there is a file that is no socket, remove it",
                 address->sun_path);
        return -EEXIST;
    }
    snprintf(why, NIC_WHY, "socket %s: another program listens there", address->sun_path);
    return -EADDRINUSE;
}

int nic_socket_path(const char *path, bool listen, char why[NIC_WHY])
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int rc;

    if (path[0] != '/' || strlen(path) >= sizeof address.sun_path) {
        snprintf(why, NIC_WHY, "socket %.110s: its path begins with / and has at most %zu bytes",
                 path, sizeof address.sun_path - 1);
        return -EINVAL;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    rc = check_folder(&address, why);
    return rc == 0 && listen ? clear_stale(&address, why) : rc;
}
