/* SPDX-License-Identifier: Apache-2.0 */
#include "cells.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hsring/csum.h"

enum { NONE = HSR_CELLS }; /* no cell, no payload */
enum { INDEX_BITS = 11, VERSIONS = 1 << (32 - INDEX_BITS) };

_Static_assert(HSR_CELLS == 1 << INDEX_BITS, "a handle names every cell");
_Static_assert(HSR_CELL_SIZE % 2 == 0, "sums of cells add up without swapping");

int nic_cells_open(struct nic_cells *cells, uint32_t accounts, uint64_t timeout_ns)
{
    *cells = (struct nic_cells){.oldest = NONE, .newest = NONE, .timeout = timeout_ns};
    cells->memory = aligned_alloc(HSR_CACHE_LINE, (size_t)HSR_CELLS * HSR_CELL_SIZE);
    cells->next = calloc(HSR_CELLS, sizeof *cells->next);
    cells->payload = calloc(HSR_CELLS, sizeof *cells->payload);
    cells->use = calloc(accounts, sizeof *cells->use);
    if (cells->memory == NULL || cells->next == NULL || cells->payload == NULL ||
        cells->use == NULL) {
        nic_cells_close(cells);
        return -ENOMEM;
    }
    for (uint16_t i = 0; i < HSR_CELLS; i++) {
        cells->next[i] = (uint16_t)(i + 1);
        cells->payload[i].version = 1;
    }
    return 0;
}

void nic_cells_close(struct nic_cells *cells)
{
    free(cells->memory);
    free(cells->next);
    free(cells->payload);
    free(cells->use);
    *cells = (struct nic_cells){.oldest = NONE, .newest = NONE};
}

static uint8_t *cell(const struct nic_cells *cells, uint32_t index)
{
    return cells->memory + (size_t)index * HSR_CELL_SIZE;
}

static void charge(struct nic_cells *cells, uint16_t account, uint32_t n)
{
    struct nic_cells_use *use = &cells->use[account];

    cells->used += n;
    if (cells->used > cells->high)
        cells->high = cells->used;
    use->used += n;
    if (use->used > use->high)
        use->high = use->used;
}

static void age_in(struct nic_cells *cells, uint16_t index)
{
    struct nic_payload *p = &cells->payload[index];

    p->older = cells->newest;
    p->newer = NONE;
    if (cells->newest == NONE)
        cells->oldest = index;
    else
        cells->payload[cells->newest].newer = index;
    cells->newest = index;
}

static void age_out(struct nic_cells *cells, const struct nic_payload *p)
{
    if (p->older == NONE)
        cells->oldest = p->newer;
    else
        cells->payload[p->older].newer = p->newer;
    if (p->newer == NONE)
        cells->newest = p->older;
    else
        cells->payload[p->newer].older = p->older;
}

/* The bytes into the chain of cells that begins at `at`; the last cell. */
static uint16_t fill(struct nic_cells *cells, uint16_t at, const uint8_t *bytes, uint32_t len,
                     uint64_t *sum)
{
    for (;;) {
        uint32_t part = len < HSR_CELL_SIZE ? len : HSR_CELL_SIZE;

        memcpy(cell(cells, at), bytes, part);
        if (sum != NULL)
            *sum = hsr_csum_add(*sum, cell(cells, at), part);
        bytes += part;
        len -= part;
        if (len == 0)
            return at;
        at = cells->next[at];
    }
}

uint32_t nic_cells_put(struct nic_cells *cells, const uint8_t *bytes, uint32_t len, bool sum,
                       uint16_t account, uint64_t now)
{
    uint32_t need = nic_cells_of(len);
    uint16_t first = cells->free;
    struct nic_payload *p;
    uint64_t total = 0;

    if (len == 0 || len > HSR_MAX_FRAME || HSR_CELLS - cells->used < need)
        return 0;
    p = &cells->payload[first];
    p->last = fill(cells, first, bytes, len, sum ? &total : NULL);
    cells->free = cells->next[p->last];
    charge(cells, account, need);
    p->account = account;
    p->len = len;
    p->born = now;
    p->sum = hsr_csum_fold(total);
    p->summed = sum;
    p->live = true;
    p->worker = 0;
    age_in(cells, first);
    return p->version << INDEX_BITS | first;
}

uint32_t nic_cells_find(const struct nic_cells *cells, uint32_t handle)
{
    uint32_t index = handle & (HSR_CELLS - 1);

    if (cells->memory == NULL || !cells->payload[index].live ||
        cells->payload[index].version != handle >> INDEX_BITS)
        return NIC_NO_PAYLOAD;
    return index;
}

uint32_t nic_cells_spans(const struct nic_cells *cells, uint32_t index, struct po_span *span)
{
    uint32_t left = cells->payload[index].len, n = 0;

    for (uint32_t at = index; left > 0; at = cells->next[at]) {
        uint32_t part = left < HSR_CELL_SIZE ? left : HSR_CELL_SIZE;

        span[n++] = (struct po_span){cell(cells, at), part};
        left -= part;
    }
    return n;
}

void nic_cells_retire(struct nic_cells *cells, uint32_t index)
{
    struct nic_payload *p = &cells->payload[index];

    age_out(cells, p);
    p->live = false;
    p->version = p->version + 2 < VERSIONS ? p->version + 1 : 1;
}

void nic_cells_free(struct nic_cells *cells, uint32_t index)
{
    const struct nic_payload *p = &cells->payload[index];

    cells->used -= nic_cells_of(p->len);
    cells->use[p->account].used -= nic_cells_of(p->len);
    cells->next[p->last] = cells->free;
    cells->free = (uint16_t)index;
}

static void give_up(struct nic_cells *cells, uint32_t index)
{
    nic_cells_retire(cells, index);
    nic_cells_free(cells, index);
}

void nic_cells_expire(struct nic_cells *cells, uint64_t now)
{
    while (nic_cells_due(cells) < now) {
        give_up(cells, cells->oldest);
        cells->timed_out++;
    }
}

void nic_cells_clear(struct nic_cells *cells)
{
    while (cells->memory != NULL && cells->oldest != NONE)
        give_up(cells, cells->oldest);
}
