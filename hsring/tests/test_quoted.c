/* SPDX-License-Identifier: Apache-2.0 */
/* The packet an ICMP error quotes: its key, and every quote that names none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hsring/quoted.h"

#define CONTEXT 77u

/* An error about a packet 10.0.0.2:1000 > 10.0.0.1:80 of this protocol. */
static uint32_t error4(uint8_t *icmp, uint8_t proto)
{
    memset(icmp, 0, 64);
    icmp[0] = 3;
    icmp[8] = 0x45;
    icmp[8 + 9] = proto;
    memcpy(icmp + 8 + 12, (uint8_t[]){10, 0, 0, 2, 10, 0, 0, 1}, 8);
    hsr_store16(icmp + 28, 1000);
    hsr_store16(icmp + 30, 80);
    hsr_store16(icmp + 32, 4321); /* ICMP: the identifier */
    return 36;
}

/* Exactly as many bytes as are given, so that a sanitizer sees any other access. */
static bool quoted(struct hsr_quoted *q, const uint8_t *icmp, uint32_t len, bool ipv6)
{
    uint8_t *exact = malloc(len > 0 ? len : 1);

    assert_non_null(exact);
    memcpy(exact, icmp, len);
    bool found = hsr_quoted_key(q, exact, len, ipv6, CONTEXT, false);

    free(exact);
    return found;
}

static void keys_of_ipv4(void **state)
{
    static const uint8_t protos[] = {6, 17, 132};
    struct hsr_quoted q;
    struct hsr_key want;
    uint8_t icmp[64];

    (void)state;
    for (size_t i = 0; i < sizeof protos; i++) {
        uint32_t len = error4(icmp, protos[i]);

        assert_true(hsr_key4(&want, 0x0A000002, 0x0A000001, 1000, 80, protos[i], CONTEXT, false));
        assert_true(quoted(&q, icmp, len, false));
        assert_true(q.swap);
        assert_memory_equal(q.key.w, want.w, 16);
    }
    assert_true(quoted(&q, icmp, error4(icmp, 1), false));
    assert_int_equal(hsr_key_port(q.key.w[1], false), 4321);
    assert_int_equal(hsr_key_port(q.key.w[1], true), 4321);
    assert_true(quoted(&q, icmp, error4(icmp, 47), false));
    assert_int_equal(hsr_key_port(q.key.w[1], true), 0);
    /* A protocol without ports needs no more than the IP header. */
    assert_true(quoted(&q, icmp, 28, false));
}

static void key_of_ipv6(void **state)
{
    struct hsr_quoted q;
    struct hsr_key want;
    uint8_t icmp[64] = {1}, *ip = icmp + 8;

    (void)state;
    ip[0] = 0x60;
    ip[6] = 17;
    ip[8] = 0xFD;
    ip[8 + 15] = 1;
    ip[24] = 0xFD;
    ip[24 + 15] = 2;
    hsr_store16(ip + 40, 53);
    hsr_store16(ip + 42, 5353);
    assert_false(hsr_key6(&want, ip + 8, ip + 24, 53, 5353, 17, CONTEXT, false));
    assert_true(quoted(&q, icmp, 56, true));
    assert_false(q.swap);
    assert_memory_equal(q.key.w, want.w, sizeof want.w);
    assert_false(quoted(&q, icmp, 56, false));
    assert_false(quoted(&q, icmp, 55, true));
}

/* Fault 16: quotes cut short, of the other family, of later fragments. */
static void quotes_of_no_flow(void **state)
{
    struct hsr_quoted q;
    uint8_t icmp[64];
    uint32_t len = error4(icmp, 17);

    (void)state;
    for (uint32_t n = 0; n < len; n++)
        assert_false(quoted(&q, icmp, n, false));
    assert_false(quoted(&q, icmp, len, true));
    icmp[8] = 0x44; /* header of 16 bytes */
    assert_false(quoted(&q, icmp, len, false));
    icmp[8] = 0x4F; /* of 60, more than there is */
    assert_false(quoted(&q, icmp, len, false));
    icmp[8] = 0x45;
    hsr_store16(icmp + 8 + 6, 1); /* a later fragment: no ports */
    assert_false(quoted(&q, icmp, len, false));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_ipv4),
        cmocka_unit_test(key_of_ipv6),
        cmocka_unit_test(quotes_of_no_flow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
