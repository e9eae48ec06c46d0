/* SPDX-License-Identifier: Apache-2.0 */
/* What left by each port: whose is it, is it whole, and is it in order? */
#include <endian.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define FINDINGS 10 /* that are told of */

void mix_finding(struct check *c, const char *format, ...)
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

uint64_t mix_stamp_at(const uint8_t *p)
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

/* Must all of it arrive? */
static bool held_to_all(const struct check *c, const struct mix_stream *s)
{
    return c->world->exact && s->grade == MIX_CLEAN && !c->moved[s->id];
}

/* Order, and with nothing short completeness: `place` is where it begins, `length` how far the stream comes by it. */
static void in_order(struct check *c, const struct mix_stream *s, unsigned dir, uint32_t place,
                     uint32_t length)
{
    uint32_t *next = &c->next[dir][s->id];

    /* A public address that is another guest's meanwhile: the captures are read one after the other. */
    if (c->at[dir][s->id] != c->port && s->path != MIX_INSIDE && s->grade != MIX_CLEAN)
        *next = 0;
    c->at[dir][s->id] = (uint8_t)c->port;
    if (place < *next)
        mix_finding(c, "stream %u/%u: %u after %u", s->id, dir, place, *next);
    else if (held_to_all(c, s) && place != *next)
        mix_finding(c, "stream %u/%u: %u where %u should be", s->id, dir, place, *next);
    *next = place + length;
}

