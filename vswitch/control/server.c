/* SPDX-License-Identifier: Apache-2.0 */
#include "control/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "control/listen.h"
#include "log/log.h"
#include "server_internal.h"

AVS_LOG_MODULE(log_module, "control")

static const struct ctl_limits default_limits = {
    .request = 16u << 20,
    .output = 32u << 20,
    .depth = 32,
    .clients = 64,
    .in_flight = 256,
    .half = {.tv_sec = 30},
    .stall = {.tv_sec = 30},
};

static int peer_credentials(int fd, struct ucred *cred)
{
    socklen_t size = sizeof(*cred);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, cred, &size);
}

static bool in_group(int fd, gid_t primary, gid_t wanted)
{
    gid_t list[256];
    socklen_t size = sizeof(list);

    if (primary == wanted) {
        return true;
    }
    /* A member of more groups than fit is not looked into: refused. */
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, list, &size) != 0) {
        return false;
    }
    for (size_t i = 0; i < size / sizeof(list[0]); i++) {
        if (list[i] == wanted) {
            return true;
        }
    }
    return false;
}

static enum ctl_role role_of(const struct ctl_server *server, int fd, uid_t *uid, pid_t *pid)
{
    struct ucred cred;
    struct stat now;

    if (server->credentials(fd, &cred) != 0) {
        return CTL_NOBODY;
    }
    *uid = cred.uid;
    *pid = cred.pid;
    if (cred.uid == 0 || cred.uid == geteuid()) {
        return CTL_ADMIN;
    }
    /* The group may have been changed since; a foreign file under our name says nothing. */
    gid_t group = server->socket_stat.st_gid;
    if (lstat(server->path, &now) == 0 && now.st_ino == server->socket_stat.st_ino &&
        now.st_dev == server->socket_stat.st_dev) {
        group = now.st_gid;
    }
    return in_group(fd, cred.gid, group) ? CTL_OPERATOR : CTL_NOBODY;
}

/* A last word as far as it goes without waiting, and the end. */
static void turn_away(int fd, int code, int error, const char *message)
{
    size_t size;
    char *text = ctl_rpc_error(code, error, message, &size);

    if (text) {
        ssize_t ignored = send(fd, text, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        (void)ignored;
        free(text);
    }
    close(fd);
}

static void admit(struct ctl_server *server, int fd)
{
    uid_t uid = (uid_t)-1;
    pid_t pid = 0;
    enum ctl_role role = role_of(server, fd, &uid, &pid);

    if (role == CTL_NOBODY) {
        AVS_LOG(log_module, AVS_LOG_WARN, "client refused", avs_log_u64("uid", uid));
        turn_away(fd, -32001, EACCES, "you may not use this socket");
    } else if (server->client_count >= server->limits.clients) {
        AVS_LOG(log_module, AVS_LOG_WARN, "too many clients", avs_log_u64("uid", uid));
        turn_away(fd, -32000, EBUSY, "too many clients are connected");
    } else if (!ctl_client_open(server, fd, role, uid, pid)) {
        AVS_LOG(log_module, AVS_LOG_ERROR, "no memory for a client");
    }
}

/* Without a free descriptor a waiting client would wake us for ever: take it and let it go. */
static void shed(struct ctl_server *server)
{
    if (server->spare_fd < 0) {
        return;
    }
    close(server->spare_fd);
    int fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
        turn_away(fd, -32000, EMFILE, "the daemon has no free file descriptor");
    }
    server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    AVS_LOG(log_module, AVS_LOG_ERROR, "out of file descriptors");
}

static void on_acceptable(evutil_socket_t listener, short what, void *arg)
{
    struct ctl_server *server = arg;

    (void)what;
    /* A bounded number a turn: others wait, too. */
    for (int i = 0; i < 16; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd >= 0) {
            admit(server, fd);
        } else if (errno == EMFILE || errno == ENFILE) {
            shed(server);
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

struct ctl_server *ctl_server_open(struct event_base *base, const char *path,
                                   const char *state_path, const struct ctl_backend *backend,
                                   struct cfg_error *error)
{
    struct ctl_server *server = calloc(1, sizeof(*server));
    int result = -ENOMEM;

    memset(error, 0, sizeof(*error));
    if (!server) {
        goto failed;
    }
    server->base = base;
    server->backend = backend;
    server->limits = default_limits;
    server->credentials = peer_credentials;
    server->clock = ctl_clock;
    server->fd = -1;
    LIST_INIT(&server->clients);
    server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    server->path = strdup(path);
    server->state_path = state_path ? strdup(state_path) : NULL;
    if (!server->path || (state_path && !server->state_path)) {
        goto failed;
    }
    result = ctl_trial_open(server);
    if (result) {
        goto failed;
    }
    server->fd = ctl_listen(path, &server->socket_stat, error);
    if (server->fd < 0) {
        result = server->fd;
        goto failed;
    }
    server->acceptable = event_new(base, server->fd, EV_READ | EV_PERSIST, on_acceptable, server);
    if (!server->acceptable || event_add(server->acceptable, NULL) != 0) {
        result = -ENOMEM;
        goto failed;
    }
    return server;

failed:
    if (!error->text[0]) {
        snprintf(error->text, sizeof(error->text), "%.180s: %s", path, strerror(-result));
    }
    ctl_server_close(server);
    return NULL;
}

void ctl_server_close(struct ctl_server *server)
{
    if (!server) {
        return;
    }
    while (!LIST_EMPTY(&server->clients)) {
        ctl_client_close(LIST_FIRST(&server->clients));
    }
    ctl_trial_close(server);
    if (server->acceptable) {
        event_free(server->acceptable);
    }
    if (server->fd >= 0) {
        ctl_unlisten(server->path, server->fd, &server->socket_stat);
    }
    if (server->spare_fd >= 0) {
        close(server->spare_fd);
    }
    free(server->path);
    free(server->state_path);
    free(server);
}
