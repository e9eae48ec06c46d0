/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The other side of the attach socket: a NIC that says what it likes to a firmware that attaches and asks. Each call of the
 * firmware's ends with an answer or an error in words; a region it has taken can be read all over; no descriptor stays open.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"
#include "hsring/attach.h"

enum { ATTACHED, REFUSED, REGION_REFUSED, MALFORMED, HUNG_UP, ANSWERED, LATE, ARENA, STATE };
const char *const fuzz_depths[] = {
    "attached",           "a request refused", "a region refused", "a malformed answer", "hung up",
    "a request answered", "a late answer",     "memory got",       "a rule's state got", NULL};

#define REQUESTS 16
#define WANTED   3    /* ring sets */
#define WAIT_MS  5000 /* more than any answer needs here */

/* What becomes of an answer, and what follows it. */
enum { HOW_OTHER = 0x10, HOW_LATE = 0x20, HOW_MORE = 0x40, HOW_PATCH = 0x80 };
enum { SAY_RIGHT, SAY_NO, SAY_GOODBYE, SAY_STATE };

static struct {
    struct hsr_region region;
    int listener, memory;  /* an arena's */
    struct fuzz_input nic; /* what it says */
    bool late;
    char dir[64], path[96], why[256];
} t;

/* ---- the NIC ---- */

static void send_bytes(int sock, const void *bytes, size_t size, const int *fds, unsigned n)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(HSR_ATTACH_FDS * sizeof(int))];
    } control = {{0}};
    struct iovec iov = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
    struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};

    if (n > 0) {
        mh.msg_control = control.bytes;
        mh.msg_controllen = CMSG_SPACE(n * sizeof(int));
        control.align.cmsg_level = SOL_SOCKET;
        control.align.cmsg_type = SCM_RIGHTS;
        control.align.cmsg_len = CMSG_LEN(n * sizeof(int));
        memcpy(CMSG_DATA(&control.align), fds, n * sizeof(int));
    }
    sendmsg(sock, &mh, MSG_NOSIGNAL);
}

static void welcome(union hsr_msg *msg)
{
    hsr_msg_init(msg, HSR_MSG_WELCOME, 1);
    msg->welcome.abi_major = HSR_ABI_MAJOR;
    msg->welcome.abi_minor = HSR_ABI_MINOR;
    msg->welcome.workers = 2;
    msg->welcome.instance = t.region.view.instance;
    msg->welcome.owner = hsr_view_owner(&t.region.view, 0);
    msg->welcome.region_size = t.region.map_size;
}

static void right_answer(union hsr_msg *msg, const union hsr_msg *request)
{
    if (request->hdr.type == HSR_MSG_HELLO) {
        welcome(msg);
    } else if (request->hdr.type == HSR_MSG_ARENA_GET) {
        hsr_msg_init(msg, HSR_MSG_ARENA, request->hdr.seq);
        msg->arena.size = request->arena.size;
        msg->arena.layout = request->arena.layout;
    } else {
        hsr_msg_init(msg, HSR_MSG_REPLY, request->hdr.seq);
    }
}

/* What a message of this type brings, or another number of descriptors. */
static unsigned descriptors(const union hsr_msg *msg, int fds[HSR_ATTACH_FDS])
{
    unsigned n = msg->hdr.type == HSR_MSG_WELCOME ? 1 + 2 * (msg->welcome.workers % 16)
                 : msg->hdr.type == HSR_MSG_ARENA ? 1
                                                  : 0;

    for (unsigned i = 0; i < HSR_ATTACH_FDS; i++)
        fds[i] = t.memory;
    if (msg->hdr.type == HSR_MSG_WELCOME)
        fds[0] = t.region.memfd;
    return n < HSR_ATTACH_FDS ? n : HSR_ATTACH_FDS;
}