static void payload(struct check *c, const struct seen *f, const uint8_t *p, uint32_t len)
{
    bool tcp = f->proto == 6;
    uint32_t seq = tcp ? fr_get32(f->l4 + 4) : 0, skip = tcp ? seq % 8 : 0;
    uint32_t lead = (8 - skip) % 8;

    if (len < lead + 8)
        return;
    uint64_t first = mix_stamp_at(p + lead);
    unsigned tenant = (unsigned)(first >> 56), dir = first >> 32 & 1;
    uint32_t id = first >> 33 & MIX_NO_STREAM;

    if (tenant == MIX_PUBLIC)
        mix_check_public(c, f, first);
    else if (f->tenant == MIX_PUBLIC)
        mix_check_outside(c, f, tenant);
    if (c->collecting)
        return;
    c->stamped++;
    if (tenant != MIX_PUBLIC && f->tenant != MIX_PUBLIC && tenant != f->tenant) {
        mix_finding(c, "payload of %s %u in the network of tenant %u",
                    tenant == MIX_NOBODY ? "nobody," : "tenant", tenant, f->tenant);
        return;
    }
    if (lead > 0 && tcp)
        first = (first & ~UINT64_C(0xFFFFFFFF)) | (uint32_t)((uint32_t)first - 1);
    if (!uniform(p, len, first, skip, tcp)) {
        mix_finding(c, "payload of stream %u is torn", id);
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
        mix_finding(c, "for another MAC address");
    else if (memcmp(expected.b + FR_L3 + (f->six ? 24 : 16), f->ip + (f->six ? 24 : 16),
                    f->six ? 16 : 4) != 0)
        mix_finding(c, "for another address");
}

bool mix_read_ip(const uint8_t *frame, uint32_t len, struct seen *f)
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

/* Its number says whose it is (traffic.c). */
static void syn(struct check *c, const struct seen *f)
{
    uint32_t id = f->l4_len >= 20 ? fr_get32(f->l4 + 4) >> 3 & MIX_NO_STREAM : MIX_NO_STREAM;

    if (id < c->streams && c->stream[id].path != MIX_INSIDE && f->l4[13] & FR_SYN)
        mix_check_public(c, f, mix_stamp(MIX_PUBLIC, id, (f->l4[13] & FR_ACK) != 0, 0));
}

static void guests_frame(struct check *c, struct seen *f, const uint8_t *frame, uint32_t len)
{
    uint32_t head;

    if (!mix_read_ip(frame, len, f))
        return; /* ARP */
    if (!c->collecting && !f->fragment && !fr_sums_right(frame, len))
        mix_finding(c, "a checksum is wrong");
    if (!c->collecting && c->port != MIX_UPLINK)
        addressed(c, f, frame);
    if (f->tenant == MIX_PUBLIC)
        mix_check_outside(c, f, MIX_PUBLIC);
    switch (f->proto) {
    case 6:
        syn(c, f);
        head = f->l4_len >= 20 ? (f->l4[12] >> 4) * 4u : f->l4_len;
        break;
    case 17:
        head = f->frag_off > 0 ? 0 : 8;
        break;
    case 1:
    case 58:
        if (f->l4[0] != 8 && f->l4[0] != 0 && f->l4[0] != 128 && f->l4[0] != 129) {
            if (f->l4[0] < 128)
                mix_check_error(c, f);
            return; /* or of the neighbourhood */
        }
        head = 8;
        break;
    default:
        return; /* by a damaged header of IPv6, which has no checksum */
    }
    if (f->l4_len > head)
        payload(c, f, f->l4 + head, f->l4_len - head);
}

/* The checksum outside, as configured: not there, or right. */
static bool outer_sum_right(const struct check *c, const struct seen *f)
{
    uint64_t pseudo = f->six ? fr_sum(0, f->ip + 8, 32) : fr_sum(0, f->ip + 12, 8);
    bool there = fr_get16(f->l4 + 6) != 0;

    return there == c->world->checksum[f->six] &&
           (!there || fr_fold(fr_sum(pseudo, f->l4, f->l4_len) + 17 + f->l4_len) == 0xFFFF);
}

/* Is it addressed to a host there is, by the family that we talk to it in? */
static bool to_a_host(const struct check *c, const struct seen *f)
{
    unsigned vtep = f->ip[f->six ? 39 : 19] - 2u;

    return vtep < MIX_VTEPS && c->world->six[vtep] == f->six;
}

static void uplink_frame(struct check *c, const uint8_t *frame, uint32_t len)
{
    struct seen f;
    uint32_t inner = 16;

    if (!mix_read_ip(frame, len, &f))
        return; /* the host's own */
    uint16_t tunnel = f.proto == 17 && !f.fragment && f.l4_len >= 30 ? fr_get16(f.l4 + 2) : 0;

    if (!mix_tunnel_port(tunnel)) {
        f.tenant = MIX_PUBLIC;
        if (c->world->states > 0)
            guests_frame(c, &f, frame, len);
        return;
    }
    if (tunnel == 6081)
        inner += (f.l4[8] & 0x3Fu) * 4;
    f.tenant = (fr_get32(f.l4 + 12) >> 8) - MIX_VNI;
    if (f.tenant >= c->world->tenants || f.l4_len < inner)
        mix_finding(c, "to a network that is no tenant's");
    else if (c->world->geneve[f.tenant] != (fr_get16(f.l4 + 2) == 6081))
        mix_finding(c, "in the other kind of tunnel");
    else if (!to_a_host(c, &f))
        mix_finding(c, "to no host of the underlay");
    else if (!outer_sum_right(c, &f))
        mix_finding(c, "the tunnel's checksum is wrong");
    else
        guests_frame(c, &f, f.l4 + inner, f.l4_len - inner);
}

/* Was the configuration in force? What comes within a quantum leaves at its end. */
static bool came(const struct check *c, unsigned state)
{
    return c->now >= c->begin + c->world->quantum + c->change[state];
}

static void check_port(struct check *c, const char *out)
{
    static uint8_t frame[FR_ROOM];
    FILE *f = mix_pcap_open(out, c->port);
    uint32_t len;

    if (f == NULL)
        return;
    for (c->frame = 1; mix_pcap_get(f, frame, &len, &c->now); c->frame++) {
        struct seen seen = {.tenant = c->port / MIX_GUESTS};

        for (c->state = 0; c->state + 1 < c->world->states && came(c, c->state + 1);)
            c->state++;
        if (c->port == MIX_UPLINK)
            uplink_frame(c, frame, len);
        else
            guests_frame(c, &seen, frame, len);
    }
    fclose(f);
}

/* What there was of them; answers that went to an end of an earlier run, which was another this time, are few. */
static void public_addresses(struct check *c)
{
    uint32_t moved = 0, bound = 0;

    for (uint32_t id = 0; id < c->streams; id++) {
        moved += c->moved[id];
        bound += c->stream[id].bound.pub != MIX_UNBOUND;
    }
    if (c->world->states == 1 && c->world->exact && moved > 10 + bound / 4)
        mix_finding(c, "%u of %u streams are not seen as before", moved, bound);
    printf("; public: %llu+%llu out, %llu+%llu in, %llu+%llu hairpin, %llu errors, %u bound, %u "
           "otherwise, %u states",
           (unsigned long long)c->seen[MIX_OUT][0], (unsigned long long)c->seen[MIX_OUT][1],
           (unsigned long long)c->seen[MIX_IN][0], (unsigned long long)c->seen[MIX_IN][1],
           (unsigned long long)c->seen[MIX_HAIRPIN][0], (unsigned long long)c->seen[MIX_HAIRPIN][1],
           (unsigned long long)c->errors, bound, moved, c->world->states);
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
            if (held_to_all(c, s) && c->next[dir][id] != s->sent[dir])
                mix_finding(c, "stream %u/%u (path %u, kind %u, %u to %u): %u of %u arrived", id,
                            dir, s->path, s->kind, s->from, s->to, c->next[dir][id], s->sent[dir]);
        }
    }
    if (arrived == 0 || arrived > sent)
        mix_finding(c, "%llu arrived of %llu", (unsigned long long)arrived,
                    (unsigned long long)sent);
    printf("%u streams, %llu frames with stamps, %s", c->streams, (unsigned long long)c->stamped,
           c->world->exact ? "nothing short" : "tables short");
    if (c->world->states > 0)
        public_addresses(c);
    putchar('\n');
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
    c->moved = calloc(c->streams + 1, sizeof *c->moved);
    for (unsigned way = 0; way < 2; way++) {
        c->at[way] = calloc(c->streams + 1, sizeof **c->at);
        c->next[way] = calloc(c->streams + 1, sizeof **c->next);
    }
    bool good = c->stream != NULL && c->moved != NULL && c->next[0] != NULL && c->next[1] != NULL &&
                c->at[0] != NULL && c->at[1] != NULL &&
                fread(c->stream, sizeof *c->stream, c->streams, f) == c->streams;

    fclose(f);
    return good;
}

