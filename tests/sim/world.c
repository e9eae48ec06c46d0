/* SPDX-License-Identifier: Apache-2.0 */
/* A network of tenants who all use the same addresses, drawn small, and the document that says so. */
#include <stdlib.h>
#include <string.h>

#include "sim.h"

void sim_port_name(unsigned tenant, unsigned guest, char name[16])
{
    if (guest == SIM_UPLINK)
        snprintf(name, 16, "uplink");
    else
        snprintf(name, 16, "t%ug%u", tenant, guest);
}

static void draw_guest(struct sim *s, unsigned tenant, unsigned g)
{
    struct draw *d = &s->draw;
    struct sim_guest *guest = &s->config.guest[tenant][g];

    guest->here = g < 2 || draw_chance(d, 55);
    guest->vtep = (uint8_t)draw_below(d, SIM_VTEPS);
    guest->subnet = (uint8_t)draw_below(d, 2);
    guest->groups = (uint8_t)draw_from(d, 1, 2);
    for (unsigned i = 0; i < guest->groups; i++)
        guest->group[i] = (uint8_t)draw_below(d, SIM_GROUPS);
    guest->mac = UINT64_C(0x020000000001) + g;
    snprintf(guest->ip4, sizeof guest->ip4, "10.%u.0.%u", 1 + guest->subnet, 10 + g);
    snprintf(guest->ip6, sizeof guest->ip6, "fd00:%u::%x", 1 + guest->subnet, 10 + g);
}

static void draw_rule(struct sim *s, struct sim_rule *r)
{
    static const uint8_t protos[] = {0, 0, 6, 17, 1, 58};
    struct draw *d = &s->draw;

    r->ingress = draw_chance(d, 50);
    r->allow = draw_chance(d, 75);
    r->priority = (uint8_t)draw_from(d, 1, 3);
    r->proto = protos[draw_below(d, sizeof protos)];
    r->remote = (uint8_t)draw_below(d, 3);
    r->which = (uint8_t)draw_below(d, r->remote == SIM_GROUP ? SIM_GROUPS : s->guests);
    r->lo = 0;
    r->hi = 65535;
    if ((r->proto == 6 || r->proto == 17) && draw_chance(d, 40)) {
        r->lo = (uint16_t)draw_from(d, 80, 83);
        r->hi = (uint16_t)(r->lo + draw_below(d, 2));
    }
}

/* The first two rules of a group let much pass, so that there is traffic to speak of. */
static void draw_group(struct sim *s, unsigned group)
{
    struct sim_rule *r = s->config.group[group].rule;
    bool open = draw_chance(&s->draw, 70);

    s->config.group[group].rules = draw_from(&s->draw, 2, SIM_RULES);
    for (unsigned i = 0; i < s->config.group[group].rules; i++) {
        draw_rule(s, &r[i]);
        if (open && i < 2)
            r[i] = (struct sim_rule){.ingress = i == 1, .allow = true, .priority = 3, .hi = 65535};
    }
}

static void draw_faults(struct sim *s)
{
    if (s->options->no_faults || s->options->soak > 0 || draw_chance(&s->draw, 35))
        return;
    for (unsigned n = draw_from(&s->draw, 1, 3); n > 0; n--)
        s->faults |= 1u << draw_below(&s->draw, SIM_FAULTS);
}

void sim_draw_world(struct sim *s)
{
    struct draw *d = &s->draw;

    draw_faults(s);
    s->tenants = draw_from(d, 2, SIM_TENANTS);
    s->guests = draw_from(d, 2, SIM_GUESTS);
    s->steps = draw_from(d, 400, 3000);
    if (s->options->steps > 0)
        s->steps = (unsigned)s->options->steps;
    s->slice = draw_chance(d, 50);
    s->no_flow_index = draw_chance(d, 15);
    s->arena = draw_chance(d, 70);
    s->workers_max = draw_chance(d, 60) ? 1 : draw_from(d, 2, 3);
    s->two = s->workers_max == 1 && draw_chance(d, 50) && s->options->soak == 0;
    s->vector = draw_chance(d, 50) ? 16 : draw_from(d, 1, 16);
    s->config.workers = draw_from(d, 1, s->workers_max);
    s->quota = sim_has(s, SIM_F_TIGHT) && draw_chance(d, 50) ? draw_from(d, 2, 12) : 0;
    for (unsigned t = 0; t < s->tenants; t++)
        for (unsigned g = 0; g < s->guests; g++)
            draw_guest(s, t, g);
    for (unsigned g = 0; g < SIM_GROUPS; g++)
        draw_group(s, g);
    sim_draw_publics(s);
    s->next_port = 1024;
    s->loose = sim_has(s, SIM_F_NOISE);
    /* A wrong flow id may lead a packet to another worker first: it comes later than those behind it. */
    bool led_astray = (sim_has(s, SIM_F_STALE) || sim_has(s, SIM_F_HINTS)) && s->workers_max > 1;

    s->in_order =
        !(s->faults & (1u << SIM_F_LATE | 1u << SIM_F_DOUBLE | 1u << SIM_F_NOISE)) && !led_astray;
    s->exact = (s->faults & ~(1u << SIM_F_CRASH | 1u << SIM_F_BELL)) == 0;
}

