/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <stdio.h>
#include <string.h>

void pool_open(struct pool *pool, uint32_t singles, uint32_t jumbos, uint32_t gsos)
{
    struct hsr_geometry g;

    hsr_geometry_default(&g, 1);
    g.ring_entries = 64;
    g.runs[0] = singles;
    g.runs[1] = jumbos;
    g.runs[2] = gsos;
    g.fw_slots = 4;
    assert_int_equal(hsr_region_create(&pool->region, &g, false), 0);
    assert_int_equal(nic_slots_open(&pool->slots, &pool->region.view), 0);
}

void pool_close(struct pool *pool)
{
    for (unsigned class = 0; class < HSR_SLOT_CLASSES; class ++)
        assert_int_equal(pool->slots.stack[class].count, pool->slots.stack[class].capacity);
    nic_slots_close(&pool->slots);
    hsr_region_close(&pool->region);
}

struct nic_port port_of(enum hsr_port_kind kind, const char *device, const char *args)
{
    struct nic_port port = {.config.kind = kind};

    port.ops = nic_port_ops(kind);
    assert_non_null(port.ops);
    snprintf(port.config.name, sizeof port.config.name, "p0");
    snprintf(port.config.device, sizeof port.config.device, "%s", device);
    snprintf(port.config.args, sizeof port.config.args, "%s", args);
    return port;
}

void port_open(struct nic_port *port)
{
    char why[NIC_WHY] = "";
    int rc = port->ops->open(port, -1, why);

    if (rc)
        fail_msg("open: %d, %s", rc, why);
}

void port_open_fails(struct nic_port *port, int fd, int rc, const char *text)
{
    char why[NIC_WHY] = "";

    assert_int_equal(port->ops->open(port, fd, why), rc);
    if (!strstr(why, text))
        fail_msg("'%s' does not say '%s'", why, text);
}

uint32_t port_rx(struct nic_port *port, struct pool *pool, struct nic_rx *out, uint32_t max)
{
    uint32_t no_slot = 0;
    uint32_t too_big = 0;
    uint32_t got = port->ops->rx(port, &pool->slots, out, max, &no_slot, &too_big);

    assert_int_equal(no_slot, 0);
    assert_int_equal(too_big, 0);
    assert_true(got <= max);
    return got;
}

bool port_send(struct nic_port *port, const void *frame, uint32_t len)
{
    struct po_frame f = {.head = frame, .head_len = len};

    return port->ops->tx(port, &f, 1) == 1;
}

struct po_frame frame_in_parts(const uint8_t *frame, uint32_t len, struct po_span tail[PARTS])
{
    uint32_t at = len < 60 ? len : 60, part = (len - at + PARTS) / (PARTS + 1);
    struct po_frame f = {.head = frame, .head_len = at, .tail = tail};

    f.body = frame + at;
    f.body_len = part < len - at ? part : len - at;
    for (at += f.body_len; at < len; at += tail[f.tails++].len)
        tail[f.tails] = (struct po_span){frame + at, part < len - at ? part : len - at};
    f.tail_len = len - f.head_len - f.body_len;
    return f;
}
