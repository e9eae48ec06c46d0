/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vhost-user port: what its two halves share. The session (vhost_session.c) is what rte_vhost tells us on threads of its own: memory,
 * rings, features. The port (vhost.c) walks the rings on the poll thread.
 *
 * Each change by the session is made while the poll thread is outside: pause_port() makes it turn away from the port and waits until it
 * has; it never waits for the session itself.
 */
#ifndef PORTS_VHOST_H
#define PORTS_VHOST_H

#include <stdatomic.h>

#include "ports/vhost_gone.h"
#include "ports/vhost_net.h"

#define VHOST_PAIRS 16 /* of queues */
#define VHOST_PATH  108

struct vhost {
    char path[VHOST_PATH];
    bool client;
    bool registered;
    uint32_t pairs; /* that may be used */
    int epoll;      /* readable: rx has something to look at */
    int self;       /* eventfd in it: look without a kick */
    _Atomic bool paused;
    _Atomic bool inside;      /* the poll thread */
    _Atomic bool up;          /* a guest has enabled its queues */
    _Atomic uint32_t version; /* of what follows; changed while paused only */
    int vid;                  /* of the connection, -1: there is none */
    bool has_memory;          /* it has told us of guest memory, and that went well */
    struct vh_mem mem;
    struct vh_net net;
    struct vh_queue queue[2 * VHOST_PAIRS]; /* even: what the guest receives, odd: what it sends */
    int kick[2 * VHOST_PAIRS], call[2 * VHOST_PAIRS];
    _Atomic uint8_t stopped[2 * VHOST_PAIRS]; /* (enum vh_stop) that nobody has logged yet */
    /* The poll thread's own: */
    uint32_t seen;           /* version */
    uint32_t losses;         /* vhost_gone_losses(), as far as it was looked for ours */
    uint32_t next;           /* pair to be served first */
    bool asleep;             /* rx has found all queues empty, and waits for a kick */
    uint32_t rx_pairs;       /* the first ones, up to the last that the guest receives by */
    bool lives[VHOST_PAIRS]; /* by pair: the guest has had buffers there */
};

/* The poll thread wants in; false: the session is changing things. */
static inline bool vhost_enter(struct vhost *v)
{
    atomic_store(&v->inside, true);
    if (!atomic_load(&v->paused))
        return true;
    atomic_store_explicit(&v->inside, false, memory_order_release);
    return false;
}

static inline void vhost_leave(struct vhost *v)
{
    atomic_store_explicit(&v->inside, false, memory_order_release);
}

/* Make rx look, whatever the guest says. */
void vhost_poke(const struct vhost *v);

/* Offer the socket, or connect to it and go on trying. 0 or a negative errno with a text in `why`. Control thread. */
int vhost_session_open(struct vhost *v, bool offload, char why[NIC_WHY]);
void vhost_session_close(struct vhost *v);

/* Nobody waits for the rest of a message on connections of this socket. False: none was found. */
bool vhost_socket_limit(const char *path);

/* For each port that is open; it stays so until `f` returns. */
void vhost_session_each(void (*f)(struct vhost *v));

/* A queue has been stopped: somebody logs it. Poll thread, after vhost_stops_start() on a control thread. */
void vhost_stops_start(void);
void vhost_stops_tell(struct vhost *v, uint32_t queue);

#endif
