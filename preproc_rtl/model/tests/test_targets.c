/* SPDX-License-Identifier: Apache-2.0 */
/* The pre-classifier by itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "hsring/bytes.h"
#include "hsring/key.h"
#include "hsring/wire.h"
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

static struct pp_flow in_context(uint32_t context)
{
    return (struct pp_flow){.key.w[1] = hsr_key_ports(0, 0, context, 0)};
}

/* Who a tunnel packet of this network to this address is for. */
static uint16_t find(uint32_t context, const uint8_t mac[6])
{
    uint8_t frame[64] = {0};
    struct hsr_rx_meta meta = {.flags = HSR_RXF_UPLINK | HSR_RXF_DECAP, .l2_off = 50};
    struct pp_flow flow = in_context(context);

    memcpy(frame + meta.l2_off, mac, 6);
    return pp_targets_find(t, &meta, &flow, frame, sizeof frame);
}

/* So many that some have the place of a guest: the same address in other networks, and other addresses in its own. */
static void nobody_else(const struct pp_target_config *guest)
{
    for (unsigned i = 0; i < 1000; i++) {
        uint32_t context = 4 + (uint32_t)random() % 0xFFFFF0;
        uint64_t mac48 = (uint64_t)random() << 16 | 0xFF0000000000;
        uint8_t mac[6];

        hsr_store48(mac, mac48);
        assert_int_equal(find(context, guest->mac), PP_TARGET_NONE);
        assert_int_equal(find(guest->context, mac), PP_TARGET_NONE);
    }
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
    for (unsigned p = 0; p < HSR_MAX_PORTS; p++)
        if (model[p].guest)
            nobody_else(&model[p]);
}

/* What came in no tunnel is for nobody, whatever its bytes say. */
static void untunnelled(void **state)
{
    struct pp_target_config c = guest(1, 1);
    struct hsr_rx_meta meta = {.flags = HSR_RXF_UPLINK};
    struct pp_flow flow = in_context(1);

    (void)state;
    pp_targets_set(t, 3, &c);
    assert_int_equal(find(1, c.mac), 3);
    assert_int_equal(pp_targets_find(t, &meta, &flow, c.mac, sizeof c.mac), PP_TARGET_NONE);
}

/* The firmware may write into the slot meanwhile: an offset of its own choice leads nowhere outside of the frame. */
static void hostile_metadata(void **state)
{
    struct pp_target_config c = guest(1, 1);
    uint8_t *exact = malloc(sizeof c.mac);
    struct hsr_rx_meta meta = {.flags = HSR_RXF_UPLINK | HSR_RXF_DECAP};
    struct pp_flow flow = in_context(1);

    (void)state;
    assert_non_null(exact);
    memcpy(exact, c.mac, sizeof c.mac);
    pp_targets_set(t, 3, &c);
    assert_int_equal(pp_targets_find(t, &meta, &flow, exact, sizeof c.mac), 3);
    for (uint32_t l2 = 1; l2 <= UINT16_MAX; l2++) {
        meta.l2_off = (uint16_t)l2;
        assert_int_equal(pp_targets_find(t, &meta, &flow, exact, sizeof c.mac), PP_TARGET_NONE);
    }
    free(exact);
}

/* Who an untunnelled packet to 203.0.113.`last` is for. */
static uint16_t outside(uint8_t last, uint8_t proto, uint16_t port, enum hsr_class class)
{
    struct hsr_rx_meta meta = {.flags = HSR_RXF_UPLINK, .class = (uint8_t) class};
    struct pp_flow flow;

    if (hsr_key4(&flow.key, 0xC6336409, 0xCB007100u | last, 7, port, proto, 0, true))
        meta.flags |= HSR_RXF_SWAP;
    return pp_targets_find(t, &meta, &flow, (const uint8_t *)"", 0);
}

static int set_public(uint8_t last, uint8_t proto, uint16_t l4_port, uint16_t port, uint16_t pool,
                      bool remove)
{
    struct hsr_public p = {.addr = {203, 0, 113, last},
                           .family = 4,
                           .proto = proto,
                           .l4_port = l4_port,
                           .port = port,
                           .pool = pool,
                           .pps = pool == 7 ? 2000 : 0};

    return pp_targets_public(t, &p, remove);
}

static unsigned pass(uint16_t target, unsigned n, uint32_t bytes, uint64_t now);

/* An EIP is its guest's, a forwarded port its guest's, the rest of that address the pool's, which has a rate of its own. */
static void public_addresses(void **state)
{
    struct pp_target_config a = guest(1, 1), b = guest(2, 1);

    (void)state;
    pp_targets_set(t, 3, &a);
    pp_targets_set(t, 4, &b);
    assert_int_equal(set_public(5, 0, 0, 3, 0, false), 0);
    assert_int_equal(set_public(6, HSR_PROTO_TCP, 80, 4, 0, false), 0);
    assert_int_equal(set_public(6, 0, 0, HSR_NO_PORT, 7, false), 0);
    assert_int_equal(outside(5, HSR_PROTO_TCP, 80, HSR_CLASS_TCP), 3);
    assert_int_equal(outside(5, 0, 0, HSR_CLASS_FRAG), 3);
    assert_int_equal(outside(5, HSR_PROTO_ICMP, 0, HSR_CLASS_ICMP_ERROR), 3);
    assert_int_equal(outside(5, 0, 0, HSR_CLASS_ARP), PP_TARGET_NONE);
    assert_int_equal(outside(6, HSR_PROTO_TCP, 80, HSR_CLASS_TCP), 4);
    assert_int_equal(outside(6, HSR_PROTO_UDP, 80, HSR_CLASS_UDP), PP_TARGET_POOL + 7);
    assert_int_equal(outside(7, HSR_PROTO_UDP, 80, HSR_CLASS_UDP), PP_TARGET_NONE);
    assert_int_equal(pass(PP_TARGET_POOL + 7, 500, 60, SECOND), 100);
    assert_int_equal(pp_targets_admit(t, PP_TARGET_POOL + 7, 60, SECOND), HSR_DROP_PRE_LIMIT);
    assert_int_equal(pass(PP_TARGET_POOL + 6, 500, 60, SECOND), 500);
    /* A guest that is gone has nothing that could be charged. */
    pp_targets_set(t, 4, NULL);
    assert_int_equal(outside(6, HSR_PROTO_TCP, 80, HSR_CLASS_TCP), PP_TARGET_NONE);
    assert_int_equal(set_public(6, HSR_PROTO_TCP, 80, 0, 0, true), 0);
    assert_int_equal(outside(6, HSR_PROTO_TCP, 80, HSR_CLASS_TCP), PP_TARGET_POOL + 7);
    assert_int_equal(set_public(6, HSR_PROTO_TCP, 80, 0, 0, true), -ENOENT);
    assert_int_equal(set_public(9, 0, 0, HSR_MAX_PORTS, 0, false), -EINVAL);
    assert_int_equal(set_public(9, 0, 0, HSR_NO_PORT, HSR_MAX_POOLS, false), -EINVAL);
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
        cmocka_unit_test_setup_teardown(public_addresses, setup, teardown),
        cmocka_unit_test_setup_teardown(rates, setup, teardown),
        cmocka_unit_test_setup_teardown(shares, setup, teardown),
        cmocka_unit_test_setup_teardown(bad_packets, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
