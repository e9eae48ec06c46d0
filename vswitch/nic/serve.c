/* SPDX-License-Identifier: Apache-2.0 */
#include "nic/serve.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "histogram/histogram.h"
#include "hsring/attach.h"
#include "log/log.h"
#include "nic/arena.h"
#include "serve_second.h"

AVS_LOG_MODULE(log_attach, "attach");

struct nic_serve {
    struct nic *nic;
    char path[108];
    int listener;
    int client; /* -1: nobody */
    bool greeted;
    uint32_t instance; /* of the attached firmware, or the next one */
    uint32_t workers;  /* ring sets granted to it */
    char name[48];
    struct served_port {
        bool there;
        bool wanted; /* by the firmware that is attached now */
        struct nic_port_config config;
    } port[HSR_MAX_PORTS];
    struct nic_arenas arenas;
    struct nic_serve_second second;
};

int nic_serve_open(struct nic_serve **out, struct nic *nic, const char *path, char why[NIC_WHY])
{
    struct nic_serve *s = calloc(1, sizeof *s);

    if (s == NULL) {
        snprintf(why, NIC_WHY, "out of memory");
        return -ENOMEM;
    }
    s->nic = nic;
    s->client = -1;
    s->instance = 1;
    s->second = (struct nic_serve_second){.nic = nic, .sock = -1, .first = s->name};
    snprintf(s->path, sizeof s->path, "%s", path);
    s->listener = hsr_attach_listen(path);
    if (s->listener < 0) {
        int rc = s->listener;

        snprintf(why, NIC_WHY, "cannot listen at %s: %s%s", path, strerror(-rc),
                 rc == -EADDRINUSE ? " (is another avs-nic running?)" : "");
        free(s);
        return rc;
    }
    *out = s;
    return 0;
}

/* The firmware is gone: what it held is ours again. Epochs and instances go on, so that nothing it left is believed. */
static void detach(struct nic_serve *s)
{
    if (s->client < 0)
        return;
    close(s->client);
    s->client = -1;
    if (!s->greeted)
        return;
    s->greeted = false;
    nic_serve_second_end(&s->second);
    s->instance = s->instance % 255 + 1;
    nic_reset(s->nic, s->instance);
    for (uint32_t i = 0; i < HSR_MAX_PORTS; i++)
        s->port[i].wanted = false;
    AVS_LOG(log_attach, AVS_LOG_WARN, "firmware gone, waiting for the next",
            avs_log_str("name", s->name));
}

void nic_serve_close(struct nic_serve *s)
{
    if (s == NULL)
        return;
    detach(s);
    close(s->listener);
    unlink(s->path);
    nic_arenas_close(&s->arenas);
    free(s);
}

static void welcome(struct nic_serve *s, const struct hsr_msg_hdr *req, uint32_t workers)
{
    int rx[HSR_MAX_WORKERS], tx[HSR_MAX_WORKERS];

    for (uint32_t w = 0; w < workers; w++) {
        rx[w] = nic_rx_doorbell(s->nic, w);
        tx[w] = nic_tx_doorbell(s->nic, w);
    }
    if (nic_serve_welcome(s->client, req, HSR_FEATURE_BASE | HSR_FEATURE_LATENCY,
                          nic_region(s->nic), workers, rx, tx) < 0)
        detach(s);
}

static void hello(struct nic_serve *s, const struct hsr_msg_hello *m)
{
    if (s->greeted) {
        hsr_msg_reply(s->client, &m->hdr, EALREADY, "this connection has said HELLO before");
    } else if (m->features & HSR_FEATURE_SECOND) {
        hsr_msg_reply(s->client, &m->hdr, ENOTCONN, "there is no firmware to be the second beside");
    } else if (nic_serve_check(s->client, m, nic_region(s->nic)->view.workers) == 0) {
        s->greeted = true;
        memcpy(s->name, m->name, sizeof s->name);
        s->workers = s->second.workers = m->workers;
        /* Far from those of the next firmwares. */
        s->second.instance = (s->instance + 127) % 255 + 1;
        nic_steer(s->nic, m->workers);
        AVS_LOG(log_attach, AVS_LOG_INFO, "firmware attached", avs_log_str("name", s->name),
                avs_log_u64("workers", m->workers), avs_log_u64("instance", s->instance));
        welcome(s, &m->hdr, m->workers);
    }
}

