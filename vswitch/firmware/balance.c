/* SPDX-License-Identifier: Apache-2.0 */
/* The conservation equation (architecture, section 3), from the counters of three stages. */
#include "internal.h"

static void add_port(struct fw *fw, uint16_t port, struct fw_balance *b)
{
    const volatile struct hsr_port_stats *s = &fw->view->stats[port];
    uint64_t fw_in = 0, fw_out = 0, fw_rx = 0;

    for (uint32_t w = 0; w < fw->workers; w++) {
        const struct dp_ledger *l = &dp_ledger(fw->worker[w])[port];

        fw_rx += l->rx;
        fw_in += l->rx + l->originated;
        fw_out += l->tx + l->consumed + l->drops;
    }
    b->pre += (int64_t)(s->pre_rx - s->pre_ring - s->pre_drops - s->pre_held);
    b->fw += (int64_t)(fw_in - fw_out);
    b->post += (int64_t)(s->post_ring + s->post_originated + s->post_segments - s->post_tx -
                         s->post_consumed - s->post_drops);
    b->in_flight += (int64_t)(s->pre_held + s->pre_ring - s->post_ring);
    b->rx += s->pre_rx;
    b->tx += s->post_tx;
    b->originated += s->post_originated;
    b->consumed += s->post_consumed;
    b->drops += s->pre_drops + s->post_drops;
    b->segments += s->post_segments;
}

/*
 * The firmware's own stage is held against Post too: with nothing in flight, what the one sent on is what the other
 * took. The whole equation then follows from the three.
 */
static void judge(struct fw_balance *b)
{
    int64_t whole =
        (int64_t)(b->rx + b->originated + b->segments - b->tx - b->consumed - b->drops) -
        b->in_flight;

    b->ok = b->pre == 0 && b->fw == 0 && b->post == 0 && b->in_flight >= 0 && whole == 0;
}

struct fw_balance fw_balance(struct fw *fw, uint16_t port)
{
    struct fw_balance b = {0};

    add_port(fw, port, &b);
    judge(&b);
    return b;
}

struct fw_balance fw_balance_total(struct fw *fw)
{
    struct fw_balance b = {0};

    for (uint16_t port = 0; port < HSR_MAX_PORTS; port++)
        add_port(fw, port, &b);
    judge(&b);
    return b;
}
