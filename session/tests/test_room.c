/* SPDX-License-Identifier: Apache-2.0 */
/* Who gets a session and who gives one: quotas, shares, a full table. */
#include "table_world.h"

/* What comes from a port without a quota counts where it goes, apart from what that port opens itself. */
static void test_quota_of_targets(void **unused)
{
    struct seen seen;
    struct ses_table *t = open_table(100, 2, &seen);
    struct session *s[3];

    (void)unused;
    ses_quota(t, 1, 0);
    for (uint32_t i = 0; i < 2; i++)
        ses_set_target(t, add(t, i, 7, 0), 8); /* not charged */
    for (uint32_t i = 0; i < 3; i++) {
        s[i] = add(t, 10 + i, 1, 0);
        s[i]->flags |= SES_F_CHARGED;
        assert_int_equal(ses_make_way(t, 8), i < 2);
        ses_set_target(t, s[i], 8);
    }
    assert_int_equal(ses_stats(t)->refused_quota, 1);
    assert_true(ses_make_way(t, 9));
    assert_true(ses_make_way(t, HSR_NO_PORT));
    assert_non_null(add(t, 20, 8, 0));
    assert_int_equal(ses_port_charged(t, 8), 3);
    assert_int_equal(ses_port_charged(t, HSR_NO_PORT), 0);
    ses_set_target(t, s[0], 9);
    assert_int_equal(ses_port_charged(t, 8), 2);
    assert_int_equal(ses_port_charged(t, 9), 1);
    ses_remove(t, s[1], SES_WHY_FLUSH);
    assert_true(ses_make_way(t, 8));
    ses_quota(t, 9, 1);
    assert_false(ses_make_way(t, 9));
    assert_int_equal(ses_remove_port(t, 1, 100), 0);
    assert_true(ses_make_way(t, 9));
    ses_table_close(t);
}

static void test_quota(void **unused)
{
    struct seen seen;
    struct ses_table *t = open_table(100, 3, &seen);
    struct hsr_key key = key_of(90);
    enum hsr_drop drop;

    (void)unused;
    for (uint32_t i = 0; i < 3; i++)
        assert_non_null(add(t, i, 7, 0));
    assert_null(ses_create(t, 1, &key, false, 7, 0, &drop));
    assert_int_equal(drop, HSR_DROP_SESSION_QUOTA);
    assert_int_equal(ses_stats(t)->refused_quota, 1);
    assert_non_null(add(t, 10, 8, 0)); /* another port's */
    ses_remove(t, find(t, 1), SES_WHY_FLUSH);
    assert_int_equal(ses_port_count(t, 7), 2);
    assert_non_null(add(t, 11, 7, 0));
    ses_quota(t, 7, 4);
    assert_non_null(add(t, 12, 7, 0));
    assert_null(add(t, 13, 7, 0));
    ses_quota(t, 7, 0);
    for (uint32_t i = 20; i < 40; i++)
        assert_non_null(add(t, i, 7, 0));
    for (uint32_t i = 40; i < 50; i++)
        assert_non_null(add(t, i, HSR_NO_PORT, 0));
    assert_int_equal(ses_port_count(t, HSR_NO_PORT), 0);
    ses_table_close(t);
}

static void establish(struct ses_table *t, struct session *s)
{
    const struct ses_packet udp = {.proto = 17};
    enum hsr_drop drop;

    ses_begin(t, s, &udp, 0);
    ses_track(t, s, !ses_initiator(s), &udp, 0, &drop);
    assert_int_equal(s->state, SES_ESTABLISHED);
}

static unsigned fill(struct ses_table *t, uint32_t from, unsigned n, uint16_t port)
{
    unsigned added = 0;

    for (uint32_t i = 0; i < n; i++) {
        struct session *s = add(t, from + i, port, 0);

        if (s == NULL)
            continue;
        establish(t, s);
        added++;
    }
    return added;
}

/* From an uplink, to this port, at whose expense it is. */
static struct session *add_to(struct ses_table *t, uint32_t n, uint16_t port)
{
    struct session *s = add(t, n, 9, 0);

