/* SPDX-License-Identifier: Apache-2.0 */
/* Public addresses of the pre-classifier, against a plain list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "hsring/wire.h"
#include "preproc/publics.h"

static struct pp_publics *t;

static int setup(void **state)
{
    (void)state;
    t = pp_publics_open();
    return t == NULL;
}

static int teardown(void **state)
{
    (void)state;
    pp_publics_close(t);
    return 0;
}

/* An address by number: of both families, and such as differ in a few bits only. */
static void address(unsigned n, uint8_t addr[16], uint8_t *family)
{
    memset(addr, 0, 16);
    *family = n & 1 ? 6 : 4;
    addr[0] = 203;
    addr[3] = (uint8_t)(n >> 1);
    addr[*family == 6 ? 15 : 2] = (uint8_t)(n >> 9);
}

/* Who a packet to this address is for. */
static uint16_t whose(unsigned n, uint8_t proto, uint16_t port, bool low)
{
    uint8_t dst[16], src[16], family;
    struct hsr_key key;
    bool swap;

    address(n, dst, &family);
    memset(src, low ? 0 : 0xFF, sizeof src);
    if (family == 6)
        swap = hsr_key6(&key, src, dst, 7, port, proto, 0, true);
    else
        swap = hsr_key4(&key, low ? 1 : UINT32_MAX, hsr_load32(dst), 7, port, proto, 0, true);
    assert_int_equal(swap, !low);
    return pp_publics_find(t, &key, swap);
}

static int set(unsigned n, uint8_t proto, uint16_t port, uint16_t target)
{
    uint8_t addr[16], family;
    struct pp_public p;

    address(n, addr, &family);
    p = pp_public_of(addr, family, proto, port);
    p.target = target;
    return pp_publics_set(t, &p);
}

/* Entries come, change and go at random. */
static void random_life(void **state)
{
    enum { ADDRESSES = 600, WAYS = 3 };
    static const uint8_t proto[WAYS] = {0, HSR_PROTO_TCP, HSR_PROTO_UDP};
    static const uint16_t port[WAYS] = {0, 80, 80};
    static uint16_t model[ADDRESSES][WAYS];
    uint32_t used = 0;

    (void)state;
    memset(model, 0xFF, sizeof model);
    srandom(3);
    for (unsigned i = 0; i < 40000; i++) {
        unsigned n = (unsigned)random() % ADDRESSES, way = (unsigned)random() % WAYS;
        uint16_t target = (uint16_t)(random() % 3 ? random() % 3000 : PP_PUBLIC_NOBODY);
        uint16_t *was = &model[n][way];
        int expect = target == PP_PUBLIC_NOBODY && *was == PP_PUBLIC_NOBODY ? -ENOENT : 0;

        assert_int_equal(set(n, proto[way], port[way], target), expect);
        used = used + (target != PP_PUBLIC_NOBODY) - (*was != PP_PUBLIC_NOBODY);
        *was = target;
        assert_int_equal(t->used, used);
        n = (unsigned)random() % ADDRESSES;
        for (way = 0; way < WAYS; way++) {
            uint16_t want = model[n][way] != PP_PUBLIC_NOBODY ? model[n][way] : model[n][0];

            assert_int_equal(whose(n, proto[way], 80, i & 1), want);
            assert_int_equal(whose(n, proto[way], 81, i & 1), model[n][0]);
        }
        assert_int_equal(whose(n, HSR_PROTO_ICMP, 80, i & 1), model[n][0]);
    }
    assert_true(t->high >= used && used > ADDRESSES / 2);
    pp_publics_clear(t);
    assert_int_equal(whose(1, 0, 0, true), PP_PUBLIC_NOBODY);
}

static void limits(void **state)
{
    struct pp_public none = pp_public_of((const uint8_t[16]){1}, 5, 0, 0);
    unsigned n = 0;

    (void)state;
    none.target = 1;
    assert_int_equal(pp_publics_set(t, &none), -EINVAL);
    while (set(4, HSR_PROTO_TCP, (uint16_t)(n + 1), 9) == 0)
        n++;
    assert_int_equal(n, PP_PUBLICS);
    assert_int_equal(set(4, HSR_PROTO_UDP, 1, 9), -ENOSPC);
    assert_int_equal(set(4, HSR_PROTO_TCP, 5, 8), 0); /* of one that is there */
    assert_int_equal(whose(4, HSR_PROTO_TCP, 5, true), 8);
    assert_int_equal(set(4, HSR_PROTO_TCP, 5, PP_PUBLIC_NOBODY), 0);
    assert_int_equal(set(4, HSR_PROTO_UDP, 1, 9), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(random_life, setup, teardown),
        cmocka_unit_test_setup_teardown(limits, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
