/* SPDX-License-Identifier: Apache-2.0 */
/* A NIC behind an attach socket: each call is one request. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "firmware/firmware.h"

#define TIMEOUT_MS 5000 /* a port may have to load a driver */
/* Values of one histogram: as many of each worker are a number of JSON still. */
#define MOST_VALUES ((uint64_t)INT64_MAX / HSR_MAX_WORKERS)

static void describe(union hsr_msg *msg, uint16_t type, const struct nic_port_config *config)
{
    hsr_msg_init(msg, type, 0);
    msg->port.index = config->index;
    msg->port.kind = (uint8_t)config->kind;
    msg->port.uplink = config->uplink;
    msg->port.context = config->context;
    msg->port.mtu = config->mtu;
    msg->port.queues = config->queues;
    msg->port.offload = config->offload;
    msg->port.share = config->share;
    msg->port.min_slots = config->min_slots;
    msg->port.rx_pps = config->rx_pps;
    msg->port.rx_kbps = config->rx_kbps;
    msg->port.bad_pps = config->bad_pps;
    memcpy(msg->port.mac, config->mac, sizeof msg->port.mac);
    memcpy(msg->port.name, config->name, sizeof msg->port.name);
    memcpy(msg->port.device, config->device, sizeof msg->port.device);
    memcpy(msg->port.netns, config->netns, sizeof msg->port.netns);
    memcpy(msg->port.args, config->args, sizeof msg->port.args);
}

static int port_add(void *nic, const struct nic_port_config *config, int fd, char why[NIC_WHY])
{
    union hsr_msg msg;

    describe(&msg, HSR_MSG_PORT_ADD, config);
    msg.port.has_fd = fd >= 0;
    int rc = hsr_attach_request(nic, &msg, HSR_MSG_PORT_ADD, fd, TIMEOUT_MS, why);

    if (fd >= 0)
        close(fd);
    return rc;
}

static int port_set(void *nic, const struct nic_port_config *config)
{
    union hsr_msg msg;
    char why[NIC_WHY];

    describe(&msg, HSR_MSG_PORT_SET, config);
    return hsr_attach_request(nic, &msg, HSR_MSG_PORT_SET, -1, TIMEOUT_MS, why);
}

static int port_del(void *nic, uint16_t index)
{
    union hsr_msg msg;
    char why[NIC_WHY];

    hsr_msg_init(&msg, HSR_MSG_PORT_DEL, 0);
    msg.port.index = index;
    return hsr_attach_request(nic, &msg, HSR_MSG_PORT_DEL, -1, TIMEOUT_MS, why);
}

static int context_set(void *nic, enum hsr_tunnel tunnel, uint32_t vni, uint32_t context)
{
    union hsr_msg msg;
    char why[NIC_WHY];

    hsr_msg_init(&msg, HSR_MSG_CONTEXT_SET, 0);
    msg.context.tunnel = (uint8_t)tunnel;
    msg.context.vni = vni;
    msg.context.context = context;
    return hsr_attach_request(nic, &msg, HSR_MSG_CONTEXT_SET, -1, TIMEOUT_MS, why);
}

static int vtep_set(void *nic, const struct cfg_addr *addr, bool remove)
{
    union hsr_msg msg;
    char why[NIC_WHY];

    hsr_msg_init(&msg, HSR_MSG_VTEP_SET, 0);
    memcpy(msg.vtep.addr, addr->bytes, sizeof msg.vtep.addr);
    msg.vtep.family = addr->family;
    msg.vtep.remove = remove;
    return hsr_attach_request(nic, &msg, HSR_MSG_VTEP_SET, -1, TIMEOUT_MS, why);
}

static int public_set(void *nic, const struct hsr_public *public, bool remove)
{
    union hsr_msg msg;
    char why[NIC_WHY];

    hsr_msg_init(&msg, HSR_MSG_PUBLIC_SET, 0);
    msg.public.public = *public;
    msg.public.remove = remove;
    return hsr_attach_request(nic, &msg, HSR_MSG_PUBLIC_SET, -1, TIMEOUT_MS, why);
}

static int reta_set(void *nic, const uint8_t *ring)
{
    union hsr_msg msg;
    char why[NIC_WHY];

    hsr_msg_init(&msg, HSR_MSG_RETA_SET, 0);
    memcpy(msg.reta.ring, ring, sizeof msg.reta.ring);
    return hsr_attach_request(nic, &msg, HSR_MSG_RETA_SET, -1, TIMEOUT_MS, why);
}

static int plain(void *nic, uint16_t type)
{
    union hsr_msg msg;
    char why[NIC_WHY];

    hsr_msg_init(&msg, type, 0);
    return hsr_attach_request(nic, &msg, type, -1, TIMEOUT_MS, why);
}

static int start(void *nic)
{
    return plain(nic, HSR_MSG_START);
}

static int sync_counters(void *nic)
{
    return plain(nic, HSR_MSG_SYNC);
}

/* A request that is answered by the state of a rule; what went wrong on the way has no state, so it is made one. */
static int ask_state(void *nic, union hsr_msg *msg, uint16_t type, struct hsr_rule_state *state)
{
    char why[NIC_WHY];
    int rc = hsr_attach_request(nic, msg, type, -1, TIMEOUT_MS, why);

    if (msg->hdr.type == HSR_MSG_RULE_STATE) {
        *state = msg->rule_state.state;
        return rc;
    }
    *state = (struct hsr_rule_state){.error = HSR_RULE_ERROR_UNSPECIFIED};
    memcpy(state->text, why, sizeof why);
    return rc;
}

