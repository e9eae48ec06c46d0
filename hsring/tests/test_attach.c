/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A NIC in a thread behind a real socket, and firmwares that attach to it. The thread serves one connection and does
 * there what the test asks of it.
 */
#include "hsr_test.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hsring/attach.h"
#include "hsring/hash.h"

enum { WAIT_MS = 20000 };

enum behaviour {
    SERVE,        /* WELCOME, then answer requests until the end */
    SILENT,       /* never answer */
    HANG_UP,      /* close at once */
    TAKEN,        /* EBUSY, and close without a look at HELLO */
    HALF,         /* half a WELCOME */
    WRONG_MAGIC,  /* a REPLY of another magic */
    WRONG_TYPE,   /* a START in answer to HELLO */
    OTHER_ABI,    /* a WELCOME of ABI major + 1 */
    REFUSE,       /* EPROTO, with both versions in the text */
    WRONG_SIZE,   /* WELCOME with a region size that is not so */
    WRONG_OWNER,  /* WELCOME that differs from the region */
    TOO_FEW_FDS,  /* WELCOME without its last doorbell */
    FDS_ON_REPLY, /* descriptors with a REPLY */
    MANY_FDS,     /* more descriptors than anybody asked for */
};

static struct {
    char dir[64];
    char path[96];
    int listener;
    enum behaviour behaviour;
    struct hsr_region region;
    uint32_t instance;
} nic;

static bool readable(int fd)
{
    struct pollfd pfd = {.fd = fd, .events = POLLIN};

    return poll(&pfd, 1, WAIT_MS) == 1;
}

/* Past all checks of hsr_msg_send(). */
static void send_raw(int sock, const void *data, size_t len, unsigned fds)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(100 * sizeof(int))];
    } control = {0};
    struct iovec iov = {.iov_base = (void *)(uintptr_t)data, .iov_len = len};
    struct msghdr mh = {.msg_iov = &iov, .msg_iovlen = 1};

    if (fds > 0) {
        mh.msg_control = control.bytes;
        mh.msg_controllen = CMSG_SPACE(fds * sizeof(int));
        struct cmsghdr *cm = CMSG_FIRSTHDR(&mh);
        cm->cmsg_level = SOL_SOCKET;
        cm->cmsg_type = SCM_RIGHTS;
        cm->cmsg_len = CMSG_LEN(fds * sizeof(int));
        for (unsigned i = 0; i < fds; i++)
            memcpy(CMSG_DATA(cm) + i * sizeof(int), &nic.listener, sizeof(int));
    }
    (void)sendmsg(sock, &mh, MSG_NOSIGNAL);
}

static void welcome(int sock, const union hsr_msg *hello)
{
    int fds[HSR_ATTACH_FDS];
    unsigned n = 1 + 2 * hello->hello.workers;
    union hsr_msg msg;

    hsr_region_reset(&nic.region, ++nic.instance, 77);
    hsr_msg_init(&msg, HSR_MSG_WELCOME, hello->hdr.seq);
    msg.welcome.abi_major = (uint16_t)(HSR_ABI_MAJOR + (nic.behaviour == OTHER_ABI));
    msg.welcome.abi_minor = HSR_ABI_MINOR;
    msg.welcome.workers = hello->hello.workers;
    msg.welcome.features = HSR_FEATURE_BASE;
    msg.welcome.region_size = nic.region.map_size + (nic.behaviour == WRONG_SIZE ? 4096 : 0);
    msg.welcome.instance = nic.instance;
    msg.welcome.owner = nic.behaviour == WRONG_OWNER ? 78 : 77;
    if (nic.behaviour == HALF || nic.behaviour == TOO_FEW_FDS) {
        send_raw(sock, &msg, nic.behaviour == HALF ? sizeof msg.welcome / 2 : sizeof msg.welcome,
                 n - 1);
        return;
    }
    fds[0] = nic.region.memfd;
    for (unsigned i = 1; i < n; i++)
        fds[i] = eventfd(i, EFD_NONBLOCK | EFD_CLOEXEC);
    (void)hsr_msg_send(sock, &msg, fds, n);
    for (unsigned i = 1; i < n; i++)
        close(fds[i]);
}

