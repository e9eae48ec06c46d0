/* SPDX-License-Identifier: Apache-2.0 */
#include "parse_scan.h"

#define TUNNEL_HDR 8

enum { VXLAN_I = 0x08, GENEVE_CONTROL = 0x80, GENEVE_ETHERNET = 0x6558 };

/* RFC 8926, section 3.5. We know no option, so none may be critical. */
static enum hsr_drop geneve_options(struct pp_scan *s, uint32_t n)
{
    struct hsr_cursor c = {s->c.at, n};

    if (!hsr_pull(&s->c, n))
        return HSR_DROP_GENEVE_OPT;
    while (c.left > 0) {
        const uint8_t *opt = hsr_pull(&c, 4);

        if (!opt || (opt[2] & 0x80) || !hsr_pull(&c, (opt[3] & 31u) * 4))
            return HSR_DROP_GENEVE_OPT;
    }
    return HSR_DROP_NONE;
}

/* RFC 8926, section 3.4. Control packets are for an end point's own use, and we have none. */
static enum hsr_drop geneve(struct pp_scan *s, const uint8_t *p)
{
    uint8_t first = p[0];

    if (first >> 6 != 0 || (p[1] & GENEVE_CONTROL) || hsr_load16(p + 2) != GENEVE_ETHERNET)
        return HSR_DROP_GENEVE_HDR;
    return geneve_options(s, (first & 63u) * 4);
}

static void outer_source(struct pp_scan *s)
{
    if (s->family == 4) {
        s->m.outer_src4 = hsr_load32(s->addr);
        return;
    }
    s->m.flags1 |= HSR_RX1F_OUTER_IPV6;
    s->outer6[0] = hsr_load64(s->addr);
    s->outer6[1] = hsr_load64(s->addr + 8);
}

/* The keyed packet is now the inner one: what was found of the outer one moves aside. */
static void enter(struct pp_scan *s, uint32_t vni)
{
    s->m.vni_tunnel = vni << 8 | s->tunnel;
    outer_source(s);
    s->m.flags = (uint8_t)((s->m.flags & ~(HSR_RXF_OPTIONS | HSR_RXF_L2_MCAST)) | HSR_RXF_DECAP);
    if ((s->tos & 3) == 3)
        s->m.flags1 |= HSR_RX1F_OUTER_CE;
    else if (s->tos & 3)
        s->m.flags1 |= HSR_RX1F_OUTER_ECT;
    s->m.verdicts = (uint8_t)(s->m.verdicts << PP_VERDICT_OUTER);
    s->m.class = HSR_CLASS_BAD;
    s->context = pp_tables_lookup(s->tables, (enum hsr_tunnel)s->tunnel, vni);
    s->family = s->proto = 0;
    s->sport = s->dport = 0;
    s->routed = false;
    s->inner = true;
}

enum hsr_drop pp_scan_tunnel(struct pp_scan *s)
{
    const uint8_t *p = hsr_pull(&s->c, TUNNEL_HDR);
    bool vxlan = s->tunnel == HSR_TUNNEL_VXLAN;
    enum hsr_drop reason = HSR_DROP_NONE;

    if (!p)
        return vxlan ? HSR_DROP_VXLAN_HDR : HSR_DROP_GENEVE_HDR;
    if (!vxlan)
        reason = geneve(s, p);
    else if (!(p[0] & VXLAN_I))
        reason = HSR_DROP_VXLAN_HDR;
    if (reason)
        return reason;
    enter(s, hsr_load32(p + 4) >> 8);
    pp_scan_trim(s, s->c.left);
    return HSR_DROP_NONE;
}
