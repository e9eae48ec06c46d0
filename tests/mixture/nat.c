/* SPDX-License-Identifier: Apache-2.0 */
/* Who has which public address, in each of the configurations that follow one another. */
#include <string.h>

#include "mixture.h"

static unsigned local_guest(struct mix_world *w, unsigned tenant)
{
    unsigned guest;

    do
        guest = draw_below(&w->draw, w->guests);
    while (w->guest[tenant][guest].remote);
    return guest;
}

unsigned mix_eip_of(const struct mix_nat *n, bool six, unsigned tenant, unsigned guest)
{
    for (unsigned i = 0; i < MIX_PUBLICS; i++) {
        const struct mix_owner *o = &n->owner[six][i];

        if (o->role == MIX_EIP && o->tenant == tenant && o->guest == guest)
            return i;
    }
    return MIX_UNBOUND;
}

bool mix_in_pool(const struct mix_owner *o, unsigned tenant)
{
    return o->role == MIX_POOL && o->tenants >> tenant & 1;
}

bool mix_has_pool(const struct mix_nat *n, bool six, unsigned tenant)
{
    for (unsigned i = 0; i < MIX_PUBLICS; i++)
        if (mix_in_pool(&n->owner[six][i], tenant))
            return true;
    return false;
}

const struct mix_forward *mix_forward_of(const struct mix_nat *n, bool six, unsigned pub,
                                         uint8_t proto, uint16_t port)
{
    for (unsigned i = 0; i < n->forwards; i++) {
        const struct mix_forward *f = &n->forward[i];

        if (f->six == six && f->pub == pub && f->proto == proto && f->port == port)
            return f;
    }
    return NULL;
}

bool mix_is_seen_as(const struct mix_nat *n, bool six, unsigned tenant, unsigned guest,
                    unsigned pub, uint8_t proto, uint16_t port)
{
    const struct mix_owner *o = &n->owner[six][pub];
    const struct mix_forward *f = mix_forward_of(n, six, pub, proto, port);
    unsigned own = mix_eip_of(n, six, tenant, guest);

    if (f != NULL)
        return f->tenant == tenant && f->guest == guest;
    if (own != MIX_UNBOUND)
        return own == pub;
    return mix_in_pool(o, tenant) && port >= n->lo[tenant] && port <= n->hi[tenant];
}

static void draw_owner(struct mix_world *w, struct mix_nat *n, bool six, unsigned pub)
{
    struct mix_owner *o = &n->owner[six][pub];
    uint32_t roll = draw_below(&w->draw, 100);
    unsigned tenant = draw_below(&w->draw, w->tenants), guest = local_guest(w, tenant);

    memset(o, 0, sizeof *o);
    if (roll < 40 && mix_eip_of(n, six, tenant, guest) == MIX_UNBOUND) {
        *o =
            (struct mix_owner){.role = MIX_EIP, .tenant = (uint8_t)tenant, .guest = (uint8_t)guest};
    } else if (roll < 80) {
        o->role = MIX_POOL;
        o->tenants = (uint8_t)(1u << tenant);
        if (draw_chance(&w->draw, 30))
            o->tenants |= (uint8_t)(1u << draw_below(&w->draw, w->tenants));
    }
}

/* All ports, as by default, or a few, which run out. */
static void draw_range(struct mix_world *w, struct mix_nat *n, unsigned tenant)
{
    switch (draw_below(&w->draw, 4)) {
    case 0:
        n->lo[tenant] = (uint16_t)draw_from(&w->draw, 2000, 30000);
        n->hi[tenant] = (uint16_t)(n->lo[tenant] + draw_below(&w->draw, 64));
        break;
    case 1:
        n->lo[tenant] = 4000;
        n->hi[tenant] = 12000;
        break;
    default:
        n->lo[tenant] = 1024;
        n->hi[tenant] = 65535;
    }
}

static void draw_forwards(struct mix_world *w, struct mix_nat *n)
{
    n->forwards = 0;
    for (uint32_t tries = draw_below(&w->draw, MIX_FORWARDS + 1); tries > 0; tries--) {
        struct mix_forward f = {.six = draw_chance(&w->draw, 40),
                                .pub = (uint8_t)draw_below(&w->draw, MIX_PUBLICS),
                                .proto = draw_chance(&w->draw, 50) ? 6 : 17,
                                .port = (uint16_t)draw_from(
                                    &w->draw, 2000, 2040), /* in the middle of what pools have */
                                .tenant = (uint8_t)draw_below(&w->draw, w->tenants)};

        f.guest = (uint8_t)local_guest(w, f.tenant);
        if (n->owner[f.six][f.pub].role == MIX_POOL &&
            mix_forward_of(n, f.six, f.pub, f.proto, f.port) == NULL)
            n->forward[n->forwards++] = f;
    }
}

