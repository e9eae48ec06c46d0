/* SPDX-License-Identifier: Apache-2.0 */
#include "serve_second.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "log/log.h"

AVS_LOG_MODULE(log_second, "attach");

/* Those in the high half may be ignored (enum feature). */
#define FEATURES_BINDING UINT32_MAX
#define FEATURES_KNOWN   (HSR_FEATURE_BASE | HSR_FEATURE_SECOND)

int nic_serve_check(int sock, const struct hsr_msg_hello *m, uint32_t most)
{
    if (!hsr_abi_matches(m->abi_major, m->abi_minor)) {
        hsr_msg_reply(
            sock, &m->hdr, EPROTO,
            "this NIC speaks ABI %d.%d, the firmware needs %u.%u: install matching versions",
            HSR_ABI_MAJOR, HSR_ABI_MINOR, m->abi_major, m->abi_minor);
        return -EPROTO;
    }
    if (m->features & FEATURES_BINDING & ~(uint64_t)FEATURES_KNOWN) {
        hsr_msg_reply(sock, &m->hdr, EPROTO, "the firmware needs features (%#llx) this NIC lacks",
                      (unsigned long long)m->features);
        return -EPROTO;
    }
    if (m->workers == 0 || m->workers > most) {
        hsr_msg_reply(
            sock, &m->hdr, EINVAL,
            "%u workers asked for, this NIC has 1 to %u ring sets: start avs-nic with --workers",
            m->workers, most);
        return -EINVAL;
    }
    return 0;
}

int nic_serve_welcome(int sock, const struct hsr_msg_hdr *req, uint64_t features,
                      const struct hsr_region *region, uint32_t workers, const int *rx_doorbell,
                      const int *tx_doorbell)
{
    int fds[HSR_ATTACH_FDS];
    unsigned n = 0;
    union hsr_msg msg;

    hsr_msg_init(&msg, HSR_MSG_WELCOME, req->seq);
    msg.welcome.abi_major = HSR_ABI_MAJOR;
    msg.welcome.abi_minor = HSR_ABI_MINOR;
    msg.welcome.workers = workers;
    msg.welcome.features = features;
    msg.welcome.region_size = region->map_size;
    msg.welcome.instance = region->view.instance;
    msg.welcome.owner = hsr_view_owner(&region->view, 0);
    fds[n++] = region->memfd;
    for (uint32_t w = 0; w < workers; w++) {
        fds[n++] = rx_doorbell[w];
        fds[n++] = tx_doorbell[w];
    }
    return hsr_msg_send(sock, &msg, fds, n);
}

int nic_serve_owner(struct nic *nic, const struct hsr_msg_owner *m)
{
    return nic_owner_set(nic, m->group, m->owner, m->from_now ? NULL : &m->from_seq);
}

int nic_serve_group(struct nic *nic, const struct hsr_msg_group *m)
{
    return nic_group_set(nic, m->port, m->context, m->group);
}

static void hang_up(struct nic_serve_second *s)
{
    close(s->sock);
    s->sock = -1;
}

static void taken(const struct nic_serve_second *s, int sock, const struct hsr_msg_hdr *req)
{
    hsr_msg_reply(sock, req, EBUSY, "firmware '%s' is attached: stop it first", s->first);
}

void nic_serve_second_accept(struct nic_serve_second *s, int sock)
{
    const struct hsr_msg_hdr nobody = {.seq = 0};

    if (s->greeted) {
        taken(s, sock, &nobody);
        close(sock);
        return;
    }
    if (s->sock >= 0) /* who never said HELLO holds nobody up */
        hang_up(s);
    s->sock = sock;
}

void nic_serve_second_end(struct nic_serve_second *s)
{
    if (s->sock < 0)
        return;
    hang_up(s);
    if (!s->greeted)
        return;
    s->greeted = false;
    nic_second_close(s->nic);
    AVS_LOG(log_second, AVS_LOG_INFO, "second firmware gone", avs_log_str("name", s->name));
}

static void hello(struct nic_serve_second *s, const struct hsr_msg_hello *m)
{
    int rx[HSR_MAX_WORKERS], tx[HSR_MAX_WORKERS];

    if (!(m->features & HSR_FEATURE_SECOND)) {
        taken(s, s->sock, &m->hdr);
        hang_up(s);
        return;
    }
    if (nic_serve_check(s->sock, m, s->workers) < 0)
        return;
    if (m->workers != s->workers) { /* packets are steered to as many */
        hsr_msg_reply(s->sock, &m->hdr, EINVAL, "the first firmware has %u workers, so must you",
                      s->workers);
        return;
    }
    int rc = nic_second_open(s->nic, s->instance);

    if (rc < 0) {
        hsr_msg_reply(s->sock, &m->hdr, (uint32_t)-rc, "no second region: %s", strerror(-rc));
        return;
    }
    s->greeted = true;
    memcpy(s->name, m->name, sizeof s->name);
    for (uint32_t w = 0; w < s->workers; w++) {
        rx[w] = nic_second_rx_doorbell(s->nic, w);
        tx[w] = nic_second_tx_doorbell(s->nic, w);
    }
    AVS_LOG(log_second, AVS_LOG_INFO, "second firmware attached", avs_log_str("name", s->name),
            avs_log_u64("instance", s->instance));
    if (nic_serve_welcome(s->sock, &m->hdr, HSR_FEATURE_BASE, nic_second_region(s->nic), s->workers,
                          rx, tx) < 0)
        nic_serve_second_end(s);
}

static void request(struct nic_serve_second *s, const union hsr_msg *m)
{
    const char *text = "";
    int rc;

    if (!s->greeted && m->hdr.type == HSR_MSG_HELLO) {
        hello(s, &m->hello);
        return;
    }
    if (!s->greeted) {
        hsr_msg_reply(s->sock, &m->hdr, EPROTO, "say HELLO first");
        return;
    }
    switch (m->hdr.type) {
    case HSR_MSG_START:
        rc = nic_second_start(s->nic);
        break;
    case HSR_MSG_SYNC:
        rc = nic_sync(s->nic);
        break;
    case HSR_MSG_OWNER_SET:
        rc = nic_serve_owner(s->nic, &m->owner);
        break;
    case HSR_MSG_GROUP_SET:
        rc = nic_serve_group(s->nic, &m->group);
        break;
    default:
        rc = -EPERM;
        text = "ports, tunnels and rules are the first firmware's";
    }
    hsr_msg_reply(s->sock, &m->hdr, (uint32_t)-rc, "%s",
                  rc < 0 && text[0] == '\0' ? strerror(-rc) : text);
}

void nic_serve_second_read(struct nic_serve_second *s)
{
    int fds[HSR_ATTACH_FDS];
    unsigned n = HSR_ATTACH_FDS;
    union hsr_msg msg;
    int rc = hsr_msg_recv(s->sock, &msg, fds, &n);

    if (rc == 1) {
        for (unsigned i = 0; i < n; i++)
            close(fds[i]);
        request(s, &msg);
    } else if (rc != -EAGAIN) {
        nic_serve_second_end(s);
    }
}