void sim_draw_change(struct sim *s)
{
    struct draw *d = &s->draw;
    unsigned t = draw_below(d, s->tenants), g = draw_below(d, s->guests);
    struct sim_guest *guest = &s->config.guest[t][g];

    if (s->publics && draw_chance(d, 40)) {
        sim_draw_public_change(s);
        return;
    }
    switch (draw_below(d, s->workers_max > 1 ? 4 : 3)) {
    case 0:
        draw_group(s, draw_below(d, SIM_GROUPS));
        break;
    case 1:
        guest->group[0] = (uint8_t)draw_below(d, SIM_GROUPS);
        break;
    case 2:
        if (!guest->here)
            guest->vtep = (uint8_t)draw_below(d, SIM_VTEPS);
        break;
    default:
        s->config.workers = draw_from(d, 1, s->workers_max);
    }
}

/*
 * A guest leaves for another host, or comes from one: its port goes or comes, its sessions go, and so does its public address. The
 * first two stay, so that there is somebody to talk to.
 */
void sim_draw_move(struct sim *s)
{
    unsigned t = draw_below(&s->draw, s->tenants), g = draw_from(&s->draw, 2, s->guests - 1);
    struct sim_guest *guest = &s->config.guest[t][g];

    guest->here = !guest->here;
    s->roamed[t] |= (uint8_t)(1u << g);
    for (unsigned i = 0; i < 2 * SIM_PUBLICS; i++) {
        struct sim_public *p = &s->config.pub[i % 2][i / 2];

        if (p->role == SIM_EIP && p->tenant == t && p->guest == g)
            *p = (struct sim_public){.role = SIM_UNUSED};
    }
    for (unsigned i = 0; i < SIM_FLOWS; i++) {
        struct sim_flow *f = &s->flow[i];

        if (f->used && f->tenant == t && (f->end[0] == g || f->end[1] == g))
            sim_flow_moved(s, f);
    }
}

/* ---- the document ---- */

static bool has_port(const struct sim *s, unsigned tenant, unsigned guest)
{
    return s->config.guest[tenant][guest].here || sim_plant_port(s, tenant, guest);
}

static void write_ports(const struct sim *s, FILE *f)
{
    fprintf(f,
            "ports:\n  - {name: uplink, role: uplink, type: ring, device: uplink, mtu: 1700, mac: "
            "02:aa:00:00:00:01, offload: false, address: 192.0.2.1/24, bad_limit: 0%s}\n",
            s->publics
                ? ", gateway: 192.0.2.254, address6: \"fd00:99::1/64\", gateway6: \"fd00:99::fe\""
                : "");
    for (unsigned t = 0; t < s->tenants; t++) {
        for (unsigned g = 0; g < s->guests; g++) {
            const struct sim_guest *guest = &s->config.guest[t][g];

            if (!has_port(s, t, g))
                continue;
            fprintf(f,
                    "  - {name: t%ug%u, role: vnic, type: ring, device: t%ug%u, mtu: 1500, mac: "
                    "02:00:00:00:00:%02x, subnet: t%us%u, addresses: [%s, \"%s\"], bad_limit: 0, "
                    "offload: false, security_groups: [g%u",
                    t, g, t, g, 1 + g, t, guest->subnet, guest->ip4, guest->ip6, guest->group[0]);
            if (guest->groups > 1 && guest->group[1] != guest->group[0])
                fprintf(f, ", g%u", guest->group[1]);
            fputs("]}\n", f);
        }
    }
}

