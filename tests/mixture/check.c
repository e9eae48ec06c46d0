/* SPDX-License-Identifier: Apache-2.0 */
/* What left by each port: whose is it, is it whole, and is it in order? */
#include <endian.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "mixture.h"

#define FINDINGS 10 /* that are told of */

struct check {
    const struct mix_world *world;
    struct mix_stream *stream;
    uint32_t streams;
    uint32_t *next[2]; /* by direction and stream: what comes next */
    uint64_t frame;    /* number in the capture */
    unsigned port;
    uint64_t stamped; /* frames whose payload said whose they are */
    unsigned findings;
};

__attribute__((format(printf, 2, 3))) static void finding(struct check *c, const char *format, ...)
{
    char name[16];
    va_list args;

    if (++c->findings > FINDINGS)
        return;
    mix_port_name(c->port, name);
    fprintf(stderr, "%s, frame %llu: ", name, (unsigned long long)c->frame);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

/* The inner frame, the tenant it is for, and of its IP packet what the checks need. */
struct seen {
    const uint8_t *ip, *l4;
    uint32_t l4_len;
    unsigned tenant;
    uint8_t proto;
    bool six, fragment;
    uint32_t frag_off;
};

static uint64_t stamp_at(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, 8);
    return be64toh(v);
}

/* Does every byte agree with the stamp? Places go up with TCP, whose payload begins `skip` bytes into one. */
static bool uniform(const uint8_t *p, uint32_t len, uint64_t first, uint32_t skip, bool tcp)
{
    for (uint32_t i = 0; i < len; i++) {
        uint32_t at = skip + i;
        uint64_t stamp =
            tcp ? (first & ~UINT64_C(0xFFFFFFFF)) | (uint32_t)((uint32_t)first + at / 8) : first;

        if (p[i] != (uint8_t)(stamp >> (56 - at % 8 * 8)))
            return false;
    }
    return true;
}

/* Order, and with nothing short completeness: `place` is where it begins, `length` how far the stream comes by it. */
static void in_order(struct check *c, const struct mix_stream *s, unsigned dir, uint32_t place,
                     uint32_t length)
{
    uint32_t *next = &c->next[dir][s->id];

    if (place < *next)
        finding(c, "stream %u/%u: %u after %u", s->id, dir, place, *next);
    else if (c->world->exact && s->grade == MIX_CLEAN && place != *next)
        finding(c, "stream %u/%u: %u where %u should be", s->id, dir, place, *next);
    *next = place + length;
}

static void payload(struct check *c, const struct seen *f, const uint8_t *p, uint32_t len)
{
    bool tcp = f->proto == 6;
    uint32_t seq = tcp ? fr_get32(f->l4 + 4) : 0, skip = tcp ? seq % 8 : 0;
    uint32_t lead = (8 - skip) % 8;

    if (len < lead + 8)
        return;
    uint64_t first = stamp_at(p + lead);
    unsigned tenant = (unsigned)(first >> 56), dir = first >> 32 & 1;
    uint32_t id = first >> 33 & MIX_NO_STREAM;

    c->stamped++;
    if (tenant != f->tenant) {
        finding(c, "payload of %s %u in the network of tenant %u",
                tenant == MIX_NOBODY ? "nobody," : "tenant", tenant, f->tenant);
        return;
    }
    if (lead > 0 && tcp)
        first = (first & ~UINT64_C(0xFFFFFFFF)) | (uint32_t)((uint32_t)first - 1);
    if (!uniform(p, len, first, skip, tcp)) {
        finding(c, "payload of stream %u is torn", id);
        return;
    }
    if (f->fragment || id >= c->streams)
        return;
    const struct mix_stream *s = &c->stream[id];

    if (tcp)
        in_order(c, s, dir, seq - s->isn[dir] - 1, len);
    else
        in_order(c, s, dir, (uint32_t)first, 1);
}

/* Is the packet addressed to the guest of this port? */
static void addressed(struct check *c, const struct seen *f, const uint8_t *frame)
{
    struct fr_flow self = mix_flow(c->world, c->port / MIX_GUESTS, c->port % MIX_GUESTS, 0, f->six);
    static struct fr expected;

    self.dst = self.src;
    fr_ip(&expected, &self, 0, "", 0);
    if (fr_get_mac(frame) != c->world->guest[f->tenant][c->port % MIX_GUESTS].mac)
        finding(c, "for another MAC address");
    else if (memcmp(expected.b + FR_L3 + (f->six ? 24 : 16), f->ip + (f->six ? 24 : 16),
                    f->six ? 16 : 4) != 0)
        finding(c, "for another address");
}

/* IP header of a frame without VLAN; false: no IP. */
static bool read_ip(const uint8_t *frame, uint32_t len, struct seen *f)
{
    uint16_t type = len >= 34 ? fr_get16(frame + 12) : 0;

    f->ip = frame + FR_L3;
    f->six = type == 0x86DD;
    f->fragment = false;
    f->frag_off = 0;
    if (type == 0x0800) {
        uint16_t frag = fr_get16(f->ip + 6) & 0x3FFF;

        f->proto = f->ip[9];
        f->l4 = f->ip + 20;
        f->l4_len = fr_get16(f->ip + 2) - 20u;
        f->fragment = frag != 0;
        f->frag_off = (frag & 0x1FFFu) * 8;
    } else if (f->six && len >= 62) {
        f->proto = f->ip[6];
        f->l4 = f->ip + 40;
        f->l4_len = fr_get16(f->ip + 4);
        if (f->proto == 44) {
            f->proto = f->l4[0];
            f->fragment = true;
            f->frag_off = fr_get16(f->l4 + 2) & 0xFFF8u;
            f->l4 += 8;
            f->l4_len -= 8;
        }
    } else {
        return false;
    }
    return f->l4 + f->l4_len <= frame + len;
}

