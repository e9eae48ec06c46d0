/* SPDX-License-Identifier: Apache-2.0 */
#include "hsring/quoted.h"

#include "hsring/wire.h"

#define ICMP_HEADER 8u
#define PORTS       8u /* what every error quotes of the L4 header (RFC 792) */
#define OFFSET_MASK 0x1FFFu

static bool has_ports(uint8_t proto)
{
    return proto == HSR_PROTO_TCP || proto == HSR_PROTO_UDP || proto == HSR_PROTO_SCTP;
}

static bool is_icmp(uint8_t proto)
{
    return proto == HSR_PROTO_ICMP || proto == HSR_PROTO_ICMP6;
}

bool hsr_quoted_key(struct hsr_quoted *quoted, const uint8_t *icmp, uint32_t len, bool ipv6,
                    uint32_t context, bool swap_if_equal)
{
    struct hsr_cursor c = {.at = icmp, .left = len};
    uint16_t sport = 0, dport = 0;
    const uint8_t *ip, *l4;

    if (hsr_pull(&c, ICMP_HEADER) == NULL || (ip = hsr_peek(&c, ipv6 ? 40 : 20)) == NULL)
        return false;
    uint32_t header = ipv6 ? 40 : (ip[0] & 15u) * 4;
    uint8_t proto = ipv6 ? ip[6] : ip[9];

    if (ip[0] >> 4 != (ipv6 ? 6 : 4) || header < 20 || hsr_pull(&c, header) == NULL)
        return false;
    if (has_ports(proto) || is_icmp(proto)) {
        l4 = hsr_peek(&c, PORTS);
        if (l4 == NULL || (!ipv6 && (hsr_load16(ip + 6) & OFFSET_MASK) != 0))
            return false;
        sport = hsr_load16(is_icmp(proto) ? l4 + 4 : l4);
        dport = is_icmp(proto) ? sport : hsr_load16(l4 + 2);
    }
    quoted->ip = ip;
    quoted->swap =
        ipv6 ? hsr_key6(&quoted->key, ip + 8, ip + 24, sport, dport, proto, context, swap_if_equal)
             : hsr_key4(&quoted->key, hsr_load32(ip + 12), hsr_load32(ip + 16), sport, dport, proto,
                        context, swap_if_equal);
    return true;
}
