/* SPDX-License-Identifier: Apache-2.0 */
#include "control/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "hsring/socket.h"

/* 0 when the name is free, or was left by a server that is gone; else a negative errno. */
static int make_room(const struct sockaddr_un *address, struct cfg_error *error)
{
    const char *path = address->sun_path;

    switch (hsr_path_look(address, SOCK_STREAM)) {
    case HSR_PATH_FREE:
        return 0;
    case HSR_PATH_STALE:
        return unlink(path) == 0 ? 0 : -errno;
    case HSR_PATH_FILE:
        snprintf(error->text, sizeof(error->text), "%.180s exists and is not a socket", path);
        return -EEXIST;
    default:
        snprintf(error->text, sizeof(error->text), "%.180s is served by another process", path);
        return -EADDRINUSE;
    }
}

/* A listening socket of this name, or a negative errno. */
static int bind_socket(const struct sockaddr_un *address, struct stat *bound,
                       struct cfg_error *error)
{
    const char *path = address->sun_path;
    int result = make_room(address, error);

    if (result) {
        return result;
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return -errno;
    }
    /* The name is born with no more rights than these (Linux takes them from the socket), whatever the umask. */
    if (fchmod(fd, 0660) != 0 ||
        bind(fd, (const struct sockaddr *)address, sizeof(*address)) != 0) {
        result = -errno;
    } else if (lstat(path, bound) != 0 || chmod(path, 0660) != 0 || listen(fd, 128) != 0) {
        result = -errno;
        unlink(path);
    }
    if (result) {
        close(fd);
        return result;
    }
    return fd;
}

/* The directory is locked meanwhile: of two servers starting at once only one replaces a stale socket. */
int ctl_listen(const char *path, struct stat *bound, struct cfg_error *error)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char parent[PATH_MAX];

    if (strlen(path) >= sizeof(address.sun_path)) {
        snprintf(error->text, sizeof(error->text), "socket path of %zu bytes, at most %zu fit",
                 strlen(path), sizeof(address.sun_path) - 1);
        return -ENAMETOOLONG;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    memcpy(parent, path, strlen(path) + 1);
    int directory = open(dirname(parent), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) {
        return -errno;
    }
    int result = flock(directory, LOCK_EX | LOCK_NB) == 0 ? 0 : -errno;
    if (result == -EWOULDBLOCK) {
        snprintf(error->text, sizeof(error->text), "another process is starting in %.180s", parent);
    } else if (result == 0) {
        result = bind_socket(&address, bound, error);
    }
    close(directory);
    return result;
}

void ctl_unlisten(const char *path, int fd, const struct stat *bound)
{
    struct stat st;

    /* Only our own name: a successor may have taken it. */
    if (lstat(path, &st) == 0 && st.st_ino == bound->st_ino && st.st_dev == bound->st_dev) {
        unlink(path);
    }
    close(fd);
}
