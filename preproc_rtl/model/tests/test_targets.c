/* SPDX-License-Identifier: Apache-2.0 */
/* The pre-classifier by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hsring/key.h"
#include "preproc/targets.h"

#define SECOND UINT64_C(1000000000)

static struct pp_targets *t;
static uint32_t in_flight[PP_TARGETS];

static int setup(void **state)
{
    (void)state;
    memset(in_flight, 0, sizeof in_flight);
    t = pp_targets_open(in_flight);
    return t == NULL;
}

static int teardown(void **state)
{
    (void)state;
    pp_targets_close(t);
    return 0;
}

static struct pp_target_config guest(uint32_t context, uint8_t last)
{
    return (struct pp_target_config){
        .context = context, .guest = true, .share = 1, .mac = {2, 0, 0, 0, 0, last}};
}

/* Who a tunnel packet of this network to this address is for. */
static uint16_t find(uint32_t context, const uint8_t mac[6])
{
    uint8_t frame[64] = {0};
    struct hsr_rx_meta meta = {
        .flags = HSR_RXF_UPLINK | HSR_RXF_DECAP, .l2_off = 50, .key_ports = (uint64_t)context << 8};

    memcpy(frame + meta.l2_off, mac, 6);
    return pp_targets_find(t, &meta, frame, sizeof frame);
}

/* Random guests come, go and change, with addresses and networks that are easily confused: against a plain list. */
static void who(void **state)
{
    struct pp_target_config model[HSR_MAX_PORTS];

    (void)state;
    memset(model, 0, sizeof model);
    srandom(7);
    for (unsigned i = 0; i < 2500; i++) {
        uint16_t port = (uint16_t)(random() % HSR_MAX_PORTS);
        struct pp_target_config c =
            guest((uint32_t)random() % 3 + 1, (uint8_t)(random() % 256)); /* of one network: once */
        bool taken = false;

        c.mac[4] = (uint8_t)(random() % 3);
        for (unsigned p = 0; p < HSR_MAX_PORTS; p++)
            taken |= p != port && model[p].guest && model[p].context == c.context &&
                     memcmp(model[p].mac, c.mac, 6) == 0;
        if (taken || i % 7 == 0) {
            pp_targets_set(t, port, NULL);
            model[port].guest = false;
        } else {
            pp_targets_set(t, port, &c);
            model[port] = c;
        }
    }
    for (uint32_t context = 0; context < 5; context++) {
        for (unsigned last = 0; last < 3 * 256; last++) {
            uint8_t mac[6] = {2, 0, 0, 0, (uint8_t)(last / 256), (uint8_t)last};
            uint16_t want = PP_TARGET_NONE;

            for (uint16_t p = 0; p < HSR_MAX_PORTS; p++) {
                if (model[p].guest && model[p].context == context &&
                    memcmp(model[p].mac, mac, 6) == 0)
                    want = p;
            }
            assert_int_equal(find(context, mac), want);
        }
    }
}

/* What came in no tunnel is for nobody, whatever its bytes say. */
static void untunnelled(void **state)
{
    struct pp_target_config c = guest(1, 1);
    struct hsr_rx_meta meta = {.flags = HSR_RXF_UPLINK, .key_ports = 1 << 8};

    (void)state;
    pp_targets_set(t, 3, &c);
    assert_int_equal(find(1, c.mac), 3);
    assert_int_equal(pp_targets_find(t, &meta, c.mac, sizeof c.mac), PP_TARGET_NONE);
}

/* The firmware may write into the slot meanwhile: an offset of its own choice leads nowhere outside of the frame. */
static void hostile_metadata(void **state)
{
    struct pp_target_config c = guest(1, 1);
    uint8_t *exact = malloc(sizeof c.mac);
    struct hsr_rx_meta meta = {.flags = HSR_RXF_UPLINK | HSR_RXF_DECAP, .key_ports = 1 << 8};

    (void)state;
    assert_non_null(exact);
    memcpy(exact, c.mac, sizeof c.mac);
    pp_targets_set(t, 3, &c);
    assert_int_equal(pp_targets_find(t, &meta, exact, sizeof c.mac), 3);
    for (uint32_t l2 = 1; l2 <= UINT16_MAX; l2++) {
        meta.l2_off = (uint16_t)l2;
        assert_int_equal(pp_targets_find(t, &meta, exact, sizeof c.mac), PP_TARGET_NONE);
    }
    free(exact);
}

