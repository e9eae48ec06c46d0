/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fragments: the input is a list of pieces of datagrams, of two tenants with the same addresses and identifications, from
 * guests and out of tunnels, in both families, in any order, overlapping, repeated, with time passing. The model is a bit for
 * each byte. What leaves is the bytes of the datagram it claims to be of, goes to the one who was meant, and leaves once; of a
 * datagram with an overlap nothing more leaves; and everything is accounted for.
 */
#include <string.h>

#include "world.h"

enum { WHOLE, REORDERED, POISONED, SIX, TUNNELLED, BOTH_TENANTS, AGED };
const char *const fuzz_depths[] = {
    "a datagram that left whole", "one whose first piece came later",
    "one with an overlap",        "a piece over IPv6",
    "a piece out of a tunnel",    "pieces of both tenants under one identification",
    "pieces whose time ran out",  NULL};

#define WAYS   6
#define IDS    2
#define DATA   1600 /* bytes of a datagram behind its IP header */
#define PIECE  1400 /* within every MTU */
#define PIECES 24
#define SECOND UINT64_C(1000000000)

static const struct way {
    const char *in, *out;
    struct fr_flow flow;
    uint32_t vni; /* of the tunnel it comes by, 0: a guest sends it */
} way[WAYS] = {
    {"a", "b", {MAC_A, MAC_B, "10.1.0.5", "10.1.0.6", 1000, 2000, 0, 0}, 0},
    {"r", "s", {MAC_A, MAC_B, "10.1.0.5", "10.1.0.6", 1000, 2000, 0, 0}, 0},
    {"a", "b", {MAC_A, MAC_B, "fd00:1::5", "fd00:1::6", 1000, 2000, 0, 0}, 0},
    {"r", "s", {MAC_A, MAC_B, "fd00:1::5", "fd00:1::6", 1000, 2000, 0, 0}, 0},
    {"up", "a", {MAC_9, MAC_A, "10.1.0.9", "10.1.0.5", 1000, 2000, 0, 0}, 100},
    {"up", "r", {MAC_9, MAC_A, "10.1.0.9", "10.1.0.5", 1000, 2000, 0, 0}, 200},
};

static struct fr whole[WAYS], piece, got;

/* What is known of one datagram. */
static struct model {
    bool came[DATA], left[DATA];
    bool begun, poisoned, late_first;
    uint32_t total; /* 0: not known */
    uint64_t born;
} model[WAYS][IDS];

static void make_wholes(void)
{
    uint8_t data[DATA - 8];

    for (unsigned w = 0; w < WAYS; w++) {
        for (uint32_t i = 0; i < sizeof data; i++)
            data[i] = (uint8_t)(i * 31 + i / 251 + w * 101);
        fr_udp_with(&whole[w], &way[w].flow, data, sizeof data);
    }
}

static const uint8_t *bytes_of(unsigned w)
{
    return whole[w].b + whole[w].len - DATA;
}

/* What the model makes of a piece that comes in. */
static void note(struct model *m, uint32_t at, uint32_t len, bool more, uint64_t now)
{
    bool first = !m->begun;

    if (first)
        *m = (struct model){.begun = true, .born = now, .late_first = at > 0};
    for (uint32_t i = at, n = 0; i < at + len; i++) {
        n += m->came[i];
        /* Some of it has come, some not: an overlap. All of it: one that came before, and is dropped alone. */
        if (i + 1 == at + len && n > 0 && n < len) {
            m->poisoned = true;
            fuzz_reached(POISONED);
        }
    }
    memset(m->came + at, true, len);
    if (!more)
        m->total = at + len;
}

static void push(struct bench *b, unsigned w, unsigned id, uint32_t at, uint32_t len, bool more)
{
    fr_fragment(&piece, &whole[w], 7 + id, at, len, more);
    if (way[w].vni == 100)
        fr_vxlan(&piece, &outer_of[0], 100);
    else if (way[w].vni == 200)
        fr_geneve(&piece, &outer_of[1], 200, "", 0);
    bench_push(b, way[w].in, &piece);
    bench_run(b);
}

