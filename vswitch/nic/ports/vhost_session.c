/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the virtual machine's side says, by rte_vhost: socket, messages and the mapping of guest memory are its business, the rings are
 * not. It changes memory and rings in the middle of a message, so the poll thread is kept out from before a message until behind it; if the message
 * fails, until the connection has gone.
 *
 * Callbacks come on a thread of rte_vhost's, one at a time for a port, or on the control thread that closes it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_config.h>
#include <pthread.h>
#include <rte_vhost.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <time.h>

#include "log/log.h"
#include "nic/eal.h"
#include "ports/socket_path.h"
#include "ports/vhost.h"

AVS_LOG_MODULE(log_vhost, "vhost");

/* Messages of the protocol that we have a word in. */
enum {
    MSG_GET_FEATURES = 1,
    MSG_RESET_OWNER = 4,
    MSG_SET_MEM_TABLE = 5,
    MSG_GET_VRING_BASE = 11,
    MSG_GET_PROTOCOL_FEATURES = 15,
    MSG_GET_QUEUE_NUM = 17,
    MSG_POSTCOPY_ADVISE = 28,
    MSG_SET_INFLIGHT = 32,
};
struct message {
    uint32_t request, flags, size;
    uint64_t number;
} __attribute__((packed));

static pthread_mutex_t registry_lock = PTHREAD_MUTEX_INITIALIZER;
static struct vhost *registry[RTE_MAX_VHOST_DEVICE]; /* ports */
static struct vhost *by_vid[RTE_MAX_VHOST_DEVICE];

_Static_assert(RTE_MAX_VHOST_DEVICE <= VHOST_GUESTS, "guests are connections");

void vhost_session_each(void (*f)(struct vhost *v))
{
    pthread_mutex_lock(&registry_lock);
    for (uint32_t i = 0; i < RTE_MAX_VHOST_DEVICE; i++)
        if (registry[i] != NULL)
            f(registry[i]);
    pthread_mutex_unlock(&registry_lock);
}

static struct vhost *of(int vid)
{
    struct vhost *v = NULL;

    pthread_mutex_lock(&registry_lock);
    if (vid >= 0 && vid < RTE_MAX_VHOST_DEVICE)
        v = by_vid[vid];
    pthread_mutex_unlock(&registry_lock);
    return v;
}

static void pause_port(struct vhost *v)
{
    struct timespec moment = {.tv_nsec = 20000};

    atomic_store(&v->paused, true);
    while (atomic_load(&v->inside))
        nanosleep(&moment, NULL);
}

static void resume_port(struct vhost *v)
{
    bool up = v->pairs > 0 && v->queue[0].on && v->queue[1].on;

    atomic_store(&v->up, up);
    atomic_fetch_add(&v->version, 1);
    atomic_store(&v->paused, false);
    vhost_poke(v);
}

static void unwatch(struct vhost *v)
{
    for (uint32_t i = 1; i < 2 * v->pairs; i += 2)
        if (v->kick[i] >= 0)
            (void)epoll_ctl(v->epoll, EPOLL_CTL_DEL, v->kick[i], NULL);
}

static void watch(struct vhost *v)
{
    for (uint32_t i = 1; i < 2 * v->pairs; i += 2) {
        /* By edges: it is the other side's, so it is never read, which could block. */
        struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.fd = v->kick[i]};

        if (v->queue[i].on && v->kick[i] >= 0)
            (void)epoll_ctl(v->epoll, EPOLL_CTL_ADD, v->kick[i], &event);
    }
}

/* Without memory rte_vhost must not be asked for it. */
static void look_at_memory(struct vhost *v)
{
    struct vhost_extent extent[VH_REGIONS];
    struct rte_vhost_memory *mem = NULL;

    v->mem.regions = 0;
    if (!v->has_memory || rte_vhost_get_mem_table(v->vid, &mem) < 0)
        return;
    for (uint32_t i = 0; i < mem->nregions && i < VH_REGIONS; i++) {
        extent[i] = (struct vhost_extent){mem->regions[i].mmap_addr, mem->regions[i].mmap_size};
        v->mem.region[v->mem.regions++] = (struct vh_region){
            .gpa = mem->regions[i].guest_phys_addr,
            .size = mem->regions[i].size,
            .at = (uint8_t *)(uintptr_t)mem->regions[i].host_user_addr,
        };
    }
    free(mem);
    vhost_gone_watch((uint32_t)v->vid, extent, v->mem.regions);
}