static void draw_first(struct mix_world *w, struct mix_nat *n)
{
    for (unsigned six = 0; six < 2; six++)
        for (unsigned i = 0; i < MIX_PUBLICS; i++)
            draw_owner(w, n, six, i);
    for (unsigned tenant = 0; tenant < w->tenants; tenant++)
        draw_range(w, n, tenant);
    draw_forwards(w, n);
}

/* Much stays as it is: what nobody changes has to go on. */
static void draw_change(struct mix_world *w, struct mix_nat *n)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < 2 * MIX_PUBLICS; i++)
        if (draw_chance(&w->draw, 20))
            draw_owner(w, n, i >= MIX_PUBLICS, i % MIX_PUBLICS);
    for (unsigned tenant = 0; tenant < w->tenants; tenant++)
        if (draw_chance(&w->draw, 20))
            draw_range(w, n, tenant);
    for (unsigned i = 0; i < n->forwards; i++) {
        struct mix_forward *f = &n->forward[i];

        if (n->owner[f->six][f->pub].role != MIX_POOL || draw_chance(&w->draw, 20))
            continue;
        if (draw_chance(&w->draw, 20))
            f->guest = (uint8_t)local_guest(w, f->tenant);
        n->forward[kept++] = *f;
    }
    n->forwards = kept;
    if (kept == 0)
        draw_forwards(w, n);
}

void mix_nat_draw(struct mix_world *w)
{
    w->states = draw_chance(&w->draw, 70) ? draw_from(&w->draw, 1, MIX_STATES) : 0;
    for (unsigned i = 0; i < w->states; i++) {
        if (i == 0) {
            draw_first(w, &w->nat[0]);
        } else {
            w->nat[i] = w->nat[i - 1];
            draw_change(w, &w->nat[i]);
        }
    }
}

static void write_eips(const struct mix_nat *n, FILE *f)
{
    const char *head = "eips:\n";

    for (unsigned six = 0; six < 2; six++) {
        for (unsigned i = 0; i < MIX_PUBLICS; i++) {
            const struct mix_owner *o = &n->owner[six][i];

            if (o->role != MIX_EIP)
                continue;
            fprintf(f, "%s  - {name: e%ux%u, address: \"%s\", vnic: t%ug%u}\n", head, six, i,
                    mix_public_ip(six, i), o->tenant, o->guest);
            head = "";
        }
    }
}

static void write_pools(const struct mix_world *w, const struct mix_nat *n, FILE *f)
{
    const char *head = "snat:\n";

    for (unsigned tenant = 0; tenant < w->tenants; tenant++) {
        if (!mix_has_pool(n, false, tenant) && !mix_has_pool(n, true, tenant))
            continue;
        fprintf(f, "%s  - {name: p%u, vpc: t%u, ports: %u-%u, addresses: [", head, tenant, tenant,
                n->lo[tenant], n->hi[tenant]);
        head = "";
        const char *comma = "";

        for (unsigned i = 0; i < 2 * MIX_PUBLICS; i++) {
            bool six = i >= MIX_PUBLICS;

            if (!mix_in_pool(&n->owner[six][i % MIX_PUBLICS], tenant))
                continue;
            fprintf(f, "%s\"%s\"", comma, mix_public_ip(six, i % MIX_PUBLICS));
            comma = ", ";
        }
        fputs("]}\n", f);
    }
}

void mix_nat_write(const struct mix_world *w, unsigned state, FILE *f)
{
    const struct mix_nat *n = &w->nat[state];

    fputs("routes:\n", f);
    for (unsigned tenant = 0; tenant < w->tenants; tenant++) {
        fprintf(f,
                "  - {vpc: t%u, prefix: 0.0.0.0/0, type: external}\n"
                "  - {vpc: t%u, prefix: \"::/0\", type: external}\n",
                tenant, tenant);
    }
    write_eips(n, f);
    write_pools(w, n, f);
    for (unsigned i = 0; i < n->forwards; i++) {
        const struct mix_forward *o = &n->forward[i];

        fprintf(f,
                "%s  - {name: f%u, address: \"%s\", protocol: %s, port: %u, vnic: t%ug%u, "
                "inside_port: %u}\n",
                i == 0 ? "forwards:\n" : "", i, mix_public_ip(o->six, o->pub),
                o->proto == 6 ? "tcp" : "udp", o->port, o->tenant, o->guest, MIX_INSIDE_PORT);
    }
}