/* Of the datagram `w` and `id`: a piece of the bytes it claims, and none that has left before. */
static void check_piece(unsigned w, unsigned id, const uint8_t *data, uint32_t at, uint32_t len)
{
    struct model *m = &model[w][id];
    uint32_t n = 0;

    FUZZ_MUST(m->begun && !m->poisoned);
    FUZZ_MUST(at + len <= DATA && memcmp(data, bytes_of(w) + at, len) == 0);
    for (uint32_t i = at; i < at + len; i++) {
        FUZZ_MUST(m->came[i] && !m->left[i]);
        m->left[i] = true;
    }
    while (n < m->total && m->left[n])
        n++;
    if (m->total == 0 || n < m->total)
        return;
    fuzz_reached(WHOLE);
    if (m->late_first)
        fuzz_reached(REORDERED);
    m->begun = false; /* the next one of this identification is another datagram */
}

/* Which datagram, by who gets it and by family. */
static unsigned way_of(const char *port, bool six)
{
    for (unsigned w = 0; w < WAYS; w++)
        if (strcmp(way[w].out, port) == 0 && (strchr(way[w].flow.src, ':') != NULL) == six)
            return w;
    FUZZ_MUST(false);
    return 0;
}

static void check_frame(const char *port)
{
    const uint8_t *ip = got.b + FR_L3;
    bool six = fr_get16(got.b + 12) == 0x86DD;
    unsigned w = way_of(port, six);

    fuzz_reached(six ? SIX : TUNNELLED);
    if (six) {
        FUZZ_MUST(ip[6] == 44);
        check_piece(w, fr_get32(ip + 44) - 7, ip + 48, fr_get16(ip + 42) & 0xFFF8u,
                    fr_get16(ip + 4) - 8u);
    } else {
        check_piece(w, fr_get16(ip + 4) - 7u, ip + 20, (fr_get16(ip + 6) & 0x1FFFu) * 8,
                    fr_get16(ip + 2) - 20u);
    }
}

static void look(struct bench *b)
{
    for (uint32_t i = 0; i < b->names; i++) {
        const char *port = b->port[i].name;

        while (bench_pop(b, port, &got))
            if (strcmp(port, "up") != 0)
                check_frame(port);
    }
}

/* A datagram has a second for all of its pieces. */
static void pass(struct bench *b, uint64_t ns)
{
    bench_sleep(b, ns);
    for (unsigned i = 0; i < WAYS * IDS; i++) {
        struct model *m = &model[i / IDS][i % IDS];

        if (m->begun && b->now >= m->born + SECOND) {
            m->begun = false;
            fuzz_reached(AGED);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct bench *b = world();

    if (whole[0].len == 0)
        make_wholes();
    memset(model, 0, sizeof model);
    for (unsigned i = 0; i < PIECES && in.n >= 3; i++) {
        uint8_t what = fuzz_8(&in);
        unsigned w = what % 8, id = what >> 3 & 1;
        uint32_t at = fuzz_8(&in) * 8u % DATA, len = 16 + fuzz_8(&in) * 8u % (PIECE - 16);
        bool more = !(what & 0x80);

        if (w >= WAYS) {
            pass(b, w == 6 ? 400000000 : SECOND + 100000000);
            continue;
        }
        if (at + len > DATA)
            len = DATA - at;
        if (len < 16 || (at == 0 && !more)) /* an atomic one is no fragment */
            continue;
        note(&model[w][id], at, len, more, b->now);
        if (model[w][id].begun && model[w ^ 1][id].begun)
            fuzz_reached(BOTH_TENANTS);
        push(b, w, id, at, len, more);
        look(b);
    }
    pass(b, 2 * SECOND);
    look(b);
    world_settle(b);
    return 0;
}
