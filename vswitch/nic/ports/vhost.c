/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual machine's network device, by vhost-user. `device` is the path of the socket. Arguments: role=client (default: the virtual
 * machine listens, and we come back to it at once after a restart) or role=server.
 *
 * Frames are copied between guest memory and slots in the call that finds them, and their buffers are given back in order in the same
 * call: nothing of a guest's is in flight between two calls.
 */
#include "ports/vhost.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "ports/drivers.h"

enum { ROUNDS = 4 }; /* of a queue in which more has come meanwhile */

static int role_of(struct nic_port *port, struct vhost *v, char why[NIC_WHY])
{
    char role[16] = "client";

    (void)nic_port_arg(port->config.args, "role", role, sizeof role);
    v->client = strcmp(role, "client") == 0;
    if (v->client || strcmp(role, "server") == 0)
        return 0;
    snprintf(why, NIC_WHY, "vhost-user %s: role is client or server, not '%s'", port->config.device,
             role);
    return -EINVAL;
}

static int prepare(struct nic_port *port, struct vhost *v, char why[NIC_WHY])
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = -1};
    const char *path = port->config.device;

    if (strlen(path) >= sizeof v->path) {
        snprintf(why, NIC_WHY, "vhost-user %.90s: a socket's path has at most %zu bytes", path,
                 sizeof v->path - 1);
        return -EINVAL;
    }
    memcpy(v->path, path, strlen(path) + 1);
    v->pairs = port->config.queues ? port->config.queues : 1;
    if (v->pairs > VHOST_PAIRS) {
        snprintf(why, NIC_WHY, "vhost-user %.90s: at most %d queues", path, VHOST_PAIRS);
        return -EINVAL;
    }
    v->epoll = epoll_create1(EPOLL_CLOEXEC);
    v->self = event.data.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (v->epoll < 0 || v->self < 0 || epoll_ctl(v->epoll, EPOLL_CTL_ADD, v->self, &event) < 0) {
        int rc = -errno;

        snprintf(why, NIC_WHY, "vhost-user %.90s: cannot watch it: %s", path, strerror(-rc));
        return rc;
    }
    return role_of(port, v, why);
}

static void vhost_free(struct vhost *v)
{
    if (v->self >= 0)
        close(v->self);
    if (v->epoll >= 0)
        close(v->epoll);
    free(v);
}

static int vhost_open(struct nic_port *port, int fd, char why[NIC_WHY])
{
    struct vhost *v;
    int rc = nic_port_refuse_fd(port, fd, why);

    if (rc)
        return rc;
    v = calloc(1, sizeof *v);
    if (!v) {
        snprintf(why, NIC_WHY, "out of memory");
        return -ENOMEM;
    }
    v->epoll = v->self = v->vid = -1;
    v->asleep = true;
    rc = prepare(port, v, why);
    if (!rc)
        rc = vhost_session_open(v, port->config.offload, why);
    if (rc) {
        vhost_free(v);
        return rc;
    }
    port->egress.mtu = nic_port_mtu(port);
    port->priv = v;
    return 0;
}

static void vhost_close(struct nic_port *port)
{
    struct vhost *v = port->priv;

    vhost_session_close(v);
    vhost_free(v);
    port->priv = NULL;
}

void vhost_poke(const struct vhost *v)
{
    uint64_t one = 1;

    if (write(v->self, &one, sizeof one) < 0)
        return; /* it is readable already */
}

static void note_stop(struct nic_port *port, uint32_t queue)
{
    struct vhost *v = port->priv;

    v->queue[queue].stop_told = true;
    port->queue_stops++;
    vhost_stops_tell(v, queue);
}

/* Memory of some guest is gone. If it was this one's, nothing in its rings is to be believed. */
static __attribute__((noinline)) void look_for_losses(struct nic_port *port)
{
    struct vhost *v = port->priv;

    v->losses = vhost_gone_losses();
    for (uint32_t i = 0; i < 2 * v->pairs; i++) {
        if (v->queue[i].on && v->queue[i].stop == VH_RUNS && vhost_gone((uint32_t)v->vid)) {
            v->queue[i].stop = VH_STOP_MEMORY;
            note_stop(port, i);
        }
    }
}

/* The session has changed things: what Post may make of packets for the guest, and by how many queues they go. */
static void adopt(struct nic_port *port, struct vhost *v)
{
    v->seen = atomic_load_explicit(&v->version, memory_order_relaxed);
    port->egress.csum = v->net.csum;
    port->egress.tso = v->net.tso;
    v->rx_pairs = 0;
    for (uint32_t i = 0; i < v->pairs; i++) {
        if (v->queue[2 * i].on)
            v->rx_pairs = i + 1;
        else
            v->lives[i] = false;
    }
    look_for_losses(port);
}

static bool enter(struct nic_port *port)
{
    struct vhost *v = port->priv;

    if (!vhost_enter(v))
        return false;
    if (v->seen != atomic_load_explicit(&v->version, memory_order_relaxed))
        adopt(port, v);
    return true;
}