/* Before it is unmapped. */
static void forget_memory(struct vhost *v)
{
    v->has_memory = false;
    v->mem.regions = 0;
    vhost_gone_watch((uint32_t)v->vid, NULL, 0);
}

/*
 * The descriptor that the guest is called by is written to on the thread that serves all ports, so it must not block: it has to be an eventfd, or
 * what else has no kind of file. It stays rte_vhost's, which closes it.
 */
static int call_of(const struct vhost *v, uint32_t i, int fd)
{
    struct stat st;
    int flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);

    if (flags >= 0 && fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) == 0 &&
        (flags & O_NONBLOCK || fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0))
        return fd;
    if (fd >= 0)
        AVS_LOG(log_vhost, AVS_LOG_WARN, "no eventfd to call the guest by, it is not called",
                avs_log_str("path", v->path), avs_log_u64("queue", i));
    return -1;
}

/* Where the rings of a queue are now; it is off when they are not in guest memory. */
static void look_at_rings(struct vhost *v, uint32_t i)
{
    struct vh_queue *q = &v->queue[i];
    struct rte_vhost_vring vring;

    q->on = rte_vhost_get_vhost_vring(v->vid, (uint16_t)i, &vring) == 0;
    if (!q->on)
        return;
    q->size = vring.size;
    q->desc = vring.desc;
    q->avail = vring.avail;
    q->used = vring.used;
    v->kick[i] = vring.kickfd;
    v->call[i] = call_of(v, i, vring.callfd);
    q->on = vh_queue_fits(q, &v->mem) && (!q->packed || (q->next < q->size && q->done < q->size));
}

/* rte_vhost is told how far we are: it tells the other side, or us when we go on. */
static void leave_place(struct vhost *v, uint32_t i)
{
    const struct vh_queue *q = &v->queue[i];
    uint16_t next = q->next, done = q->done;

    if (q->packed) {
        next = (uint16_t)(next | (q->next_wrap ? 1u << 15 : 0));
        done = (uint16_t)(done | (q->done_wrap ? 1u << 15 : 0));
    }
    (void)rte_vhost_set_vring_base(v->vid, (uint16_t)i, next, done);
}

static void find_place(struct vhost *v, uint32_t i)
{
    struct vh_queue *q = &v->queue[i];
    uint16_t next = 0, done = 0;

    (void)rte_vhost_get_vring_base(v->vid, (uint16_t)i, &next, &done);
    if (q->packed) {
        q->next_wrap = next >> 15;
        q->done_wrap = done >> 15;
        next &= 0x7FFF;
        done &= 0x7FFF;
    }
    q->next = next;
    q->done = q->told = done;
}

/* At memory and rings that are on, and let the poll thread in again. */
static void look_again(struct vhost *v)
{
    look_at_memory(v);
    for (uint32_t i = 0; i < 2 * v->pairs; i++)
        if (v->queue[i].on)
            look_at_rings(v, i);
    watch(v);
    resume_port(v);
}

static void start_queue(struct vhost *v, uint32_t i)
{
    struct vh_queue *q = &v->queue[i];
    uint64_t features = 0;

    if (rte_vhost_get_negotiated_features(v->vid, &features) < 0)
        return;
    vh_net_set(&v->net, features);
    *q = (struct vh_queue){.packed = features >> VIRTIO_F_RING_PACKED & 1,
                           .events = features >> VIRTIO_RING_F_EVENT_IDX & 1,
                           .tables = features >> VIRTIO_RING_F_INDIRECT_DESC & 1,
                           .news = true,
                           .owed = true};
    look_at_memory(v);
    find_place(v, i);
    look_at_rings(v, i);
    if (q->on && q->packed)
        (void)vh_packed_find(q); /* else what the other side says */
    if (q->on)
        vh_quiet(q);
    else
        AVS_LOG(log_vhost, AVS_LOG_WARN, "rings are not in the guest's memory, the queue stays off",
                avs_log_str("path", v->path), avs_log_u64("queue", i));
}

