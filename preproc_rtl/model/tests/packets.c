/* SPDX-License-Identifier: Apache-2.0 */
#include "packets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hsring/check.h"
#include "hsring/csum.h"
#include "parse_scan.h"

const struct pp_ingress pk_vnic = {.port = 3, .uplink = false, .context = 77};
const struct pp_ingress pk_uplink = {.port = 1, .uplink = true, .context = 0};
struct pp_tables pk_tables;

static const uint8_t addr4[2][16] = {{10, 0, 0, 1}, {10, 0, 0, 2}};
static const uint8_t addr6[2][16] = {
    {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1},
    {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2},
};

void pk_tables_fill(void)
{
    pp_tables_clear(&pk_tables);
    assert_int_equal(pp_tables_vtep(&pk_tables, addr4[1], 4, false), 0);
    assert_int_equal(pp_tables_vtep(&pk_tables, addr6[1], 6, false), 0);
    assert_int_equal(pp_tables_context(&pk_tables, HSR_TUNNEL_VXLAN, 5, 500), 0);
    assert_int_equal(pp_tables_context(&pk_tables, HSR_TUNNEL_GENEVE, 5, 501), 0);
}

static void set_family(struct pk *k, uint8_t family)
{
    k->family = family;
    memcpy(k->src, family == 4 ? addr4[0] : addr6[0], 16);
    memcpy(k->dst, family == 4 ? addr4[1] : addr6[1], 16);
}

void pk_start(struct pk *k, uint8_t family, uint32_t payload)
{
    k->p = k->room + PK_ROOM - 2048 - payload;
    k->n = payload;
    k->hop_limit = 64;
    k->tos = 0;
    k->ip_id = 0x1234;
    k->frag = 0;
    set_family(k, family);
    for (uint32_t i = 0; i < payload; i++)
        k->p[i] = (uint8_t)(i * 7 + 1);
}

void pk_prepend(struct pk *k, const void *bytes, uint32_t n)
{
    assert_true((uint32_t)(k->p - k->room) >= n);
    k->p -= n;
    k->n += n;
    if (n > 0)
        memcpy(k->p, bytes, n);
}

static uint16_t l4_sum(const struct pk *k, const uint8_t *p, uint32_t n, uint8_t proto)
{
    uint64_t sum = k->family == 4 ? hsr_pseudo4(k->src, k->dst, proto, n)
                                  : hsr_pseudo6(k->src, k->dst, proto, n);

    if (proto == 1)
        sum = 0;
    uint16_t folded = (uint16_t)~hsr_csum_fold(hsr_csum_add(sum, p, n));
    return folded == 0 ? 0xFFFF : folded;
}

void pk_fix_l4(struct pk *k, uint32_t l4, uint32_t field, uint8_t proto)
{
    hsr_store16(k->p + l4 + field, 0);
    hsr_store16(k->p + l4 + field, l4_sum(k, k->p + l4, k->n - l4, proto));
}

void pk_tcp(struct pk *k, uint8_t flags, const void *options, uint32_t n)
{
    uint8_t h[20] = {0x03, 0xE8, 0x07, 0xD0, 0, 0, 0, 1, 0, 0, 0, 2};

    pk_prepend(k, options, n);
    h[12] = (uint8_t)((5 + n / 4) << 4);
    h[13] = flags;
    hsr_store16(h + 14, 0x4000);
    pk_prepend(k, h, sizeof h);
    pk_fix_l4(k, 0, 16, 6);
}

void pk_udp(struct pk *k, uint16_t sport, uint16_t dport)
{
    uint8_t h[8] = {0};

    hsr_store16(h, sport);
    hsr_store16(h + 2, dport);
    hsr_store16(h + 4, (uint16_t)(k->n + 8));
    pk_prepend(k, h, sizeof h);
    pk_fix_l4(k, 0, 6, 17);
}

void pk_icmp(struct pk *k, uint8_t type, uint16_t id)
{
    uint8_t h[8] = {type};

    hsr_store16(h + 4, id);
    pk_prepend(k, h, sizeof h);
    pk_fix_l4(k, 0, 2, k->family == 4 ? 1 : 58);
}

void pk_sctp(struct pk *k)
{
    uint8_t h[12] = {0x03, 0xE8, 0x07, 0xD0, 1, 2, 3, 4};
    uint32_t crc;

    pk_prepend(k, h, sizeof h);
    crc = ~hsr_crc32c(~0u, k->p, k->n);
    memcpy(k->p + 8, &crc, 4);
}

void pk_fix_ip4(struct pk *k, uint32_t off)
{
    uint8_t *h = k->p + off;

    hsr_store16(h + 10, 0);
    hsr_store16(h + 10, (uint16_t)~hsr_csum_fold(hsr_csum_add(0, h, (h[0] & 15u) * 4)));
}

void pk_ip4_options(struct pk *k, uint8_t proto, const void *options, uint32_t n)
{
    uint8_t h[20] = {(uint8_t)(0x45 + n / 4), k->tos};

    pk_prepend(k, options, n);
    hsr_store16(h + 2, (uint16_t)(k->n + 20));
    hsr_store16(h + 4, k->ip_id);
    hsr_store16(h + 6, k->frag);
    h[8] = k->hop_limit;
    h[9] = proto;
    memcpy(h + 12, k->src, 4);
    memcpy(h + 16, k->dst, 4);
    pk_prepend(k, h, sizeof h);
    pk_fix_ip4(k, 0);
}

