/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random and mutated frames: pk_parse_frame() holds both paths equal and the metadata inside its
 * contract, and the exact size of its copy lets AddressSanitizer see a read outside.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "packets.h"
#include "preproc/usual.h"

#define ROUNDS 60000

static struct pk k;
static uint64_t seed = 0x9E3779B97F4A7C15u;

static uint32_t rnd(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 32) % below;
}

static void make(uint32_t shape)
{
    static const uint8_t ts[12] = {1, 1, 8, 10, 0, 0, 0, 9};
    static const uint8_t options[12] = {1, 2, 3, 1, 9, 9, 9, 9, 0, 0, 4, 0};
    uint8_t family = rnd(2) ? 4 : 6, outer = rnd(2) ? 4 : 6;

    pk_start(&k, family, rnd(100));
    k.frag = rnd(8) ? 0 : (uint16_t)(rnd(2) << 13 | rnd(4));
    switch (shape) {
    case 0:
        pk_tcp(&k, rnd(4) ? 0x10 : (uint8_t)rnd(256), ts, rnd(2) ? 12 : 0);
        pk_ip_eth(&k, 6);
        break;
    case 1:
        pk_udp(&k, (uint16_t)rnd(70), (uint16_t)(rnd(2) ? 60 + rnd(10) : 540 + rnd(10)));
        pk_ip_eth(&k, 17);
        break;
    case 2:
        k.hop_limit = 255;
        pk_icmp(&k, (uint8_t)(family == 6 ? 128 + rnd(20) : rnd(20)), 5);
        pk_ip_eth(&k, family == 4 ? 1 : 58);
        break;
    case 3:
        pk_sctp(&k);
        pk_ext(&k, 132, 8 + 8 * rnd(4));
        pk_ext(&k, 60, 8);
        pk_ip_eth(&k, rnd(2) ? 44 : 43);
        break;
    default:
        pk_plain(&k, rnd(2) ? 4 : 6, rnd(2) ? 6 : 17);
        if (shape == 4)
            pk_vxlan(&k, rnd(2) ? 5 : rnd(8));
        else
            pk_geneve(&k, rnd(8), options, 4 * rnd(4));
        pk_outer(&k, outer, shape == 4 ? 4789 : 6081);
        if (outer == 4 && rnd(2)) /* most have no checksum there */
            hsr_store16(k.p + PP_USUAL_L4 + 6, 0);
        break;
    }
}

static void mutate(void)
{
    static const uint8_t edges[] = {0, 1, 2, 4, 5, 6, 8, 17, 43, 44, 60, 0x45, 0x7F, 0x80, 0xFF};

    for (uint32_t n = rnd(4); n > 0 && k.n > 0; n--) {
        uint32_t at = rnd(rnd(2) ? k.n : k.n < 60 ? k.n : 60);
        k.p[at] = (uint8_t)(rnd(2) ? edges[rnd(sizeof edges)] : k.p[at] ^ 1u << rnd(8));
    }
    /* Most mutations break the header's sum, and then nothing deeper is reached: mend it. */
    if (rnd(2) && k.n >= 74 && k.p[12] == 8 && k.p[13] == 0)
        pk_fix_ip4(&k, 14);
    if (rnd(4) == 0 && k.n > 0)
        k.n = rnd(k.n + 1);
    if (rnd(4) == 0)
        pk_pad(&k, rnd(20));
}

static struct virtio_net_hdr claim(void)
{
    static const uint16_t starts[] = {34, 54, 84, 104, 0, 65535};
    static const uint16_t fields[] = {16, 6, 8, 0, 65535};

    return (struct virtio_net_hdr){.flags = (uint8_t)rnd(8),
                                   .gso_type = (uint8_t)(rnd(8) | rnd(2) << 7),
                                   .gso_size = (uint16_t)rnd(3),
                                   .csum_start = starts[rnd(6)],
                                   .csum_offset = fields[rnd(5)]};
}

static void test_mutated(void **state)
{
    uint32_t good = 0, bad = 0, straight = 0;

    (void)state;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct virtio_net_hdr h = claim();
        struct hsr_rx_meta meta;

        make(rnd(6));
        mutate();
        struct pk_result r =
            pk_parse_frame(k.p, k.n, rnd(2) ? &pk_vnic : &pk_uplink, rnd(4) ? NULL : &h);
        if (r.m.reason)
            bad++;
        else
            good++;
        straight += pp_parse_usual_vxlan(k.p, k.n, &pk_uplink, &pk_tables, &meta);
    }
    /* All sides of the parser have been seen, else this test tests nothing. */
    assert_true(straight > ROUNDS / 1000);
    assert_true(good > ROUNDS / 10);
    assert_true(bad > ROUNDS / 10);
}

static void test_random(void **state)
{
    uint8_t frame[200];

    (void)state;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t n = rnd(sizeof frame);

        for (uint32_t j = 0; j < n; j++)
            frame[j] = (uint8_t)rnd(256);
        if (n > 20 && rnd(4)) {
            hsr_store16(frame + 12, rnd(2) ? 0x0800 : 0x86DD);
            frame[14] = rnd(2) ? 0x45 : 0x60;
        }
        pk_parse_frame(frame, n, rnd(2) ? &pk_vnic : &pk_uplink, NULL);
    }
}

/* Every prefix of a good frame, so that each pull fails once. */
static void test_prefixes(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 600; i++) {
        make(i % 6);
        for (uint32_t n = 0; n <= k.n; n++)
            pk_parse_frame(k.p, n, &pk_uplink, NULL);
    }
}

static int setup(void **state)
{
    (void)state;
    pk_tables_fill();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mutated),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_prefixes),
    };

    return cmocka_run_group_tests(tests, setup, NULL);
}