static unsigned pass(uint16_t target, unsigned n, uint32_t bytes, uint64_t now)
{
    unsigned passed = 0;

    for (unsigned i = 0; i < n; i++)
        passed += pp_targets_admit(t, target, bytes, now) == HSR_DROP_NONE;
    return passed;
}

/* Packets and bits each have their bucket; that of another target is its own, and a change of something else fills none. */
static void rates(void **state)
{
    struct pp_target_config c = guest(1, 1), other = guest(1, 2);

    (void)state;
    c.pps = 2000; /* a burst of 100 */
    pp_targets_set(t, 3, &c);
    other.kbps = 80000; /* 10 MB/s; a burst of 500,000 bytes */
    pp_targets_set(t, 4, &other);
    assert_int_equal(pass(3, 500, 60, SECOND), 100);
    assert_int_equal(pp_targets_admit(t, 3, 60, SECOND), HSR_DROP_PRE_LIMIT);
    assert_int_equal(pass(3, 500, 60, SECOND + SECOND / 100), 20);
    assert_int_equal(pass(4, 1000, 1000, SECOND), 500);
    assert_int_equal(pass(4, 1000, 1000, SECOND + SECOND / 1000), 10);
    c.least = 5;
    pp_targets_set(t, 3, &c);
    assert_int_equal(pass(3, 500, 60, SECOND + SECOND / 100), 0);
    c.pps = 0;
    pp_targets_set(t, 3, &c);
    assert_int_equal(pass(3, 500, 60, SECOND + SECOND / 100), 500);
}

/* A target has its minimum, and its share of what is spare; what is taken is spare no more. */
static void shares(void **state)
{
    struct pp_target_config c = guest(1, 1), twice = guest(1, 2);

    (void)state;
    c.least = 10;
    twice.share = 2;
    pp_targets_set(t, 3, &c);
    pp_targets_set(t, 4, &twice);
    t->spare = 100;
    for (in_flight[3] = 0; pass(3, 1, 60, 0) == 1; in_flight[3]++)
        continue;
    assert_int_equal(in_flight[3], 55); /* 10 and half of 90 */
    assert_int_equal(pp_targets_admit(t, 3, 60, 0), HSR_DROP_PRE_SHARE);
    for (in_flight[4] = 0; pass(4, 1, 60, 0) == 1; in_flight[4]++)
        continue;
    assert_int_equal(in_flight[4], 30); /* two thirds of the 45 that are left */
    assert_int_equal(pass(PP_TARGET_NONE, 1, 60, 0), 1);
    t->spare = 0;
    assert_int_equal(pass(PP_TARGET_NONE, 1, 60, 0), 0);
    in_flight[3] = 9;
    assert_int_equal(pass(3, 1, 60, 0), 1);
}

static void bad_packets(void **state)
{
    struct pp_target_config c = guest(1, 1), uplink = {.bad = 100};
    unsigned passed = 0;

    (void)state;
    pp_targets_set(t, 3, &c);
    pp_targets_set(t, 4, &uplink);
    for (unsigned i = 0; i < 1000; i++) {
        assert_true(pp_targets_bad(t, 3, 0));
        passed += pp_targets_bad(t, 4, SECOND);
    }
    assert_int_equal(passed, 64);
    assert_true(pp_targets_bad(t, 4, SECOND + SECOND / 100));
    assert_false(pp_targets_bad(t, 4, SECOND + SECOND / 100));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who, setup, teardown),
        cmocka_unit_test_setup_teardown(untunnelled, setup, teardown),
        cmocka_unit_test_setup_teardown(hostile_metadata, setup, teardown),
        cmocka_unit_test_setup_teardown(rates, setup, teardown),
        cmocka_unit_test_setup_teardown(shares, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_packets, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
