/* SPDX-License-Identifier: Apache-2.0 */
/* Defects that the checks must find: each as if the product had it, a few times in a seed. */
#include <stdlib.h>
#include <string.h>

#include "sim.h"

static bool is(const struct sim *s, const char *name)
{
    return s->options->plant != NULL && strcmp(s->options->plant, name) == 0;
}

static bool now(struct sim *s)
{
    if (!draw_chance(&s->draw, 10))
        return false;
    s->planted++;
    return true;
}

/* The end of another tenant's port, if there is one that is at hand. */
static uint16_t other_tenants_port(const struct sim *s, uint16_t port)
{
    char name[16];

    for (unsigned t = 0; t < s->tenants; t++) {
        sim_port_name(t, 0, name);
        if (bench_index(&s->bench, name) == port) {
            sim_port_name((t + 1) % s->tenants, 0, name);
            return bench_index(&s->bench, name);
        }
    }
    return port;
}

/* Two entries of a ring change places. */
static bool reorder(struct sim *s, uint32_t *entry)
{
    uint32_t kept = s->plant_kept;

    if (!s->plant_keeps && !now(s))
        return false;
    s->plant_keeps = !s->plant_keeps;
    if (s->plant_keeps) {
        s->plant_kept = *entry;
        return true;
    }
    sim_bus_put(s, HSR_RING_TX, *entry);
    *entry = kept;
    return false;
}

/* What leaves for a host outside over IPv4 shows the port next to its own, and its checksum is right. */
static void other_end(struct sim *s, uint8_t *frame)
{
    uint8_t *l4 = frame + FR_L3 + 20, *sum = l4 + (frame[FR_L3 + 9] == 6 ? 16 : 6);
    uint16_t port = fr_get16(l4);

    if (fr_get_mac(frame) != SIM_ROUTER_MAC || frame[FR_L3] != 0x45 || frame[FR_L3 + 9] == 1 ||
        !now(s))
        return;
    fr_put16(l4, port ^ 1u);
    fr_put16(sum, fr_get16(sum) + (port & 1u ? 1u : 0xFFFFu));
}

/* A fragment over IPv4 leaves as one of the datagram before. */
static void mix(struct sim *s, uint8_t *frame)
{
    uint8_t *ip = frame + FR_L3;
    uint16_t id = fr_get16(ip + 4), before = s->plant_id;

    if (fr_get16(frame + 12) != 0x0800 || ip[0] != 0x45 || (fr_get16(ip + 6) & 0x3FFF) == 0)
        return;
    s->plant_id = id;
    if (before == 0 || before == id || !now(s))
        return;
    fr_put16(ip + 4, before);
    fr_put16(ip + 10, 0);
    fr_put16(ip + 10, (uint16_t)~fr_fold(fr_sum(0, ip, 20)));
}

bool sim_plant_entry(struct sim *s, enum hsr_ring_kind kind, uint32_t *entry)
{
    struct hsr_tx_meta *tx = (void *)hsr_slot(&s->bus.view, hsr_entry_slot(*entry));
    struct hsr_rx_meta *rx = (void *)tx;

    /* Lengths and places that are noise are none to write by. */
    if (s->options->plant == NULL || s->loose)
        return false;
    if (kind == HSR_RING_RX) {
        if (is(s, "lose") && now(s)) /* as CONSUME: gone, and counted as if it had been used up */
            return true;
        if (is(s, "payload") && rx->payload == 0 && rx->frame_len > 80 && now(s))
            ((uint8_t *)rx)[HSR_SLOT_FRAME + rx->frame_len - 1] ^= 1;
        return false;
    }
    if (hsr_entry_kind(*entry) != HSR_KIND_PACKET)
        return false;
    if (is(s, "tenant") && tx->action == HSR_TXA_TRANSMIT && now(s))
        tx->egress_port = other_tenants_port(s, tx->egress_port);
    if (is(s, "consume") && tx->action == HSR_TXA_TRANSMIT && now(s))
        tx->action = HSR_TXA_CONSUME;
    if (is(s, "leak") && tx->payload != 0 && now(s))
        tx->payload_op = HSR_PAYLOAD_KEEP;
    if (is(s, "reason") && tx->action == HSR_TXA_DROP && now(s))
        tx->drop_reason = HSR_DROP_BLACKHOLE;
    if (is(s, "mix") && tx->action == HSR_TXA_TRANSMIT)
        mix(s, (uint8_t *)tx + tx->frame_off);
    if (is(s, "end") && tx->action == HSR_TXA_TRANSMIT)
        other_end(s, (uint8_t *)tx + tx->frame_off);
    return is(s, "reorder") && s->bus.workers == 1 && reorder(s, entry);
}

static void forget(struct dp_worker *w, void *arg)
{
    struct sim *s = arg;
    struct ses_table *t = dp_sessions(w);
    uint32_t cursor = 0;

    for (struct session *one; (one = ses_walk(t, &cursor)) != NULL;) {
        ses_remove(t, one, SES_WHY_CLOSED);
        s->planted++;
    }
}

/* Memory that nobody gives back. A soak finds it (soak.c), a seed does not last. */
static void *volatile lost[4096];

static void lose_memory(struct sim *s)
{
    if (s->planted < sizeof lost / sizeof lost[0])
        lost[s->planted++] = malloc(1 << 14);
}

void sim_plant_step(struct sim *s)
{
    if (is(s, "memory"))
        lose_memory(s);
    if (is(s, "session"))
        dp_run(fw_worker(s->bench.fw, 0), forget, s);
    if (is(s, "second") && s->second.fw != NULL)
        dp_run(fw_worker(s->second.fw, 0), forget, s);
}

bool sim_plant_bell(struct sim *s)
{
    return is(s, "bell") && now(s);
}

bool sim_plant_twice(struct sim *s)
{
    return is(s, "twice") && now(s);
}

bool sim_plant_rule(const struct sim *s)
{
    return is(s, "rule");
}

/* An address leads to the first guest of the next tenant, if that has none. */
void sim_plant_eip(const struct sim *s, bool six, unsigned *tenant, unsigned *guest)
{
    unsigned next = (*tenant + 1) % s->tenants;

    if (!is(s, "eip") || sim_eip(s, six, next, 0) != SIM_UNKNOWN || *guest > 0)
        return;
    *tenant = next;
}

/* The port of a guest that has left stays. */
bool sim_plant_port(const struct sim *s, unsigned tenant, unsigned guest)
{
    return is(s, "port") && s->roamed[tenant] >> guest & 1;
}

static const char *const all[] = {"lose",    "payload", "tenant", "consume", "leak", "reason",
                                  "reorder", "session", "rule",   "second",  "bell", "twice",
                                  "eip",     "end",     "mix",    "port"};
#define ALL (sizeof all / sizeof all[0])

bool sim_plant_known(const char *name)
{
    for (unsigned i = 0; i < ALL; i++)
        if (strcmp(name, all[i]) == 0)
            return true;
    return strcmp(name, "memory") == 0;
}

int sim_plant_list(FILE *f)
{
    for (unsigned i = 0; i < ALL; i++)
        fprintf(f, "%s\n", all[i]);
    return 0;
}
