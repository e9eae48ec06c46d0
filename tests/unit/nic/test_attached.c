/* SPDX-License-Identifier: Apache-2.0 */
/* The NIC's end of the attach socket, asked by firmwares of every kind: of other versions, out of turn, two at a time. */
#include <dirent.h>
#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "capture/tap.h"
#include "hsring/attach.h"
#include "hsring/hash.h"
#include "hsring/owner.h"
#include "nic/serve.h"

#define WAIT_MS 20000

static struct {
    struct nic *nic;
    struct nic_serve *serve;
    pthread_t server, poller;
    int stop;
    _Atomic bool ended;
    char dir[64], path[96];
    char why[256];
} t;

static void *poll_nic(void *arg)
{
    uint64_t now = 1000000000;

    (void)arg;
    while (!atomic_load(&t.ended))
        if (nic_poll(t.nic, now += 1000000) == 0)
            nic_wait(t.nic, 1000);
    return NULL;
}

static void *serve(void *arg)
{
    (void)arg;
    nic_serve_run(t.serve, t.stop);
    return NULL;
}

static int setup(void **state)
{
    struct nic_config config;

    (void)state;
    memset(&t, 0, sizeof t);
    strcpy(t.dir, "/tmp/nic-serve-XXXXXX");
    assert_non_null(mkdtemp(t.dir));
    snprintf(t.path, sizeof t.path, "%s/attach", t.dir);
    nic_config_repeatable(&config, 2);
    config.shared = true;
    config.geometry.runs[0] = 64;
    config.geometry.runs[1] = config.geometry.runs[2] = 2;
    assert_int_equal(nic_open(&t.nic, &config, t.why), 0);
    assert_int_equal(nic_serve_open(&t.serve, t.nic, t.path, t.why), 0);
    t.stop = eventfd(0, EFD_CLOEXEC);
    nic_threaded(t.nic, true);
    assert_int_equal(pthread_create(&t.poller, NULL, poll_nic, NULL), 0);
    assert_int_equal(pthread_create(&t.server, NULL, serve, NULL), 0);
    return 0;
}

static int teardown(void **state)
{
    uint64_t one = 1;

    (void)state;
    assert_int_equal(write(t.stop, &one, sizeof one), sizeof one);
    pthread_join(t.server, NULL);
    nic_serve_close(t.serve);
    atomic_store(&t.ended, true);
    pthread_join(t.poller, NULL);
    nic_threaded(t.nic, false);
    assert_int_equal(nic_slots_out(t.nic), 0);
    nic_close(t.nic);
    close(t.stop);
    return rmdir(t.dir);
}

static int connect_raw(void)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    memcpy(address.sun_path, t.path, strlen(t.path));
    assert_int_equal(connect(sock, (struct sockaddr *)&address, sizeof address), 0);
    return sock;
}

/* The answer to a message: its type; REPLY's status and text in `msg`. */
static uint16_t ask(int sock, union hsr_msg *msg, const int *fds, unsigned n)
{
    struct pollfd pfd = {.fd = sock, .events = POLLIN};
    int got[HSR_ATTACH_FDS];
    unsigned gots = HSR_ATTACH_FDS;

    assert_int_equal(hsr_msg_send(sock, msg, fds, n), 0);
    assert_int_equal(poll(&pfd, 1, WAIT_MS), 1);
    assert_int_equal(hsr_msg_recv(sock, msg, got, &gots), 1);
    for (unsigned i = 0; i < gots; i++)
        close(got[i]);
    return msg->hdr.type;
}

static void hello(union hsr_msg *msg)
{
    hsr_msg_init(msg, HSR_MSG_HELLO, 1);
    msg->hello.abi_major = HSR_ABI_MAJOR;
    msg->hello.abi_minor = HSR_ABI_MINOR;
    msg->hello.workers = 1;
    msg->hello.features = HSR_FEATURE_BASE;
    strcpy(msg->hello.name, "test");
}

static bool ends(int sock)
{
    struct pollfd pfd = {.fd = sock, .events = POLLIN};
    char byte;

    return poll(&pfd, 1, WAIT_MS) == 1 && recv(sock, &byte, 1, MSG_DONTWAIT) == 0;
}