/* In the middle of a message, too, after which nobody may look again: the memory of the other rings may have gone. */
static int queue_changed(int vid, uint16_t i, int enable)
{
    struct vhost *v = of(vid);

    if (v == NULL || i >= 2 * v->pairs)
        return 0;
    pause_port(v);
    unwatch(v);
    if (v->queue[i].on)
        leave_place(v, i);
    v->queue[i].on = false;
    if (enable)
        start_queue(v, i);
    look_again(v);
    return 0;
}

/* How many pairs of queues there may be, only we know. */
static enum rte_vhost_msg_result before_message(int vid, void *arg)
{
    struct vhost *v = of(vid);
    struct message *m = arg;

    /*
     * Post-copy migration and regions of packets in flight are not offered. rte_vhost would go into them all the same: userfaultfd, which no
     * thread of ours may use, and as much memory as the other side says.
     */
    if (m->request >= MSG_POSTCOPY_ADVISE && m->request <= MSG_SET_INFLIGHT)
        return RTE_VHOST_MSG_RESULT_ERR;
    if (v == NULL || m->request == MSG_GET_FEATURES || m->request == MSG_GET_PROTOCOL_FEATURES)
        return RTE_VHOST_MSG_RESULT_NOT_HANDLED;
    if (m->request == MSG_GET_QUEUE_NUM) {
        m->number = v->pairs;
        m->size = sizeof m->number;
        return RTE_VHOST_MSG_RESULT_REPLY;
    }
    pause_port(v);
    unwatch(v);
    if (m->request == MSG_SET_MEM_TABLE || m->request == MSG_RESET_OWNER)
        forget_memory(v);
    for (uint32_t i = 0; m->request == MSG_GET_VRING_BASE && i < 2 * v->pairs; i++)
        if (v->queue[i].on)
            leave_place(v, i);
    return RTE_VHOST_MSG_RESULT_NOT_HANDLED;
}

static enum rte_vhost_msg_result after_message(int vid, void *arg)
{
    const struct message *m = arg;
    struct vhost *v = of(vid);

    if (v == NULL || !atomic_load(&v->paused))
        return RTE_VHOST_MSG_RESULT_NOT_HANDLED;
    if (m->request == MSG_SET_MEM_TABLE)
        v->has_memory = true;
    look_again(v);
    return RTE_VHOST_MSG_RESULT_NOT_HANDLED;
}

static const struct rte_vhost_user_extern_ops message_ops = {
    .pre_msg_handle = before_message,
    .post_msg_handle = after_message,
};

/* One at a time: who comes while another is there is sent away. */
static int connected(int vid)
{
    struct vhost *v = NULL;
    char path[VHOST_PATH];

    if (vid >= RTE_MAX_VHOST_DEVICE || rte_vhost_get_ifname(vid, path, sizeof path) < 0)
        return -1;
    pthread_mutex_lock(&registry_lock);
    for (uint32_t i = 0; i < RTE_MAX_VHOST_DEVICE && v == NULL; i++)
        if (registry[i] != NULL && strcmp(registry[i]->path, path) == 0)
            v = registry[i];
    if (v != NULL && v->vid < 0) {
        v->vid = vid;
        by_vid[vid] = v;
    } else {
        v = NULL;
    }
    pthread_mutex_unlock(&registry_lock);
    if (v == NULL)
        return -1;
    AVS_LOG(log_vhost, AVS_LOG_INFO, "guest connected", avs_log_str("path", path));
    if (!vhost_socket_limit(path)) {
        AVS_LOG(log_vhost, AVS_LOG_WARN,
                "its socket has another name there: half a message holds up all ports",
                avs_log_str("path", path));
    }
    return rte_vhost_extern_callback_register(vid, &message_ops, NULL);
}

