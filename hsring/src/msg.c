/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hsring/attach.h"

#define MSG_MAGIC ((uint32_t)HSR_MAGIC)

/* One more than anybody may send, so that too many are seen as too many. */
#define CONTROL_FDS (HSR_ATTACH_FDS + 1)

union control {
    struct cmsghdr align;
    char bytes[CMSG_SPACE(CONTROL_FDS * sizeof(int))];
};

/* Bytes of a message of this type, 0 for a type unknown. */
static size_t size_of(unsigned type)
{
    switch (type) {
    case HSR_MSG_REPLY:
        return sizeof(struct hsr_msg_reply);
    case HSR_MSG_HELLO:
        return sizeof(struct hsr_msg_hello);
    case HSR_MSG_WELCOME:
        return sizeof(struct hsr_msg_welcome);
    case HSR_MSG_PORT_ADD:
    case HSR_MSG_PORT_DEL:
    case HSR_MSG_PORT_SET:
        return sizeof(struct hsr_msg_port);
    case HSR_MSG_CONTEXT_SET:
        return sizeof(struct hsr_msg_context);
    case HSR_MSG_VTEP_SET:
        return sizeof(struct hsr_msg_vtep);
    case HSR_MSG_PUBLIC_SET:
        return sizeof(struct hsr_msg_public);
    case HSR_MSG_RULE_CREATE:
        return sizeof(struct hsr_msg_rule);
    case HSR_MSG_RULE_DESTROY:
    case HSR_MSG_RULE_QUERY:
    case HSR_MSG_RULE_FLUSH:
        return sizeof(struct hsr_msg_rule_ref);
    case HSR_MSG_RULE_STATE:
        return sizeof(struct hsr_msg_rule_state);
    case HSR_MSG_METER_SET:
        return sizeof(struct hsr_msg_meter);
    case HSR_MSG_ARENA_GET:
    case HSR_MSG_ARENA_PUT:
    case HSR_MSG_ARENA_DROP:
    case HSR_MSG_ARENA:
        return sizeof(struct hsr_msg_arena);
    case HSR_MSG_OWNER_SET:
        return sizeof(struct hsr_msg_owner);
    case HSR_MSG_GROUP_SET:
        return sizeof(struct hsr_msg_group);
    case HSR_MSG_CAPTURE_SET:
        return sizeof(struct hsr_msg_capture);
    case HSR_MSG_LATENCY_SET:
        return sizeof(struct hsr_msg_latency_set);
    case HSR_MSG_LATENCY_GET:
        return sizeof(struct hsr_msg_latency_get);
    case HSR_MSG_LATENCY:
        return sizeof(struct hsr_msg_latency);
    case HSR_MSG_RETA_SET:
        return sizeof(struct hsr_msg_reta);
    case HSR_MSG_HASH_SET:
        return sizeof(struct hsr_msg_hash);
    case HSR_MSG_START:
    case HSR_MSG_SYNC:
    case HSR_MSG_STOP:
        return sizeof(struct hsr_msg_hdr);
    default:
        return 0;
    }
}

/* Descriptors a message has to bring; more than anybody sends when its own fields make no sense. */
static unsigned fds_of(const union hsr_msg *msg)
{
    if (msg->hdr.type == HSR_MSG_PORT_ADD)
        return msg->port.has_fd != 0;
    if (msg->hdr.type == HSR_MSG_CAPTURE_SET)
        return msg->capture.on != 0;
    if (msg->hdr.type == HSR_MSG_ARENA_PUT || msg->hdr.type == HSR_MSG_ARENA)
        return 1;
    if (msg->hdr.type != HSR_MSG_WELCOME)
        return 0;
    return msg->welcome.workers > HSR_MAX_WORKERS ? UINT32_MAX : 1 + 2 * msg->welcome.workers;
}

#define TERMINATE(text) ((text)[sizeof(text) - 1] = '\0')

static void terminate_strings(union hsr_msg *msg)
{
    switch (msg->hdr.type) {
    case HSR_MSG_REPLY:
        TERMINATE(msg->reply.text);
        break;
    case HSR_MSG_HELLO:
        TERMINATE(msg->hello.name);
        break;
    case HSR_MSG_PORT_ADD:
    case HSR_MSG_PORT_DEL:
    case HSR_MSG_PORT_SET:
        TERMINATE(msg->port.name);
        TERMINATE(msg->port.device);
        TERMINATE(msg->port.netns);
        TERMINATE(msg->port.args);
        break;
    case HSR_MSG_ARENA_GET:
    case HSR_MSG_ARENA_PUT:
    case HSR_MSG_ARENA_DROP:
    case HSR_MSG_ARENA:
        TERMINATE(msg->arena.name);
        break;
    case HSR_MSG_RULE_STATE:
        TERMINATE(msg->rule_state.state.text);
        break;
    default:
        break;
    }
}

