/* SPDX-License-Identifier: Apache-2.0 */
/* Floods from the network: the NIC alone has its turns, then everybody, and what came of it. */
#ifndef INBOUND_H
#define INBOUND_H

#include "topology.h"

static inline void nic_alone(struct bench *b)
{
    for (unsigned i = 0; i < 100; i++)
        nic_poll(b->nic, b->now);
}

/* Frames that leave by this port, once all is done. */
static inline unsigned arrive(struct bench *b, const char *port)
{
    unsigned n = 0;

    bench_run(b);
    while (bench_pop(b, port, &in))
        n++;
    return n;
}

static inline uint64_t net_drops(struct bench *b, const char *port)
{
    nic_sync(b->nic);
    return nic_region(b->nic)->view.stats[bench_index(b, port)].net_drops;
}

#endif