static void disconnected(int vid)
{
    struct vhost *v = of(vid);

    if (v == NULL)
        return;
    pause_port(v);
    unwatch(v);
    for (uint32_t i = 0; i < 2 * v->pairs; i++)
        v->queue[i].on = false;
    forget_memory(v);
    pthread_mutex_lock(&registry_lock);
    by_vid[vid] = NULL;
    v->vid = -1;
    pthread_mutex_unlock(&registry_lock);
    resume_port(v);
    AVS_LOG(log_vhost, AVS_LOG_INFO, "guest gone", avs_log_str("path", v->path));
}

/* Each queue comes and goes by queue_changed(). */
static int device_ready(int vid)
{
    (void)vid;
    return 0;
}

static void device_gone(int vid)
{
    (void)vid;
}

static const struct rte_vhost_device_ops device_ops = {
    .new_device = device_ready,
    .destroy_device = device_gone,
    .vring_state_changed = queue_changed,
    .new_connection = connected,
    .destroy_connection = disconnected,
};

static int register_port(struct vhost *v)
{
    int rc = -EEXIST;
    uint32_t i = 0;

    pthread_mutex_lock(&registry_lock);
    for (uint32_t k = 0; k < RTE_MAX_VHOST_DEVICE; k++) {
        if (registry[k] == NULL)
            i = k;
        else if (strcmp(registry[k]->path, v->path) == 0)
            goto out;
    }
    rc = registry[i] == NULL ? 0 : -ENOSPC;
    if (rc == 0)
        registry[i] = v;
out:
    pthread_mutex_unlock(&registry_lock);
    return rc;
}

static void unregister_port(const struct vhost *v)
{
    pthread_mutex_lock(&registry_lock);
    for (uint32_t i = 0; i < RTE_MAX_VHOST_DEVICE; i++)
        if (registry[i] == v)
            registry[i] = NULL;
    pthread_mutex_unlock(&registry_lock);
}

static int start(struct vhost *v, bool offload)
{
    const uint64_t protocol = UINT64_C(1) << VHOST_USER_PROTOCOL_F_MQ |
                              UINT64_C(1) << VHOST_USER_PROTOCOL_F_REPLY_ACK |
                              UINT64_C(1) << VHOST_USER_PROTOCOL_F_NET_MTU;
    uint64_t features = vh_net_features(offload) | UINT64_C(1) << VHOST_USER_F_PROTOCOL_FEATURES;

    if (rte_vhost_driver_register(v->path, v->client ? RTE_VHOST_USER_CLIENT : 0) < 0)
        return -EIO;
    v->registered = true;
    if (rte_vhost_driver_set_features(v->path, features) < 0 ||
        rte_vhost_driver_set_protocol_features(v->path, protocol) < 0 ||
        rte_vhost_driver_callback_register(v->path, &device_ops) < 0 ||
        rte_vhost_driver_start(v->path) < 0)
        return -EIO;
    return 0;
}

int vhost_session_open(struct vhost *v, bool offload, char why[NIC_WHY])
{
    int rc = nic_socket_path(v->path, !v->client, why);

    if (rc == 0)
        rc = nic_eal_init(NIC_EAL_HUGE, why);
    if (rc < 0)
        return rc;
    vhost_survive_memory_gone();
    vhost_stops_start();
    for (uint32_t i = 0; i < 2 * VHOST_PAIRS; i++)
        v->kick[i] = v->call[i] = -1;
    rc = register_port(v);
    if (rc < 0) {
        snprintf(why, NIC_WHY, "vhost-user %s: %s", v->path,
                 rc == -EEXIST ? "another port has this socket" : "no more ports of this kind");
        return rc;
    }
    rc = start(v, offload);
    if (rc < 0) {
        snprintf(why, NIC_WHY, "vhost-user %s: cannot use the socket", v->path);
        vhost_session_close(v);
    }
    return rc;
}

void vhost_session_close(struct vhost *v)
{
    if (v->registered)
        (void)rte_vhost_driver_unregister(v->path);
    unregister_port(v);
}