void hsr_msg_init(union hsr_msg *msg, uint16_t type, uint32_t seq)
{
    memset(msg, 0, sizeof *msg);
    msg->hdr.magic = MSG_MAGIC;
    msg->hdr.type = type;
    msg->hdr.size = (uint16_t)size_of(type);
    msg->hdr.seq = seq;
}

int hsr_msg_send(int sock, const union hsr_msg *msg, const int *fds, unsigned n)
{
    union control control = {0};
    struct iovec iov = {.iov_base = (void *)(uintptr_t)msg, .iov_len = msg->hdr.size};
    struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};

    if (msg->hdr.magic != MSG_MAGIC || msg->hdr.size == 0 ||
        msg->hdr.size != size_of(msg->hdr.type) || n != fds_of(msg))
        return -EINVAL;
    if (n > 0) {
        mh.msg_control = control.bytes;
        mh.msg_controllen = CMSG_SPACE(n * sizeof(int));
        struct cmsghdr *cm = CMSG_FIRSTHDR(&mh);
        cm->cmsg_level = SOL_SOCKET;
        cm->cmsg_type = SCM_RIGHTS;
        cm->cmsg_len = CMSG_LEN(n * sizeof(int));
        memcpy(CMSG_DATA(cm), fds, n * sizeof(int));
    }
    while (sendmsg(sock, &mh, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        if (errno != EINTR)
            return -errno;
    return 0;
}

static void close_all(const int *fds, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        close(fds[i]);
}

/* All descriptors that came; `fds` holds CONTROL_FDS + 1, the padding of the control buffer lets one more in. */
static unsigned take_fds(struct msghdr *mh, int *fds)
{
    unsigned n = 0;

    for (struct cmsghdr *cm = CMSG_FIRSTHDR(mh); cm != NULL; cm = CMSG_NXTHDR(mh, cm)) {
        if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(fds + n, CMSG_DATA(cm), count * sizeof(int));
        n += (unsigned)count;
    }
    return n;
}

static bool well_formed(const union hsr_msg *msg, size_t got, const struct msghdr *mh)
{
    return !(mh->msg_flags & (MSG_TRUNC | MSG_CTRUNC)) && got >= sizeof msg->hdr &&
           msg->hdr.magic == MSG_MAGIC && msg->hdr.size == got && got == size_of(msg->hdr.type);
}

int hsr_msg_recv(int sock, union hsr_msg *msg, int *fds, unsigned *n)
{
    union control control = {0};
    int all[CONTROL_FDS + 1];
    struct iovec iov = {.iov_base = msg, .iov_len = sizeof *msg};
    struct msghdr mh = {.msg_iov = &iov,
                        .msg_iovlen = 1,
                        .msg_control = control.bytes,
                        .msg_controllen = sizeof control.bytes};
    unsigned room = *n;
    ssize_t got;

    *n = 0;
    memset(msg, 0, sizeof *msg);
    do {
        got = recvmsg(sock, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    } while (got < 0 && errno == EINTR);
    if (got < 0)
        return errno == EWOULDBLOCK ? -EAGAIN : -errno;
    unsigned came = take_fds(&mh, all);
    if (got > 0 && well_formed(msg, (size_t)got, &mh) && came == fds_of(msg) && came <= room) {
        if (came > 0)
            memcpy(fds, all, came * sizeof *fds);
        *n = came;
        terminate_strings(msg);
        return 1;
    }
    close_all(all, came);
    /* An empty message cannot be told from the end; a peer that sends one has nothing more to say. */
    return got == 0 && came == 0 ? 0 : -EPROTO;
}

int hsr_msg_reply(int sock, const struct hsr_msg_hdr *req, uint32_t status, const char *format, ...)
{
    union hsr_msg msg;
    va_list args;

    hsr_msg_init(&msg, HSR_MSG_REPLY, req->seq);
    msg.hdr.status = status;
    va_start(args, format);
    vsnprintf(msg.reply.text, sizeof msg.reply.text, format, args);
    va_end(args);
    return hsr_msg_send(sock, &msg, NULL, 0);
}
