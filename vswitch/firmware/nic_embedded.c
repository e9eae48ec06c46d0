/* SPDX-License-Identifier: Apache-2.0 */
/* A NIC in the same process. */
#include "firmware/firmware.h"

static int port_add(void *nic, const struct nic_port_config *config, int fd, char why[NIC_WHY])
{
    return nic_port_add(nic, config, fd, why);
}

static int port_del(void *nic, uint16_t index)
{
    return nic_port_del(nic, index);
}

static int context_set(void *nic, uint32_t vni, uint32_t context)
{
    return nic_context_set(nic, HSR_TUNNEL_VXLAN, vni, context);
}

static int vtep_set(void *nic, const struct cfg_addr *addr, bool remove)
{
    return nic_vtep_set(nic, addr->bytes, addr->family, remove);
}

static int start(void *nic)
{
    return nic_start(nic);
}

static int sync_counters(void *nic)
{
    return nic_sync(nic);
}

const struct fw_nic_ops fw_nic_embedded = {"embedded", port_add, port_del,     context_set,
                                           vtep_set,   start,    sync_counters};
