/* SPDX-License-Identifier: Apache-2.0 */
/* The fast path of the software baseline, packet by packet, and the same stage by stage for its clock. */
#include "software_avs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "hsring/csum.h"
#include "hsring/wire.h"
#include "session/track.h"
#include "software_internal.h"

#define EXPIRE_BUDGET 32
#define TCP_HEADER    20u
#define TCP_SYN       0x02u

/* The window shift a SYN offers (RFC 7323), SES_WSCALE_NONE for none. The parser has checked that options have lengths. */
static uint8_t window_scale(const struct act_packet *p, const uint8_t *l4)
{
    const uint8_t *at = l4 + TCP_HEADER, *end = act_frame(p) + p->meta.payload_off;

    while (at < end && *at != 0) {
        if (*at == 1) {
            at++;
            continue;
        }
        if (end - at < 3 || at[1] < 2)
            break;
        if (at[0] == 3)
            return at[2];
        at += at[1];
    }
    return SES_WSCALE_NONE;
}

void sw_describe(const struct act_packet *p, struct ses_packet *sp)
{
    const uint8_t *l4 = act_frame(p) + p->l4;

    memset(sp, 0, sizeof *sp);
    sp->proto = hsr_key_proto(p->meta.key_ports);
    sp->wscale = SES_WSCALE_NONE;
    if (p->meta.class != HSR_CLASS_TCP)
        return;
    sp->tcp_flags = p->meta.tcp_flags;
    sp->seq = hsr_load32(l4 + 4);
    sp->ack = hsr_load32(l4 + 8);
    sp->window = hsr_load16(l4 + 14);
    sp->payload = p->meta.frame_len - p->meta.payload_off;
    if (sp->tcp_flags & TCP_SYN)
        sp->wscale = window_scale(p, l4);
}

static void drop(struct sw_packet *packet, enum hsr_drop reason)
{
    packet->p.drop = (uint8_t)reason;
}

static inline bool receive(struct sw_avs *avs, struct sw_port *port, uint32_t i)
{
    struct act_packet *p = &avs->packet[i].p;
    uint8_t *buffer = avs->buffers + (size_t)i * SW_BUFFER;
    uint32_t len = sw_take(&port->from, buffer + SW_HEADROOM, SW_FRAME_MAX);

    if (len == 0)
        return false;
    p->slot = buffer;
    p->frame_off = SW_HEADROOM;
    p->frame_len = len;
    return true;
}

/* What the parser verifies of a plain packet: IPv4 header, and the segment with its pseudo header. */
static inline bool checksums(const struct act_packet *p)
{
    const uint8_t *f = p->slot + SW_HEADROOM, *ip = f + HSR_ETH_HDR;
    uint32_t n = p->frame_len - HSR_ETH_HDR - HSR_IP4_HDR;

    return hsr_csum_is_right(hsr_csum_add(0, ip, HSR_IP4_HDR)) &&
           hsr_csum_is_right(
               hsr_csum_add(hsr_pseudo4(ip + 12, ip + 16, ip[9], n), ip + HSR_IP4_HDR, n));
}

static inline void parse(struct sw_avs *avs, uint16_t port, struct sw_packet *packet)
{
    struct act_packet *p = &packet->p;

    pp_parse(p->slot + SW_HEADROOM, p->frame_len, &avs->ingress[port], avs->tables, NULL, &p->meta,
             &packet->flow);
    p->frame_len = p->meta.frame_len;
    p->payload_len = 0;
    p->l2 = p->meta.l2_off;
    p->l3 = p->meta.l3_off;
    p->l4 = p->meta.l4_off;
    p->outer_l3 = p->outer_l4 = 0;
    p->egress = HSR_NO_PORT;
    p->mtu = 0;
    p->encap = 0;
    p->drop = p->meta.reason;
}