/* One answer. Does the client go on behind it? */
static bool answer(int sock, const union hsr_msg *request, uint8_t how)
{
    int fds[HSR_ATTACH_FDS];
    union hsr_msg msg;
    unsigned n;

    right_answer(&msg, request);
    if ((how & 15) == SAY_NO) {
        hsr_msg_init(&msg, HSR_MSG_REPLY, request->hdr.seq);
        msg.hdr.status = fuzz_8(&t.nic);
        memset(msg.reply.text, 'x', sizeof msg.reply.text); /* without an end */
    } else if ((how & 15) == SAY_STATE) {
        hsr_msg_init(&msg, HSR_MSG_RULE_STATE, request->hdr.seq);
    } else if ((how & 15) > SAY_STATE) {
        hsr_msg_init(&msg, fuzz_8(&t.nic), request->hdr.seq);
    }
    if (how & HOW_LATE)
        msg.hdr.seq--;
    size_t size = msg.hdr.size;

    if (how & HOW_PATCH) {
        uint32_t at = fuzz_16(&t.nic) % (uint32_t)sizeof msg, len = fuzz_8(&t.nic);

        fuzz_bytes(&t.nic, (uint8_t *)&msg + at, len % (uint32_t)(sizeof msg - at + 1));
    }
    n = descriptors(&msg, fds);
    if (how & HOW_OTHER) {
        size = fuzz_8(&t.nic) % 2 ? size : fuzz_16(&t.nic) % (sizeof msg + 1);
        n = fuzz_8(&t.nic) % (HSR_ATTACH_FDS + 1);
    }
    send_bytes(sock, &msg, size, fds, n);
    t.late |= request->hdr.type != HSR_MSG_HELLO && msg.hdr.seq != request->hdr.seq;
    return request->hdr.type == HSR_MSG_HELLO || msg.hdr.seq == request->hdr.seq;
}

static bool request_came(int sock, union hsr_msg *msg)
{
    int fds[HSR_ATTACH_FDS];
    unsigned n = HSR_ATTACH_FDS;

    fuzz_wait_readable(sock);
    if (hsr_msg_recv(sock, msg, fds, &n) != 1)
        return false;
    while (n > 0)
        close(fds[--n]);
    return true;
}

/* Ends with what it has to say, or when nobody would wait for more: an answer that never comes is only a time-out. */
static void *be_nic(void *arg)
{
    int sock = accept4(t.listener, NULL, NULL, SOCK_CLOEXEC);
    bool goes_on = sock >= 0;
    union hsr_msg request;

    if (sock < 0) {
        fuzz_wait_readable(t.listener);
        sock = accept4(t.listener, NULL, NULL, SOCK_CLOEXEC);
        goes_on = sock >= 0;
    }
    while (goes_on && t.nic.n > 0 && request_came(sock, &request)) {
        uint8_t how;

        goes_on = false;
        do {
            how = fuzz_8(&t.nic);
            if ((how & 15) == SAY_GOODBYE)
                break;
            goes_on |= answer(sock, &request, how);
        } while (how & HOW_MORE && t.nic.n > 0);
    }
    if (sock >= 0)
        close(sock);
    return arg;
}

/* ---- the firmware ---- */

static void outcome(int rc)
{
    FUZZ_MUST(rc <= 0 && rc >= -4095);
    FUZZ_MUST(memchr(t.why, '\0', sizeof t.why) != NULL);
    if (rc == 0)
        fuzz_reached(ANSWERED);
    else if (rc == -EPROTO)
        fuzz_reached(MALFORMED);
    else if (rc == -ECONNRESET || rc == -EPIPE)
        fuzz_reached(HUNG_UP);
    else
        fuzz_reached(REFUSED);
}

/* All that the checked head names is there. */
static void look_all_over(const struct hsr_attach *at)
{
    const struct hsr_view *view = &at->region.view;
    volatile uint8_t sum = 0;

    FUZZ_MUST(at->workers >= 1 && at->workers <= WANTED && at->workers <= view->workers);
    for (uint32_t w = 0; w < at->workers; w++) {
        FUZZ_MUST(fcntl(at->rx_doorbell[w], F_GETFL) & O_NONBLOCK);
        FUZZ_MUST(fcntl(at->tx_doorbell[w], F_GETFL) & O_NONBLOCK);
        for (int kind = 0; kind < HSR_RING_KINDS; kind++) {
            struct hsr_ring ring;
            uint32_t entry[64];

            hsr_view_ring(view, w, (enum hsr_ring_kind)kind, &ring, -1);
            FUZZ_MUST(hsr_ring_pop(&ring, entry, 64) <= 64);
        }
    }
    for (uint32_t slot = 0; slot < view->slots; slot++)
        sum = (uint8_t)(sum + hsr_slot(view, slot)[0] + hsr_slot(view, slot)[HSR_SLOT_SIZE - 1]);
    sum = (uint8_t)(sum + ((const uint8_t *)&view->stats[HSR_MAX_PORTS])[-1]);
    (void)sum;
}

