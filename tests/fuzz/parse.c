/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parser and metadata: a frame, by a vNIC or an uplink, with or without what a guest claims of offloads. Both paths of the
 * parser agree and keep to the contract (pk_parse_frame); the key and the offsets are held against the bytes of the frame; and
 * what is made of the metadata next (the short check, the cut of a payload, the packet that an error quotes) agrees with them.
 */
#include <string.h>

#include "frames.h"
#include "fuzz.h"
#include "hsring/check.h"
#include "hsring/quoted.h"
#include "packets.h"
#include "preproc/slice.h"

enum {
    BAD,
    TAGGED,
    IP4,
    IP6,
    TCP,
    UDP,
    ICMP_ERROR,
    ND,
    ARP,
    FRAGMENT,
    SCTP,
    OFFLOADED,
    VXLAN,
    GENEVE,
    SLICED
};
const char *const fuzz_depths[] = {"bad",
                                   "tagged",
                                   "IPv4",
                                   "IPv6",
                                   "TCP",
                                   "UDP",
                                   "ICMP error that quotes a flow",
                                   "ND",
                                   "ARP",
                                   "fragment",
                                   "SCTP",
                                   "a guest's offload believed",
                                   "VXLAN opened",
                                   "Geneve opened",
                                   "payload cut off",
                                   NULL};

enum { HOW_UPLINK = 1, HOW_CLAIM = 2, HOW_BROKEN_SUMS = 4 };

/* Addresses and ports of the key are those of the packet, whichever way it turned them. */
static void key_is_of(const uint8_t *frame, const struct pk_result *r)
{
    const uint8_t *ip = frame + r->m.l3_off, *l4 = frame + r->m.l4_off;
    bool swap = r->m.flags & HSR_RXF_SWAP, six = r->flow.key.ipv6;
    uint64_t tail = hsr_key_tail(&r->flow.key);

    FUZZ_MUST(six == ((ip[0] >> 4) == 6));
    for (unsigned end = 0; end < 2; end++) { /* source, destination */
        bool high = end == swap ? false : true;

        if (six) {
            FUZZ_MUST(hsr_load64(ip + 8 + 16 * end) == r->flow.key.w[high ? 2 : 0]);
            FUZZ_MUST(hsr_load64(ip + 16 + 16 * end) == r->flow.key.w[high ? 3 : 1]);
        } else {
            FUZZ_MUST(fr_get32(ip + 12 + 4 * end) ==
                      (uint32_t)(r->flow.key.w[0] >> (high ? 0 : 32)));
        }
        if (r->m.class == HSR_CLASS_TCP || r->m.class == HSR_CLASS_UDP)
            FUZZ_MUST(hsr_key_port(tail, high) == fr_get16(l4 + 2 * end));
    }
    fuzz_reached(six ? IP6 : IP4);
}

/* Nothing of a frame is taken for payload that its IP header does not claim. */
static void ends_with_the_packet(const uint8_t *frame, const struct pk_result *r)
{
    const uint8_t *ip = frame + r->m.l3_off;
    uint32_t claimed = r->flow.key.ipv6 ? 40u + fr_get16(ip + 4) : fr_get16(ip + 2);

    FUZZ_MUST(r->m.frame_len == r->m.l3_off + claimed);
    FUZZ_MUST(r->m.l4_off >= r->m.l3_off + (r->flow.key.ipv6 ? 40u : 20u));
    FUZZ_MUST(r->m.payload_off <= r->m.frame_len);
}

static void l4_is_what_it_says(const uint8_t *frame, const struct pk_result *r)
{
    const uint8_t *l4 = frame + r->m.l4_off;

    switch (r->m.class) {
    case HSR_CLASS_TCP:
        FUZZ_MUST(r->m.payload_off == r->m.l4_off + (l4[12] >> 4) * 4u);
        FUZZ_MUST(r->m.tcp_flags == l4[13]);
        fuzz_reached(TCP);
        break;
    case HSR_CLASS_UDP:
    case HSR_CLASS_DHCP:
        FUZZ_MUST(r->m.payload_off == r->m.l4_off + 8u);
        fuzz_reached(UDP);
        break;
    case HSR_CLASS_FRAG:
        FUZZ_MUST(r->flow.key.ipv6 || (r->m.flags & HSR_RXF_LINE1 ? r->m.frag_id : 0) ==
                                          fr_get16(frame + r->m.l3_off + 4));
        fuzz_reached(FRAGMENT);
        break;
    case HSR_CLASS_ND:
        fuzz_reached(ND);
        break;
    case HSR_CLASS_SCTP:
        fuzz_reached(SCTP);
        break;
    default:
        break;
    }
}

