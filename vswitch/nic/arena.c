/* SPDX-License-Identifier: Apache-2.0 */
#include "nic/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW)
#define SIZE_MOST \
    (UINT64_C(1) << 40) /* no memory before it is touched; a number to tell nonsense by */

static struct nic_arena *find(struct nic_arenas *a, const char *name)
{
    for (unsigned i = 0; i < NIC_ARENAS; i++)
        if (strcmp(a->arena[i].name, name) == 0)
            return &a->arena[i];
    return NULL;
}

static void let_go(struct nic_arena *e)
{
    if (e->name[0] != '\0')
        close(e->fd);
    *e = (struct nic_arena){.fd = -1};
}

static int create(const char *name, uint64_t size)
{
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0)
        return -errno;
    if (ftruncate(fd, (off_t)size) < 0 || fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) < 0) {
        int error = errno;

        close(fd);
        return -error;
    }
    return fd;
}

/* Where this name is or may be kept; NULL: nowhere. */
static struct nic_arena *place(struct nic_arenas *a, const char *name)
{
    struct nic_arena *e = find(a, name);

    return e != NULL ? e : find(a, "");
}

static void keep(struct nic_arena *e, const char *name, uint64_t size, uint32_t layout, int fd)
{
    let_go(e);
    *e = (struct nic_arena){.fd = fd, .size = size, .layout = layout};
    snprintf(e->name, sizeof e->name, "%s", name);
}

static bool makes_sense(const char *name, uint64_t size)
{
    return name[0] != '\0' && size > 0 && size <= SIZE_MOST;
}

int nic_arena_get(struct nic_arenas *a, const char *name, uint64_t size, uint32_t layout,
                  bool *kept)
{
    struct nic_arena *e = place(a, name);

    if (!makes_sense(name, size))
        return -EINVAL;
    if (e == NULL)
        return -ENOSPC;
    *kept = e->name[0] != '\0' && e->size == size && e->layout == layout;
    if (*kept)
        return e->fd;
    int fd = create(name, size);

    if (fd >= 0)
        keep(e, name, size, layout, fd);
    return fd;
}

int nic_arena_put(struct nic_arenas *a, const char *name, uint64_t size, uint32_t layout, int fd)
{
    struct nic_arena *e = place(a, name);
    int seals = fcntl(fd, F_GET_SEALS);
    struct stat st;

    if (!makes_sense(name, size) || seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &st) < 0 ||
        (uint64_t)st.st_size != size)
        return -EINVAL;
    if (e == NULL)
        return -ENOSPC;
    keep(e, name, size, layout, fd);
    return 0;
}

int nic_arena_drop(struct nic_arenas *a, const char *name)
{
    struct nic_arena *e = name[0] != '\0' ? find(a, name) : NULL;

    if (e == NULL)
        return -ENOENT;
    let_go(e);
    return 0;
}

void nic_arenas_close(struct nic_arenas *a)
{
    for (unsigned i = 0; i < NIC_ARENAS; i++)
        let_go(&a->arena[i]);
}
