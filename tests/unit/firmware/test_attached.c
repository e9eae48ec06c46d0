/* SPDX-License-Identifier: Apache-2.0 */
/* A NIC behind an attach socket that says what it likes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "firmware/firmware.h"

#define MOST ((uint64_t)INT64_MAX / HSR_MAX_WORKERS)

static struct hsr_attach at;
static int nic; /* its end of the socket */

static int setup(void **state)
{
    int pair[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    at = (struct hsr_attach){.sock = pair[0], .features = HSR_FEATURE_LATENCY};
    nic = pair[1];
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    close(at.sock);
    close(nic);
    return 0;
}

/* What becomes of the answer to the next request, which is there before the request. */
static int get(union hsr_msg *answer, struct hist_counts *counts)
{
    answer->hdr.seq = at.seq + 1;
    assert_int_equal(hsr_msg_send(nic, answer, NULL, 0), 0);
    return fw_nic_attached.latency_get(&at, 0, 0, counts);
}

struct told {
    uint64_t sum, max, first, last; /* the buckets at the ends */
};

static int get_told(const struct told *told, struct hist_counts *counts)
{
    union hsr_msg msg;

    hsr_msg_init(&msg, HSR_MSG_LATENCY, 0);
    msg.latency.sum = told->sum;
    msg.latency.max = told->max;
    msg.latency.bucket[0] = told->first;
    msg.latency.bucket[HSR_LATENCY_BUCKETS - 1] = told->last;
    return get(&msg, counts);
}

static void taken(void **state)
{
    static const struct told good[] = {
        {0},
        {.sum = 5, .max = 5, .first = 1},
        {.sum = UINT64_C(3) * UINT32_MAX, .max = UINT32_MAX, .last = 3},
        {.sum = UINT64_MAX, .max = UINT32_MAX, .first = 1, .last = MOST - 1},
    };

    (void)state;
    for (unsigned i = 0; i < sizeof good / sizeof good[0]; i++) {
        struct hist_counts counts = {0};

        assert_int_equal(get_told(&good[i], &counts), 0);
        assert_int_equal(counts.sum, good[i].sum);
        assert_int_equal(counts.max, good[i].max);
        assert_int_equal(counts.bucket[0], good[i].first);
        assert_int_equal(counts.bucket[HIST_BUCKETS - 1], good[i].last);
    }
}

/* What no NIC can have counted, and what would be a negative number elsewhere: nothing of it is taken. */
static void refused(void **state)
{
    static const struct told bad[] = {
        {.sum = UINT64_C(1) << 63, .first = 1},
        {.sum = UINT64_C(4) * UINT32_MAX, .max = UINT32_MAX, .last = 3},
        {.max = UINT64_C(1) << 32, .last = 1},
        {.first = MOST + 1},
        {.first = MOST, .last = 1},
        {.first = UINT64_MAX, .last = 1},
    };
    static const struct hist_counts nothing;
    union hsr_msg msg;

    (void)state;
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct hist_counts counts = {0};

        assert_int_equal(get_told(&bad[i], &counts), -EPROTO);
        assert_memory_equal(&counts, &nothing, sizeof counts);
    }
    hsr_msg_init(&msg, HSR_MSG_REPLY, 0);
    msg.hdr.status = EINVAL;
    struct hist_counts counts = {0};

    assert_int_equal(get(&msg, &counts), -EINVAL);
    assert_memory_equal(&counts, &nothing, sizeof counts);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(taken, setup, teardown),
        cmocka_unit_test_setup_teardown(refused, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
