/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/socket_path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

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

static bool listens(const struct sockaddr_un *address)
{
    int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc = sock < 0 ? -1 : connect(sock, (const struct sockaddr *)address, sizeof *address);
    bool refused = sock >= 0 && rc < 0 && errno == ECONNREFUSED;

    if (sock >= 0)
        close(sock);
    return !refused;
}

static int clear_stale(const struct sockaddr_un *address, char why[NIC_WHY])
{
    struct stat st;

    if (lstat(address->sun_path, &st) < 0)
        return 0;
    if (!S_ISSOCK(st.st_mode)) {
        snprintf(why, NIC_WHY, "socket %s: there is a file that is no socket, remove it",
                 address->sun_path);
        return -EEXIST;
    }
    if (!listens(address) && unlink(address->sun_path) == 0)
        return 0;
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
