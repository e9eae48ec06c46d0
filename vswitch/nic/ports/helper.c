/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request, one answer at a time over a socket pair. Both ends are the same program, so requests are structures; the helper
 * believes neither strings nor kinds in them.
 */
#include "ports/helper.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rights/filter.h"

struct request {
    struct nic_port_config config;
    bool has_fd;
};

struct answer {
    int rc;
    char why[NIC_WHY];
    struct nic_device device; /* its descriptors come beside it */
};

#define MOST_FDS (NIC_DEVICE_QUEUES + 1)

static struct {
    int sock; /* to the helper */
    pid_t pid;
} helper = {.sock = -1};

/* ---- messages with descriptors ---- */

union ancillary {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(MOST_FDS * sizeof(int))];
};

static int send_with(int sock, const void *data, size_t size, const int *fds, uint32_t n)
{
    union ancillary ancillary = {0};
    struct iovec iov = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};
    struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};
    ssize_t sent;

    if (n > 0) {
        mh.msg_control = ancillary.bytes;
        mh.msg_controllen = CMSG_SPACE(n * sizeof(int));
        struct cmsghdr *cm = CMSG_FIRSTHDR(&mh);
        cm->cmsg_level = SOL_SOCKET;
        cm->cmsg_type = SCM_RIGHTS;
        cm->cmsg_len = CMSG_LEN(n * sizeof(int));
        memcpy(CMSG_DATA(cm), fds, n * sizeof(int));
    }
    do {
        sent = sendmsg(sock, &mh, MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : 0;
}

/* A whole message; `fds` has room for MOST_FDS. -EPIPE at the end. */
static int recv_with(int sock, void *data, size_t size, int *fds, uint32_t *n)
{
    union ancillary ancillary = {0};
    struct iovec iov = {.iov_base = data, .iov_len = size};
    struct msghdr mh = {.msg_iov = &iov,
                        .msg_iovlen = 1,
                        .msg_control = ancillary.bytes,
                        /* To the byte: in what CMSG_SPACE() adds there is room for one more. */
                        .msg_controllen = CMSG_LEN(MOST_FDS * sizeof(int))};
    ssize_t got;

    *n = 0;
    do {
        got = recvmsg(sock, &mh, MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return -errno;
    struct cmsghdr *cm = CMSG_FIRSTHDR(&mh);

    if (cm != NULL && cm->cmsg_level == SOL_SOCKET && cm->cmsg_type == SCM_RIGHTS) {
        *n = (uint32_t)((cm->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(fds, CMSG_DATA(cm), *n * sizeof(int));
    }
    return (size_t)got == size ? 0 : -EPIPE;
}

/* ---- the helper ---- */

static void terminate(struct nic_port_config *config)
{
    config->name[sizeof config->name - 1] = '\0';
    config->device[sizeof config->device - 1] = '\0';
    config->netns[sizeof config->netns - 1] = '\0';
    config->args[sizeof config->args - 1] = '\0';
}

static int serve_one(int sock)
{
    struct answer answer = {.rc = 0};
    struct request request;
    int fd[MOST_FDS];
    uint32_t fds;
    int rc = recv_with(sock, &request, sizeof request, fd, &fds);

    if (rc < 0)
        return rc;
    terminate(&request.config);
    if (request.has_fd != (fds == 1)) {
        answer.rc = -EINVAL;
        snprintf(answer.why, sizeof answer.why, "the descriptor did not arrive");
    } else {
        answer.rc = nic_device_open_here(&request.config, request.has_fd ? fd[0] : -1,
                                         &answer.device, answer.why);
    }
    rc = send_with(sock, &answer, sizeof answer, answer.device.fd, answer.device.fds);
    /* Whoever else had them would keep a tap alive. */
    nic_device_close(&answer.device);
    while (fds > 0)
        close(fd[--fds]);
    return rc;
}

static void no_more(const char *why)
{
    fprintf(stderr, "avs: the helper that opens ports ends: %s\n", why);
    _exit(1);
}

/* A terminal's ^C and systemd's SIGTERM are for the parent: its end is ours. */
static void run(int sock, const struct rights *rights)
{
    char why[RIGHTS_WHY];

    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    (void)prctl(PR_SET_NAME, "avs-ports", 0, 0, 0);
    if (rights_drop(rights, RIGHTS_PORTS, why) < 0 || rights_filter(rights, RIGHTS_HELPER, why) < 0)
        no_more(why);
    while (serve_one(sock) == 0)
        ;
    _exit(0);
}

/* ---- those who ask ---- */

int nic_helper_start(const struct rights *rights, char why[NIC_WHY])
{
    int pair[2];

    if (!rights_to_drop(rights) || (rights_effective() & RIGHTS_PORTS) == 0)
        return 0;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
        int rc = -errno;

        snprintf(why, NIC_WHY, "no socket to the helper that opens ports: %s", strerror(-rc));
        return rc;
    }
    fflush(NULL);
    helper.pid = fork();
    if (helper.pid == 0) {
        close(pair[0]);
        run(pair[1], rights);
    }
    close(pair[1]);
    helper.sock = pair[0];
    if (helper.pid > 0)
        return 0;
    int rc = -errno;

    snprintf(why, NIC_WHY, "cannot start the helper that opens ports: %s", strerror(-rc));
    close(helper.sock);
    helper.sock = -1;
    return rc;
}

void nic_helper_stop(void)
{
    if (helper.sock < 0)
        return;
    close(helper.sock);
    helper.sock = -1;
    while (waitpid(helper.pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

bool nic_helper_running(void)
{
    return helper.sock >= 0;
}

int nic_helper_open(const struct nic_port_config *config, int fd, struct nic_device *device,
                    char why[NIC_WHY])
{
    struct request request = {.config = *config, .has_fd = fd >= 0};
    struct answer answer = {.rc = -EPIPE};
    uint32_t fds = 0;
    int got[MOST_FDS];
    int rc = send_with(helper.sock, &request, sizeof request, &fd, fd >= 0);

    *device = (struct nic_device){.fds = 0};
    if (rc == 0)
        rc = recv_with(helper.sock, &answer, sizeof answer, got, &fds);
    if (rc < 0) {
        snprintf(why, NIC_WHY, "the helper that opens ports is gone (%s): start this program again",
                 strerror(-rc));
        return rc;
    }
    *device = answer.device;
    device->fds = fds;
    memcpy(device->fd, got, fds * sizeof *got);
    if (answer.rc < 0)
        memcpy(why, answer.why, NIC_WHY);
    return answer.rc;
}
