/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public addresses: whose they are and how that changes, the document's part that says so, and who has been seen under which
 * towards whom. Lists, looked through from the first to the last.
 */
#include <string.h>

#include "sim.h"

#define ROOMY 30000 /* ports of a pool that no seed uses up */

const char *sim_public_ip(bool six, unsigned pub)
{
    static char text[2][SIM_PUBLICS][40];

    snprintf(text[six][pub], sizeof text[0][0], six ? "2001:db8:203::%x" : "203.0.113.%u", 1 + pub);
    return text[six][pub];
}

const char *sim_host_ip(bool six, unsigned host)
{
    static char text[2][SIM_HOSTS][40];

    snprintf(text[six][host], sizeof text[0][0], six ? "2001:db8:198::%x" : "198.51.100.%u",
             9 + host);
    return text[six][host];
}

/* ---- whose? ---- */

unsigned sim_eip(const struct sim *s, bool six, unsigned tenant, unsigned guest)
{
    for (unsigned i = 0; i < SIM_PUBLICS; i++) {
        const struct sim_public *p = &s->config.pub[six][i];

        if (p->role == SIM_EIP && p->tenant == tenant && p->guest == guest)
            return i;
    }
    return SIM_UNKNOWN;
}

static bool in_pool(const struct sim *s, bool six, unsigned pub, unsigned tenant)
{
    const struct sim_public *p = &s->config.pub[six][pub];

    return p->role == SIM_POOL && p->tenant == tenant;
}

static bool has_pool(const struct sim *s, bool six, unsigned tenant)
{
    for (unsigned i = 0; i < SIM_PUBLICS; i++)
        if (in_pool(s, six, i, tenant))
            return true;
    return false;
}

bool sim_shares(const struct sim *s, bool six, unsigned tenant, unsigned guest)
{
    return sim_eip(s, six, tenant, guest) == SIM_UNKNOWN && has_pool(s, six, tenant);
}

bool sim_gets_out(const struct sim *s, bool six, unsigned tenant, unsigned guest)
{
    return sim_eip(s, six, tenant, guest) != SIM_UNKNOWN || has_pool(s, six, tenant);
}

bool sim_may_run_out(const struct sim *s, unsigned tenant)
{
    return s->config.hi[tenant] - s->config.lo[tenant] < ROOMY;
}

bool sim_is_its(const struct sim *s, bool six, unsigned tenant, unsigned guest, struct sim_end end,
                uint16_t own)
{
    unsigned eip = sim_eip(s, six, tenant, guest);

    if (eip != SIM_UNKNOWN)
        return eip == end.pub && end.port == own;
    return in_pool(s, six, end.pub, tenant) && end.port >= s->config.lo[tenant] &&
           end.port <= s->config.hi[tenant];
}

bool sim_ever_had(const struct sim *s, bool six, unsigned tenant, unsigned guest, unsigned pub)
{
    return s->had[six][pub][tenant] >> guest & 1;
}

/* For who is under way while it changes. */
static void note_owners(struct sim *s)
{
    for (unsigned i = 0; i < 2 * SIM_PUBLICS; i++) {
        const struct sim_public *p = &s->config.pub[i % 2][i / 2];

        if (p->role == SIM_EIP)
            s->had[i % 2][i / 2][p->tenant] |= (uint8_t)(1u << p->guest);
        else if (p->role == SIM_POOL)
            s->had[i % 2][i / 2][p->tenant] = UINT8_MAX;
    }
}

/* ---- who has been seen? ---- */

void sim_seen_add(struct sim *s, const struct sim_seen *seen)
{
    s->seen[s->seens++ % SIM_SEEN] = *seen;
}

static uint32_t seens(const struct sim *s)
{
    return s->seens < SIM_SEEN ? s->seens : SIM_SEEN;
}

const struct sim_seen *sim_seen_draw(struct sim *s)
{
    return s->seens == 0 ? NULL : &s->seen[draw_below(&s->draw, seens(s))];
}

const struct sim_seen *sim_seen_find(const struct sim *s, const struct sim_seen *like)
{
    for (uint32_t i = 0; i < seens(s); i++) {
        const struct sim_seen *o = &s->seen[i];

        if (o->six == like->six && o->kind == like->kind && o->host == like->host &&
            o->port == like->port && o->end.pub == like->end.pub && o->end.port == like->end.port &&
            o->tenant == like->tenant && o->guest == like->guest && o->own == like->own)
            return o;
    }
    return NULL;
}

/* ---- changes ---- */