/* A guest may not send under another's MAC. */
static inline bool right_mac(const struct sw_avs *avs, const struct act_packet *p)
{
    const struct pol_port *port = pol_port(avs->policy, p->meta.ingress);

    return port->role != CFG_VNIC || !port->anti_spoof ||
           hsr_load48(act_frame(p) + 6) == port->mac48;
}

/* Does a packet of this direction come by the port that the session knows? */
static inline bool right_port(const struct session *s, unsigned dir, const struct act_packet *p)
{
    return p->meta.ingress == (dir == ses_initiator(s) ? s->origin : s->target);
}

static inline void match(struct sw_avs *avs, struct sw_packet *packet)
{
    static const struct ses_packet udp = {.proto = HSR_PROTO_UDP, .wscale = SES_WSCALE_NONE};
    struct act_packet *p = &packet->p;
    bool swap = p->meta.flags & HSR_RXF_SWAP;
    enum hsr_drop why = HSR_DROP_NONE;
    struct ses_packet other;
    const struct ses_packet *sp = &udp;

    if (p->drop != HSR_DROP_NONE)
        return;
    if (p->meta.class != HSR_CLASS_UDP && p->meta.class != HSR_CLASS_TCP) {
        drop(packet, HSR_DROP_META_BAD);
        return;
    }
    if (!right_mac(avs, p)) {
        drop(packet, HSR_DROP_SPOOF_MAC);
        return;
    }
    p->meta.hash = hsr_hash_key(&avs->hash, &packet->flow.key);
    struct session *s =
        ses_find(avs->sessions, p->meta.hash, &packet->flow.key, swap, &packet->dir);
    if (p->meta.class == HSR_CLASS_TCP) {
        sw_describe(p, &other);
        sp = &other;
    }
    if (s != NULL) {
        if (!right_port(s, packet->dir, p)) {
            drop(packet, HSR_DROP_NO_SESSION);
            return;
        }
        if (ses_track(avs->sessions, s, packet->dir, sp, avs->now, &why) == SES_REOPENS) {
            ses_remove(avs->sessions, s, SES_WHY_CLOSED);
            s = NULL;
        } else {
            avs->counters.hits++;
        }
    }
    if (s == NULL) {
        s = sw_first(avs, packet);
        packet->dir = swap;
    } else if (why != HSR_DROP_NONE) {
        drop(packet, why);
    }
    packet->session = s;
}

static inline void act(struct sw_avs *avs, struct sw_packet *packet)
{
    if (packet->p.drop != HSR_DROP_NONE)
        return;
    struct act_vector v = {.packet = &packet->p,
                           .end = &packet->p + 1,
                           .store = &avs->actions,
                           .dir = &packet->session->dir[packet->dir]};

    act_run(&v, act_program(&avs->actions, v.dir->program));
}

/* What the paper calls operation: the tenant's flow statistics, the port's, the host's, and a tap that may be there. */
static inline void operate(struct sw_avs *avs, struct sw_port *port, const struct sw_packet *packet)
{
    const struct act_packet *p = &packet->p;
    uint32_t size = p->meta.frame_len;
    unsigned class = 58u - (unsigned)__builtin_clzll(size | 63);

    avs->counters.packets++;
    port->rx++;
    port->rx_bytes += size;
    avs->classes[p->meta.class]++;
    avs->sizes[class < 8 ? class : 7]++;
    if (avs->tap != NULL)
        abort(); /* nobody captures here; the question is asked as the product asks it */
    if (p->drop != HSR_DROP_NONE) {
        avs->counters.drops++;
        port->drops++;
        avs->last_drop = (enum hsr_drop)p->drop;
        return;
    }
    packet->session->dir[packet->dir].packets++;
    packet->session->dir[packet->dir].bytes += size;
}

static inline void send(struct sw_avs *avs, struct sw_packet *packet)
{
    struct act_packet *p = &packet->p;

    if (p->drop != HSR_DROP_NONE)
        return;
    struct sw_port *to = &avs->port[p->egress];

    if (!sw_give(&to->to, act_frame(p), p->frame_len)) {
        avs->counters.drops++;
        avs->last_drop = HSR_DROP_PORT_TX_FULL;
        return;
    }
    avs->counters.tx++;
    to->tx++;
    to->tx_bytes += p->frame_len;
}