/* Fault 29: What differs is refused by name; what may be ignored is. */
static void other_versions(void **state)
{
    static const struct {
        int major, minor, workers;
        uint64_t features;
        uint32_t status;
        const char *text;
    } cases[] = {
        {0, 1, 0, 0, EPROTO, "install matching versions"},
        {0, -1, 0, 0, EPROTO, "install matching versions"},
        {1, 0, 0, 0, EPROTO, "needs 1."},
        {0, 0, 2, 0, EINVAL, "1 to 2 ring sets"},
        {0, 0, -1, 0, EINVAL, "0 workers"},
        {0, 0, 0, UINT64_C(1) << 31, EPROTO, "0x80000001"},
        {0, 0, 0, 4, EPROTO, "features"},
        {0, 0, 0, UINT64_C(1) << 32, 0, ""},
        {0, 0, 0, UINT64_C(1) << 63, 0, ""},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int sock = connect_raw();
        union hsr_msg msg;

        hello(&msg);
        msg.hello.abi_major = (uint16_t)(HSR_ABI_MAJOR + cases[i].major);
        msg.hello.abi_minor = (uint16_t)(HSR_ABI_MINOR + cases[i].minor);
        msg.hello.workers = (uint32_t)(1 + cases[i].workers);
        msg.hello.features |= cases[i].features;
        if (cases[i].status == 0) {
            assert_int_equal(ask(sock, &msg, NULL, 0), HSR_MSG_WELCOME);
        } else {
            assert_int_equal(ask(sock, &msg, NULL, 0), HSR_MSG_REPLY);
            assert_int_equal(msg.hdr.status, cases[i].status);
            assert_non_null(strstr(msg.reply.text, cases[i].text));
        }
        close(sock);
    }
}

static void out_of_turn(void **state)
{
    int sock = connect_raw();
    union hsr_msg msg;

    (void)state;
    hsr_msg_init(&msg, HSR_MSG_START, 1);
    assert_int_equal(ask(sock, &msg, NULL, 0), HSR_MSG_REPLY);
    assert_int_equal(msg.hdr.status, EPROTO);
    hsr_msg_init(&msg, HSR_MSG_ARENA_PUT, 2);
    assert_int_equal(ask(sock, &msg, &t.stop, 1), HSR_MSG_REPLY);
    assert_int_equal(msg.hdr.status, EPROTO);
    hello(&msg);
    msg.hello.features |= HSR_FEATURE_SECOND;
    assert_int_equal(ask(sock, &msg, NULL, 0), HSR_MSG_REPLY);
    assert_int_equal(msg.hdr.status, ENOTCONN);
    hello(&msg);
    assert_int_equal(ask(sock, &msg, NULL, 0), HSR_MSG_WELCOME);
    hello(&msg);
    assert_int_equal(ask(sock, &msg, NULL, 0), HSR_MSG_REPLY);
    assert_int_equal(msg.hdr.status, EALREADY);
    close(sock);
}

static unsigned open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    unsigned n = 0;

    assert_non_null(dir);
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

/* The NIC's own words said to it: refused, and what descriptors come with them are not kept. */
static void words_of_the_nic(void **state)
{
    const int fds[3] = {t.stop, t.stop, t.stop};
    int sock = connect_raw();
    union hsr_msg msg;
    unsigned before;

    (void)state;
    hello(&msg);
    assert_int_equal(ask(sock, &msg, NULL, 0), HSR_MSG_WELCOME);
    before = open_files();
    for (unsigned i = 0; i < 20; i++) {
        hsr_msg_init(&msg, i % 2 ? HSR_MSG_ARENA : HSR_MSG_WELCOME, i);
        if (i % 2 == 0)
            msg.welcome.workers = 1;
        assert_int_equal(ask(sock, &msg, fds, i % 2 ? 1 : 3), HSR_MSG_REPLY);
        assert_int_equal(msg.hdr.status, EOPNOTSUPP);
    }
    assert_int_equal(open_files(), before);
    close(sock);
}