static void guests_frame(struct check *c, struct seen *f, const uint8_t *frame, uint32_t len)
{
    uint32_t head;

    if (!read_ip(frame, len, f))
        return; /* ARP */
    if (!f->fragment && !fr_sums_right(frame, len))
        finding(c, "a checksum is wrong");
    if (c->port != MIX_UPLINK)
        addressed(c, f, frame);
    switch (f->proto) {
    case 6:
        head = f->l4_len >= 20 ? (f->l4[12] >> 4) * 4u : f->l4_len;
        break;
    case 17:
        head = f->frag_off > 0 ? 0 : 8;
        break;
    case 1:
    case 58:
        if (f->l4[0] != 8 && f->l4[0] != 0 && f->l4[0] != 128 && f->l4[0] != 129)
            return; /* an error, or of the neighbourhood */
        head = 8;
        break;
    default:
        return; /* by a damaged header of IPv6, which has no checksum */
    }
    if (f->l4_len > head)
        payload(c, f, f->l4 + head, f->l4_len - head);
}

static void uplink_frame(struct check *c, const uint8_t *frame, uint32_t len)
{
    struct seen f;
    uint32_t inner = 16;

    if (!read_ip(frame, len, &f) || f.proto != 17 || f.fragment || f.l4_len < 30)
        return; /* the host's own */
    if (fr_get16(f.l4 + 2) == 6081)
        inner += (f.l4[8] & 0x3Fu) * 4;
    else if (fr_get16(f.l4 + 2) != 4789)
        return;
    f.tenant = (fr_get32(f.l4 + 12) >> 8) - MIX_VNI;
    if (f.tenant >= c->world->tenants || f.l4_len < inner)
        finding(c, "to a network that is no tenant's");
    else if (c->world->geneve[f.tenant] != (fr_get16(f.l4 + 2) == 6081))
        finding(c, "in the other kind of tunnel");
    else
        guests_frame(c, &f, f.l4 + inner, f.l4_len - inner);
}

static void check_port(struct check *c, const char *out)
{
    static uint8_t frame[FR_ROOM];
    FILE *f = mix_pcap_open(out, c->port);
    uint32_t len;

    if (f == NULL)
        return;
    for (c->frame = 1; mix_pcap_get(f, frame, &len); c->frame++) {
        struct seen seen = {.tenant = c->port / MIX_GUESTS};

        if (c->port == MIX_UPLINK)
            uplink_frame(c, frame, len);
        else
            guests_frame(c, &seen, frame, len);
    }
    fclose(f);
}

/* With nothing short, all that clean streams sent has arrived. */
static void complete(struct check *c)
{
    uint64_t sent = 0, arrived = 0;

    for (uint32_t id = 0; id < c->streams; id++) {
        const struct mix_stream *s = &c->stream[id];

        if (s->grade == MIX_DENIED)
            continue;
        for (unsigned dir = 0; dir < 2; dir++) {
            sent += s->sent[dir];
            arrived += c->next[dir][id];
            if (c->world->exact && s->grade == MIX_CLEAN && c->next[dir][id] != s->sent[dir])
                finding(c, "stream %u/%u (kind %u, %u to %u): %u of %u arrived", id, dir, s->kind,
                        s->from, s->to, c->next[dir][id], s->sent[dir]);
        }
    }
    if (arrived == 0 || arrived > sent)
        finding(c, "%llu arrived of %llu", (unsigned long long)arrived, (unsigned long long)sent);
    printf("%u streams, %llu frames with stamps, %s\n", c->streams, (unsigned long long)c->stamped,
           c->world->exact ? "nothing short" : "tables short");
}

static bool load_streams(struct check *c, const char *dir)
{
    char path[512];
    FILE *f;
    long size;

    snprintf(path, sizeof path, "%s/streams", dir);
    f = fopen(path, "r");
    if (f == NULL)
        return false;
    fseek(f, 0, SEEK_END);
    size = ftell(f);
    rewind(f);
    c->streams = (uint32_t)((size_t)size / sizeof *c->stream);
    c->stream = calloc(c->streams + 1, sizeof *c->stream);
    for (unsigned way = 0; way < 2; way++)
        c->next[way] = calloc(c->streams + 1, sizeof **c->next);
    bool good = c->stream != NULL && c->next[0] != NULL && c->next[1] != NULL &&
                fread(c->stream, sizeof *c->stream, c->streams, f) == c->streams;

    fclose(f);
    return good;
}

int mix_check(const struct mix_world *w, const char *dir, const char *out)
{
    struct check c = {.world = w};

    if (load_streams(&c, dir)) {
        for (c.port = 0; c.port < MIX_PORTS; c.port++)
            check_port(&c, out);
        complete(&c);
    } else {
        fprintf(stderr, "mixture: %s/streams cannot be read\n", dir);
        c.findings = 1;
    }
    free(c.stream);
    free(c.next[0]);
    free(c.next[1]);
    if (c.findings > FINDINGS)
        fprintf(stderr, "and %u more\n", c.findings - FINDINGS);
    return (int)c.findings;
}
