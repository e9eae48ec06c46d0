/* SPDX-License-Identifier: Apache-2.0 */
/* Checksums of frames that are otherwise as somebody made them: without this nearly all would end at the first sum. */
#include "frames.h"

enum { TCP = 6, UDP = 17, ICMP = 1, ICMP6 = 58, VXLAN = 4789, GENEVE = 6081 };

static uint16_t sum_of(uint64_t pseudo, const uint8_t *p, uint32_t len)
{
    return (uint16_t)~fr_fold(fr_sum(pseudo, p, len));
}

/* Where the checksum of this protocol stands in its header, 0: nowhere. */
static uint32_t field_of(uint8_t proto)
{
    switch (proto) {
    case TCP:
        return 16;
    case UDP:
        return 6;
    case ICMP:
    case ICMP6:
        return 2;
    default:
        return 0;
    }
}

/* A frame inside of UDP. */
static void mend_inner(uint8_t *udp, uint32_t len)
{
    uint16_t port = fr_get16(udp + 2);
    uint32_t head = 16;

    if (port == GENEVE && len >= 16)
        head += (udp[8] & 63u) * 4u;
    if ((port == VXLAN || port == GENEVE) && len > head)
        fr_mend(udp + head, len - head);
}

static void mend_l4(uint8_t *l4, uint32_t len, uint8_t proto, uint64_t addresses)
{
    uint32_t field = field_of(proto);
    uint64_t pseudo = proto == ICMP ? 0 : addresses + proto + len;

    if (field == 0 || len < field + 2)
        return;
    if (proto == UDP) {
        if (len < 8)
            return;
        mend_inner(l4, len);
        if (fr_get16(l4 + 6) == 0) /* none, and that is for the receiver to judge */
            return;
        /* The length may say less than there is. */
        if (fr_get16(l4 + 4) >= 8 && fr_get16(l4 + 4) < len)
            len = fr_get16(l4 + 4);
        pseudo = addresses + proto + len;
    }
    fr_put16(l4 + field, 0);
    uint16_t sum = sum_of(pseudo, l4, len);

    fr_put16(l4 + field, proto == UDP && sum == 0 ? 0xFFFF : sum);
}

static void mend4(uint8_t *ip, uint32_t len)
{
    uint32_t head = (ip[0] & 15u) * 4u, total = fr_get16(ip + 2);

    if (head < 20 || head > len)
        return;
    if (total >= head && total <= len && (fr_get16(ip + 6) & 0x3FFF) == 0)
        mend_l4(ip + head, total - head, ip[9], fr_sum(0, ip + 12, 8));
    fr_put16(ip + 10, 0);
    fr_put16(ip + 10, sum_of(0, ip, head));
}

/* Behind extension headers, as far as they make sense. */
static void mend6(uint8_t *ip, uint32_t len)
{
    uint32_t at = 40, end = 40u + fr_get16(ip + 4);
    uint8_t next = ip[6];

    if (end > len)
        return;
    while ((next == 0 || next == 43 || next == 60) && at + 8 <= end) {
        next = ip[at];
        at += 8u + 8u * ip[at + 1];
    }
    if (at <= end)
        mend_l4(ip + at, end - at, next, fr_sum(0, ip + 8, 32));
}

void fr_mend(uint8_t *frame, uint32_t len)
{
    uint32_t at = 12;

    for (unsigned tags = 0; tags < 3 && at + 6 <= len; tags++, at += 4) {
        uint16_t type = fr_get16(frame + at);

        if (type != 0x8100 && type != 0x88A8 && type != 0x9100)
            break;
    }
    if (at + 2 > len)
        return;
    uint8_t *ip = frame + at + 2;
    uint32_t left = len - at - 2;

    if (fr_get16(frame + at) == 0x0800 && left >= 20)
        mend4(ip, left);
    else if (fr_get16(frame + at) == 0x86DD && left >= 40)
        mend6(ip, left);
}