/* Memory goes from one firmware to the next, a secret from the first one to the NIC. */
static void kept_for_the_next(void **state)
{
    uint8_t secret[HSR_HASH_SECRET] = {1, 2, 3};
    union hsr_msg msg = {.hdr = {0}};
    struct hsr_attach at;
    ino_t inode = 0;

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        bool kept;
        struct stat st;
        int fd;

        assert_int_equal(hsr_attach_open(&at, t.path, 2, "fw", t.why), 0);
        assert_int_equal(hsr_attach_hash(&at, secret, t.why), 0);
        assert_memory_equal(nic_region(t.nic)->view.hash_secret, secret, sizeof secret);
        assert_int_equal(hsr_attach_arena(&at, "fw", 8192, i < 2 ? 1 : 2, &fd, &kept, t.why), 0);
        assert_int_equal(fstat(fd, &st), 0);
        assert_int_equal(kept, i == 1);
        assert_int_equal(st.st_ino == inode, i == 1);
        inode = st.st_ino;
        close(fd);
        assert_int_equal(hsr_attach_request(&at, &msg, HSR_MSG_START, -1, WAIT_MS, t.why), 0);
        assert_int_equal(hsr_attach_hash(&at, secret, t.why), -EBUSY);
        hsr_attach_close(&at);
    }
    assert_int_equal(hsr_attach_open(&at, t.path, 2, "fw", t.why), 0);
    memset(&msg, 0, sizeof msg);
    strcpy(msg.arena.name, "fw");
    assert_int_equal(hsr_attach_request(&at, &msg, HSR_MSG_ARENA_DROP, -1, WAIT_MS, t.why), 0);
    assert_int_equal(hsr_attach_request(&at, &msg, HSR_MSG_ARENA_DROP, -1, WAIT_MS, t.why),
                     -ENOENT);
    hsr_attach_close(&at);
}

/* Entries lead to rings that were granted, of which there may be fewer than the NIC has. */
static void steered(void **state)
{
    struct hsr_attach at;
    union hsr_msg msg = {.hdr = {0}};

    (void)state;
    assert_int_equal(hsr_attach_open(&at, t.path, 1, "fw", t.why), 0);
    assert_int_equal(hsr_attach_request(&at, &msg, HSR_MSG_RETA_SET, -1, WAIT_MS, t.why), 0);
    memset(&msg, 0, sizeof msg);
    msg.reta.ring[255] = 1;
    assert_int_equal(hsr_attach_request(&at, &msg, HSR_MSG_RETA_SET, -1, WAIT_MS, t.why), -EINVAL);
    hsr_attach_close(&at);
    assert_int_equal(hsr_attach_open(&at, t.path, 2, "fw", t.why), 0);
    assert_int_equal(hsr_attach_request(&at, &msg, HSR_MSG_RETA_SET, -1, WAIT_MS, t.why), 0);
    hsr_attach_close(&at);
}

/* Memory to capture into is looked at before it is used, and no descriptor of it is kept longer than the capture. */
static void captured(void **state)
{
    static const struct cap_spec good = {
        .points = 1, .port = CAP_ANY, .context = CAP_ANY, .snap = 64};
    struct cap_area area;
    struct hsr_attach at;
    union hsr_msg msg = {.hdr = {0}};
    unsigned before;

    (void)state;
    assert_int_equal(hsr_attach_open(&at, t.path, 1, "fw", t.why), 0);
    assert_int_equal(cap_area_create(&area, CAP_RINGS, 0), 0);
    before = open_files();
    /* `id`, and what is in the memory: nothing, a point that is none, a good one. */
    static const struct {
        uint32_t id, points;
        int rc;
    } tries[] = {{0, 0, -EINVAL},
                 {0, 1u << CAP_POINTS, -EINVAL},
                 {CAP_TAPS, 1, -EINVAL},
                 {UINT32_MAX, 1, -EINVAL},
                 {0, 1, 0},
                 {0, 1, 0}};

    for (unsigned i = 0; i < sizeof tries / sizeof tries[0]; i++) {
        struct cap_spec spec = good;

        spec.points = tries[i].points;
        cap_area_put_spec(&area, &spec, sizeof spec);
        memset(&msg, 0, sizeof msg);
        msg.capture.id = tries[i].id;
        msg.capture.on = 1;
        assert_int_equal(
            hsr_attach_request(&at, &msg, HSR_MSG_CAPTURE_SET, area.memfd, WAIT_MS, t.why),
            tries[i].rc);
    }
    assert_int_equal(open_files(), before + 1);
    /* What is no such memory, in place of the one that runs: that one goes on. */
    int other = memfd_create("x", 0);

    memset(&msg, 0, sizeof msg);
    msg.capture.on = 1;
    assert_int_equal(hsr_attach_request(&at, &msg, HSR_MSG_CAPTURE_SET, other, WAIT_MS, t.why),
                     -EINVAL);
    close(other);
    assert_int_equal(open_files(), before + 1);
    hsr_attach_close(&at); /* and it ends with its firmware */
    assert_int_equal(hsr_attach_open(&at, t.path, 1, "fw", t.why), 0);
    assert_int_equal(open_files(), before);
    hsr_attach_close(&at);
    cap_area_close(&area);
}

