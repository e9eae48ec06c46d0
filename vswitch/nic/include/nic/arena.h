/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory of the firmware's that the NIC keeps from one firmware to the next: memfds by name, sealed against changes of
 * their size. The NIC never maps them. One of another size or layout than is asked for makes room for a new one.
 *
 * Threads: the attach socket's.
 */
#ifndef NIC_ARENA_H
#define NIC_ARENA_H

#include <stdbool.h>
#include <stdint.h>

#define NIC_ARENAS 4

struct nic_arenas {
    struct nic_arena {
        char name[48]; /* "": free */
        int fd;
        uint64_t size;
        uint32_t layout;
    } arena[NIC_ARENAS];
};

/* The memfd of this name, which stays ours, or a negative errno: -EINVAL, -ENOSPC, or what the system said. */
int nic_arena_get(struct nic_arenas *a, const char *name, uint64_t size, uint32_t layout,
                  bool *kept);
/* Keep this memfd under the name, in place of what was there. 0 (it is ours), or a negative errno (it is not). */
int nic_arena_put(struct nic_arenas *a, const char *name, uint64_t size, uint32_t layout, int fd);
/* 0 or -ENOENT. */
int nic_arena_drop(struct nic_arenas *a, const char *name);
void nic_arenas_close(struct nic_arenas *a);

#endif
