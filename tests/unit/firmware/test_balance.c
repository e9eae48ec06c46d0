/* SPDX-License-Identifier: Apache-2.0 */
/* A firmware without traffic over a region whose counters the test writes: what it makes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/firmware.h"
#include "nic/eal.h"

#define PORT 5

static int no_sync(void *nic)
{
    (void)nic;
    return 0;
}

/* Of a NIC it has the counters alone. */
static const struct fw_nic_ops counters_only = {.name = "counters", .sync = no_sync};

struct bench {
    struct hsr_region region;
    struct fw *fw;
};

/* All that a port can have behind it when everything has settled. */
static const struct hsr_port_stats settled = {
    .pre_rx = 100,
    .pre_returned = 3,
    .pre_ring = 96,
    .pre_drops = 7,
    .post_ring = 96,
    .post_originated = 2,
    .post_copies = 8,
    .post_segments = 10,
    .post_tx = 98,
    .post_consumed = 5,
    .post_merged = 4,
    .post_returned = 3,
    .post_drops = 6,
};

static void open_with(struct bench *b, const struct hsr_port_stats *stats)
{
    const struct cfg_options options = {.workers = 1, .sessions = 64};
    struct fw_config config = {.nic_ops = &counters_only, .options = &options};
    struct hsr_geometry g;
    char why[NIC_WHY];

    hsr_geometry_default(&g, 1);
    g.runs[0] = g.runs[1] = g.runs[2] = 1;
    assert_int_equal(hsr_region_create(&b->region, &g, false), 0);
    b->region.view.stats[PORT] = *stats;
    hsr_view_set_gauge(&b->region.view, HSR_GAUGE_FIT_USED, 42);
    config.view = &b->region.view;
    config.rx_doorbell[0] = config.tx_doorbell[0] = -1;
    assert_int_equal(fw_open(&b->fw, &config, why), 0);
    fw_sync(b->fw);
}

static void close_again(struct bench *b)
{
    fw_close(b->fw);
    hsr_region_close(&b->region);
}

static struct fw_balance balance_of(const struct hsr_port_stats *stats)
{
    struct fw_balance balance;
    struct bench b;

    open_with(&b, stats);
    balance = fw_balance(b.fw, PORT);
    assert_int_equal(fw_balance_total(b.fw).ok, balance.ok);
    close_again(&b);
    return balance;
}

static void what_adds_up(void **state)
{
    struct fw_balance b = balance_of(&settled);

    (void)state;
    assert_true(b.ok && b.settled);
    assert_int_equal(b.rx, 100);
    assert_int_equal(b.originated, 2);
    assert_int_equal(b.copies, 8);
    assert_int_equal(b.segments, 10);
    assert_int_equal(b.tx, 98);
    assert_int_equal(b.consumed, 5);
    assert_int_equal(b.merged, 4);
    assert_int_equal(b.drops, 13);
    assert_int_equal(b.in_flight, 0);
}

/* One packet more in one counter alone, and what stage it is then missing in. */
static const struct drive {
    const char *what;
    size_t at;
    int pre, post, returned;
} drives[] = {
#define ONE(name) #name, offsetof(struct hsr_port_stats, name)
    {ONE(pre_rx), 1, 0, 0},          {ONE(pre_returned), 1, 0, -1}, {ONE(pre_ring), -1, 0, 0},
    {ONE(pre_drops), -1, 0, 0},      {ONE(pre_held), -1, 0, 0},     {ONE(post_ring), 0, 1, 0},
    {ONE(post_originated), 0, 1, 0}, {ONE(post_segments), 0, 1, 0}, {ONE(post_tx), 0, -1, 0},
    {ONE(post_consumed), 0, -1, 0},  {ONE(post_merged), 0, -1, 0},  {ONE(post_returned), 0, -1, 1},
    {ONE(post_drops), 0, -1, 0},     {ONE(post_copies), 0, 1, 0},
#undef ONE
};

static void what_does_not(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof drives / sizeof drives[0]; i++) {
        const struct drive *d = &drives[i];
        struct hsr_port_stats stats = settled;

        ++*(uint64_t *)(void *)((uint8_t *)&stats + d->at);
        struct fw_balance b = balance_of(&stats);
        if (b.ok || b.pre != d->pre || b.post != d->post || b.returned != d->returned)
            fail_msg("%s: ok %d, pre %d, post %d, returned %d", d->what, b.ok, (int)b.pre,
                     (int)b.post, (int)b.returned);
    }
}

/* Each stage adds up, and yet a packet that Post returned never came to Pre. */
static void lost_between(void **state)
{
    struct hsr_port_stats stats = settled;

    (void)state;
    stats.post_returned++;
    stats.post_consumed--;
    struct fw_balance b = balance_of(&stats);
    assert_int_equal(b.pre, 0);
    assert_int_equal(b.post, 0);
    assert_int_equal(b.returned, 1);
    assert_false(b.ok);
}

static void as_json(void **state)
{
    struct bench b;

    (void)state;
    open_with(&b, &settled);
    json_t *stats = fw_stats(b.fw), *total = json_object_get(stats, "conservation");
    assert_true(json_is_true(json_object_get(total, "ok")));
    assert_int_equal(json_integer_value(json_object_get(total, "merged")), 4);
    assert_int_equal(json_integer_value(json_object_get(total, "copies")), 8);
    assert_int_equal(json_integer_value(json_object_get(total, "drops")), 13);
    json_t *nic = json_object_get(stats, "nic");
    assert_int_equal(json_object_size(nic), HSR_GAUGE_COUNT);
    assert_int_equal(json_integer_value(json_object_get(nic, "fit_used")), 42);
    json_decref(stats);
    close_again(&b);
}

static int start_eal(void **state)
{
    char why[NIC_WHY];

    (void)state;
    return nic_eal_init(NIC_EAL_PLAIN, why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_adds_up),
        cmocka_unit_test(what_does_not),
        cmocka_unit_test(lost_between),
        cmocka_unit_test(as_json),
    };

    return cmocka_run_group_tests(tests, start_eal, NULL);
}