/* What the NIC measures goes with the firmware it was measured for; nothing else is told. */
static void latency(void **state)
{
    static const struct {
        uint32_t worker, stage;
        int rc;
    } tries[] = {{0, 0, 0},
                 {0, HSR_LATENCY_STAGES - 1, 0},
                 {0, HSR_LATENCY_STAGES, -EINVAL},
                 {UINT32_MAX, 0, -EINVAL}};
    struct hsr_attach at;
    union hsr_msg msg;

    (void)state;
    assert_int_equal(hsr_attach_open(&at, t.path, 1, "fw", t.why), 0);
    assert_true(at.features & HSR_FEATURE_LATENCY);
    for (unsigned on = 0; on < 3; on++) {
        memset(&msg, 0, sizeof msg);
        msg.latency_set.on = on % 2;
        assert_int_equal(hsr_attach_request(&at, &msg, HSR_MSG_LATENCY_SET, -1, WAIT_MS, t.why), 0);
        for (unsigned i = 0; i < sizeof tries / sizeof tries[0]; i++) {
            memset(&msg, 0, sizeof msg);
            msg.latency_get.worker = tries[i].worker;
            msg.latency_get.stage = tries[i].stage;
            assert_int_equal(hsr_attach_request(&at, &msg, HSR_MSG_LATENCY_GET, -1, WAIT_MS, t.why),
                             tries[i].rc);
            if (tries[i].rc < 0)
                continue;
            assert_int_equal(msg.hdr.type, HSR_MSG_LATENCY);
            for (unsigned k = 0; k < HSR_LATENCY_BUCKETS; k++)
                assert_int_equal(msg.latency.bucket[k], 0);
        }
    }
    hsr_attach_close(&at);
}

/* Who asks and asks and reads no answer misses some, and stays attached. */
static void unread_answers(void **state)
{
    enum { ASKED = 300 };
    int sock = connect_raw(), unread = 0;
    unsigned answers = 0, none = 0;
    union hsr_msg msg;

    (void)state;
    hello(&msg);
    assert_int_equal(ask(sock, &msg, NULL, 0), HSR_MSG_WELCOME);
    for (unsigned i = 0; i < ASKED; i++) {
        hsr_msg_init(&msg, HSR_MSG_LATENCY_GET, i);
        while (hsr_msg_send(sock, &msg, NULL, 0) == -EAGAIN)
            continue;
    }
    do {
        assert_int_equal(ioctl(sock, SIOCOUTQ, &unread), 0);
    } while (unread > 0); /* by the NIC */
    while (hsr_msg_recv(sock, &msg, NULL, &none) == 1)
        answers++;
    hsr_msg_init(&msg, HSR_MSG_LATENCY_SET, ASKED);
    assert_int_equal(hsr_msg_send(sock, &msg, NULL, 0), 0);
    for (struct pollfd pfd = {.fd = sock, .events = POLLIN}; msg.hdr.type != HSR_MSG_REPLY;) {
        assert_int_equal(poll(&pfd, 1, WAIT_MS), 1);
        assert_int_equal(hsr_msg_recv(sock, &msg, NULL, &none), 1);
        answers += msg.hdr.type == HSR_MSG_LATENCY;
    }
    assert_in_range(answers, 1, ASKED - 1);
    close(sock);
}