static void quotes(const uint8_t *frame, const struct pk_result *r)
{
    struct hsr_quoted quoted;
    const uint8_t *icmp = frame + r->m.l4_off;
    uint32_t len = r->m.frame_len - r->m.l4_off;

    if (r->m.class != HSR_CLASS_ICMP_ERROR ||
        !hsr_quoted_key(&quoted, icmp, len, r->flow.key.ipv6, 7, false))
        return;
    FUZZ_MUST(quoted.ip >= icmp + 8 && quoted.ip + 20 <= icmp + len);
    FUZZ_MUST(hsr_key_context(hsr_key_tail(&quoted.key)) == 7);
    fuzz_reached(ICMP_ERROR);
}

static void cut(const struct pk_result *r)
{
    struct hsr_rx_meta m = r->m;
    uint32_t at;

    m.flow_id = 0;
    at = pp_slice(&m, m.frame_len);
    if (at == 0)
        return;
    FUZZ_MUST(at == m.payload_off && at <= HSR_SLICE_MAX && at < m.frame_len);
    m.payload = 1;
    FUZZ_MUST(hsr_rx_check(&m, HSR_RUN_GSO * HSR_SLOT_SIZE - HSR_SLOT_META));
    fuzz_reached(SLICED);
}

static void good(const uint8_t *frame, const struct pk_result *r)
{
    const uint32_t ip = 1u << HSR_CLASS_TCP | 1u << HSR_CLASS_UDP | 1u << HSR_CLASS_ICMP |
                        1u << HSR_CLASS_SCTP | 1u << HSR_CLASS_IP_OTHER | 1u << HSR_CLASS_DHCP |
                        1u << HSR_CLASS_ND | 1u << HSR_CLASS_FRAG;

    if (hsr_rx_is_short(&r->m))
        FUZZ_MUST(hsr_rx_check_short(&r->m, 70000) == hsr_rx_check_any(&r->m, 70000));
    if (ip >> r->m.class & 1) {
        key_is_of(frame, r);
        ends_with_the_packet(frame, r);
        l4_is_what_it_says(frame, r);
    }
    quotes(frame, r);
    cut(r);
    if (r->m.class == HSR_CLASS_ARP)
        fuzz_reached(ARP);
    if ((r->m.flags & HSR_RXF_LINE1) && r->m.flags1 & HSR_RX1F_VLAN)
        fuzz_reached(TAGGED);
    if ((r->m.flags & HSR_RXF_LINE1) && r->m.gso_type != HSR_GSO_NONE)
        fuzz_reached(OFFLOADED);
    if (r->m.flags & HSR_RXF_DECAP)
        fuzz_reached((r->m.vni_tunnel & 255) == HSR_TUNNEL_VXLAN ? VXLAN : GENEVE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool filled;
    static uint8_t frame[70000];
    struct fuzz_input in = {data, size};
    struct virtio_net_hdr claim = {0};
    uint8_t how = fuzz_8(&in);

    if (!filled)
        pk_tables_fill();
    filled = true;
    if (how & HOW_CLAIM)
        fuzz_bytes(&in, &claim, sizeof claim);
    uint32_t len = fuzz_bytes(&in, frame, sizeof frame);

    if (!(how & HOW_BROKEN_SUMS))
        fr_mend(frame, len);
    struct pk_result r = pk_parse_frame(frame, len, how & HOW_UPLINK ? &pk_uplink : &pk_vnic,
                                        how & HOW_CLAIM ? &claim : NULL);

    if (r.m.reason == 0)
        good(frame, &r);
    else
        fuzz_reached(BAD);
    return 0;
}
