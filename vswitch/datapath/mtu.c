/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets larger than their path. What the sender leaves to us to cut is cut by the Post-Processor: TCP frames with
 * segmentation offload into smaller segments, IPv4 without DF into fragments. Who forbids fragments (DF; all of IPv6,
 * RFC 8200, 5) is told the path's MTU (RFC 1191, RFC 8201).
 */
#include "hsring/wire.h"
#include "internal.h"

#define IP4_DF 0x4000

/* The segmentation that the sender asks for, HSR_GSO_NONE for none. */
static unsigned gso_of(const struct act_packet *p)
{
    bool partial = (p->meta.verdicts >> 2 & 3) == HSR_VERDICT_PARTIAL;

    return partial && p->meta.flags & HSR_RXF_LINE1 ? p->meta.gso_type & ~(unsigned)HSR_GSO_ECN
                                                    : HSR_GSO_NONE;
}

static bool may_fragment(const struct act_packet *p)
{
    return !(p->meta.flags & HSR_RXF_IPV6) && !(hsr_load16(act_frame(p) + p->l3 + 6) & IP4_DF);
}

/* UDP that is to be cut anyway: does each piece fit? A datagram's, with its header; a fragment's, with the IP header. */
static bool pieces_fit(const struct act_packet *p, unsigned gso, uint16_t mtu)
{
    uint32_t headers = gso == HSR_GSO_USO ? (uint32_t)p->meta.payload_off - p->meta.l3_off
                                          : (uint32_t)p->meta.l4_off - p->meta.l3_off;

    return headers + p->meta.gso_size <= mtu;
}

enum hsr_drop dp_over_mtu(struct dp_worker *w, struct act_packet *p, uint16_t mtu)
{
    unsigned gso = gso_of(p);

    if (mtu == SES_MTU_NONE)
        return HSR_DROP_NONE;
    if ((gso == HSR_GSO_UFO || gso == HSR_GSO_USO) && pieces_fit(p, gso, mtu))
        return HSR_DROP_NONE;
    if (gso != HSR_GSO_TCP4 && gso != HSR_GSO_TCP6) {
        if (!may_fragment(p)) {
            dp_tell_sender(w, p, &(struct dp_error){.why = HSR_DROP_PMTU, .mtu = mtu});
            return HSR_DROP_PMTU;
        }
        p->fragment = true;
    }
    p->mtu = mtu;
    return HSR_DROP_NONE;
}