/* Beside the first: a region of its own, and nothing to say but whose packets are whose. */
static void a_second(void **state)
{
    struct hsr_attach first, second, third;
    union hsr_msg msg = {.hdr = {0}};

    (void)state;
    assert_int_equal(hsr_attach_open(&first, t.path, 2, "one", t.why), 0);
    assert_int_equal(hsr_attach_open(&third, t.path, 2, "three", t.why), -EBUSY);
    assert_non_null(strstr(t.why, "'one' is attached"));
    assert_int_equal(hsr_attach_open_second(&second, t.path, 1, "two", t.why), -EINVAL);
    assert_int_equal(hsr_attach_open_second(&second, t.path, 2, "two", t.why), 0);
    assert_int_not_equal(second.region.view.instance, first.region.view.instance);
    assert_false(second.features & HSR_FEATURE_LATENCY);
    assert_int_equal(hsr_attach_open_second(&third, t.path, 2, "three", t.why), -EBUSY);
    assert_int_equal(hsr_attach_open(&third, t.path, 2, "three", t.why), -EBUSY);

    assert_int_equal(hsr_attach_request(&second, &msg, HSR_MSG_STOP, -1, WAIT_MS, t.why), -EPERM);
    assert_non_null(strstr(t.why, "first firmware's"));
    assert_int_equal(hsr_attach_request(&second, &msg, HSR_MSG_PORT_ADD, -1, WAIT_MS, t.why),
                     -EPERM);
    msg.owner.owner = 1;
    msg.owner.from_now = 1;
    assert_int_equal(hsr_attach_request(&first, &msg, HSR_MSG_OWNER_SET, -1, WAIT_MS, t.why),
                     -ENOTCONN);
    assert_int_equal(hsr_attach_request(&second, &msg, HSR_MSG_START, -1, WAIT_MS, t.why), 0);
    assert_int_equal(hsr_attach_request(&second, &msg, HSR_MSG_SYNC, -1, WAIT_MS, t.why), 0);
    assert_int_equal(hsr_attach_request(&first, &msg, HSR_MSG_OWNER_SET, -1, WAIT_MS, t.why), 0);
    assert_int_equal(hsr_view_owner(&first.region.view, 0) & HSR_OWNER_OWNER, 1);
    assert_int_equal(hsr_view_owner(&second.region.view, 0), hsr_view_owner(&first.region.view, 0));
    assert_int_equal(hsr_attach_request(&second, &msg, HSR_MSG_OWNER_SET, -1, WAIT_MS, t.why),
                     -EBUSY);
    memset(&msg, 0, sizeof msg);
    msg.group.port = 3;
    msg.group.group = 5;
    assert_int_equal(hsr_attach_request(&second, &msg, HSR_MSG_GROUP_SET, -1, WAIT_MS, t.why), 0);
    msg.group.group = HSR_MAX_GROUPS;
    assert_int_equal(hsr_attach_request(&first, &msg, HSR_MSG_GROUP_SET, -1, WAIT_MS, t.why),
                     -EINVAL);

    /* It may go and come; what it owned is the first one's again. With the first it ends. */
    hsr_attach_close(&second);
    while (hsr_attach_open_second(&second, t.path, 2, "two", t.why) == -EBUSY)
        continue;
    assert_int_equal(hsr_view_owner(&first.region.view, 0) & HSR_OWNER_OWNER, 0);
    hsr_attach_close(&first);
    assert_true(ends(second.sock));
    hsr_attach_close(&second);
    assert_int_equal(hsr_attach_open(&first, t.path, 2, "one", t.why), 0);
    hsr_attach_close(&first);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(other_versions),    CASE(out_of_turn),    CASE(words_of_the_nic),
        CASE(kept_for_the_next), CASE(steered),        CASE(captured),
        CASE(latency),           CASE(unread_answers), CASE(a_second),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