static uint32_t receive_all(struct sw_avs *avs, struct sw_port *port)
{
    uint32_t n = 0;

    while (n < avs->batch && receive(avs, port, n))
        n++;
    return n;
}

static uint16_t index_of(const struct sw_avs *avs, const struct sw_port *port)
{
    return (uint16_t)(port - avs->port);
}

uint32_t sw_poll(struct sw_avs *avs, struct sw_port *port, uint64_t now)
{
    uint16_t index = index_of(avs, port);
    uint32_t n;

    avs->now = now;
    n = receive_all(avs, port);
    for (uint32_t i = 0; i < n; i++) {
        struct sw_packet *packet = &avs->packet[i];

        if (i + 1 < n)
            __builtin_prefetch(packet[1].p.slot + SW_HEADROOM);
        parse(avs, index, packet);
        match(avs, packet);
        act(avs, packet);
        operate(avs, port, packet);
    }
    for (uint32_t i = 0; i < n; i++)
        send(avs, &avs->packet[i]);
    ses_expire(avs->sessions, now, EXPIRE_BUDGET);
    return n;
}

uint32_t sw_poll_staged(struct sw_avs *avs, struct sw_port *port, uint64_t now,
                        uint64_t cycles[SW_STAGES])
{
    uint16_t index = index_of(avs, port);
    uint64_t t[SW_STAGES + 1];
    uint32_t n, right = 0;

    avs->now = now;
    t[SW_DRIVER_RX] = rte_rdtsc();
    n = receive_all(avs, port);
    t[SW_CHECKSUM] = rte_rdtsc();
    for (uint32_t i = 0; i < n; i++)
        right += checksums(&avs->packet[i].p);
    __asm__ volatile("" : : "r"(right));
    t[SW_PARSE] = rte_rdtsc();
    for (uint32_t i = 0; i < n; i++)
        parse(avs, index, &avs->packet[i]);
    t[SW_MATCH] = rte_rdtsc();
    for (uint32_t i = 0; i < n; i++)
        match(avs, &avs->packet[i]);
    t[SW_ACTION] = rte_rdtsc();
    for (uint32_t i = 0; i < n; i++)
        act(avs, &avs->packet[i]);
    t[SW_OPERATION] = rte_rdtsc();
    for (uint32_t i = 0; i < n; i++)
        operate(avs, port, &avs->packet[i]);
    t[SW_DRIVER_TX] = rte_rdtsc();
    for (uint32_t i = 0; i < n; i++)
        send(avs, &avs->packet[i]);
    t[SW_STAGES] = rte_rdtsc();
    for (unsigned s = 0; s < SW_STAGES; s++)
        cycles[s] += t[s + 1] - t[s];
    ses_expire(avs->sessions, now, EXPIRE_BUDGET);
    return n;
}

static void gone(void *arg, struct session *s, enum ses_why why)
{
    struct sw_avs *avs = arg;

    (void)why;
    for (unsigned dir = 0; dir < 2; dir++) {
        act_program_put(&avs->actions, s->dir[dir].program);
        s->dir[dir].program = ACT_NONE;
    }
}

static bool read_configuration(struct sw_avs *avs, const char *yaml)
{
    struct cfg_error error = {.line = 0};
    struct cfg_lines *lines = NULL;
    json_t *document = NULL;

    if (cfg_yaml_load(yaml, strlen(yaml), &document, &lines, &error) < 0 ||
        cfg_parse(document, NULL, &avs->cfg, &error) < 0)
        fprintf(stderr, "software-avs: line %d: %s: %s\n", error.line, error.path, error.text);
    json_decref(document);
    cfg_lines_free(lines);
    return avs->cfg != NULL && (avs->policy = pol_build(avs->cfg, NULL)) != NULL;
}