static int rule_create(void *nic, const struct hsr_rule *rule, uint32_t id, bool validate,
                       struct hsr_rule_state *state)
{
    union hsr_msg msg;

    hsr_msg_init(&msg, HSR_MSG_RULE_CREATE, 0);
    msg.rule.id = id;
    msg.rule.validate = validate;
    msg.rule.rule = *rule;
    return ask_state(nic, &msg, HSR_MSG_RULE_CREATE, state);
}

static int rule_ref(void *nic, uint16_t type, uint16_t port, uint32_t id,
                    struct hsr_rule_state *state)
{
    union hsr_msg msg;

    hsr_msg_init(&msg, type, 0);
    msg.rule_ref.id = id;
    msg.rule_ref.port = port;
    return ask_state(nic, &msg, type, state);
}

static int rule_destroy(void *nic, uint16_t port, uint32_t id, struct hsr_rule_state *state)
{
    return rule_ref(nic, HSR_MSG_RULE_DESTROY, port, id, state);
}

static int rule_query(void *nic, uint16_t port, uint32_t id, struct hsr_rule_state *state)
{
    return rule_ref(nic, HSR_MSG_RULE_QUERY, port, id, state);
}

static int rule_flush(void *nic, uint16_t port, struct hsr_rule_state *state)
{
    return rule_ref(nic, HSR_MSG_RULE_FLUSH, port, 0, state);
}

static int meter_set(void *nic, uint16_t id, enum hsr_meter_unit unit, uint64_t rate,
                     uint32_t burst)
{
    union hsr_msg msg;
    char why[NIC_WHY];

    hsr_msg_init(&msg, HSR_MSG_METER_SET, 0);
    msg.meter.id = id;
    msg.meter.unit = (uint8_t)unit;
    msg.meter.rate = rate;
    msg.meter.burst = burst;
    return hsr_attach_request(nic, &msg, HSR_MSG_METER_SET, -1, TIMEOUT_MS, why);
}

static int capture_set(void *nic, uint32_t id, int memfd)
{
    union hsr_msg msg;
    char why[NIC_WHY];

    hsr_msg_init(&msg, HSR_MSG_CAPTURE_SET, 0);
    msg.capture.id = id;
    msg.capture.on = memfd >= 0;
    return hsr_attach_request(nic, &msg, HSR_MSG_CAPTURE_SET, memfd, TIMEOUT_MS, why);
}

/* One that does not say so would take the request for nonsense. */
static bool measures(const struct hsr_attach *at)
{
    return at->features & HSR_FEATURE_LATENCY;
}

static int latency_set(void *nic, bool on)
{
    union hsr_msg msg;
    char why[NIC_WHY];

    if (!measures(nic))
        return -EOPNOTSUPP;
    hsr_msg_init(&msg, HSR_MSG_LATENCY_SET, 0);
    msg.latency_set.on = on;
    return hsr_attach_request(nic, &msg, HSR_MSG_LATENCY_SET, -1, TIMEOUT_MS, why);
}

/* Can a NIC have counted this? */
static bool is_histogram(const struct hsr_msg_latency *m)
{
    uint64_t count = 0;

    for (uint32_t b = 0; b < HSR_LATENCY_BUCKETS; b++) {
        if (m->bucket[b] > MOST_VALUES - count)
            return false;
        count += m->bucket[b];
    }
    return m->max <= UINT32_MAX && m->sum / UINT32_MAX <= count;
}

static int latency_get(void *nic, uint32_t worker, uint32_t stage, struct hist_counts *counts)
{
    union hsr_msg msg;
    char why[NIC_WHY];
    int rc;

    if (!measures(nic))
        return -EOPNOTSUPP;
    hsr_msg_init(&msg, HSR_MSG_LATENCY_GET, 0);
    msg.latency_get.worker = worker;
    msg.latency_get.stage = stage;
    rc = hsr_attach_request(nic, &msg, HSR_MSG_LATENCY_GET, -1, TIMEOUT_MS, why);
    if (rc < 0)
        return rc;
    if (!is_histogram(&msg.latency))
        return -EPROTO;
    struct hist_counts got = {.sum = msg.latency.sum, .max = msg.latency.max};

    memcpy(got.bucket, msg.latency.bucket, sizeof got.bucket);
    hist_merge(counts, &got);
    return 0;
}

const struct fw_nic_ops fw_nic_attached = {.name = "attached",
                                           .port_add = port_add,
                                           .port_set = port_set,
                                           .port_del = port_del,
                                           .context_set = context_set,
                                           .vtep_set = vtep_set,
                                           .public_set = public_set,
                                           .reta_set = reta_set,
                                           .start = start,
                                           .sync = sync_counters,
                                           .rule_create = rule_create,
                                           .rule_destroy = rule_destroy,
                                           .rule_query = rule_query,
                                           .rule_flush = rule_flush,
                                           .meter_set = meter_set,
                                           .capture_set = capture_set,
                                           .latency_set = latency_set,
                                           .latency_get = latency_get};