/* When each configuration came; none of those that never did. */
static void load_changes(struct check *c, const char *dir)
{
    char path[512];
    unsigned long long ns;
    FILE *f;

    snprintf(path, sizeof path, "%s/changes", dir);
    f = fopen(path, "r");
    for (unsigned i = 1; i < MIX_STATES; i++)
        c->change[i] = f != NULL && fscanf(f, "%llu", &ns) == 1 ? ns : UINT64_MAX / 2;
    if (f != NULL)
        fclose(f);
}

static void check_ports(struct check *c, const char *out)
{
    for (c->port = 0; c->port < MIX_PORTS; c->port++)
        check_port(c, out);
}

static bool load(struct check *c, const char *dir)
{
    load_changes(c, dir);
    if (load_streams(c, dir) && mix_ends_open(&c->ends, 8 * c->streams))
        return true;
    fprintf(stderr, "mixture: %s/streams cannot be read\n", dir);
    c->findings = 1;
    return false;
}

static void unload(struct check *c)
{
    free(c->stream);
    for (unsigned way = 0; way < 2; way++) {
        free(c->at[way]);
        free(c->next[way]);
    }
    free(c->moved);
    mix_ends_close(&c->ends);
}

int mix_bind(const struct mix_world *w, const char *dir, const char *out)
{
    struct check c = {.world = w, .begin = MIX_BEGIN, .collecting = true};
    char path[512];
    FILE *f = NULL;
    bool good = false;

    snprintf(path, sizeof path, "%s/bounds", dir);
    if (load(&c, dir) && (c.found = calloc(c.streams, sizeof *c.found)) != NULL &&
        (f = fopen(path, "w")) != NULL) {
        for (uint32_t id = 0; id < c.streams; id++)
            c.found[id].pub = MIX_UNBOUND;
        check_ports(&c, out);
        good = fwrite(c.found, sizeof *c.found, c.streams, f) == c.streams;
    }
    if (f != NULL && fclose(f) != 0)
        good = false;
    free(c.found);
    unload(&c);
    return good ? 0 : -1;
}

int mix_check(const struct mix_world *w, const char *dir, const char *out)
{
    struct check c = {.world = w, .begin = MIX_BEGIN};

    if (load(&c, dir)) {
        c.collecting = true;
        check_ports(&c, out);
        c.collecting = false;
        check_ports(&c, out);
        complete(&c);
    }
    unload(&c);
    if (c.findings > FINDINGS)
        fprintf(stderr, "and %u more\n", c.findings - FINDINGS);
    return (int)c.findings;
}