void pk_ip(struct pk *k, uint8_t proto)
{
    uint8_t h[40] = {0x60};

    if (k->family == 4) {
        pk_ip4_options(k, proto, NULL, 0);
        return;
    }
    h[0] = (uint8_t)(h[0] | k->tos >> 4);
    h[1] = (uint8_t)(k->tos << 4);
    hsr_store16(h + 4, (uint16_t)k->n);
    h[6] = proto;
    h[7] = k->hop_limit;
    memcpy(h + 8, k->src, 16);
    memcpy(h + 24, k->dst, 16);
    pk_prepend(k, h, sizeof h);
}

void pk_ext(struct pk *k, uint8_t next, uint32_t n)
{
    uint8_t h[2048] = {next, (uint8_t)(n / 8 - 1)};

    pk_prepend(k, h, n);
}

void pk_vlan(struct pk *k, uint16_t tci, uint16_t type)
{
    uint8_t h[4];

    hsr_store16(h, tci);
    hsr_store16(h + 2, type);
    pk_prepend(k, h, sizeof h);
}

void pk_eth(struct pk *k, uint16_t type)
{
    uint8_t h[14] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};

    hsr_store16(h + 12, type);
    pk_prepend(k, h, sizeof h);
}

void pk_ip_eth(struct pk *k, uint8_t proto)
{
    pk_ip(k, proto);
    pk_eth(k, k->family == 4 ? 0x0800 : 0x86DD);
}

void pk_vxlan(struct pk *k, uint32_t vni)
{
    uint8_t h[8] = {0x08};

    hsr_store32(h + 4, vni << 8);
    pk_prepend(k, h, sizeof h);
}

void pk_geneve(struct pk *k, uint32_t vni, const void *options, uint32_t n)
{
    uint8_t h[8] = {(uint8_t)(n / 4), 0, 0x65, 0x58};

    pk_prepend(k, options, n);
    hsr_store32(h + 4, vni << 8);
    pk_prepend(k, h, sizeof h);
}

void pk_outer(struct pk *k, uint8_t family, uint16_t dport)
{
    set_family(k, family);
    pk_udp(k, 50000, dport);
    pk_ip_eth(k, 17);
}

void pk_pad(struct pk *k, uint32_t n)
{
    memset(k->p + k->n, 0xEE, n);
    k->n += n;
}

void pk_plain(struct pk *k, uint8_t family, uint8_t proto)
{
    pk_start(k, family, 18);
    if (proto == 6)
        pk_tcp(k, 0x10, NULL, 0);
    else
        pk_udp(k, 1000, 2000);
    pk_ip_eth(k, proto);
}

/* The parser leaves alone what is not its own, and line 1 when it has nothing to say there. */
static void check_untouched(const struct hsr_rx_meta *m)
{
    const uint8_t *line1 = (const uint8_t *)m->key6;

    assert_int_equal(m->flow_id, 0xA5A5A5A5A5A5A5A5u);
    assert_int_equal(m->hash, 0xA5A5A5A5A5A5A5A5u);
    assert_int_equal(m->timestamp, 0xA5A5A5A5u);
    assert_int_equal(m->packet_id, 0xA5A5A5A5u);
    for (unsigned i = 0; !(m->flags & HSR_RXF_LINE1) && i < 64; i++)
        assert_int_equal(line1[i], 0xA5);
}

struct pk_result pk_parse_frame(const uint8_t *frame, uint32_t len, const struct pp_ingress *in,
                                const struct virtio_net_hdr *vnet)
{
    uint8_t *copy = malloc(len ? len : 1);
    struct pk_result r, staged;

    assert_non_null(copy);
    memcpy(copy, frame, len);
    memset(&r, 0xA5, sizeof r);
    memset(&staged, 0xA5, sizeof staged);
    pp_parse(copy, len, in, &pk_tables, vnet, &r.m, &r.flow);
    pp_parse_staged(copy, len, in, &pk_tables, vnet, &staged.m, &staged.flow);
    free(copy);
    assert_memory_equal(&r.m, &staged.m, sizeof r.m);
    assert_int_equal(r.flow.key.ipv6, staged.flow.key.ipv6);
    assert_memory_equal(r.flow.key.w, staged.flow.key.w,
                        (r.flow.key.ipv6 ? HSR_KEY6_WORDS : HSR_KEY4_WORDS) * sizeof(uint64_t));
    assert_memory_equal(r.flow.outer6, staged.flow.outer6, sizeof r.flow.outer6);
    check_untouched(&r.m);
    assert_true(r.m.frame_len <= len);
    r.m.payload = 0;
    assert_true(len > HSR_MAX_FRAME ||
                hsr_rx_check(&r.m, HSR_RUN_GSO * HSR_SLOT_SIZE - HSR_SLOT_META));
    assert_int_equal(r.m.class == HSR_CLASS_BAD, r.m.reason != 0);
    return r;
}

struct pk_result pk_parse(const struct pk *k, const struct pp_ingress *in)
{
    return pk_parse_frame(k->p, k->n, in, NULL);
}

unsigned pk_reason(const struct pk *k, const struct pp_ingress *in)
{
    return pk_parse(k, in).m.reason;
}