static void greet(int sock, const union hsr_msg *hello)
{
    union hsr_msg msg;

    hsr_msg_init(&msg, HSR_MSG_REPLY, hello->hdr.seq);
    switch (nic.behaviour) {
    case SILENT:
        break;
    case WRONG_MAGIC:
        msg.hdr.magic ^= 1;
        send_raw(sock, &msg, sizeof msg.reply, 0);
        break;
    case WRONG_TYPE:
        hsr_msg_init(&msg, HSR_MSG_START, hello->hdr.seq);
        send_raw(sock, &msg, sizeof msg.hdr, 0);
        break;
    case FDS_ON_REPLY:
        send_raw(sock, &msg, sizeof msg.reply, 2);
        break;
    case MANY_FDS:
        send_raw(sock, &msg, sizeof msg.reply, 100);
        break;
    case REFUSE:
        (void)hsr_msg_reply(sock, &hello->hdr, EPROTO, "the NIC speaks ABI 7.0, firmware %u.%u",
                            hello->hello.abi_major, hello->hello.abi_minor);
        break;
    default:
        welcome(sock, hello);
        break;
    }
}

/* An answer to RULE_QUERY: the rule's number as what it counted, the port as status. */
static void rule_state(int sock, const union hsr_msg *query)
{
    union hsr_msg msg;

    hsr_msg_init(&msg, HSR_MSG_RULE_STATE, query->hdr.seq);
    msg.hdr.status = query->rule_ref.port;
    msg.rule_state.state.packets = query->rule_ref.id;
    memset(msg.rule_state.state.text, 't', sizeof msg.rule_state.state.text);
    (void)hsr_msg_send(sock, &msg, NULL, 0);
}

/* An answer to ARENA_GET as asked for, or with what its name says is wrong. */
static void arena(int sock, const union hsr_msg *get)
{
    union hsr_msg msg;

    if (strcmp(get->arena.name, "refused") == 0) {
        (void)hsr_msg_reply(sock, &get->hdr, ENOSPC, "no room");
        return;
    }
    hsr_msg_init(&msg, HSR_MSG_ARENA, get->hdr.seq);
    msg.arena.size = get->arena.size + (strcmp(get->arena.name, "size") == 0);
    msg.arena.layout = get->arena.layout + (strcmp(get->arena.name, "layout") == 0);
    msg.arena.kept = 1;
    if (strcmp(get->arena.name, "no fd") == 0)
        send_raw(sock, &msg, sizeof msg.arena, 0);
    else if (strcmp(get->arena.name, "plain") == 0)
        (void)hsr_msg_reply(sock, &get->hdr, 0, "all is well");
    else
        (void)hsr_msg_send(sock, &msg, &nic.listener, 1);
}

/* One connection: requests get a status that is their port index, START none at all. */
static void *serve(void *argument)
{
    (void)argument;
    if (!readable(nic.listener))
        return NULL;
    int sock = accept4(nic.listener, NULL, NULL, SOCK_CLOEXEC);
    if (nic.behaviour == TAKEN && readable(sock))
        (void)hsr_msg_reply(sock, &(struct hsr_msg_hdr){0}, EBUSY, "firmware 'x' is attached");
    while (nic.behaviour != HANG_UP && nic.behaviour != TAKEN && readable(sock)) {
        int fds[2];
        unsigned n = 2;
        union hsr_msg msg;

        if (hsr_msg_recv(sock, &msg, fds, &n) != 1)
            break;
        for (unsigned i = 0; i < n; i++)
            close(fds[i]);
        if (msg.hdr.type == HSR_MSG_HELLO)
            greet(sock, &msg);
        else if (msg.hdr.type == HSR_MSG_PORT_ADD) {
            (void)hsr_msg_reply(sock, &msg.hdr, msg.port.index, "port %s, %u fds", msg.port.name,
                                n);
        } else if (msg.hdr.type == HSR_MSG_ARENA_GET) {
            arena(sock, &msg);
        } else if (msg.hdr.type == HSR_MSG_ARENA_PUT) {
            (void)hsr_msg_reply(sock, &msg.hdr, msg.arena.layout, "%s, %u fds", msg.arena.name, n);
        } else if (msg.hdr.type == HSR_MSG_RULE_QUERY) {
            rule_state(sock, &msg);
        } else if (msg.hdr.type == HSR_MSG_RULE_CREATE) {
            (void)hsr_msg_reply(sock, &msg.hdr, msg.rule.rule.port, "no rule %u", msg.rule.id);
        } else if (msg.hdr.type != HSR_MSG_START) {
            (void)hsr_msg_reply(sock, &msg.hdr, 0, "ok");
        }
    }
    close(sock);
    return NULL;
}

