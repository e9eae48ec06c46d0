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

static struct fr sent, got;

/* Outer headers around `sent`, the tunnel's own header being in it. */
static void wrap(uint8_t how)
{
    static uint8_t body[BODY + 100];
    struct fr_flow f = outer_of[how & HOW_OVER6 ? 1 : 0];
    uint32_t len = sent.len;

    if (how & HOW_STRANGER)
        f.src = how & HOW_OVER6 ? "2001:db8::77" : "192.0.2.77";
    f.dport = how & HOW_GENEVE ? 6081 : 4789;
    memcpy(body, sent.b, len);
    fr_udp_with(&sent, &f, body, len);
    if (!(how & HOW_OVER6)) /* as most senders do */
        fr_put16(sent.b + FR_L3 + 26, 0);
    if (!(how & HOW_BROKEN_SUMS))
        fr_mend(sent.b, sent.len);
}

/* Where the inner frame begins, 0: there is none. */
static uint32_t inner_at(uint8_t how)
{
    uint32_t at = how & HOW_OVER6 ? FR_INNER6 : FR_INNER;

    if (how & HOW_GENEVE && sent.len > at - 8)
        at += (sent.b[at - 8] & 63u) * 4u;
    return at < sent.len ? at : 0;
}

static uint32_t vni_of(uint8_t how)
{
    return sent.len < inner_at(how) || inner_at(how) == 0
               ? 0
               : fr_get32(sent.b + (how & HOW_OVER6 ? FR_INNER6 : FR_INNER) - 4) >> 8;
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
static void is_what_was_sent(uint8_t how)
{
    const uint8_t *inner = sent.b + inner_at(how), *ip = got.b + l3_at(got.b);
    uint32_t left = sent.len - inner_at(how), l3 = l3_at(inner);
    bool six = ip[0] >> 4 == 6;
    uint32_t head = six ? 40 : (ip[0] & 15u) * 4u, len = got.len - l3_at(got.b);

    FUZZ_MUST(len == (six ? 40u + fr_get16(ip + 4) : fr_get16(ip + 2)));
    FUZZ_MUST(l3 + len <= left && head <= len);
    FUZZ_MUST(memcmp(ip + head, inner + l3 + head, len - head) == 0);
    fuzz_reached(six ? DELIVERED6 : DELIVERED4);
    if (how & HOW_OVER6)
        fuzz_reached(OVER6);
    if (how & HOW_GENEVE)
        fuzz_reached(BY_GENEVE);
}

static void look(struct bench *b, uint8_t how)
{
    uint32_t network = how & HOW_GENEVE ? 200 : 100;

    for (uint32_t i = 0; i < b->names; i++) {
        const char *port = b->port[i].name;

        while (bench_pop(b, port, &got)) {
            if (world_vni(port) == 0) {
                fuzz_reached(ANSWERED);
                continue;
            }
            FUZZ_MUST(!(how & HOW_STRANGER));
            FUZZ_MUST(world_vni(port) == network && vni_of(how) == network);
            FUZZ_MUST(fr_get_mac(got.b) == world_mac(port));
            if (fr_get16(got.b + 12) != 0x0806)
                is_what_was_sent(how);
        }
    }
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
        uint8_t how = fuzz_8(&in);
        uint32_t len = fuzz_16(&in) % (BODY + 1);

        sent.len = fuzz_bytes(&in, sent.b, len);
        /* The networks there are, else nearly every packet would be of none. */
        if (how & HOW_OURS && sent.len >= 8)
            fr_put32(sent.b + 4, (how & HOW_GENEVE ? 200u : 100u) << 8);
        wrap(how);
        bench_push(b, "up", &sent);
        bench_run(b);
        look(b, how);
    }
    world_settle(b);
    if (reasons(b) > 5)
        fuzz_reached(REFUSED);
    return 0;
}