static void draw_public(struct sim *s, bool six, unsigned pub)
{
    struct draw *d = &s->draw;
    struct sim_public *p = &s->config.pub[six][pub];
    uint32_t roll = draw_below(d, 100);
    unsigned tenant = draw_below(d, s->tenants), guest = draw_below(d, s->guests);

    *p = (struct sim_public){.role = SIM_UNUSED};
    if (roll < 45) {
        if (s->config.guest[tenant][guest].here && sim_eip(s, six, tenant, guest) == SIM_UNKNOWN)
            *p = (struct sim_public){SIM_EIP, (uint8_t)tenant, (uint8_t)guest};
    } else if (roll < 85 && !s->two) {
        /* Two firmwares would each choose a port of their own. */
        *p = (struct sim_public){.role = SIM_POOL, .tenant = (uint8_t)tenant};
    }
}

static void draw_range(struct sim *s, unsigned tenant)
{
    bool few = draw_chance(&s->draw, 30);

    s->config.lo[tenant] = few ? (uint16_t)draw_from(&s->draw, 1024, 1200) : 1024;
    s->config.hi[tenant] =
        few ? (uint16_t)(s->config.lo[tenant] + draw_from(&s->draw, 0, 60)) : 65535;
}

void sim_draw_publics(struct sim *s)
{
    s->publics = draw_chance(&s->draw, 60);
    for (unsigned i = 0; s->publics && i < 2 * SIM_PUBLICS; i++)
        draw_public(s, i % 2, i / 2);
    for (unsigned t = 0; t < SIM_TENANTS; t++)
        draw_range(s, t);
    note_owners(s);
}

void sim_draw_public_change(struct sim *s)
{
    if (draw_chance(&s->draw, 30))
        draw_range(s, draw_below(&s->draw, s->tenants));
    else
        draw_public(s, draw_chance(&s->draw, 40), draw_below(&s->draw, SIM_PUBLICS));
    note_owners(s);
}

/* Who is seen under what is no more its own, or in another way, begins anew; who addresses it has nothing to say any more. */
void sim_publics_changed(struct sim *s)
{
    for (unsigned i = 0; i < SIM_FLOWS; i++) {
        struct sim_flow *f = &s->flow[i];
        unsigned in = f->end[0] == SIM_OUTSIDE;

        if (!f->used || !sim_is_outside(f) ||
            (f->seen_as.pub != SIM_UNKNOWN &&
             f->seen_by == s->config.pub[f->six][f->seen_as.pub].role &&
             sim_is_its(s, f->six, f->tenant, f->end[in], f->seen_as, f->port[in])))
            continue;
        f->sure = false;
        f->states |= SIM_NONE;
        f->moved = true;
        f->was_eip |= f->seen_as.pub != SIM_UNKNOWN && f->seen_by == SIM_EIP &&
                      s->config.pub[f->six][f->seen_as.pub].role == SIM_POOL;
        if (in || f->kind == SIM_TCP)
            sim_flow_close(f);
        else
            f->seen_as.pub = SIM_UNKNOWN;
    }
}

/* ---- the document ---- */

static void write_eips(const struct sim *s, FILE *f)
{
    const char *head = "eips:\n";

    for (unsigned i = 0; i < 2 * SIM_PUBLICS; i++) {
        const struct sim_public *p = &s->config.pub[i % 2][i / 2];
        unsigned tenant = p->tenant, guest = p->guest;

        if (p->role != SIM_EIP)
            continue;
        sim_plant_eip(s, i % 2, &tenant, &guest);
        fprintf(f, "%s  - {name: e%u, address: \"%s\", vnic: t%ug%u}\n", head, i,
                sim_public_ip(i % 2, i / 2), tenant, guest);
        head = "";
    }
}

static void write_pools(const struct sim *s, FILE *f)
{
    const char *head = "snat:\n";

    for (unsigned t = 0; t < s->tenants; t++) {
        const char *comma = "";

        if (!has_pool(s, false, t) && !has_pool(s, true, t))
            continue;
        fprintf(f, "%s  - {name: p%u, vpc: t%u, ports: %u-%u, addresses: [", head, t, t,
                s->config.lo[t], s->config.hi[t]);
        head = "";
        for (unsigned i = 0; i < 2 * SIM_PUBLICS; i++) {
            if (!in_pool(s, i % 2, i / 2, t))
                continue;
            fprintf(f, "%s\"%s\"", comma, sim_public_ip(i % 2, i / 2));
            comma = ", ";
        }
        fputs("]}\n", f);
    }
}

void sim_write_publics(const struct sim *s, FILE *f)
{
    if (!s->publics)
        return;
    fputs("routes:\n", f);
    for (unsigned t = 0; t < s->tenants; t++) {
        fprintf(f,
                "  - {vpc: t%u, prefix: 198.51.100.0/24, type: external}\n"
                "  - {vpc: t%u, prefix: \"2001:db8:198::/48\", type: external}\n",
                t, t);
    }
    write_eips(s, f);
    write_pools(s, f);
}
