/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Payload memory: what stays in the NIC of a packet whose headers go to the firmware (Triton, section 5.2).
 *
 *     handle = nic_cells_put(&cells, bytes, len, sum, account, now)   Pre: all or nothing, 0 when there is no room
 *     index = nic_cells_find(&cells, handle)               Post: NIC_NO_PAYLOAD when it is gone
 *     nic_cells_spans(&cells, index, span)                 its bytes, where they lie
 *     nic_cells_retire(&cells, index)                      the last reference: the handle names nothing from now on
 *     nic_cells_free(&cells, index)                        no frame refers to the bytes any more
 *
 * Cells of HSR_CELL_SIZE bytes are linked to a payload of up to 33. A handle is the first cell's index and its version, which
 * changes whenever the cell goes free: a late handle finds nothing, and never another payload. What nobody asked for in
 * time is given up by nic_cells_expire(), the oldest first. Truth is private memory; the firmware sees handles only. Each
 * payload's cells are charged to an account from nic_cells_put() to nic_cells_free(); what one may have is the caller's affair.
 * One thread.
 */
#ifndef NIC_CELLS_H
#define NIC_CELLS_H

#include <stdbool.h>
#include <stdint.h>

#include "hsring/abi.h"
#include "postproc/source.h"

#define NIC_NO_PAYLOAD   UINT32_MAX
#define NIC_PAYLOAD_MOST ((HSR_MAX_FRAME + HSR_CELL_SIZE - 1) / HSR_CELL_SIZE) /* cells */

struct nic_payload {
    uint32_t version; /* of the handle that names it; neither 0 nor all ones */
    uint32_t len;     /* bytes */
    uint64_t born;    /* NIC time */
    uint16_t older, newer;
    uint16_t last; /* cell */
    uint16_t sum;  /* one's-complement sum of the bytes, with `summed` */
    bool summed;
    bool live;      /* the handle is good */
    uint8_t worker; /* ring set the handle was given to */
    uint16_t account;
};

struct nic_cells {
    uint8_t *memory;             /* NULL: there is none */
    uint16_t *next;              /* of a payload's cells, and of the free ones */
    struct nic_payload *payload; /* by first cell */
    uint16_t free;               /* first free cell */
    uint16_t oldest, newest;     /* live payloads */
    uint32_t used, high;         /* cells */
    uint64_t timeout;            /* ns */
    uint64_t timed_out;          /* payloads given up, ever */
    struct nic_cells_use {
        uint32_t used, high; /* cells */
    } * use;                 /* by account */
};

/* For so many accounts. 0 or -ENOMEM. */
int nic_cells_open(struct nic_cells *cells, uint32_t accounts, uint64_t timeout_ns);
void nic_cells_close(struct nic_cells *cells);

/* Take in `len` bytes (1 to HSR_MAX_FRAME); with `sum` their sum is taken on the way. The handle, 0: no room. */
uint32_t nic_cells_put(struct nic_cells *cells, const uint8_t *bytes, uint32_t len, bool sum,
                       uint16_t account, uint64_t now);

/* Cells that so many bytes take. */
static inline uint32_t nic_cells_of(uint32_t len)
{
    return (len + HSR_CELL_SIZE - 1) / HSR_CELL_SIZE;
}

/* The payload a handle names, NIC_NO_PAYLOAD: none. */
uint32_t nic_cells_find(const struct nic_cells *cells, uint32_t handle);

/* The payload's bytes, in order; how many spans, at most NIC_PAYLOAD_MOST. */
uint32_t nic_cells_spans(const struct nic_cells *cells, uint32_t index, struct po_span *span);

/* A live payload is one no more: no handle leads to it. Its bytes stand until nic_cells_free(). */
void nic_cells_retire(struct nic_cells *cells, uint32_t index);
void nic_cells_free(struct nic_cells *cells, uint32_t index);

/* Give up live payloads that are older than the time-out, or every one. No frame may refer to them. */
void nic_cells_expire(struct nic_cells *cells, uint64_t now);
void nic_cells_clear(struct nic_cells *cells);

/* When the oldest live payload will be given up, UINT64_MAX: there is none. */
static inline uint64_t nic_cells_due(const struct nic_cells *cells)
{
    return cells->oldest == HSR_CELLS ? UINT64_MAX
                                      : cells->payload[cells->oldest].born + cells->timeout;
}

#endif