static struct nic_port_config config_of(const struct hsr_msg_port *m)
{
    struct nic_port_config c = {.index = m->index,
                                .kind = (enum hsr_port_kind)m->kind,
                                .uplink = m->uplink != 0,
                                .context = m->context,
                                .mtu = m->mtu,
                                .queues = m->queues,
                                .offload = m->offload != 0,
                                .share = m->share,
                                .min_slots = m->min_slots,
                                .rx_pps = m->rx_pps,
                                .rx_kbps = m->rx_kbps,
                                .bad_pps = m->bad_pps};

    memcpy(c.mac, m->mac, sizeof c.mac);
    memcpy(c.name, m->name, sizeof c.name);
    memcpy(c.device, m->device, sizeof c.device);
    memcpy(c.netns, m->netns, sizeof c.netns);
    memcpy(c.args, m->args, sizeof c.args);
    return c;
}

static int remove_port(struct nic_serve *s, uint16_t index)
{
    s->port[index].there = false;
    return nic_port_del(s->nic, index);
}

static void port_add(struct nic_serve *s, const struct hsr_msg_port *m, int fd)
{
    struct nic_port_config config = config_of(m);
    char why[NIC_WHY] = "";
    int rc;

    if (m->index >= HSR_MAX_PORTS) {
        hsr_msg_reply(s->client, &m->hdr, EINVAL, "port index %u is out of range", m->index);
        if (fd >= 0)
            close(fd);
        return;
    }
    struct served_port *p = &s->port[m->index];

    if (p->there && !p->wanted && fd < 0 && nic_port_same(&p->config, &config)) {
        p->wanted = true;
        nic_port_set(s->nic, &config);
        hsr_msg_reply(s->client, &m->hdr, 0, "%s", "");
        return;
    }
    if (p->there && !p->wanted)
        remove_port(s, m->index);
    rc = nic_port_add(s->nic, &config, fd, why);
    if (rc == 0)
        *p = (struct served_port){.there = true, .wanted = true, .config = config};
    hsr_msg_reply(s->client, &m->hdr, (uint32_t)-rc, "%s", why);
}

static void port_del(struct nic_serve *s, const struct hsr_msg_port *m)
{
    int rc =
        m->index < HSR_MAX_PORTS && s->port[m->index].there ? remove_port(s, m->index) : -ENOENT;

    hsr_msg_reply(s->client, &m->hdr, (uint32_t)-rc, rc < 0 ? "no port has index %u" : "%.0u",
                  m->index);
}

static int port_set(struct nic_serve *s, const struct hsr_msg_port *m)
{
    struct nic_port_config config = config_of(m);

    return nic_port_set(s->nic, &config);
}

/* Rings that were granted. */
static int reta_set(struct nic_serve *s, const struct hsr_msg_reta *m)
{
    for (unsigned i = 0; i < sizeof m->ring; i++)
        if (m->ring[i] >= s->workers)
            return -EINVAL;
    return nic_reta_set(s->nic, m->ring);
}

/* What a former firmware left and this one did not ask for. */
static void start(struct nic_serve *s)
{
    for (uint16_t i = 0; i < HSR_MAX_PORTS; i++)
        if (s->port[i].there && !s->port[i].wanted)
            remove_port(s, i);
    nic_start(s->nic);
}

/* Who asks and does not read the answers misses some, as with hsr_msg_reply(). */
static void answer(struct nic_serve *s, const union hsr_msg *msg)
{
    int rc = hsr_msg_send(s->client, msg, NULL, 0);

    if (rc < 0 && rc != -EAGAIN)
        detach(s);
}

static void rule_state(struct nic_serve *s, const struct hsr_msg_hdr *req, int rc,
                       const struct hsr_rule_state *state)
{
    union hsr_msg msg;

    hsr_msg_init(&msg, HSR_MSG_RULE_STATE, req->seq);
    msg.hdr.status = (uint32_t)-rc;
    msg.rule_state.state = *state;
    answer(s, &msg);
}