static void arena(struct hsr_attach *at, struct fuzz_input *in)
{
    int fd;
    bool kept;
    int rc = hsr_attach_arena(at, "sessions", fuzz_16(in), 1, &fd, &kept, t.why);

    outcome(rc);
    FUZZ_MUST((rc == 0) == (fd >= 0));
    if (rc == 0) {
        fuzz_reached(ARENA);
        FUZZ_MUST(fcntl(fd, F_GETFD) >= 0);
        close(fd);
    }
}

static void request(struct hsr_attach *at, struct fuzz_input *in)
{
    static const uint8_t secret[48];
    uint8_t what = fuzz_8(in) % 32;
    union hsr_msg msg;
    int rc;

    switch (what) {
    case 0:
        arena(at, in);
        return;
    case 1:
        outcome(hsr_attach_arena_put(at, "sessions", 4096, 1, t.memory, t.why));
        return;
    case 2:
        outcome(hsr_attach_hash(at, secret, t.why));
        return;
    default:
        memset(&msg, 0, sizeof msg);
        rc = hsr_attach_request(at, &msg, what, -1, WAIT_MS, t.why);
        outcome(rc);
        if (msg.hdr.type == HSR_MSG_RULE_STATE) {
            fuzz_reached(STATE);
            FUZZ_MUST(memchr(msg.rule_state.state.text, '\0', sizeof msg.rule_state.state.text));
        }
    }
}

static void attach(struct fuzz_input *in)
{
    uint8_t how = fuzz_8(in);
    struct hsr_attach at;
    int rc;

    rc = how & 1 ? hsr_attach_open_second(&at, t.path, WANTED, "fuzzer", t.why)
                 : hsr_attach_open(&at, t.path, WANTED, "fuzzer", t.why);
    if (rc != 0) {
        FUZZ_MUST(rc < 0 && at.sock == -1 && at.region.map == NULL);
        outcome(rc);
        if (strstr(t.why, "region") != NULL)
            fuzz_reached(REGION_REFUSED);
        return;
    }
    fuzz_reached(ATTACHED);
    look_all_over(&at);
    for (unsigned i = 0; i < REQUESTS && in->n > 0; i++)
        request(&at, in);
    hsr_attach_close(&at);
}

/* The head of the region may say anything: it is written over before it is handed on. */
static void make_region(struct fuzz_input *in)
{
    struct hsr_geometry g;
    uint8_t patches = fuzz_8(in) % 4;

    hsr_geometry_default(&g, 2);
    g.ring_entries = 64;
    g.runs[0] = 64;
    g.runs[1] = g.runs[2] = 2;
    g.fw_slots = 16;
    FUZZ_MUST(hsr_region_create(&t.region, &g, true) == 0);
    while (patches-- > 0) {
        uint16_t at = fuzz_16(in) % 512;

        fuzz_bytes(in, t.region.view.base + at, fuzz_8(in) % 16);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    int lowest = fuzz_free_descriptor();
    pthread_t nic;

    strcpy(t.dir, "/tmp/fuzz-attach-XXXXXX");
    FUZZ_MUST(mkdtemp(t.dir) != NULL);
    snprintf(t.path, sizeof t.path, "%s/attach", t.dir);
    make_region(&in);
    t.memory = memfd_create("memory", MFD_CLOEXEC);
    t.listener = hsr_attach_listen(t.path);
    FUZZ_MUST(t.memory >= 0 && t.listener >= 0);
    size_t said = fuzz_8(&in);

    t.nic = (struct fuzz_input){in.p, said < in.n ? said : in.n};
    in.p += t.nic.n;
    in.n -= t.nic.n;
    t.late = false;
    FUZZ_MUST(pthread_create(&nic, NULL, be_nic, NULL) == 0);
    attach(&in);
    pthread_join(nic, NULL);
    if (t.late)
        fuzz_reached(LATE);
    close(t.listener);
    close(t.memory);
    hsr_region_close(&t.region);
    FUZZ_MUST(unlink(t.path) == 0 && rmdir(t.dir) == 0);
    FUZZ_MUST(fuzz_free_descriptor() == lowest);
    return 0;
}
