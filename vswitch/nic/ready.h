/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which ports to serve. Of hundreds of ports with thousands of queues most are idle at any moment, and an idle one costs nothing in
 * a turn: ports with a descriptor are in an epoll of their own, which is asked when no port is busy, and else in every eighth turn;
 * ring ports are bits in a few words that their producers set. Only what cannot say when frames wait (captures, DPDK devices) is
 * asked each turn.
 *
 * A port is ready until it has brought all that it had. One thread, but for the words of the producers.
 */
#ifndef NIC_READY_H
#define NIC_READY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "nic/port.h"

#define NIC_READY_WORDS (HSR_MAX_PORTS / 64)

struct nic_ready {
    uint64_t now[NIC_READY_WORDS];    /* may have frames */
    uint64_t polled[NIC_READY_WORDS]; /* asked each turn */
    uint64_t by_fd[NIC_READY_WORDS];  /* have a descriptor, or had one */
    int epoll;                        /* for those */
    uint32_t fds;                     /* how many */
    uint32_t turn;
    struct nic_busy {
        _Atomic uint64_t *word; /* of the producers */
        uint64_t ours;          /* bits of our ports */
        uint16_t port[64];      /* by bit */
    } busy[NIC_READY_WORDS];
    uint32_t busy_words;
};

/* 0 or a negative errno. */
int nic_ready_open(struct nic_ready *r);
void nic_ready_close(struct nic_ready *r);

/* A port comes or goes. 0, or a negative errno: its descriptor cannot be waited for. */
int nic_ready_add(struct nic_ready *r, struct nic_port *port);
void nic_ready_remove(struct nic_ready *r, struct nic_port *port);

/* Can it be waited for, or will nothing come of it any more? */
static inline bool nic_ready_by_fd(const struct nic_ready *r, uint16_t port)
{
    return r->by_fd[port / 64] >> port % 64 & 1;
}

/* Before a turn: who has become ready. */
void nic_ready_look(struct nic_ready *r);

/* A port has brought all it had. */
static inline void nic_ready_done(struct nic_ready *r, uint16_t port)
{
    r->now[port / 64] &= ~(UINT64_C(1) << port % 64);
}

#endif