static unsigned open_fds(void)
{
    unsigned n = 0;
    DIR *dir = opendir("/proc/self/fd");

    assert_non_null(dir);
    while (readdir(dir) != NULL)
        n++;
    closedir(dir);
    return n;
}

static int set_up(void **state)
{
    struct hsr_geometry g;

    (void)state;
    strcpy(nic.dir, "/tmp/hsring-test-XXXXXX");
    if (mkdtemp(nic.dir) == NULL)
        return -1;
    snprintf(nic.path, sizeof nic.path, "%s/attach", nic.dir);
    nic.listener = hsr_attach_listen(nic.path);
    hsr_geometry_default(&g, 2);
    g.runs[0] = 16;
    g.runs[1] = g.runs[2] = 0;
    return nic.listener < 0 ? -1 : hsr_region_create(&nic.region, &g, true);
}

static int tear_down(void **state)
{
    (void)state;
    hsr_region_close(&nic.region);
    close(nic.listener);
    unlink(nic.path);
    return rmdir(nic.dir);
}

static pthread_t start(enum behaviour behaviour)
{
    pthread_t thread;

    nic.behaviour = behaviour;
    assert_int_equal(pthread_create(&thread, NULL, serve, NULL), 0);
    return thread;
}

static void attach_and_attach_again(void **state)
{
    unsigned before = open_fds();

    (void)state;
    for (unsigned round = 0; round < 3; round++) {
        pthread_t thread = start(SERVE);
        struct hsr_attach at;
        struct hsr_ring ring;
        uint32_t entry = 5;
        uint64_t count = 0;
        char why[256];

        assert_int_equal(hsr_attach_open(&at, nic.path, 2, "test", why), 0);
        assert_int_equal(at.workers, 2);
        assert_int_equal(at.region.view.instance, nic.instance);
        assert_int_equal(hsr_view_owner(&at.region.view, 0), 77);
        /* Each bell is the one of its ring: the NIC numbered them. */
        assert_int_equal(read(at.tx_doorbell[0], &count, 8), 8);
        assert_int_equal(count, 2);
        assert_int_equal(read(at.rx_doorbell[1], &count, 8), 8);
        assert_int_equal(count, 3);
        /* Fresh rings, though the round before left something there. */
        hsr_view_ring(&at.region.view, 1, HSR_RING_TX, &ring, at.tx_doorbell[1]);
        assert_int_equal(ring.own, 0);
        assert_int_equal(hsr_ring_waiting(&ring), 0);
        assert_true(hsr_ring_push(&ring, &entry, 1));
        hsr_attach_close(&at);
        pthread_join(thread, NULL);
    }
    assert_int_equal(open_fds(), before);
}

static void requests_are_answered(void **state)
{
    unsigned before = open_fds();
    pthread_t thread = start(SERVE);
    union hsr_msg msg = {0};
    struct hsr_attach at;
    char why[256];

    (void)state;
    assert_int_equal(hsr_attach_open(&at, nic.path, 1, "test", why), 0);
    assert_int_equal(hsr_attach_request(&at, &msg, HSR_MSG_SYNC, -1, WAIT_MS, why), 0);
    msg.port.index = EEXIST;
    msg.port.has_fd = 1;
    memset(msg.port.name, 'p', sizeof msg.port.name);
    assert_int_equal(hsr_attach_request(&at, &msg, HSR_MSG_PORT_ADD, 0, WAIT_MS, why), -EEXIST);
    /* The name came without its end and was given one. */
    assert_string_equal(why, "port ppppppppppppppppppppppppppppppp, 1 fds");
    assert_int_equal(hsr_attach_request(&at, &msg, HSR_MSG_PORT_ADD, -1, WAIT_MS, why), -EINVAL);
    assert_int_equal(hsr_attach_request(&at, &msg, 99, -1, WAIT_MS, why), -EINVAL);
    /* Not answered at all; the next request is. */
    assert_int_equal(hsr_attach_request(&at, &msg, HSR_MSG_START, -1, 10, why), -ETIMEDOUT);
    assert_int_equal(hsr_attach_request(&at, &msg, HSR_MSG_STOP, -1, WAIT_MS, why), 0);
    hsr_attach_close(&at);
    pthread_join(thread, NULL);
    assert_int_equal(open_fds(), before);
}

