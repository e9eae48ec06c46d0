/* SPDX-License-Identifier: Apache-2.0 */
#include "preproc/publics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hsring/bytes.h"
#include "hsring/wire.h"

#define PLACE_MASK (PP_PUBLIC_PLACES - 1)
_Static_assert(PP_PUBLIC_PLACES == 1 << 15, "home() gives fifteen bits");

struct pp_publics *pp_publics_open(void)
{
    return calloc(1, sizeof(struct pp_publics));
}

void pp_publics_close(struct pp_publics *publics)
{
    free(publics);
}

void pp_publics_clear(struct pp_publics *publics)
{
    memset(publics->place, 0, sizeof publics->place);
    publics->used = 0;
}

static uint32_t what(unsigned family, uint8_t proto, uint16_t port)
{
    return (uint32_t)family << 24 | (uint32_t)proto << 16 | port;
}

struct pp_public pp_public_of(const uint8_t addr[16], uint8_t family, uint8_t proto, uint16_t port)
{
    struct pp_public p = {.target = PP_PUBLIC_NOBODY};

    if (family == 4) {
        p.addr[1] = hsr_load32(addr);
    } else if (family == 6) {
        p.addr[0] = hsr_load64(addr);
        p.addr[1] = hsr_load64(addr + 8);
    } else {
        return p;
    }
    p.what = what(family, proto, port);
    return p;
}

static uint32_t home(const struct pp_public *p)
{
    uint64_t h = (p->addr[0] ^ p->what) * UINT64_C(0x9E3779B97F4A7C15);

    h = (h ^ h >> 32 ^ p->addr[1]) * UINT64_C(0xBF58476D1CE4E5B9);
    return (uint32_t)(h >> 49);
}

/* Its place, or the free one where it would go; there always is one. */
static uint32_t find(const struct pp_publics *t, const struct pp_public *p)
{
    uint32_t i = home(p);

    while (t->place[i].what != 0 &&
           (t->place[i].what != p->what || t->place[i].addr[1] != p->addr[1] ||
            t->place[i].addr[0] != p->addr[0]))
        i = (i + 1) & PLACE_MASK;
    return i;
}

/* Close the gap at `hole`: move up what stands there only because its own place was taken. */
static void close_gap(struct pp_publics *t, uint32_t hole)
{
    uint32_t i = hole;

    for (;;) {
        t->place[hole].what = 0;
        do {
            i = (i + 1) & PLACE_MASK;
            if (t->place[i].what == 0)
                return;
        } while (((i - home(&t->place[i])) & PLACE_MASK) < ((i - hole) & PLACE_MASK));
        t->place[hole] = t->place[i];
        hole = i;
    }
}

int pp_publics_set(struct pp_publics *t, const struct pp_public *entry)
{
    uint32_t i = find(t, entry);
    bool known = t->place[i].what != 0;

    if (entry->what == 0)
        return -EINVAL;
    if (entry->target == PP_PUBLIC_NOBODY) {
        if (!known)
            return -ENOENT;
        close_gap(t, i);
        t->used--;
        return 0;
    }
    if (!known && t->used == PP_PUBLICS)
        return -ENOSPC;
    t->used += !known;
    t->high = t->used > t->high ? t->used : t->high;
    t->place[i] = *entry;
    return 0;
}

static bool has_port(uint8_t proto)
{
    return proto == HSR_PROTO_TCP || proto == HSR_PROTO_UDP;
}

uint16_t pp_publics_find(const struct pp_publics *t, const struct hsr_key *key, bool swap)
{
    uint64_t tail = hsr_key_tail(key);
    uint8_t proto = hsr_key_proto(tail);
    struct pp_public p = {0};
    uint32_t i;

    if (t->used == 0)
        return PP_PUBLIC_NOBODY;
    if (key->ipv6) {
        p.addr[0] = key->w[swap ? 0 : 2];
        p.addr[1] = key->w[swap ? 1 : 3];
    } else {
        p.addr[1] = swap ? key->w[0] >> 32 : (uint32_t)key->w[0];
    }
    if (has_port(proto)) {
        p.what = what(key->ipv6 ? 6 : 4, proto, hsr_key_port(tail, !swap));
        i = find(t, &p);
        if (t->place[i].what != 0)
            return t->place[i].target;
    }
    p.what = what(key->ipv6 ? 6 : 4, 0, 0);
    i = find(t, &p);
    return t->place[i].what != 0 ? t->place[i].target : PP_PUBLIC_NOBODY;
}
