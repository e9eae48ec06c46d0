/* SPDX-License-Identifier: Apache-2.0 */
#include "build.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { DF = 0x4000 };

static uint64_t state = 1;

void rnd_seed(uint64_t seed)
{
    state = seed * 2 + 1;
}

uint32_t rnd(uint32_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return below == 0 ? 0 : (uint32_t)(state >> 33) % below;
}

static void put(uint8_t **at, uint32_t value, int bytes)
{
    while (bytes-- > 0)
        *(*at)++ = (uint8_t)(value >> (8 * bytes));
}

static void put_pattern(uint8_t **at, uint8_t seed, size_t n)
{
    for (size_t i = 0; i < n; i++)
        *(*at)++ = (uint8_t)(seed + 7 * i);
}

/* End-around carry after each byte pair, as RFC 1071 tells it. */
uint16_t sum_bytes(uint16_t start, const uint8_t *p, size_t n)
{
    uint32_t sum = start;

    for (size_t i = 0; i < n; i++) {
        sum += i % 2 == 0 ? (uint32_t)p[i] * 256 : p[i];
        if (sum > 0xFFFF)
            sum -= 0xFFFF;
    }
    return (uint16_t)sum;
}

static uint32_t crc32c_bits(const uint8_t *p, size_t n)
{
    uint32_t crc = 0xFFFFFFFF;

    for (size_t i = 0; i < n * 8; i++) {
        uint32_t bit = ((uint32_t)p[i / 8] >> (i % 8) ^ crc) & 1u;

        crc = crc >> 1 ^ (bit ? 0x82F63B78u : 0);
    }
    return ~crc;
}

static void put_field(uint8_t *at, uint16_t value)
{
    put(&at, value, 2);
}

/* The checksum of an L4 packet with its field zero, under the pseudo header of the IP header at `ip`. */
static uint16_t l4_sum(const uint8_t *ip, uint8_t proto, const uint8_t *l4, size_t len)
{
    uint8_t tail[4] = {0, proto, (uint8_t)(len >> 8), (uint8_t)len};
    size_t first = ip[0] >> 4 == 4 ? 12 : 8, bytes = ip[0] >> 4 == 4 ? 8 : 32;
    uint16_t sum = sum_bytes(sum_bytes(0, tail, 4), ip + first, bytes);

    sum = (uint16_t)~sum_bytes(sum, l4, len);
    return proto == PROTO_UDP && sum == 0 ? 0xFFFF : sum;
}

static void put_ethernet(uint8_t **at, bool vlan, bool ipv6, uint8_t seed)
{
    put_pattern(at, (uint8_t)(seed & 0xFE), 12);
    if (vlan)
        put(at, 0x81000123, 4);
    put(at, ipv6 ? 0x86DD : 0x0800, 2);
}

/* The IP header of a packet of `len` bytes behind all of its own headers. */
static void put_ip(uint8_t **at, bool ipv6, uint8_t proto, uint8_t options, uint16_t id,
                   uint16_t flags, uint8_t seed, size_t len)
{
    uint8_t *ip = *at;

    if (ipv6) {
        put(at, 0x60000000u | seed, 4);
        put(at, (uint32_t)(len + options), 2);
        put(at, options ? 60 : proto, 1);
        put(at, 64, 1);
        put_pattern(at, seed, 32);
        for (int left = options; left > 0; left -= 8) {
            put(at, left > 8 ? 60u : proto, 1);
            put(at, 0, 1);
            put(at, 0x01040000, 4); /* PadN */
            put(at, 0, 2);
        }
        return;
    }
    put(at, 0x40u + 5u + options / 4u, 1);
    put(at, seed, 1);
    put(at, (uint32_t)(20 + options + len), 2);
    put(at, id, 2);
    put(at, flags, 2);
    put(at, 64, 1);
    put(at, proto, 1);
    put(at, 0, 2);
    put_pattern(at, seed, 8);
    put_pattern(at, 1, options);
    put_field(ip + 10, (uint16_t)~sum_bytes(0, ip, (size_t)(*at - ip)));
}

static size_t l4_header(const struct packet *p)
{
    return p->proto == PROTO_TCP ? 20u + p->tcp_options : p->proto == PROTO_UDP ? 8 : 12;
}