static void arena_get(struct nic_serve *s, const struct hsr_msg_arena *m)
{
    union hsr_msg msg;
    bool kept = false;
    int fd = nic_arena_get(&s->arenas, m->name, m->size, m->layout, &kept);

    if (fd < 0) {
        hsr_msg_reply(s->client, &m->hdr, (uint32_t)-fd, "memory '%s' of %llu bytes: %s", m->name,
                      (unsigned long long)m->size,
                      fd == -ENOSPC ? "the NIC keeps as many others as it can" : strerror(-fd));
        return;
    }
    hsr_msg_init(&msg, HSR_MSG_ARENA, m->hdr.seq);
    msg.arena = *m;
    msg.arena.hdr.type = HSR_MSG_ARENA;
    msg.arena.kept = kept;
    if (hsr_msg_send(s->client, &msg, &fd, 1) < 0)
        detach(s);
}

/* Takes over the descriptor. */
static int arena_put(struct nic_serve *s, const struct hsr_msg_arena *m, int fd)
{
    int rc = nic_arena_put(&s->arenas, m->name, m->size, m->layout, fd);

    if (rc < 0)
        close(fd);
    return rc;
}

static void latency_get(struct nic_serve *s, const struct hsr_msg_latency_get *m)
{
    struct hist_counts counts = {0};
    union hsr_msg msg;
    int rc = nic_latency_get(s->nic, m->worker, m->stage, &counts);

    if (rc < 0) {
        hsr_msg_reply(s->client, &m->hdr, (uint32_t)-rc, "there is no stage %u of ring set %u",
                      m->stage, m->worker);
        return;
    }
    hsr_msg_init(&msg, HSR_MSG_LATENCY, m->hdr.seq);
    msg.latency.sum = counts.sum;
    msg.latency.max = counts.max;
    memcpy(msg.latency.bucket, counts.bucket, sizeof counts.bucket);
    answer(s, &msg);
}

/* Requests that RULE_STATE answers. */
static void rule_request(struct nic_serve *s, const union hsr_msg *m)
{
    struct hsr_rule_state state;
    int rc;

    switch (m->hdr.type) {
    case HSR_MSG_RULE_CREATE:
        rc = nic_rule_create(s->nic, &m->rule.rule, m->rule.id, m->rule.validate != 0, &state);
        break;
    case HSR_MSG_RULE_DESTROY:
        rc = nic_rule_destroy(s->nic, m->rule_ref.port, m->rule_ref.id, &state);
        break;
    case HSR_MSG_RULE_QUERY:
        rc = nic_rule_query(s->nic, m->rule_ref.port, m->rule_ref.id, &state);
        break;
    default:
        rc = nic_rule_flush(s->nic, m->rule_ref.port, &state);
    }
    rule_state(s, &m->hdr, rc, &state);
}

