/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Underlay neighbours: (uplink, address) -> MAC, shared by all workers.
 *
 * Readers never wait: an entry is words, each atomic, under a version that is odd while the entry becomes another neighbour's.
 * Writers (a worker that saw ARP or neighbour discovery) take a spin bit for the few stores. `changes` counts
 * whatever packets that wait are looked at again for: a new or different MAC, a neighbour that does not answer any more, and
 * one that does again. `moves` are those of them that sessions can have been compiled by, so not the first that is heard of
 * a neighbour, or that nothing is: any guest with a way out can bring about as many of those as it likes.
 *
 * States as in RFC 4861, 7.3.2. INCOMPLETE: asked for. REACHABLE: heard of. STALE: it has another MAC than it had, or somebody
 * says so, and has not been asked about that. PROBE: not heard of for DP_NEIGHBOR_REACHABLE_NS, and asked at its MAC. FAILED: DP_NEIGHBOR_TRIES
 * questions, one a second, had no answer; it is asked again every DP_NEIGHBOR_RETRY_NS. There is no state in which nobody
 * asks: sessions go on without looking here, so that who uses a neighbour is not known.
 *
 * Neither ARP nor neighbour discovery proves anything, so what they may do is bounded: only addresses the datapath asked
 * for have an entry, and a known MAC changes at most once in DP_NEIGHBOR_HOLD_NS. Neither a flood of made-up senders nor two
 * hosts that claim one address can fill the table or keep all sessions being compiled. Who asks is a port: each may wait for
 * DP_NEIGHBOR_OPEN first answers, so that a guest that walks through a link does not take the table from the others. Static
 * neighbours of the configuration are before all of it. Full: an entry that has FAILED goes, else the new neighbour is not learned (counted).
 */
#ifndef DATAPATH_NEIGHBOR_H
#define DATAPATH_NEIGHBOR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

#define DP_NEIGHBORS             1024 /* a power of two */
#define DP_NEIGHBOR_HOLD_NS      UINT64_C(1000000000)
#define DP_NEIGHBOR_ASK_NS       UINT64_C(1000000000)
#define DP_NEIGHBOR_TRIES        3
#define DP_NEIGHBOR_OPEN         64
#define DP_NEIGHBOR_REACHABLE_NS UINT64_C(30000000000)
#define DP_NEIGHBOR_RETRY_NS     UINT64_C(5000000000)

/* A next hop. */
struct dp_hop {
    struct cfg_addr addr;
    uint16_t port; /* uplink */
};

enum dp_neighbor_state {
    DP_NEIGHBOR_FREE,
    DP_NEIGHBOR_INCOMPLETE,
    DP_NEIGHBOR_REACHABLE,
    DP_NEIGHBOR_STALE,
    DP_NEIGHBOR_PROBE,
    DP_NEIGHBOR_FAILED,
};

struct dp_neighbors {
    struct dp_neighbor {
        _Alignas(64) _Atomic uint32_t version;
        _Atomic uint16_t port;
        _Atomic uint16_t asker; /* INCOMPLETE: whose question it is */
        _Atomic uint8_t state;  /* enum dp_neighbor_state */
        _Atomic uint8_t tries;
        _Atomic uint64_t high, low; /* the address; IPv4: behind a half of ones */
        _Atomic uint64_t mac48;     /* 0: not known */
        _Atomic uint64_t asked;     /* NIC time of the last request, ns */
        _Atomic uint64_t changed;   /* NIC time at which the MAC became what it is, ns */
        _Atomic uint64_t confirmed; /* NIC time at which it was last heard of, ns */
    } entry[DP_NEIGHBORS];
    _Atomic uint16_t open[HSR_MAX_PORTS]; /* INCOMPLETE ones, by asker */
    _Atomic bool writing;
    _Atomic uint32_t changes, moves;
    _Atomic uint64_t full;
};

/* What is known of a neighbour; 0 and FREE when it was never asked for. */
struct dp_known {
    uint64_t mac48;
    enum dp_neighbor_state state;
};
struct dp_known dp_neighbor_find(const struct dp_neighbors *n, const struct dp_hop *hop);

/* An address and the MAC that claims it; what is no unicast MAC, or nobody asked for, is not learned. */
void dp_neighbor_learn(struct dp_neighbors *n, const struct dp_hop *hop, uint64_t mac48,
                       uint64_t now);

/*
 * A neighbour advertisement for an address somebody asked for (else: nothing). It is believed when it answers; what nobody
 * asked for and says otherwise than we know makes us ask.
 */
struct dp_advert {
    uint64_t mac48; /* 0: not told, as it need not to who asked at the MAC */
    bool solicited, override;
};
void dp_neighbor_advertised(struct dp_neighbors *n, const struct dp_hop *hop,
                            const struct dp_advert *advert, uint64_t now);

/* Entries in use, and of them those with a MAC. Any thread; of a moment. */
void dp_neighbor_count(const struct dp_neighbors *n, uint32_t *used, uint32_t *known);

/*
 * Its MAC is wanted, at the expense of the port `asker`. ASK: it shall be asked for now, which is the first time; later
 * dp_neighbor_due() sees to it. QUOTA: it was not asked for, and will not be now.
 */
enum dp_asked { DP_ASKED, DP_ASKED_ASK, DP_ASKED_QUOTA };
enum dp_asked dp_neighbor_ask(struct dp_neighbors *n, const struct dp_hop *hop, uint16_t asker,
                              uint64_t now);

/*
 * Time goes by for entry number `i`. True: `hop` shall be asked now, at `mac48`, or (0) all of its link.
 */
bool dp_neighbor_due(struct dp_neighbors *n, uint32_t i, uint64_t now, struct dp_hop *hop,
                     uint64_t *mac48);

/* Forget entry number `i`: its uplink is gone. */
void dp_neighbor_forget(struct dp_neighbors *n, uint32_t i);

/* For a twin (twin.h): all that is known, as of a moment. `to` is nobody else's yet. */
void dp_neighbors_copy(struct dp_neighbors *to, const struct dp_neighbors *from);

/* Entry number `i` for people; false: free. Any thread; of a moment. */
struct dp_neighbor_row {
    struct dp_hop hop;
    struct dp_known known;
    uint64_t confirmed; /* NIC time, 0: never heard of */
};
bool dp_neighbor_row(const struct dp_neighbors *n, uint32_t i, struct dp_neighbor_row *row);
const char *dp_neighbor_state_name(enum dp_neighbor_state state);

#endif