static void put_l4(uint8_t **at, const struct packet *p, size_t len)
{
    put(at, 40000u + p->seed, 2);
    put(at, 443, 2);
    if (p->proto == PROTO_TCP) {
        put(at, p->seq, 4);
        put(at, 0x01020304, 4);
        put(at, (5u + p->tcp_options / 4u) << 4, 1);
        put(at, p->flags, 1);
        put(at, 0x7210, 2);
        put(at, 0, 4);
        put_pattern(at, p->seed, p->tcp_options);
    } else if (p->proto == PROTO_UDP) {
        put(at, (uint32_t)(8 + len), 2);
        put(at, 0, 2);
    } else {
        put(at, 0x05060708, 4);
        put(at, 0, 4);
    }
}

static void finish_l4(const struct packet *p, const uint8_t *ip, uint8_t *l4, size_t len)
{
    if (p->proto == PROTO_SCTP) {
        uint32_t crc = crc32c_bits(l4, len);

        for (int i = 0; i < 4; i++)
            l4[8 + i] = (uint8_t)(crc >> (8 * i));
    } else {
        put_field(l4 + (p->proto == PROTO_TCP ? 16 : 6), l4_sum(ip, p->proto, l4, len));
    }
}

size_t build(const struct packet *p, const uint8_t *payload, size_t len, uint8_t *out,
             struct layout *layout)
{
    size_t l4_len = l4_header(p) + len;
    size_t inner = p->tunnel_options + 14u + (p->ipv6 ? 40u : 20u) + p->ip_options + l4_len;
    struct layout at = {0};
    uint8_t *w = out;

    if (p->outer != 0) {
        put_ethernet(&w, p->vlan, p->outer == 6, p->seed);
        at.outer_l3 = (uint16_t)(w - out);
        put_ip(&w, p->outer == 6, PROTO_UDP, p->outer_options, p->outer_id, DF,
               (uint8_t)(p->seed + 1), 16 + inner);
        at.outer_l4 = (uint16_t)(w - out);
        put(&w, 50000u + p->seed, 2);
        put(&w, 4789, 2);
        put(&w, (uint32_t)(16 + inner), 2);
        put(&w, 0, 2);
        put(&w, 0x08000000, 4);
        put(&w, 77u << 8, 4);
        put_pattern(&w, p->seed, p->tunnel_options);
    }
    put_ethernet(&w, p->vlan && p->outer == 0, p->ipv6, (uint8_t)(p->seed + 9));
    at.l3 = (uint16_t)(w - out);
    put_ip(&w, p->ipv6, p->proto, p->ip_options, p->id, p->may_fragment ? 0 : DF, p->seed, l4_len);
    at.l4 = (uint16_t)(w - out);
    put_l4(&w, p, len);
    at.payload = (uint16_t)(w - out);
    if (len > 0)
        memcpy(w, payload, len);
    w += len;
    assert(w - out <= MAX_BUILT);
    finish_l4(p, out + at.l3, out + at.l4, l4_len);
    if (p->outer_csum)
        put_field(out + at.outer_l4 + 6,
                  l4_sum(out + at.outer_l3, PROTO_UDP, out + at.outer_l4, 16 + inner));
    if (layout != NULL)
        *layout = at;
    return (size_t)(w - out);
}

struct packet random_tcp(void)
{
    static const uint8_t outers[] = {0, 0, 4, 6};
    struct packet p = {
        .proto = PROTO_TCP,
        .ipv6 = rnd(2),
        .vlan = rnd(3) == 0,
        .tcp_options = (uint8_t)(rnd(2) ? 4 * rnd(11) : 12),
        .outer = outers[rnd(4)],
        .flags =
            (uint8_t)(ACK | (rnd(2) ? PSH : 0) | (rnd(4) == 0 ? FIN : 0) | (rnd(4) == 0 ? CWR : 0)),
        .id = (uint16_t)(rnd(4) ? rnd(65536) : 65535 - rnd(4)),
        .outer_id = (uint16_t)(rnd(4) ? rnd(65536) : 65535 - rnd(4)),
        .seq = rnd(4) ? rnd(0x7FFFFFFF) : 0xFFFFFFFFu - rnd(3000),
        .seed = (uint8_t)rnd(256),
    };

