/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/netns.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct visit {
    int fd;
    int (*fn)(void *arg);
    void *arg;
    char *why;
    int rc;
};

static void *visit_main(void *opaque)
{
    struct visit *visit = opaque;

    if (setns(visit->fd, CLONE_NEWNET)) {
        visit->rc = -errno;
        snprintf(visit->why, NIC_WHY, "cannot enter the network namespace: %s%s", strerror(errno),
                 errno == EPERM ? " (CAP_SYS_ADMIN is needed)" : "");
    } else {
        visit->rc = visit->fn(visit->arg);
    }
    return NULL;
}

int nic_netns_run_fd(int fd, int (*fn)(void *arg), void *arg, char why[NIC_WHY])
{
    struct visit visit = {.fd = fd, .fn = fn, .arg = arg, .why = why};
    pthread_t thread;
    int rc = pthread_create(&thread, NULL, visit_main, &visit);

    if (rc) {
        snprintf(why, NIC_WHY, "no thread to enter the network namespace with: %s", strerror(rc));
        return -rc;
    }
    pthread_join(thread, NULL);
    return visit.rc;
}

int nic_netns_run(const char *name, int (*fn)(void *arg), void *arg, char why[NIC_WHY])
{
    char path[sizeof "/run/netns/" + sizeof((struct nic_port_config *)0)->netns];
    int fd, rc;

    if (!*name)
        return fn(arg);
    if (strchr(name, '/') || !strcmp(name, ".") || !strcmp(name, "..") ||
        strlen(name) >= sizeof((struct nic_port_config *)0)->netns) {
        snprintf(why, NIC_WHY, "'%s' is no name of a network namespace (see: ip netns list)", name);
        return -EINVAL;
    }
    snprintf(path, sizeof path, "/run/netns/%s", name);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        rc = -errno;
        snprintf(why, NIC_WHY, "network namespace %s: %s (create it with: ip netns add %s)", name,
                 strerror(-rc), name);
        return rc;
    }
    rc = nic_netns_run_fd(fd, fn, arg, why);
    close(fd);
    return rc;
}
