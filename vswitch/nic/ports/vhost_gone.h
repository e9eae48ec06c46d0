/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of guests that somebody may take away while it is read (vhost_gone.c): from then on the region reads as zeros, instead of ending
 * the process. A guest is a number below VHOST_GUESTS.
 */
#ifndef PORTS_VHOST_GONE_H
#define PORTS_VHOST_GONE_H

#include <stdatomic.h>

#include "ports/vhost_queue.h"

#define VHOST_GUESTS 1024

struct vhost_extent {
    void *at;
    size_t bytes;
};

/* For the whole process, once. Control thread. */
void vhost_survive_memory_gone(void);

/*
 * What is mapped of a guest, at most VH_REGIONS, instead of what was; 0: nothing, and what was lost is forgotten. Before it is unmapped, and
 * while nobody but the caller looks into it.
 */
void vhost_gone_watch(uint32_t guest, const struct vhost_extent *extent, uint32_t n);

/* A number that changes when memory of any guest has gone, and whether some of this one has. Any thread. */
uint32_t vhost_gone_losses(void);
bool vhost_gone(uint32_t guest);

#endif
