/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of endless queues. */
#include <stdlib.h>

#include "software_queues.h"

enum { SINK = 256, ROOM = 2048 };

/* `n` buffers of `each` bytes, all available. */
static bool make(struct sw_queue *q, uint32_t n, uint32_t each)
{
    q->memory = calloc(n, each);
    q->desc = calloc(n, sizeof *q->desc);
    q->avail = calloc(n, sizeof *q->avail);
    q->used = calloc(256, sizeof *q->used);
    if (q->memory == NULL || q->desc == NULL || q->avail == NULL || q->used == NULL)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        q->desc[i] = (struct sw_desc){.addr = q->memory + (size_t)i * each, .len = each};
        q->avail[i] = i;
    }
    q->entries = n;
    q->ready = UINT64_MAX;
    return true;
}

bool sw_endless_source(struct sw_queue *q, const struct nic_ring_frame *frames, uint32_t n)
{
    uint32_t most = 0;

    for (uint32_t i = 0; i < n; i++)
        most = frames[i].len > most ? frames[i].len : most;
    if (!make(q, n, (SW_HEADER + most + 63) / 64 * 64))
        return false;
    for (uint32_t i = 0; i < n; i++) {
        memcpy(q->desc[i].addr + SW_HEADER, frames[i].data, frames[i].len);
        q->desc[i].len = SW_HEADER + frames[i].len;
    }
    return true;
}

bool sw_endless_sink(struct sw_queue *q, bool dma)
{
    q->dma = dma;
    return make(q, SINK, ROOM);
}

void sw_endless_free(struct sw_queue *q)
{
    free(q->memory);
    free(q->desc);
    free(q->avail);
    free(q->used);
    *q = (struct sw_queue){.entries = 0};
}