static void rules_are_answered_by_their_state(void **state)
{
    pthread_t thread = start(SERVE);
    union hsr_msg msg = {.rule_ref = {.id = 7}};
    struct hsr_attach at;
    char why[256];

    (void)state;
    assert_int_equal(hsr_attach_open(&at, nic.path, 1, "test", why), 0);
    assert_int_equal(hsr_attach_request(&at, &msg, HSR_MSG_RULE_QUERY, -1, WAIT_MS, why), 0);
    assert_int_equal(msg.hdr.type, HSR_MSG_RULE_STATE);
    assert_int_equal(msg.rule_state.state.packets, 7);
    assert_int_equal(strlen(msg.rule_state.state.text), sizeof msg.rule_state.state.text - 1);
    msg = (union hsr_msg){.rule_ref = {.id = 8, .port = ENOENT}};
    assert_int_equal(hsr_attach_request(&at, &msg, HSR_MSG_RULE_QUERY, -1, WAIT_MS, why), -ENOENT);
    assert_int_equal(msg.rule_state.state.packets, 8);
    /* Refused without a state; then a plain word that all is well, which says nothing of the rule. */
    msg = (union hsr_msg){.rule = {.id = 9, .rule.port = EPERM}};
    assert_int_equal(hsr_attach_request(&at, &msg, HSR_MSG_RULE_CREATE, -1, WAIT_MS, why), -EPERM);
    assert_int_equal(msg.hdr.type, HSR_MSG_RULE_CREATE);
    assert_string_equal(why, "no rule 9");
    assert_int_equal(hsr_attach_request(&at, &msg, HSR_MSG_RULE_DESTROY, -1, WAIT_MS, why),
                     -EPROTO);
    assert_int_equal(hsr_attach_request(&at, &msg, HSR_MSG_METER_SET, -1, WAIT_MS, why), 0);
    hsr_attach_close(&at);
    pthread_join(thread, NULL);
}

/* Memory that the NIC keeps comes with its descriptor, or with a reason, and no descriptor is lost. */
static void memory_is_kept(void **state)
{
    static const struct {
        const char *name;
        int want;
        const char *text;
    } cases[] = {{"good", 0, ""},
                 {"refused", -ENOSPC, "no room"},
                 {"size", -EPROTO, "other memory"},
                 {"layout", -EPROTO, "other memory"},
                 {"plain", -EPROTO, "type 0"},
                 {"no fd", -EPROTO, "malformed"}};
    unsigned before = open_fds();
    pthread_t thread = start(SERVE);
    struct hsr_attach at;
    char why[256];

    (void)state;
    assert_int_equal(hsr_attach_open(&at, nic.path, 1, "test", why), 0);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool kept = false;
        int fd = -1;

        assert_int_equal(hsr_attach_arena(&at, cases[i].name, 4096, 7, &fd, &kept, why),
                         cases[i].want);
        assert_int_equal(fd >= 0, cases[i].want == 0);
        assert_int_equal(kept, cases[i].want == 0);
        assert_non_null(strstr(why, cases[i].text));
        if (fd >= 0)
            close(fd);
    }
    assert_int_equal(hsr_attach_arena_put(&at, "mine", 4096, 0, nic.listener, why), 0);
    assert_int_equal(hsr_attach_arena_put(&at, "mine", 4096, EINVAL, nic.listener, why), -EINVAL);
    assert_string_equal(why, "mine, 1 fds");
    /* The secret of the hash is the NIC's and ours. */
    uint8_t secret[HSR_HASH_SECRET];

    memset(secret, 0x5A, sizeof secret);
    assert_int_equal(hsr_attach_hash(&at, secret, why), 0);
    assert_memory_equal(at.region.view.hash_secret, secret, sizeof secret);
    hsr_attach_close(&at);
    pthread_join(thread, NULL);
    assert_int_equal(open_fds(), before);
}

