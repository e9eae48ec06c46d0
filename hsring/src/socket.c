/* SPDX-License-Identifier: Apache-2.0 */
#include "hsring/socket.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum hsr_path hsr_path_look(const struct sockaddr_un *address, int type)
{
    struct stat st;

    if (lstat(address->sun_path, &st) < 0)
        return HSR_PATH_FREE;
    if (!S_ISSOCK(st.st_mode))
        return HSR_PATH_FILE;
    int sock = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (sock < 0)
        return HSR_PATH_SERVED;
    int rc = connect(sock, (const struct sockaddr *)address, sizeof *address);
    enum hsr_path path = rc < 0 && errno == ECONNREFUSED ? HSR_PATH_STALE : HSR_PATH_SERVED;

    close(sock);
    return path;
}