    if (rnd(3) == 0)
        p.ip_options = (uint8_t)(p.ipv6 ? 8 * rnd(3) : 4 * rnd(11));
    if (p.outer != 0) {
        p.outer_csum = rnd(2);
        p.tunnel_options = (uint8_t)(rnd(3) ? 0 : rnd(12));
    }
    if (p.outer == 4 && rnd(3) == 0)
        p.outer_options = (uint8_t)(4 * rnd(5));
    return p;
}

struct hsr_tx_meta meta_of(const struct packet *p, const struct layout *at, size_t len)
{
    return (struct hsr_tx_meta){
        .frame_off = HSR_SLOT_FRAME,
        .frame_len = (uint32_t)len,
        .l3_off = at->l3,
        .l4_off = at->l4,
        .outer_l3_off = at->outer_l3,
        .outer_l4_off = at->outer_l4,
        .offload = (uint16_t)((p->outer ? HSR_TXO_ENCAP : 0) | (p->ipv6 ? HSR_TXO_IPV6 : 0)),
    };
}

struct po_result process(struct po_work *work, const struct hsr_tx_meta *meta, const uint8_t *frame,
                         const struct po_port *port, po_sink sink, void *arg)
{
    struct po_span span = {frame, meta->frame_len};
    struct po_source source = {.span = &span, .spans = 1, .len = meta->frame_len};

    return po_process(work, meta, &source, port, sink, arg);
}

struct po_result process_split(struct po_work *work, const struct hsr_tx_meta *meta,
                               const uint8_t *frame, uint32_t len, const struct po_port *port,
                               po_sink sink, void *arg)
{
    struct po_span span[PO_MAX_SPANS];
    uint8_t *memory[PO_MAX_SPANS] = {NULL};
    struct po_source source = {.span = span, .len = len};
    struct po_result result;

    for (uint32_t at = 0, left = len; source.spans == 0 || left > 0;
         at += span[source.spans++].len) {
        struct po_span *s = &span[source.spans];
        uint32_t rest = PO_MAX_SPANS - source.spans;

        s->len = rest == 1 ? left : source.spans == 0 ? meta->frame_len : rnd(left / rest * 2 + 70);
        s->len = s->len < left ? s->len : left;
        left -= s->len;
        if (s->len > 0) {
            memory[source.spans] = malloc(s->len);
            assert(memory[source.spans] != NULL);
            memcpy(memory[source.spans], frame + at, s->len);
        }
        s->at = memory[source.spans];
    }
    if (rnd(2)) {
        source.sum_from = span[0].len;
        source.summed = true;
        source.sum = sum_bytes(0, frame + span[0].len, len - span[0].len);
    }
    result = po_process(work, meta, &source, port, sink, arg);
    for (uint32_t i = 0; i < PO_MAX_SPANS; i++)
        free(memory[i]);
    return result;
}

struct taken *taken_new(void)
{
    struct taken *t = calloc(1, sizeof *t);

    assert(t != NULL);
    t->refuse_after = UINT32_MAX;
    return t;
}

void taken_free(struct taken *t)
{
    free(t->bytes);
    free(t);
}

static void keep(struct taken *t, const uint8_t *p, size_t n)
{
    if (t->room - t->used < n) {
        t->room = (t->used + n) * 2;
        t->bytes = realloc(t->bytes, t->room);
        assert(t->bytes != NULL);
    }
    if (n > 0)
        memcpy(t->bytes + t->used, p, n);
    t->used += n;
}

uint32_t taken_sink(void *arg, const struct po_frame *frames, uint32_t n)
{
    struct taken *t = arg;
    uint32_t i;

    t->calls++;
    t->largest_call = n > t->largest_call ? n : t->largest_call;
    for (i = 0; i < n && t->frames < t->refuse_after; i++) {
        keep(t, frames[i].head, frames[i].head_len);
        keep(t, frames[i].body, frames[i].body_len);
        for (uint32_t k = 0; k < frames[i].tails; k++)
            keep(t, frames[i].tail[k].at, frames[i].tail[k].len);
        if (t->frames < 64)
            t->vnet[t->frames] = frames[i].vnet;
        t->end[t->frames++] = t->used;
    }
    if (t->scribble != NULL)
        memset(t->scribble, 0xA5, t->scribble_len);
    return i;
}

const uint8_t *taken_frame(const struct taken *t, uint32_t i, size_t *len)
{
    size_t start = i == 0 ? 0 : t->end[i - 1];

    *len = t->end[i] - start;
    return t->bytes + start;
}
