/* SPDX-License-Identifier: Apache-2.0 */
/* A network of tenants who all use the same addresses, and the options of one run. */
#include <errno.h>
#include <string.h>

#include "mixture.h"

void mix_port_name(unsigned port, char name[16])
{
    if (port == MIX_UPLINK)
        snprintf(name, 16, "uplink");
    else
        snprintf(name, 16, "t%ug%u", port / MIX_GUESTS, port % MIX_GUESTS);
}

void mix_vtep_name(unsigned vtep, bool six, char name[24])
{
    snprintf(name, 24, six ? "fd00:99::%u" : "192.0.2.%u", 2 + vtep);
}

/* `large`: percent of those with a large MTU. */
static void draw_guest(struct mix_world *w, unsigned t, unsigned g, uint32_t large)
{
    struct mix_guest *guest = &w->guest[t][g];

    /* Guest 0 is always here and open: whom the guarded let in. */
    guest->remote = g > 1 && draw_chance(&w->draw, 40);
    guest->guarded = g > 0 && !guest->remote && draw_chance(&w->draw, 30);
    guest->vtep = draw_below(&w->draw, MIX_VTEPS);
    guest->subnet = draw_below(&w->draw, 2);
    guest->mtu = draw_chance(&w->draw, large) ? 8500 : 1500;
    guest->mac = UINT64_C(0x020000000001) + g;
    snprintf(guest->ip4, sizeof guest->ip4, "10.%u.0.%u", 1 + guest->subnet, 10 + g);
    snprintf(guest->ip6, sizeof guest->ip6, "fd00:%u::%x", 1 + guest->subnet, 10 + g);
}

/* Names of the choices of `udp_checksum`, by what they mean for both families. */
static const char *checksum_option(const struct mix_world *w)
{
    if (w->checksum[0])
        return "always";
    return w->checksum[1] ? "ipv6" : "never";
}

static void draw_underlay(struct mix_world *w)
{
    for (unsigned v = 0; v < MIX_VTEPS; v++)
        w->six[v] = draw_chance(&w->draw, 50);
    w->checksum[0] = draw_chance(&w->draw, 25);
    w->checksum[1] = w->checksum[0] || draw_chance(&w->draw, 66);
}

static void draw_options(struct mix_world *w)
{
    static const uint32_t quanta[] = {0, 1000, 20000, 500000};
    static const unsigned workers[] = {1, 1, 2, 3, 8};
    struct draw *d = &w->draw;

    w->vector = draw_from(d, 1, 16);
    w->workers = workers[draw_below(d, 5)];
    w->quantum = quanta[draw_below(d, 4)];
    w->slow = draw_chance(d, 15);
    w->no_flow_index = draw_chance(d, 25);
    w->streams = 1u << draw_from(d, 4, 12);
    w->odd_percent = draw_from(d, 0, 30);
    w->exact = !draw_chance(d, 25);
    w->sessions = w->exact ? 262144 : 1024;
    w->quota = w->exact ? 0 : draw_from(d, 50, 2000);
}

void mix_world(struct mix_world *w, uint64_t seed)
{
    static const uint32_t large[] = {0, 0, 50, 100};
    uint32_t percent;

    memset(w, 0, sizeof *w);
    w->draw.state = seed;
    w->learned = seed % 5 == 2 || seed % 5 == 4;
    percent = large[draw_below(&w->draw, 4)];
    w->tenants = draw_from(&w->draw, 2, MIX_TENANTS);
    w->guests = draw_from(&w->draw, 3, MIX_GUESTS);
    for (unsigned t = 0; t < w->tenants; t++) {
        w->geneve[t] = draw_chance(&w->draw, 30);
        for (unsigned g = 0; g < w->guests; g++)
            draw_guest(w, t, g, percent);
    }
    draw_underlay(w);
    draw_options(w);
    mix_nat_draw(w);
}

static void write_ports(const struct mix_world *w, FILE *f)
{
    fprintf(
        f,
        "ports:\n  - {name: uplink, role: uplink, type: null, mtu: 9900, mac: 02:aa:00:00:00:01, "
        "address: 192.0.2.1/24, address6: \"fd00:99::1/64\"%s}\n",
        w->states == 0 ? "" : ", gateway: 192.0.2.254, gateway6: \"fd00:99::fe\"");
    for (unsigned t = 0; t < w->tenants; t++) {
        for (unsigned g = 0; g < w->guests; g++) {
            const struct mix_guest *guest = &w->guest[t][g];

            if (!guest->remote) {
                fprintf(f,
                        "  - {name: t%ug%u, role: vnic, type: null, mtu: %u, mac: "
                        "02:00:00:00:00:%02x, subnet: t%us%u, addresses: [%s, \"%s\"], "
                        "security_groups: [%s]}\n",
                        t, g, guest->mtu, 1 + g, t, guest->subnet, guest->ip4, guest->ip6,
                        guest->guarded ? "guarded" : "open");
            }
        }
    }
}