static bool open_ports(struct sw_avs *avs)
{
    for (uint32_t i = 0; i < avs->cfg->ports; i++) {
        const struct pol_port *port = pol_port(avs->policy, avs->cfg->port[i].index);

        if (port->index >= SW_PORTS)
            return false;
        avs->ingress[port->index] = (struct pp_ingress){
            .port = port->index, .uplink = port->role == CFG_UPLINK, .context = port->context};
        ses_quota(avs->sessions, port->index, SES_QUOTA_NONE);
        if (port->role != CFG_UPLINK)
            continue;
        if (pp_tables_vtep(avs->tables, pol_link(port, 4)->net.addr.bytes, 4, false) < 0)
            return false;
    }
    for (uint32_t i = 0; i < avs->cfg->vpcs; i++) {
        const struct cfg_vpc *vpc = &avs->cfg->vpc[i];

        if (pp_tables_context(avs->tables, HSR_TUNNEL_VXLAN, vpc->vni, vpc->context) < 0)
            return false;
    }
    return true;
}

static bool open_tables(struct sw_avs *avs, const struct sw_config *config)
{
    static const uint8_t secret[HSR_HASH_SECRET] = "the baseline's traffic is its own: no secret";
    const struct ses_table_config table = {
        .capacity = config->sessions,
        .quota = SES_QUOTA_NONE,
        .instance = 1,
        .timeouts = avs->cfg->options.timeouts,
        .gone = gone,
        .arg = avs,
    };

    hsr_hash_init(&avs->hash, secret);
    avs->tables = malloc(sizeof *avs->tables);
    avs->buffers = aligned_alloc(64, (size_t)SW_BATCH_MAX * SW_BUFFER);
    if (avs->tables == NULL || avs->buffers == NULL ||
        act_store_open(&avs->actions, config->sessions, 1, NULL) < 0)
        return false;
    pp_tables_clear(avs->tables);
    memset(avs->buffers, 0, (size_t)SW_BATCH_MAX * SW_BUFFER);
    avs->sessions = ses_table_open(&table);
    return avs->sessions != NULL;
}

struct sw_avs *sw_open(const struct sw_config *config)
{
    struct sw_avs *avs = aligned_alloc(64, (sizeof(struct sw_avs) + 63) / 64 * 64);

    if (avs == NULL)
        return NULL;
    memset(avs, 0, sizeof *avs);
    avs->batch = config->batch;
    if (!read_configuration(avs, config->yaml) || !open_tables(avs, config) || !open_ports(avs)) {
        fprintf(stderr, "software-avs: cannot be set up\n");
        sw_close(avs);
        return NULL;
    }
    return avs;
}

void sw_close(struct sw_avs *avs)
{
    if (avs == NULL)
        return;
    if (avs->sessions != NULL) {
        ses_table_close(avs->sessions);
        act_store_close(&avs->actions);
    }
    pol_free(avs->policy);
    cfg_free(avs->cfg);
    free(avs->tables);
    free(avs->buffers);
    free(avs);
}

struct sw_port *sw_port(struct sw_avs *avs, const char *name)
{
    for (uint32_t i = 0; i < avs->cfg->ports; i++)
        if (strcmp(avs->cfg->port[i].name, name) == 0)
            return &avs->port[avs->cfg->port[i].index];
    return NULL;
}

struct sw_counters sw_counters(const struct sw_avs *avs)
{
    return avs->counters;
}

struct ses_table *sw_sessions(struct sw_avs *avs)
{
    return avs->sessions;
}

enum hsr_drop sw_last_drop(const struct sw_avs *avs)
{
    return avs->last_drop;
}

const char *sw_stage_name(enum sw_stage stage)
{
    static const char *const name[SW_STAGES] = {"driver_rx", "checksum",  "parse",    "match",
                                                "action",    "operation", "driver_tx"};

    return name[stage];
}
