/* SPDX-License-Identifier: Apache-2.0 */
/* A NIC behind an attach socket: each call is one request. */
#include <string.h>
#include <unistd.h>

#include "firmware/firmware.h"

#define TIMEOUT_MS 5000 /* a port may have to load a driver */

static int port_add(void *nic, const struct nic_port_config *config, int fd, char why[NIC_WHY])
{
    union hsr_msg msg;

    hsr_msg_init(&msg, HSR_MSG_PORT_ADD, 0);
    msg.port.index = config->index;
    msg.port.kind = (uint8_t)config->kind;
    msg.port.uplink = config->uplink;
    msg.port.context = config->context;
    msg.port.mtu = config->mtu;
    msg.port.queues = config->queues;
    msg.port.has_fd = fd >= 0;
    msg.port.offload = config->offload;
    memcpy(msg.port.name, config->name, sizeof msg.port.name);
    memcpy(msg.port.device, config->device, sizeof msg.port.device);
    memcpy(msg.port.netns, config->netns, sizeof msg.port.netns);
    memcpy(msg.port.args, config->args, sizeof msg.port.args);
    int rc = hsr_attach_request(nic, &msg, HSR_MSG_PORT_ADD, fd, TIMEOUT_MS, why);

    if (fd >= 0)
        close(fd);
    return rc;
}

static int port_del(void *nic, uint16_t index)
{
    union hsr_msg msg;
    char why[NIC_WHY];

    hsr_msg_init(&msg, HSR_MSG_PORT_DEL, 0);
    msg.port.index = index;
    return hsr_attach_request(nic, &msg, HSR_MSG_PORT_DEL, -1, TIMEOUT_MS, why);
}

static int context_set(void *nic, uint32_t vni, uint32_t context)
{
    union hsr_msg msg;
    char why[NIC_WHY];

    hsr_msg_init(&msg, HSR_MSG_CONTEXT_SET, 0);
    msg.context.tunnel = HSR_TUNNEL_VXLAN;
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

const struct fw_nic_ops fw_nic_attached = {"attached", port_add, port_del,     context_set,
                                           vtep_set,   start,    sync_counters};