static void leave(struct nic_port *port)
{
    struct vhost *v = port->priv;

    if (v->losses != vhost_gone_losses())
        look_for_losses(port);
    vhost_leave(v);
}

/* A queue has had its turn. */
static void call_guest(struct nic_port *port, uint32_t queue)
{
    struct vhost *v = port->priv;
    const struct vh_queue *q = &v->queue[queue];
    uint64_t one = 1;

    if (q->stop != VH_RUNS && !q->stop_told)
        note_stop(port, queue);
    if (vh_wants_call(&v->queue[queue]) && v->call[queue] >= 0 &&
        write(v->call[queue], &one, sizeof one) < 0)
        return; /* it has not seen the last call yet */
}

/*
 * What the guest has in one queue. True: that was all, and it will kick when there is more. Kicks are off as long as we come by ourselves.
 */
static bool rx_queue(struct nic_port *port, uint32_t queue, struct nic_slots *slots,
                     struct vh_turn *turn)
{
    struct vhost *v = port->priv;
    struct vh_queue *q = &v->queue[queue];
    bool all = true;

    if (q->kicks && !vh_waits(q))
        return v->kick[queue] >= 0;
    /* Between our last look and the guest's learning that it has to kick, something may have come. */
    for (unsigned i = 0; i < ROUNDS && (i == 0 || (all && vh_kicks(q, true))); i++) {
        vh_kicks(q, false);
        all = vh_net_rx(q, &v->mem, &v->net, slots, turn);
        vh_publish(q);
    }
    call_guest(port, queue);
    return all && q->kicks && v->kick[queue] >= 0;
}

/* We slept: take away what woke us. */
static void drain_all(const struct vhost *v)
{
    struct epoll_event event[1 + VHOST_PAIRS];
    int n = epoll_wait(v->epoll, event, 1 + VHOST_PAIRS, 0);
    uint64_t count;

    for (int i = 0; i < n; i++)
        if (event[i].data.fd == v->self && read(v->self, &count, sizeof count) < 0)
            continue; /* it was read before */
}

static uint32_t vhost_rx(struct nic_port *port, struct nic_slots *slots, struct nic_rx *out,
                         uint32_t max, uint32_t *no_slot, uint32_t *too_big)
{
    struct vhost *v = port->priv;
    struct vh_turn turn = {.out = out, .max = max};
    uint32_t looked = 0;
    bool all = true;

    (void)no_slot;
    if (!enter(port))
        return 0; /* the session will poke */
    if (v->asleep)
        drain_all(v);
    for (; looked < v->pairs && !vh_turn_over(&turn); looked++) {
        uint32_t queue = 2 * ((v->next + looked) % v->pairs) + 1;

        if (v->queue[queue].on)
            all &= rx_queue(port, queue, slots, &turn);
    }
    if (++v->next >= v->pairs)
        v->next = 0;
    v->asleep = all && looked == v->pairs;
    leave(port);
    port->rx_bad += turn.bad;
    *too_big += turn.too_big;
    if (!v->asleep && turn.got < max && !slots->waits)
        vhost_poke(v);
    return turn.got;
}

/*
 * The queue of the frame's flow. The other side may enable queues that the guest does not use: one counts when it has had buffers.
 */
static struct vh_queue *queue_of(struct vhost *v, const struct po_frame *frame)
{
    uint32_t pair = vh_net_spread(frame, v->rx_pairs);
    struct vh_queue *q = &v->queue[2 * pair];

    if (!v->lives[pair])
        v->lives[pair] = vh_waits(q);
    return v->lives[pair] ? q : &v->queue[0];
}

static uint32_t vhost_tx(struct nic_port *port, const struct po_frame *frames, uint32_t n)
{
    struct vhost *v = port->priv;

    if (!enter(port))
        return 0;
    if (v->rx_pairs == 0)
        n = 0;
    for (uint32_t i = 0; i < n; i++) {
        enum vh_sent sent = vh_net_tx(queue_of(v, &frames[i]), &v->mem, &v->net, &frames[i]);

        if (sent != VH_SENT)
            nic_port_refuse(port, i, sent == VH_BAD ? HSR_DROP_GUEST_DESC : HSR_DROP_PORT_TX_FULL);
    }
    for (uint32_t i = 0; i < v->rx_pairs; i++) {
        if (v->queue[2 * i].on) {
            vh_publish(&v->queue[2 * i]);
            call_guest(port, 2 * i);
        }
    }
    leave(port);
    return n;
}

static int vhost_rx_fd(const struct nic_port *port)
{
    const struct vhost *v = port->priv;

    return v->epoll;
}

static bool vhost_link(const struct nic_port *port)
{
    const struct vhost *v = port->priv;

    return atomic_load_explicit(&v->up, memory_order_relaxed);
}

const struct nic_port_ops nic_vhost_ops = {
    .name = "vhost-user",
    .open = vhost_open,
    .close = vhost_close,
    .rx = vhost_rx,
    .tx = vhost_tx,
    .rx_fd = vhost_rx_fd,
    .link = vhost_link,
};
