/* SPDX-License-Identifier: Apache-2.0 */
/* The conservation equation (architecture, section 3), from the counters of three stages. */
#include "internal.h"

/* The firmware's stage. What it holds, it has taken and not sent. */
static void add_workers(const struct fw *fw, uint16_t port, struct fw_balance *b, uint64_t *in,
                        uint64_t *out)
{
    for (uint32_t w = 0; w < fw->workers; w++) {
        const struct dp_ledger *l = &fw->worker_stats[w].ledger[port];
        uint64_t left = l->tx + l->consumed + l->drops;

        /* From worker to worker: each one's books are right by themselves, whenever it is asked. */
        b->fw += (int64_t)(l->handed_in - l->handed_out);
        *out += left;
        *in += l->rx;
        b->fw += (int64_t)(l->rx + l->originated - left - l->held);
        b->held += (int64_t)l->held;
    }
}

static void add_port(struct fw *fw, uint16_t port, struct fw_balance *b)
{
    const struct hsr_port_stats *s = &fw->nic_stats[port];
    const struct fw_base *base = &fw->base[port];
    uint64_t in = 0, out = 0;

    add_workers(fw, port, b, &in, &out);
    b->pre += (int64_t)(s->pre_rx + s->pre_returned - s->pre_ring - s->pre_drops - s->pre_held);
    b->post += (int64_t)(s->post_ring + s->post_originated + s->post_copies + s->post_segments -
                         s->post_tx - s->post_consumed - s->post_merged - s->post_returned -
                         s->post_drops);
    b->returned += (int64_t)(s->post_returned - s->pre_returned);
    b->in_flight += (int64_t)(s->pre_held + s->pre_ring - s->post_ring);
    b->to_fw += (int64_t)(s->pre_ring - base->pre_ring - in);
    b->to_post += (int64_t)(out - (s->post_ring + s->post_originated - base->post_in));
    b->rx += s->pre_rx;
    b->tx += s->post_tx;
    b->originated += s->post_originated;
    b->copies += s->post_copies;
    b->consumed += s->post_consumed;
    b->merged += s->post_merged;
    b->drops += s->pre_drops + s->post_drops;
    b->segments += s->post_segments;
}

/*
 * The NIC's two stages are published together and a worker is asked between two bursts: each adds up at any moment. What
 * Post returns Pre takes in the same turn: inside the NIC nothing is on its way, and the two cancel.
 */
static void judge(struct fw_balance *b)
{
    int64_t whole = (int64_t)(b->rx + b->originated + b->copies + b->segments - b->tx -
                              b->consumed - b->merged - b->drops) -
                    b->in_flight;

    b->ok = b->pre == 0 && b->post == 0 && b->returned == 0 && whole == 0 && b->in_flight >= 0 &&
            b->fw == 0;
    b->settled = b->ok && b->in_flight == 0 && b->to_fw == 0 && b->to_post == 0;
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
