/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attach socket: a firmware that says what it likes, message by message, with and without descriptors, before a NIC whose
 * ports are rings and null ports. Each message is answered or ends the connection, no descriptor stays open, and the next
 * firmware attaches and finds everything in its place.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fuzz.h"
#include "hsring/attach.h"
#include "log/log.h"
#include "nic/ports/ring.h"
#include "nic/serve.h"

enum { GREETED, REFUSED, THROWN_OUT, PORT_MADE, RULE_MADE, ARENA, STARTED, WITH_DESCRIPTOR, OWNED };
const char *const fuzz_depths[] = {
    "HELLO taken", "a request refused", "thrown out",        "a port made",         "a rule made",
    "memory kept", "fetching started",  "with a descriptor", "a group's owner set", NULL};

#define MESSAGES 24

#define THE_OTHER 30 /* type: from here on on another connection, that of a second firmware */

enum { HOW_RAW = 0x20, HOW_FD = 0x40, HOW_SHORT = 0x80 };

static struct {
    struct nic *nic;
    struct nic_serve *serve;
    struct nic_ring *ring; /* "ring" */
    int stop;
    char dir[64], path[96], why[NIC_WHY];
} t;

static void *serve(void *arg)
{
    nic_serve_run(t.serve, t.stop);
    return arg;
}

static void open_nic(void)
{
    struct nic_config config;

    nic_config_repeatable(&config, 2);
    config.shared = true;
    config.fit_buckets = 64;
    config.geometry.runs[0] = 64;
    config.geometry.runs[1] = config.geometry.runs[2] = 2;
    FUZZ_MUST(nic_open(&t.nic, &config, t.why) == 0);
    FUZZ_MUST(nic_serve_open(&t.serve, t.nic, t.path, t.why) == 0);
}

static int connect_to_it(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    memcpy(address.sun_path, t.path, strlen(t.path));
    FUZZ_MUST(sock >= 0 && connect(sock, (struct sockaddr *)&address, sizeof address) == 0);
    return sock;
}

/* False: the other side has gone. */
static bool send_bytes(int sock, const void *bytes, size_t n, int fd)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof fd)];
    } control = {{0}};
    struct iovec iov = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = n};
    struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};

    if (fd >= 0) {
        mh.msg_control = control.bytes;
        mh.msg_controllen = sizeof control.bytes;
        CMSG_FIRSTHDR(&mh)->cmsg_level = SOL_SOCKET;
        CMSG_FIRSTHDR(&mh)->cmsg_type = SCM_RIGHTS;
        CMSG_FIRSTHDR(&mh)->cmsg_len = CMSG_LEN(sizeof fd);
        memcpy(CMSG_DATA(CMSG_FIRSTHDR(&mh)), &fd, sizeof fd);
        fuzz_reached(WITH_DESCRIPTOR);
    }
    return sendmsg(sock, &mh, MSG_NOSIGNAL) >= 0;
}

/* False: the NIC has ended the connection. */
static bool answer(int sock, union hsr_msg *msg)
{
    int fds[HSR_ATTACH_FDS];
    unsigned n = HSR_ATTACH_FDS;

    fuzz_wait_readable(sock); /* the fuzzer's own time-out sees one that never comes */
    if (hsr_msg_recv(sock, msg, fds, &n) != 1)
        return false;
    while (n > 0)
        close(fds[--n]);
    return true;
}

/* What may be asked for here: ports that are no business of this machine's. */
static void tame(union hsr_msg *msg)
{
    if (msg->hdr.type == HSR_MSG_PORT_ADD && msg->port.kind != HSR_PORT_KIND_RING &&
        msg->port.kind < 64)
        msg->port.kind = HSR_PORT_KIND_NULL;
    if (msg->hdr.type == HSR_MSG_ARENA_GET || msg->hdr.type == HSR_MSG_ARENA_PUT)
        msg->arena.size %= 1u << 20;
}

static void reached(const union hsr_msg *request, const union hsr_msg *reply)
{
    if (request->hdr.type == HSR_MSG_HELLO && reply->hdr.type == HSR_MSG_WELCOME)
        fuzz_reached(GREETED);
    if (reply->hdr.status != 0) {
        fuzz_reached(REFUSED);
        return;
    }
    switch (request->hdr.type) {
    case HSR_MSG_PORT_ADD:
        fuzz_reached(PORT_MADE);
        break;
    case HSR_MSG_RULE_CREATE:
        fuzz_reached(RULE_MADE);
        break;
    case HSR_MSG_ARENA_GET:
    case HSR_MSG_ARENA_PUT:
        fuzz_reached(ARENA);
        break;
    case HSR_MSG_START:
        fuzz_reached(STARTED);
        break;
    case HSR_MSG_OWNER_SET:
        fuzz_reached(OWNED);
        break;
    default:
        break;
    }
}