    assert_non_null(s);
    s->flags |= SES_F_CHARGED;
    ses_set_target(t, s, port);
    return s;
}

/* Faults 41, 42: In a full table who has most waiting gives its oldest, and when it has none left, who comes next. */
static void test_flood_evicts_itself(void **unused)
{
    struct seen seen;
    struct ses_table *t = open_table(10, 100, &seen);

    (void)unused;
    assert_non_null(add(t, 0, 1, 0)); /* the oldest of all */
    for (uint32_t i = 1; i < 7; i++)
        assert_non_null(add(t, i, 2, 0));
    for (uint32_t i = 7; i < 10; i++)
        assert_non_null(add(t, i, 3, 0));
    for (uint32_t i = 0; i < 8; i++) {
        assert_non_null(add(t, 100 + i, 2, 0));
        assert_int_equal(seen.addrs, i < 6 ? i + 1 : 100 + i - 6);
    }
    assert_int_equal(ses_remove_port(t, 2, 100), 0);
    assert_int_equal(fill(t, 200, 6, 4), 6);
    assert_non_null(add(t, 300, 4, 0));
    assert_int_equal(seen.addrs, 7);
    assert_int_equal(seen.why, SES_WHY_EVICTED);
    assert_non_null(find(t, 0));
    ses_table_close(t);
}

/* Fault 42: Without a quota each port leaves as many as it has, and makes room among its own. */
static void test_share(void **unused)
{
    struct seen seen;
    struct ses_table *t = open_table(64, 0, &seen);
    struct hsr_key key = key_of(200);
    enum hsr_drop drop;

    (void)unused;
    for (uint16_t port = 1; port < 7; port++)
        ses_quota(t, port, 0);
    assert_int_equal(fill(t, 0, 40, 1), 32);
    assert_null(ses_create(t, 1, &key, false, 1, 0, &drop));
    assert_int_equal(drop, HSR_DROP_SESSION_QUOTA);
    assert_int_equal(fill(t, 100, 40, 2), 16);
    assert_non_null(
        add(t, 300, 4, 0)); /* older than all others that are not established, and another's */
    assert_non_null(add(t, 301, 3, 0));
    assert_int_equal(fill(t, 310, 7, 3), 7); /* and with its first one half of what was left */
    assert_int_equal(seen.count, 0);
    assert_non_null(add(t, 302, 3, 0)); /* its own first one goes */
    assert_true(seen.count == 1 && seen.why == SES_WHY_EVICTED && seen.addrs == 301);
    assert_non_null(find(t, 300));
    /* What the network opens, in the same way; the fifth at the expense of port 3, which has more, and not of port 4, which has less. */
    ses_quota(t, 9, SES_QUOTA_NONE);
    for (uint32_t i = 400; i < 405; i++) {
        assert_true(ses_make_way(t, 5));
        establish(t, add_to(t, i, 5));
    }
    assert_true(seen.count == 2 && seen.addrs == 302);
    assert_false(ses_make_way(t, 5));
    assert_non_null(find(t, 300));
    ses_table_close(t);
}

/* Both count together, and what the network opens takes nothing from what the guest does. */
static void test_share_of_both(void **unused)
{
    struct seen seen;
    struct ses_table *t = open_table(90, 0, &seen);
    uint32_t opened = 0;

    (void)unused;
    ses_quota(t, 1, 0);
    for (uint32_t i = 0; i < 200; i++) { /* those that are opened to it are never answered */
        struct session *s;

        if (ses_make_way(t, 1))
            add_to(t, i, 1);
        s = add(t, 1000 + i, 1, 0);
        if (s == NULL)
            continue;
        establish(t, s);
        opened++;
    }
    assert_true(opened == 45 && ses_stats(t)->used == 45);
    assert_int_equal(ses_port_charged(t, 1), 0);
    ses_remove(t, find(t, 1000), SES_WHY_FLUSH);
    assert_non_null(add(t, 2000, 1, 0));
    assert_false(ses_make_way(t, 1));
    assert_non_null(find(t, 2000));
    ses_table_close(t);
}