static void bad_nics_are_refused(void **state)
{
    static const struct {
        enum behaviour behaviour;
        int want;
        const char *text;
    } cases[] = {
        {SILENT, -ETIMEDOUT, "does not answer"}, {HANG_UP, -ECONNRESET, "closed"},
        {TAKEN, -EBUSY, "'x' is attached"},      {HALF, -EPROTO, "malformed"},
        {WRONG_MAGIC, -EPROTO, "malformed"},     {WRONG_TYPE, -EPROTO, "type 3"},
        {OTHER_ABI, -EPROTO, "ABI 1."},          {REFUSE, -EPROTO, "ABI 7.0"},
        {WRONG_SIZE, -EINVAL, "region"},         {WRONG_OWNER, -EPROTO, "agree"},
        {TOO_FEW_FDS, -EPROTO, "malformed"},     {FDS_ON_REPLY, -EPROTO, "malformed"},
        {MANY_FDS, -EPROTO, "malformed"},
    };
    unsigned before = open_fds();

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pthread_t thread = start(cases[i].behaviour);
        struct hsr_attach at;
        char why[256];
        int got = hsr_attach_open(&at, nic.path, 2, "test", why);

        pthread_join(thread, NULL);
        if (got != cases[i].want || strstr(why, cases[i].text) == NULL)
            fail_msg("case %zu: %d, %s", i, got, why);
        assert_int_equal(at.sock, -1);
        assert_int_equal(open_fds(), before);
    }
}

static void bad_firmwares_are_refused(void **state)
{
    union hsr_msg hello;
    union hsr_msg got;
    int pair[2];
    int fds[4];
    unsigned n = 4;
    unsigned before;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    before = open_fds();
    assert_int_equal(hsr_msg_recv(pair[0], &got, fds, &n), -EAGAIN);
    hsr_msg_init(&hello, HSR_MSG_HELLO, 1);
    memset(hello.hello.name, 'x', sizeof hello.hello.name);
    for (unsigned i = 0; i < 7; i++) {
        union hsr_msg bad = hello;
        size_t len = sizeof bad.hello;
        unsigned carried = 0;

        switch (i) {
        case 0:
            bad.hdr.magic++;
            break;
        case 1:
            bad.hdr.type = 99;
            break;
        case 2:
            bad.hdr.size--;
            break;
        case 3:
            len = sizeof bad; /* longer than it says */
            break;
        case 4:
            len = 8;
            break;
        case 5:
            carried = 1;
            break;
        default:
            carried = 100;
            break;
        }
        send_raw(pair[1], &bad, len, carried);
        n = 4;
        assert_int_equal(hsr_msg_recv(pair[0], &got, fds, &n), -EPROTO);
        assert_int_equal(n, 0);
        assert_int_equal(open_fds(), before);
    }
    send_raw(pair[1], &hello, sizeof hello.hello, 0);
    assert_int_equal(hsr_msg_recv(pair[0], &got, fds, &n), 1);
    assert_int_equal(strlen(got.hello.name), sizeof got.hello.name - 1);
    close(pair[1]);
    assert_int_equal(hsr_msg_recv(pair[0], &got, fds, &n), 0);
    close(pair[0]);
}

static void listening(void **state)
{
    char path[128];
    struct hsr_attach at;
    struct stat st;
    char why[256];
    int old;

    (void)state;
    assert_int_equal(hsr_attach_listen(nic.path), -EADDRINUSE);
    assert_int_equal(stat(nic.path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    snprintf(path, sizeof path, "%s/other", nic.dir);
    assert_int_equal(hsr_attach_open(&at, path, 1, "test", why), -ENOENT);
    old = hsr_attach_listen(path);
    assert_true(old >= 0);
    close(old);
    assert_int_equal(hsr_attach_open(&at, path, 1, "test", why), -ECONNREFUSED);
    old = hsr_attach_listen(path); /* the socket left behind is replaced */
    assert_true(old >= 0);
    close(old);
    unlink(path);
    fclose(fopen(path, "w"));
    assert_int_equal(hsr_attach_listen(path), -EADDRINUSE); /* a file is not */
    unlink(path);
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    assert_int_equal(hsr_attach_listen(path), -ENAMETOOLONG);
    assert_int_equal(hsr_attach_open(&at, nic.path, 0, "test", why), -EINVAL);
    assert_int_equal(hsr_attach_open(&at, nic.path, HSR_MAX_WORKERS + 1, "test", why), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(attach_and_attach_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(requests_are_answered, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rules_are_answered_by_their_state, set_up, tear_down),
        cmocka_unit_test_setup_teardown(memory_is_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_nics_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(bad_firmwares_are_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(listening, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