static void good_hello(union hsr_msg *msg, bool second)
{
    hsr_msg_init(msg, HSR_MSG_HELLO, 1);
    msg->hello.abi_major = HSR_ABI_MAJOR;
    msg->hello.abi_minor = HSR_ABI_MINOR;
    msg->hello.workers = 2;
    msg->hello.features = HSR_FEATURE_BASE | (second ? HSR_FEATURE_SECOND : 0);
}

/* A type and flags, then how much of what stands behind the head, and that; or of all of it, raw. False: the connection has ended. */
static bool message(struct fuzz_input *in, uint8_t how, int sock, bool second, int fd)
{
    union hsr_msg msg, reply;
    size_t n;

    memset(&msg, 0, sizeof msg);
    if ((how & 31) == 0)
        good_hello(&msg, second);
    else
        hsr_msg_init(&msg, how & 31, 7);
    n = msg.hdr.size;
    if (how & HOW_RAW) {
        n = fuzz_bytes(in, &msg, fuzz_16(in) % sizeof msg);
    } else if ((how & 31) != 0 && n > sizeof msg.hdr) {
        fuzz_bytes(in, (uint8_t *)&msg + sizeof msg.hdr,
                   fuzz_16(in) % (uint32_t)(n - sizeof msg.hdr + 1));
        tame(&msg);
    }
    if (how & HOW_SHORT)
        n = n > 0 ? fuzz_8(in) % n : 0;
    /* A raw message may be a port's as well. */
    if (n >= sizeof msg.hdr)
        tame(&msg);
    if (!send_bytes(sock, &msg, n, how & HOW_FD ? fd : -1) || !answer(sock, &reply)) {
        fuzz_reached(THROWN_OUT);
        return false;
    }
    reached(&msg, &reply);
    return true;
}

/* Whatever came before: the next one is greeted. */
static void next_firmware(void)
{
    struct hsr_attach at;

    FUZZ_MUST(hsr_attach_open(&at, t.path, 1, "next", t.why) == 0);
    FUZZ_MUST(at.region.view.workers == 2);
    hsr_attach_close(&at);
}

static void converse(struct fuzz_input *in)
{
    int fd = memfd_create("passed", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int sock[2] = {connect_to_it(), -1};
    bool second = false;

    FUZZ_MUST(fd >= 0 && ftruncate(fd, 4096) == 0);
    for (unsigned i = 0; i < MESSAGES && in->n > 0; i++) {
        uint8_t how = fuzz_8(in);

        if ((how & 31) != THE_OTHER) {
            if (!message(in, how, sock[second], second, fd))
                break;
            continue;
        }
        second = !second;
        if (sock[second] < 0)
            sock[second] = connect_to_it();
    }
    close(sock[0]);
    if (sock[1] >= 0)
        close(sock[1]);
    close(fd);
    next_firmware();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    uint64_t one = 1;
    pthread_t server;
    int lowest;

    avs_log_set("*", AVS_LOG_ERROR);
    lowest = fuzz_free_descriptor();
    strcpy(t.dir, "/tmp/fuzz-attach-XXXXXX");
    FUZZ_MUST(mkdtemp(t.dir) != NULL);
    snprintf(t.path, sizeof t.path, "%s/attach", t.dir);
    t.ring = nic_ring_new("ring", 1u << 18);
    t.stop = eventfd(0, EFD_CLOEXEC);
    open_nic();
    FUZZ_MUST(pthread_create(&server, NULL, serve, NULL) == 0);
    converse(&in);
    FUZZ_MUST(write(t.stop, &one, sizeof one) == sizeof one);
    pthread_join(server, NULL);
    nic_serve_close(t.serve);
    FUZZ_MUST(nic_slots_out(t.nic) == 0);
    nic_close(t.nic);
    close(t.stop);
    nic_ring_free(t.ring);
    FUZZ_MUST(rmdir(t.dir) == 0);
    FUZZ_MUST(fuzz_free_descriptor() == lowest);
    return 0;
}
