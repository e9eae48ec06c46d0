/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Underlay neighbours: IPv4 address -> MAC, shared by all workers.
 *
 * Readers never wait: an entry is an address and a MAC word, each atomic, the address written last. Writers (a worker
 * that saw ARP) take a spin bit for the few stores. `changes` counts every new or different MAC: sessions compiled
 * under another count are looked at again. Full: the new neighbour is not learned (counted).
 *
 * ARP proves nothing, so what it may do is bounded: only addresses the datapath asked for have an entry, and a known MAC
 * changes at most once in DP_NEIGHBOR_HOLD_NS. Neither a flood of made-up senders nor two hosts that claim one address
 * can fill the table or keep all sessions being compiled. Static neighbours of the configuration are before all of it.
 */
#ifndef DATAPATH_NEIGHBOR_H
#define DATAPATH_NEIGHBOR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define DP_NEIGHBORS        1024 /* a power of two */
#define DP_NEIGHBOR_HOLD_NS 1000000000u

struct dp_neighbors {
    struct dp_neighbor {
        _Atomic uint32_t addr;    /* host order, 0: free */
        _Atomic uint64_t mac48;   /* 0: asked, not answered yet */
        _Atomic uint64_t asked;   /* NIC time of the last request, ns */
        _Atomic uint64_t changed; /* NIC time at which the MAC became what it is, ns */
    } entry[DP_NEIGHBORS];
    _Atomic bool writing;
    _Atomic uint32_t changes;
    _Atomic uint64_t full;
};

/* MAC of a neighbour, 0 when it is not known. */
uint64_t dp_neighbor_find(const struct dp_neighbors *n, uint32_t addr);

/* An address and the MAC that claims it; what is no unicast MAC, or nobody asked for, is not learned. */
void dp_neighbor_learn(struct dp_neighbors *n, uint32_t addr, uint64_t mac48, uint64_t now);

/* Entries in use, and of them those with a MAC. Any thread; of a moment. */
void dp_neighbor_count(const struct dp_neighbors *n, uint32_t *used, uint32_t *known);

/* May a request for this address be sent now (one a second for each)? Marks it as asked. */
bool dp_neighbor_ask(struct dp_neighbors *n, uint32_t addr, uint64_t now);

#endif