static void write_vpcs(const struct mix_world *w, FILE *f)
{
    fputs("vpcs:\n", f);
    for (unsigned t = 0; t < w->tenants; t++) {
        fprintf(
            f, "  - {name: t%u, vni: %u%s}\n", t, MIX_VNI + t,
            w->geneve[t]
                ? ", encap: geneve, geneve_options: [{class: 0x0102, type: 7, data: \"c0ffee00\"}]"
                : "");
    }
    fputs("subnets:\n", f);
    for (unsigned t = 0; t < w->tenants; t++) {
        for (unsigned s = 0; s < 2; s++) {
            fprintf(
                f,
                "  - {name: t%us%u, vpc: t%u, prefix4: 10.%u.0.0/24, prefix6: \"fd00:%u::/64\"}\n",
                t, s, t, 1 + s, 1 + s);
        }
    }
}

static void write_mappings(const struct mix_world *w, FILE *f)
{
    const char *head = "mappings:\n";

    for (unsigned t = 0; t < w->tenants; t++) {
        for (unsigned g = 0; g < w->guests; g++) {
            const struct mix_guest *guest = &w->guest[t][g];

            char vtep[24];

            if (!guest->remote)
                continue;
            mix_vtep_name(guest->vtep, w->six[guest->vtep], vtep);
            for (unsigned six = 0; six < 2; six++) {
                fprintf(f,
                        "%s  - {vpc: t%u, address: \"%s\", mac: 02:00:00:00:00:%02x, vtep: "
                        "\"%s\"}\n",
                        six ? "" : head, t, six ? guest->ip6 : guest->ip4, 1 + g, vtep);
            }
            head = "";
        }
    }
}

/* Guest 0's addresses are the same in all tenants but for the subnet. */
static void write_groups(FILE *f)
{
    fputs("security_groups:\n"
          "  - name: open\n"
          "    rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]\n"
          "  - name: guarded\n"
          "    rules:\n"
          "      - {direction: egress, action: allow}\n",
          f);
    for (unsigned s = 1; s <= 2; s++) {
        fprintf(f,
                "      - {direction: ingress, action: allow, remote: 10.%u.0.10/32}\n"
                "      - {direction: ingress, action: allow, remote: \"fd00:%u::a/128\"}\n",
                s, s);
    }
}

static FILE *create(const char *dir, const char *name)
{
    char path[512];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    return fopen(path, "w");
}

#define CHANGES 24

/* Workers that come and go, in every other world; from a draw of its own, so that the traffic is the same with and without. */
static void write_workers(const struct mix_world *w, FILE *f)
{
    static const uint32_t within[] = {10000000, 200000000}; /* ns: of few packets, of many */
    struct draw d = {.state = w->draw.state ^ UINT64_C(0x9E3779B97F4A7C15)};

    fprintf(f, "--workers=%u\n", w->workers);
    if (draw_chance(&d, 50))
        return;
    for (unsigned i = 0; i < CHANGES; i++)
        fprintf(f, "--set-workers=@%u %u\n", draw_below(&d, within[i % 2]), draw_from(&d, 1, 4));
}

static int write_options(const struct mix_world *w, const char *dir)
{
    FILE *f = create(dir, "options");

    if (f == NULL)
        return -1;
    fprintf(f, "--vector=%u\n--quantum=%u\n", w->vector, w->quantum);
    write_workers(w, f);
    if (w->vector % 2 != 0)
        fputs("--slice=on\n", f);
    if (w->slow)
        fputs("--slow\n", f);
    if (w->no_flow_index)
        fputs("--no-flow-index\n", f);
    return fclose(f);
}

static int write_state(const struct mix_world *w, unsigned state, const char *dir)
{
    char name[32];
    FILE *f;

    snprintf(name, sizeof name, "config%u.yaml", state);
    f = create(dir, name);
    if (f == NULL)
        return -1;
    fprintf(f,
            "version: 1\noptions: {sessions: %u, quota: %u}\nunderlay:\n  udp_checksum: %s\n"
            "  neighbors:\n",
            w->sessions, w->quota, checksum_option(w));
    for (unsigned v = 0; v < MIX_VTEPS; v++) {
        char vtep[24];

        if (w->learned && !w->six[v])
            continue;
        mix_vtep_name(v, w->six[v], vtep);
        fprintf(f, "    - {address: \"%s\", mac: 02:aa:00:00:00:%02x}\n", vtep, 2 + v);
    }
    fputs("    - {address: 192.0.2.254, mac: 02:aa:00:00:00:fe}\n"
          "    - {address: \"fd00:99::fe\", mac: 02:aa:00:00:00:fe}\n",
          f);
    write_ports(w, f);
    write_vpcs(w, f);
    write_mappings(w, f);
    write_groups(f);
    if (w->states > 0)
        mix_nat_write(w, state, f);
    return fclose(f);
}

int mix_write_world(const struct mix_world *w, const char *dir)
{
    for (unsigned state = 0; state == 0 || state < w->states; state++)
        if (write_state(w, state, dir) != 0)
            return -1;
    return write_options(w, dir);
}
