/* SPDX-License-Identifier: Apache-2.0 */
#include "postproc/frag.h"

#include <string.h>

#include "hsring/bytes.h"
#include "hsring/wire.h"
#include "postproc/csum.h"

enum { OPTION_END = 0, OPTION_NOP = 1, OPTION_COPIED = 0x80 };
enum { EXT_HOP_BY_HOP = 0, EXT_FRAGMENT = 44 };
enum { DATA_MAX = 65535 }; /* no offset reaches further */

/* IPv6: each fragment repeats the fixed header and hop-by-hop options; the rest is data (RFC 8200, section 4.5). */
static bool ipv6_prefix(struct po_frag *plan)
{
    uint32_t fixed = plan->at.l3 + HSR_IP6_HDR;

    plan->next = plan->at.l3 + 6;
    plan->prefix = fixed;
    if (plan->head[plan->next] == EXT_HOP_BY_HOP) {
        if (fixed + 8 > plan->head_len)
            return false;
        plan->next = fixed;
        plan->prefix = fixed + (plan->head[fixed + 1] + 1u) * 8;
    }
    return plan->prefix <= plan->head_len;
}

static uint32_t earlier(const struct po_frag *plan)
{
    return (plan->flags & PO_IP4_OFFSET) * 8u;
}

bool po_frag_plan(struct po_frag *plan, const struct po_layout *at, const uint8_t *head,
                  uint32_t head_len, uint32_t from, uint32_t len, uint32_t most, uint32_t mtu)
{
    uint32_t headers;

    *plan = (struct po_frag){.at = *at, .head = head, .head_len = head_len, .from = from};
    if (at->ipv6) {
        if (!ipv6_prefix(plan))
            return false;
        headers = plan->prefix - at->outer_l3 + PO_FRAG_HEADER;
    } else {
        plan->prefix = at->l4;
        plan->flags = hsr_load16(head + at->l3 + 6) & (PO_IP4_MORE | PO_IP4_OFFSET);
        headers = plan->prefix - at->outer_l3;
    }
    plan->data = head_len - plan->prefix + len;
    if (mtu < headers + 8 || earlier(plan) + plan->data > DATA_MAX)
        return false;
    plan->unit = mtu - headers;
    if (most != 0 && most < plan->unit)
        plan->unit = most;
    plan->unit &= ~7u;
    return plan->unit > 0;
}

/* Fragments behind the first do without options that are not to be copied: replaced, as Linux does, to keep the length. */
static void drop_options(uint8_t *ip)
{
    uint8_t *option = ip + HSR_IP4_HDR;
    uint32_t left = (ip[0] & 15u) * 4 - HSR_IP4_HDR;

    while (left > 0 && *option != OPTION_END) {
        uint32_t len = *option == OPTION_NOP ? 1 : left < 2 ? 0 : option[1];

        if (len == 0 || len > left || (len == 1 && *option != OPTION_NOP))
            return;
        if (!(*option & OPTION_COPIED))
            memset(option, OPTION_NOP, len);
        option += len;
        left -= len;
    }
}

static void ipv4_header(const struct po_frag *plan, uint8_t *ip, uint32_t len, bool last)
{
    uint32_t offset = earlier(plan) + plan->done;
    unsigned more = last ? plan->flags & PO_IP4_MORE : PO_IP4_MORE;

    hsr_store16(ip + 6, (uint16_t)(more | offset / 8));
    if (plan->done > 0)
        drop_options(ip);
    po_ip_header(ip, false, len, 0);
}

static void ipv6_header(const struct po_frag *plan, uint8_t *out, uint32_t len, bool last)
{
    uint8_t *fragment = out + plan->prefix;

    fragment[0] = out[plan->next];
    fragment[1] = 0;
    hsr_store16(fragment + 2, (uint16_t)(plan->done | (last ? 0 : 1)));
    hsr_store32(fragment + 4, plan->ident);
    out[plan->next] = EXT_FRAGMENT;
    po_ip_header(out + plan->at.l3, true, len, 0);
}

struct po_frag_piece po_frag_next(struct po_frag *plan, const struct po_source *frame, uint8_t *out,
                                  uint32_t index)
{
    uint32_t in_head = plan->head_len - plan->prefix; /* data that lies in the private copy */
    uint32_t left = plan->data - plan->done;
    uint32_t data = left < plan->unit ? left : plan->unit;
    uint32_t header = plan->prefix + (plan->at.ipv6 ? PO_FRAG_HEADER : 0u);
    uint32_t copied = plan->done >= in_head ? 0 : in_head - plan->done;
    struct po_frag_piece piece;

    if (copied > data)
        copied = data;
    piece.head_len = header + copied;
    piece.len = data - copied;
    piece.from = plan->from + (plan->done + copied - in_head);
    memcpy(out, plan->head, plan->prefix);
    memcpy(out + header, plan->head + plan->prefix + (copied > 0 ? plan->done : 0), copied);
    if (plan->at.ipv6)
        ipv6_header(plan, out, header - plan->at.l3 + data, data == left);
    else
        ipv4_header(plan, out + plan->at.l3, header - plan->at.l3 + data, data == left);
    po_outer_headers(&plan->at, out, piece.head_len, piece.len,
                     plan->at.outer_csum ? po_source_sum(frame, piece.from, piece.len) : 0, index);
    plan->done += data;
    return piece;
}