/* Who has less is let in at the expense of who has more; those that come and go are not each other's victims. */
static void test_full_of_a_flood(void **unused)
{
    struct seen seen;
    struct ses_table *t = open_table(64, 0, &seen);

    (void)unused;
    for (uint16_t port = 1; port < 40; port++)
        ses_quota(t, port, port < 3 ? 64 : 0);
    for (uint32_t i = 0; i < 30; i++) {
        assert_non_null(add(t, i, 1, 0));
        assert_non_null(add(t, 100 + i, 2, 0));
    }
    assert_non_null(add(t, 30, 1, 0));
    for (uint32_t i = 0; i < 3; i++)
        assert_non_null(add(t, 200 + i, 2, 0)); /* who had most when the last one came */
    for (uint32_t i = 0; i < 20; i++)
        ses_remove(t, find(t, 100 + i), SES_WHY_FLUSH);
    assert_int_equal(fill(t, 300, 20, 1), 20);
    assert_int_equal(ses_stats(t)->used, 64);
    seen.count = 0;
    for (uint16_t port = 3; port < 33; port++) {
        assert_non_null(add(t, 400 + port, port, 0));
        assert_true(seen.addrs < 31 || (seen.addrs > 119 && seen.addrs < 203));
    }
    assert_int_equal(seen.count, 30);
    ses_table_close(t);
}

static void test_full(void **unused)
{
    struct seen seen;
    struct ses_table *t = open_table(4, 0, &seen);

    (void)unused;
    for (uint32_t i = 0; i < 4; i++)
        assert_non_null(add(t, i, 0, 0));
    assert_non_null(add(t, 4, 0, 0)); /* the oldest goes */
    assert_true(seen.count == 1 && seen.why == SES_WHY_EVICTED && seen.addrs == 0);
    assert_null(find(t, 0));
    ses_remove(t, find(t, 1), SES_WHY_FLUSH);
    assert_non_null(add(t, 5, 0, 0));
    assert_non_null(add(t, 6, 0, 0));
    assert_true(seen.count == 3 && seen.addrs == 2);
    ses_table_close(t);
}

/* Fault 42: Established sessions never go; closing ones do when nothing is embryonic, the first to close first. */
static void test_full_of_established(void **unused)
{
    struct ses_packet udp = {.proto = 17}, syn = {.proto = 6, .tcp_flags = 0x02},
                      refusal = {.proto = 6, .tcp_flags = 0x14, .ack = 1};
    struct seen seen;
    struct ses_table *t = open_table(3, 0, &seen);
    enum hsr_drop drop;
    struct hsr_key tcp = {.w = {50, hsr_key_ports(1, 2, 3, 6)}}, more = key_of(9);
    struct session *s;

    (void)unused;
    for (uint32_t i = 0; i < 2; i++) {
        s = add(t, i, 0, 0);
        ses_begin(t, s, &udp, 0);
        assert_int_equal(ses_track(t, s, 1, &udp, 0, &drop), SES_CONTINUES);
    }
    s = ses_create(t, 50, &tcp, false, 0, 0, &drop);
    ses_begin(t, s, &syn, 0);
    assert_int_equal(ses_track(t, s, 1, &refusal, 0, &drop), SES_CONTINUES);
    assert_int_equal(s->state, SES_CLOSING);
    s = add(t, 2, 0, 0);
    assert_true(seen.count == 1 && seen.addrs == 50 && seen.why == SES_WHY_EVICTED);
    ses_begin(t, s, &udp, 0);
    assert_int_equal(ses_track(t, s, 1, &udp, 0, &drop), SES_CONTINUES);
    assert_null(ses_create(t, hash_of(9), &more, false, 0, 0, &drop));
    assert_int_equal(drop, HSR_DROP_SESSION_FULL);
    assert_int_equal(ses_stats(t)->refused_full, 1);
    assert_int_equal(seen.count, 1);
    for (uint32_t i = 0; i < 3; i++)
        assert_non_null(find(t, i));
    ses_table_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quota_of_targets),
        cmocka_unit_test(test_quota),
        cmocka_unit_test(test_flood_evicts_itself),
        cmocka_unit_test(test_share),
        cmocka_unit_test(test_share_of_both),
        cmocka_unit_test(test_full_of_a_flood),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_full_of_established),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