static void request(struct nic_serve *s, const union hsr_msg *m, int fd)
{
    int rc = 0;

    if (!s->greeted && m->hdr.type != HSR_MSG_HELLO) {
        hsr_msg_reply(s->client, &m->hdr, EPROTO, "say HELLO first");
        if (fd >= 0)
            close(fd);
        return;
    }
    switch (m->hdr.type) {
    case HSR_MSG_HELLO:
        hello(s, &m->hello);
        return;
    case HSR_MSG_PORT_ADD:
        port_add(s, &m->port, fd);
        return;
    case HSR_MSG_PORT_DEL:
        port_del(s, &m->port);
        return;
    case HSR_MSG_RULE_CREATE:
    case HSR_MSG_RULE_DESTROY:
    case HSR_MSG_RULE_QUERY:
    case HSR_MSG_RULE_FLUSH:
        rule_request(s, m);
        return;
    case HSR_MSG_PORT_SET:
        rc = port_set(s, &m->port);
        break;
    case HSR_MSG_CONTEXT_SET:
        rc = nic_context_set(s->nic, (enum hsr_tunnel)m->context.tunnel, m->context.vni,
                             m->context.context);
        break;
    case HSR_MSG_VTEP_SET:
        rc = nic_vtep_set(s->nic, m->vtep.addr, m->vtep.family, m->vtep.remove != 0);
        break;
    case HSR_MSG_PUBLIC_SET:
        rc = nic_public_set(s->nic, &m->public.public, m->public.remove != 0);
        break;
    case HSR_MSG_METER_SET:
        rc = nic_meter_set(s->nic, m->meter.id, (enum hsr_meter_unit)m->meter.unit, m->meter.rate,
                           m->meter.burst);
        break;
    case HSR_MSG_ARENA_GET:
        arena_get(s, &m->arena);
        return;
    case HSR_MSG_ARENA_PUT:
        rc = arena_put(s, &m->arena, fd);
        break;
    case HSR_MSG_ARENA_DROP:
        rc = nic_arena_drop(&s->arenas, m->arena.name);
        break;
    case HSR_MSG_CAPTURE_SET:
        rc = nic_capture_set(s->nic, m->capture.id, m->capture.on != 0 ? fd : -1);
        if (fd >= 0)
            close(fd);
        break;
    case HSR_MSG_LATENCY_SET:
        rc = nic_latency_set(s->nic, m->latency_set.on != 0);
        break;
    case HSR_MSG_LATENCY_GET:
        latency_get(s, &m->latency_get);
        return;
    case HSR_MSG_OWNER_SET:
        rc = nic_serve_owner(s->nic, &m->owner);
        break;
    case HSR_MSG_GROUP_SET:
        rc = nic_serve_group(s->nic, &m->group);
        break;
    case HSR_MSG_RETA_SET:
        rc = reta_set(s, &m->reta);
        break;
    case HSR_MSG_HASH_SET:
        rc = nic_hash_set(s->nic, m->hash.key);
        break;
    case HSR_MSG_START:
        start(s);
        break;
    case HSR_MSG_STOP:
        rc = nic_stop(s->nic);
        break;
    case HSR_MSG_SYNC:
        rc = nic_sync(s->nic);
        break;
    default:
        rc = -EOPNOTSUPP;
    }
    hsr_msg_reply(s->client, &m->hdr, (uint32_t)-rc, "%s", rc < 0 ? strerror(-rc) : "");
}

/* Messages whose descriptor is taken over. Others bring none, or are the NIC's own to say. */
static bool takes_fd(const union hsr_msg *m)
{
    return m->hdr.type == HSR_MSG_PORT_ADD || m->hdr.type == HSR_MSG_ARENA_PUT ||
           m->hdr.type == HSR_MSG_CAPTURE_SET;
}

static void read_client(struct nic_serve *s)
{
    int fds[HSR_ATTACH_FDS];
    unsigned n = HSR_ATTACH_FDS;
    union hsr_msg msg;
    int rc = hsr_msg_recv(s->client, &msg, fds, &n);

    if (rc != 1) {
        if (rc != -EAGAIN)
            detach(s);
        return;
    }
    while (n > 0 && !takes_fd(&msg))
        close(fds[--n]);
    request(s, &msg, n > 0 ? fds[0] : -1);
    explicit_bzero(&msg, sizeof msg); /* may have been the secret of the hash */
}

/* Beside a firmware there may be a second one. Who connected and never said HELLO holds nobody up. */
static void accept_client(struct nic_serve *s)
{
    int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return;
    if (s->greeted) {
        nic_serve_second_accept(&s->second, fd);
        return;
    }
    detach(s);
    s->client = fd;
}

int nic_serve_run(struct nic_serve *s, int stop)
{
    for (;;) {
        struct pollfd fd[4] = {{.fd = stop, .events = POLLIN},
                               {.fd = s->listener, .events = POLLIN},
                               {.fd = s->client, .events = POLLIN},
                               {.fd = s->second.sock, .events = POLLIN}};

        if (poll(fd, 4, -1) < 0 && errno != EINTR)
            return -errno;
        if (fd[0].revents != 0)
            return 0;
        if (s->client >= 0 && fd[2].revents != 0)
            read_client(s);
        if (s->second.sock >= 0 && fd[3].revents != 0)
            nic_serve_second_read(&s->second);
        if (fd[1].revents != 0)
            accept_client(s);
    }
}
