/* SPDX-License-Identifier: Apache-2.0 */
#include "topology.h"

const struct fr_flow a_to_b = {
    .smac = MAC_A, .dmac = MAC_B, .src = "10.1.0.5", .dst = "10.1.0.6", .sport = 1000, .dport = 80};
const struct fr_flow a_to_c = {
    .smac = MAC_A, .dmac = GW, .src = "10.1.0.5", .dst = "10.2.0.5", .sport = 1000, .dport = 80};
const struct fr_flow a_to_9 = {
    .smac = MAC_A, .dmac = MAC_9, .src = "10.1.0.5", .dst = "10.1.0.9", .sport = 1000, .dport = 80};
const struct fr_flow h2_to_1 = {
    .smac = MAC_H2, .dmac = MAC_UP, .src = "192.0.2.2", .dst = "192.0.2.1", .sport = 50000};

struct fr out, in, more;

int top_open(void **state)
{
    static struct bench b;

    bench_open(&b, &(struct bench_config){0}, TOP_ALL);
    *state = &b;
    return 0;
}

int top_close(void **state)
{
    bench_close(*state);
    return 0;
}

void from_host2(struct fr *f, uint32_t vni)
{
    fr_vxlan(f, &h2_to_1, vni);
}

void expect_like(const struct fr *got, const struct fr *sent, uint64_t dmac, uint64_t smac,
                 unsigned hops)
{
    static struct fr want;

    want = *sent;
    fr_mac(want.b, dmac);
    fr_mac(want.b + 6, smac);
    if (fr_get16(want.b + 12) == 0x86DD) {
        want.b[FR_L3 + 7] = (uint8_t)(want.b[FR_L3 + 7] - hops);
    } else {
        want.b[FR_L3 + 8] = (uint8_t)(want.b[FR_L3 + 8] - hops);
        fr_put16(want.b + FR_L3 + 10, 0);
        fr_put16(want.b + FR_L3 + 10, (uint16_t)~fr_fold(fr_sum(0, want.b + FR_L3, 20)));
    }
    assert_int_equal(got->len, want.len);
    assert_memory_equal(got->b, want.b, want.len);
}

void expect_tunnel(struct fr *got, const char *vtep, uint64_t mac, uint32_t vni)
{
    const uint8_t *ip = got->b + FR_L3, *udp = ip + 20;

    assert_true(got->len > FR_INNER);
    assert_true(fr_sums_right(got->b, got->len));
    assert_int_equal(fr_get_mac(got->b), mac);
    assert_int_equal(fr_get_mac(got->b + 6), MAC_UP);
    assert_int_equal(fr_get16(got->b + 12), 0x0800);
    assert_int_equal(ip[0], 0x45);
    assert_int_equal(fr_get16(ip + 2), got->len - 14);
    assert_int_equal(ip[9], 17);
    assert_int_equal(fr_get32(ip + 12), fr_addr4("192.0.2.1"));
    assert_int_equal(fr_get32(ip + 16), fr_addr4(vtep));
    assert_int_equal(fr_get16(udp) & 0xC000, 0xC000);
    assert_int_equal(fr_get16(udp + 2), 4789);
    assert_int_equal(fr_get16(udp + 4), got->len - 34);
    assert_int_equal(fr_get32(udp + 8), 8u << 24);
    assert_int_equal(fr_get32(udp + 12), vni << 8);
    got->len -= FR_INNER;
    memmove(got->b, got->b + FR_INNER, got->len);
}