static void write_vpcs(const struct sim *s, FILE *f)
{
    fputs("vpcs:\n", f);
    for (unsigned t = 0; t < s->tenants; t++)
        fprintf(f, "  - {name: t%u, vni: %u}\n", t, SIM_VNI + t);
    fputs("subnets:\n", f);
    for (unsigned t = 0; t < s->tenants; t++) {
        for (unsigned n = 0; n < 2; n++) {
            fprintf(
                f,
                "  - {name: t%us%u, vpc: t%u, prefix4: 10.%u.0.0/24, prefix6: \"fd00:%u::/64\", "
                "gateway4: 10.%u.0.254, gateway6: \"fd00:%u::fe\", gateway_mac: "
                "02:00:5e:00:%02x:fe}\n",
                t, n, t, 1 + n, 1 + n, 1 + n, 1 + n, 1 + n);
        }
    }
}

static void write_mappings(const struct sim *s, FILE *f)
{
    const char *head = "mappings:\n";

    for (unsigned t = 0; t < s->tenants; t++) {
        for (unsigned g = 0; g < s->guests; g++) {
            const struct sim_guest *guest = &s->config.guest[t][g];

            for (unsigned six = 0; six < 2 && !has_port(s, t, g); six++) {
                fprintf(f,
                        "%s  - {vpc: t%u, address: \"%s\", mac: 02:00:00:00:00:%02x, vtep: "
                        "192.0.2.%u}\n",
                        head, t, six ? guest->ip6 : guest->ip4, 1 + g, 2 + guest->vtep);
                head = "";
            }
        }
    }
}

static void write_remote(const struct sim *s, const struct sim_rule *r, bool six, FILE *f)
{
    const struct sim_guest *guest =
        &s->config.guest[0][r->which]; /* in all tenants alike, but for the subnet */

    if (r->remote == SIM_GROUP)
        fprintf(f, ", remote: \"group:g%u\"", r->which);
    else if (r->remote == SIM_ADDRESS)
        fprintf(f, six ? ", remote: \"%s/128\"" : ", remote: %s/32", six ? guest->ip6 : guest->ip4);
}

static void write_rule(const struct sim *s, const struct sim_rule *r, FILE *f)
{
    for (unsigned six = 0; six < (r->remote == SIM_ADDRESS ? 2 : 1); six++) {
        if (r->remote == SIM_ADDRESS && r->proto == (six ? 1 : 58))
            continue; /* never has an address of this family */
        fprintf(f, "      - {direction: %s, action: %s, priority: %u",
                r->ingress ? "ingress" : "egress",
                r->allow != (sim_plant_rule(s) && r == s->config.group[0].rule) ? "allow" : "deny",
                r->priority);
        if (r->proto != 0)
            fprintf(f, ", protocol: %u", r->proto);
        if (r->lo != 0 || r->hi != 65535)
            fprintf(f, ", ports: %u-%u", r->lo, r->hi);
        write_remote(s, r, six, f);
        fputs("}\n", f);
    }
}

static void write_groups(const struct sim *s, FILE *f)
{
    fputs("security_groups:\n", f);
    for (unsigned g = 0; g < SIM_GROUPS; g++) {
        fprintf(f, "  - name: g%u\n    rules:\n", g);
        for (unsigned i = 0; i < s->config.group[g].rules; i++)
            write_rule(s, &s->config.group[g].rule[i], f);
    }
}

char *sim_yaml(const struct sim *s)
{
    static const char *const timeout[] = {
        "tcp_embryonic", "tcp_established", "tcp_half_closed", "tcp_closing", "tcp_time_wait",
        "tcp_reset",     "udp_single",      "udp_stream",      "icmp",        "other"};
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);

    if (f == NULL)
        sim_finding(s, "no memory");
    fprintf(f,
            "version: 1\noptions: {sessions: 1024, quota: %u, workers: %u, workers_max: %u, "
            "vector: %u, "
            "timeouts: {",
            s->quota, s->config.workers, s->workers_max, s->vector);
    for (unsigned i = 0; i < sizeof timeout / sizeof timeout[0]; i++)
        fprintf(f, "%s%s: %u", i > 0 ? ", " : "", timeout[i], (unsigned)(SIM_IDLE / SIM_SECOND));
    fputs("}}\nunderlay:\n  neighbors:\n", f);
    for (unsigned v = 0; v < SIM_VTEPS; v++)
        fprintf(f, "    - {address: 192.0.2.%u, mac: 02:aa:00:00:00:%02x}\n", 2 + v, 2 + v);
    if (s->publics) {
        fputs("    - {address: 192.0.2.254, mac: 02:aa:00:00:00:fe}\n"
              "    - {address: \"fd00:99::fe\", mac: 02:aa:00:00:00:fe}\n",
              f);
    }
    write_ports(s, f);
    write_vpcs(s, f);
    write_mappings(s, f);
    write_groups(s, f);
    sim_write_publics(s, f);
    fclose(f);
    return text;
}
