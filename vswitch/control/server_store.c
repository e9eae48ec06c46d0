/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server_internal.h"

static int temporary_name(const char *path, char name[PATH_MAX])
{
    int n = snprintf(name, PATH_MAX, "%s.new", path);

    return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int write_all(int fd, const char *text, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, text, size);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return -errno;
        }
        text += n;
        size -= (size_t)n;
    }
    return 0;
}

int ctl_store_prepare(const char *path, const json_t *document)
{
    char name[PATH_MAX];
    int error = temporary_name(path, name);

    if (error) {
        return error;
    }
    char *text = json_dumps(document, JSON_INDENT(2));
    if (!text) {
        return -ENOMEM;
    }
    /* One of an earlier crash, or of somebody who wants us to write through a link. */
    if (unlink(name) != 0 && errno != ENOENT) {
        error = -errno;
        free(text);
        return error;
    }
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        error = -errno;
        free(text);
        return error;
    }
    error = write_all(fd, text, strlen(text));
    if (!error) {
        error = write_all(fd, "\n", 1);
    }
    if (!error && fsync(fd) != 0) {
        error = -errno;
    }
    if (close(fd) != 0 && !error) {
        error = -errno;
    }
    free(text);
    if (error) {
        unlink(name);
    }
    return error;
}

int ctl_store_finish(const char *path)
{
    char name[PATH_MAX], parent[PATH_MAX];
    int error = temporary_name(path, name);

    if (error) {
        return error;
    }
    if (rename(name, path) != 0) {
        error = -errno;
        unlink(name);
        return error;
    }
    /* The name itself must survive a power cut. */
    memcpy(parent, path, strlen(path) + 1);
    int fd = open(dirname(parent), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0) {
        error = -errno;
    }
    if (fd >= 0) {
        close(fd);
    }
    return error;
}

void ctl_store_abort(const char *path)
{
    char name[PATH_MAX];

    if (temporary_name(path, name) == 0) {
        unlink(name);
    }
}
