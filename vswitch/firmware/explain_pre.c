/* SPDX-License-Identifier: Apache-2.0 */
/* What the NIC would make of a frame: the same model, told the same, in memory of its own; and its parse in words. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "datapath/moving.h"
#include "explain.h"
#include "hsring/check.h"
#include "hsring/wire.h"

static int context_set(void *nic, enum hsr_tunnel tunnel, uint32_t vni, uint32_t context)
{
    return pp_tables_context(&((struct pp_pre *)nic)->tables, tunnel, vni, context);
}

static int vtep_set(void *nic, const struct cfg_addr *addr, bool remove)
{
    return pp_tables_vtep(&((struct pp_pre *)nic)->tables, addr->bytes, addr->family, remove);
}

static const struct fw_nic_ops twin_ops = {
    .name = "twin", .context_set = context_set, .vtep_set = vtep_set};

/* Rules that the NIC's table has; those in a port's device are not ours to ask. Meters are full. */
static void add_rules(const struct fw *fw, struct pp_pre *pre)
{
    const struct fw_rule *r;

    for (uint32_t i = 0; i < HSR_MAX_METERS; i++) {
        const struct fw_meter *m = &fw->rules.meter[i];

        if (m->unit != HSR_METER_NONE)
            pp_rules_meter(pre->rules, i, m->unit, m->rate, m->burst);
    }
    TAILQ_FOREACH (r, &fw->rules.list, link)
        if (r->home == HSR_RULE_HOME_TABLE)
            pp_rules_add(pre->rules, &r->rule, r->id);
}

int fw_twin_pre(struct fw *fw, struct pp_pre *pre)
{
    struct pp_pre_config config = {
        .rings = fw->workers, .fit_buckets = 1, .held = 4, .max_vector = 1};
    uint8_t reta[1u << HSR_HASH_RETA_BITS];
    int rc;

    memcpy(config.hash_secret, fw->view->hash_secret, sizeof config.hash_secret);
    rc = pp_pre_open(pre, &config);
    if (rc < 0)
        return rc;
    pre->use_fit = false;
    dp_reta(&fw->shared, reta);
    for (uint32_t i = 0; i < 1u << HSR_HASH_RETA_BITS; i++)
        pre->reta[i] = reta[i];
    rc = fw_tell_tunnels(&twin_ops, pre, fw->cfg);
    if (rc < 0)
        pp_pre_close(pre);
    else
        add_rules(fw, pre);
    return rc;
}

/* ---- in words ---- */

static const char *const class_name[] = {
    [HSR_CLASS_BAD] = "not well-formed",
    [HSR_CLASS_TCP] = "TCP",
    [HSR_CLASS_UDP] = "UDP",
    [HSR_CLASS_ICMP] = "ICMP query",
    [HSR_CLASS_SCTP] = "SCTP",
    [HSR_CLASS_IP_OTHER] = "IP",
    [HSR_CLASS_ARP] = "ARP",
    [HSR_CLASS_ND] = "neighbour discovery",
    [HSR_CLASS_DHCP] = "DHCP",
    [HSR_CLASS_FRAG] = "a fragment",
    [HSR_CLASS_MULTICAST] = "to many",
    [HSR_CLASS_ICMP_ERROR] = "ICMP error",
    [HSR_CLASS_NON_IP] = "not IP",
};

static struct cfg_addr address(const uint8_t *at, bool ipv6)
{
    struct cfg_addr a = {.family = ipv6 ? 6 : 4};

    memcpy(a.bytes, at, ipv6 ? 16 : 4);
    return a;
}

/* Ends as the key has them: a fragment shows no ports. */
static void ends(const struct hsr_rx_meta *m, const uint8_t *frame, char text[120])
{
    bool ipv6 = m->flags & HSR_RXF_IPV6, swap = m->flags & HSR_RXF_SWAP;
    const uint8_t *ip = frame + m->l3_off;
    struct cfg_addr src = address(ip + (ipv6 ? 8 : 12), ipv6);
    struct cfg_addr dst = address(ip + (ipv6 ? 24 : 16), ipv6);
    char a[48], b[48];
    uint16_t sport = hsr_key_port(m->key_ports, swap), dport = hsr_key_port(m->key_ports, !swap);
    uint8_t proto = hsr_key_proto(m->key_ports);

    cfg_addr_text(&src, a);
    cfg_addr_text(&dst, b);
    if (proto != HSR_PROTO_TCP && proto != HSR_PROTO_UDP && proto != HSR_PROTO_SCTP)
        snprintf(text, 120, "%s > %s", a, b);
    else
        snprintf(text, 120, ipv6 ? "[%s]:%u > [%s]:%u" : "%s:%u > %s:%u", a, sport, b, dport);
}

static bool has_ends(const struct hsr_rx_meta *m)
{
    return m->class != HSR_CLASS_ARP && m->class != HSR_CLASS_NON_IP && m->class != HSR_CLASS_BAD &&
           m->class != HSR_CLASS_MULTICAST &&
           m->l4_off >= m->l3_off + (m->flags & HSR_RXF_IPV6 ? HSR_IP6_HDR : HSR_IP4_HDR);
}

static void add(char text[FW_WORDS], const char *more)
{
    size_t at = strlen(text);

    snprintf(text + at, FW_WORDS - at, "%s%s", at > 0 ? ", " : "", more);
}

static void add_tunnel(const struct hsr_rx_meta *m, char text[FW_WORDS])
{
    char part[80], addr[48] = "an IPv6 host";
    struct cfg_addr from = {.family = 4};

    if (!(m->flags & HSR_RXF_DECAP))
        return;
    hsr_store32(from.bytes, m->outer_src4);
    if (!(m->flags1 & HSR_RX1F_OUTER_IPV6))
        cfg_addr_text(&from, addr);
    snprintf(part, sizeof part, "out of %s %u from %s",
             (m->vni_tunnel & 0xFF) == HSR_TUNNEL_GENEVE ? "geneve" : "vxlan", m->vni_tunnel >> 8,
             addr);
    add(text, part);
}

void fw_parse_words(const struct hsr_rx_meta *m, const uint8_t *frame, char text[FW_WORDS])
{
    static const struct {
        uint8_t bit;
        const char *name;
    } flag[] = {{0x02, "syn"}, {0x10, "ack"}, {0x01, "fin"}, {0x04, "rst"}};
    char part[120];

    text[0] = '\0';
    add(text, m->class < sizeof class_name / sizeof class_name[0] && class_name[m->class] != NULL
                  ? class_name[m->class]
                  : "unknown");
    if (m->reason != HSR_DROP_NONE)
        return;
    for (unsigned i = 0; m->class == HSR_CLASS_TCP && i < sizeof flag / sizeof flag[0]; i++)
        if (m->tcp_flags & flag[i].bit)
            snprintf(text + strlen(text), FW_WORDS - strlen(text), " %s", flag[i].name);
    if (m->class == HSR_CLASS_ICMP || m->class == HSR_CLASS_ICMP_ERROR)
        snprintf(text + strlen(text), FW_WORDS - strlen(text), " type %u", m->tcp_flags);
    if (has_ends(m)) {
        ends(m, frame, part);
        add(text, part);
    }
    add_tunnel(m, text);
    snprintf(part, sizeof part, "%u bytes", m->frame_len);
    add(text, part);
}
