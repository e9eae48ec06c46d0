/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decapsulation: packets of a tunnel, over IPv4 and IPv6, VXLAN and Geneve, from a host that is known or not; what is in them
 * from the tunnel's header on is the input's. Through NIC and firmware: what comes out goes to guests of that network alone, as
 * it was sent, and everything is accounted for.
 */
#include <string.h>

#include "hsring/check.h"
#include "world.h"

enum { DELIVERED4, DELIVERED6, OVER6, BY_GENEVE, REFUSED, ANSWERED };
const char *const fuzz_depths[] = {"an IPv4 packet for a guest",
                                   "an IPv6 packet for a guest",
                                   "one that came over IPv6",
                                   "one that came by Geneve",
                                   "several reasons against others",
                                   "answered by us",
                                   NULL};

enum { HOW_OVER6 = 1, HOW_GENEVE = 2, HOW_STRANGER = 4, HOW_BROKEN_SUMS = 8, HOW_OURS = 16 };

#define PACKETS 6
#define BODY    1500

/* All that was sent: a fragment may wait for a later packet. */
static struct packet {
    struct fr frame;
    uint8_t how;
} sent[PACKETS];
static struct fr got;

/* Outer headers around the frame, the tunnel's own header being in it. */
static void wrap(struct packet *p)
{
    static uint8_t body[BODY + 100];
    struct fr *frame = &p->frame;
    uint8_t how = p->how;
    struct fr_flow f = outer_of[how & HOW_OVER6 ? 1 : 0];
    uint32_t len = frame->len;

    if (how & HOW_STRANGER)
        f.src = how & HOW_OVER6 ? "2001:db8::77" : "192.0.2.77";
    f.dport = how & HOW_GENEVE ? 6081 : 4789;
    memcpy(body, frame->b, len);
    fr_udp_with(frame, &f, body, len);
    if (!(how & HOW_OVER6)) /* as most senders do */
        fr_put16(frame->b + FR_L3 + 26, 0);
    if (!(how & HOW_BROKEN_SUMS))
        fr_mend(frame->b, frame->len);
}

/* Where the inner frame begins, 0: there is none. */
static uint32_t inner_at(const struct packet *p)
{
    const struct fr *frame = &p->frame;
    uint32_t at = p->how & HOW_OVER6 ? FR_INNER6 : FR_INNER;

    if (p->how & HOW_GENEVE && frame->len > at - 8)
        at += (frame->b[at - 8] & 63u) * 4u;
    return at < frame->len ? at : 0;
}

static uint32_t vni_of(const struct packet *p)
{
    return inner_at(p) == 0
               ? 0
               : fr_get32(p->frame.b + (p->how & HOW_OVER6 ? FR_INNER6 : FR_INNER) - 4) >> 8;
}

/* Where the IP header begins, behind tags. */
static uint32_t l3_at(const uint8_t *frame)
{
    uint32_t at = 12;

    while (fr_get16(frame + at) == 0x8100 || fr_get16(frame + at) == 0x88A8 ||
           fr_get16(frame + at) == 0x9100)
        at += 4;
    return at + 2;
}

/* Behind its IP header the packet is what was sent, and no byte longer. */
static bool is_like(const struct packet *p)
{
    const uint8_t *inner = p->frame.b + inner_at(p), *ip = got.b + l3_at(got.b);
    uint32_t left = p->frame.len - inner_at(p), l3 = l3_at(inner), len = got.len - l3_at(got.b);
    uint32_t head = ip[0] >> 4 == 6 ? 40 : (ip[0] & 15u) * 4u;

    return l3 + len <= left && head <= len && memcmp(ip + head, inner + l3 + head, len - head) == 0;
}

/* May this one have come out of that one? */
static bool may_be(const char *port, const struct packet *p)
{
    uint32_t network = p->how & HOW_GENEVE ? 200 : 100;

    return !(p->how & HOW_STRANGER) && world_vni(port) == network && vni_of(p) == network &&
           (fr_get16(got.b + 12) == 0x0806 || is_like(p));
}

static void came_of(const struct packet *p)
{
    const uint8_t *ip = got.b + l3_at(got.b);
    bool six = ip[0] >> 4 == 6;

    if (fr_get16(got.b + 12) == 0x0806)
        return;
    FUZZ_MUST(got.len - l3_at(got.b) == (six ? 40u + fr_get16(ip + 4) : fr_get16(ip + 2)));
    fuzz_reached(six ? DELIVERED6 : DELIVERED4);
    if (p->how & HOW_OVER6)
        fuzz_reached(OVER6);
    if (p->how & HOW_GENEVE)
        fuzz_reached(BY_GENEVE);
}

static void look_at(const char *port, unsigned packets)
{
    unsigned i = packets;

    if (world_vni(port) == 0) {
        fuzz_reached(ANSWERED);
        return;
    }
    FUZZ_MUST(fr_get_mac(got.b) == world_mac(port));
    while (i > 0 && !may_be(port, &sent[i - 1])) /* mostly the last one */
        i--;
    FUZZ_MUST(i > 0);
    came_of(&sent[i - 1]);
}

static void look(struct bench *b, unsigned packets)
{
    for (uint32_t i = 0; i < b->names; i++)
        while (bench_pop(b, b->port[i].name, &got))
            look_at(b->port[i].name, packets);
}

static unsigned reasons(struct bench *b)
{
    const struct hsr_port_stats *s = &nic_region(b->nic)->view.stats[bench_index(b, "up")];
    unsigned n = 0;

    for (unsigned r = 1; r < HSR_DROP_COUNT; r++)
        n += s->drops[r] > 0;
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = {data, size};
    struct bench *b = world();

    for (unsigned i = 0; i < PACKETS && in.n > 0; i++) {
        struct packet *p = &sent[i];
        uint32_t len;

        p->how = fuzz_8(&in);
        len = fuzz_16(&in) % (BODY + 1);
        p->frame.len = fuzz_bytes(&in, p->frame.b, len);
        /* The networks there are, else nearly every packet would be of none. */
        if (p->how & HOW_OURS && p->frame.len >= 8)
            fr_put32(p->frame.b + 4, (p->how & HOW_GENEVE ? 200u : 100u) << 8);
        wrap(p);
        bench_push(b, "up", &p->frame);
        bench_run(b);
        look(b, i + 1);
    }
    world_settle(b);
    if (reasons(b) > 5)
        fuzz_reached(REFUSED);
    return 0;
}
