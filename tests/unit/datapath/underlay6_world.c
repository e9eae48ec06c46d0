/* SPDX-License-Identifier: Apache-2.0 */
#include "underlay6_world.h"

const struct fr_flow h2_to_us = {
    .smac = MAC_H2, .dmac = MAC_UP, .src = H2, .dst = US, .sport = 50000};
void is_address(const uint8_t *at, const char *text)
{
    struct cfg_addr want;

    assert_true(cfg_addr_parse(text, &want));
    assert_memory_equal(at, want.bytes, 16);
}

void expect6(struct fr *got, const char *vtep, uint64_t mac, bool checksum)
{
    const uint8_t *ip = got->b + FR_L3, *udp = ip + 40;
    uint32_t label = fr_get32(ip) & 0xFFFFF;

    assert_true(got->len > FR_INNER6);
    assert_int_equal(fr_get_mac(got->b), mac);
    assert_int_equal(fr_get_mac(got->b + 6), MAC_UP);
    assert_int_equal(fr_get16(got->b + 12), 0x86DD);
    assert_int_equal(ip[0] >> 4, 6);
    assert_int_equal(fr_get16(ip + 4), got->len - FR_L3 - 40);
    assert_int_equal(ip[6], 17);
    assert_int_equal(ip[7], 64);
    is_address(ip + 8, US);
    is_address(ip + 24, vtep);
    assert_int_equal(fr_get16(udp), 0xC000 | (label & 0x3FFF));
    assert_int_equal(fr_get16(udp + 2), 4789);
    assert_int_equal(fr_get16(udp + 4), got->len - FR_L3 - 40);
    if (checksum)
        assert_true(fr_sums_right(got->b, got->len));
    else
        assert_int_equal(fr_get16(udp + 6), 0);
    assert_int_equal(fr_get32(udp + 8), 8u << 24);
    assert_int_equal(fr_get32(udp + 12), 100u << 8);
    got->len -= FR_INNER6;
    memmove(got->b, got->b + FR_INNER6, got->len);
    assert_true(fr_sums_right(got->b, got->len));
}

void from_host2_six(struct fr *f)
{
    fr_vxlan(f, &h2_to_us, 100);
}
