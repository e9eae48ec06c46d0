/* SPDX-License-Identifier: Apache-2.0 */
/* Memory that the NIC keeps for the firmware: by name, of one size and layout, never more than it may. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "nic/arena.h"

#define SIZE  8192
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW)

static bool same(int a, int b)
{
    struct stat sa, sb;

    return fstat(a, &sa) == 0 && fstat(b, &sb) == 0 && sa.st_ino == sb.st_ino;
}

static int must_get(struct nic_arenas *a, const char *name, uint64_t size, uint32_t layout,
                    bool kept_before)
{
    bool kept;
    int fd = nic_arena_get(a, name, size, layout, &kept);

    assert_true(fd >= 0);
    assert_int_equal(kept, kept_before);
    return fd;
}

static void kept_as_it_was(void **state)
{
    struct nic_arenas a = {.arena = {{.fd = -1}}};
    char byte = 7;

    (void)state;
    int fd = must_get(&a, "fw", SIZE, 1, false);

    assert_int_equal(fcntl(fd, F_GET_SEALS) & SEALS, SEALS);
    assert_int_equal(ftruncate(fd, SIZE / 2), -1);
    assert_int_equal(pwrite(fd, &byte, 1, 100), 1);
    fd = must_get(&a, "fw", SIZE, 1, true);
    assert_int_equal(pread(fd, &byte, 1, 100), 1);
    assert_int_equal(byte, 7);
    nic_arenas_close(&a);
}

/* Another size or layout: a new one, all zero, and the old one is gone. */
static void another_shape(void **state)
{
    struct nic_arenas a = {.arena = {{.fd = -1}}};
    char byte = 7;

    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        int fd = must_get(&a, "fw", SIZE, 1, false);

        assert_int_equal(pwrite(fd, &byte, 1, 0), 1);
        fd = must_get(&a, "fw", SIZE + 4096 * i, 2 - i, false);
        byte = 9;
        assert_int_equal(pread(fd, &byte, 1, 0), 1);
        assert_int_equal(byte, 0);
        byte = 7;
        assert_int_equal(nic_arena_drop(&a, "fw"), 0);
        assert_int_equal(nic_arena_drop(&a, "fw"), -ENOENT);
    }
    nic_arenas_close(&a);
}

static void no_more_than_it_may(void **state)
{
    struct nic_arenas a = {.arena = {{.fd = -1}}};
    char name[8];
    bool kept;

    (void)state;
    for (unsigned i = 0; i < NIC_ARENAS; i++) {
        snprintf(name, sizeof name, "fw%u", i);
        must_get(&a, name, SIZE, 1, false);
    }
    assert_int_equal(nic_arena_get(&a, "more", SIZE, 1, &kept), -ENOSPC);
    assert_int_equal(nic_arena_put(&a, "more", SIZE, 1, a.arena[0].fd), -ENOSPC);
    must_get(&a, "fw2", SIZE, 1, true);
    assert_int_equal(nic_arena_drop(&a, "fw1"), 0);
    must_get(&a, "more", SIZE, 1, false);
    assert_int_equal(nic_arena_get(&a, "", SIZE, 1, &kept), -EINVAL);
    assert_int_equal(nic_arena_get(&a, "fw0", 0, 1, &kept), -EINVAL);
    assert_int_equal(nic_arena_get(&a, "fw0", UINT64_MAX, 1, &kept), -EINVAL);
    must_get(&a, "fw0", SIZE, 1, true);
    assert_int_equal(nic_arena_drop(&a, ""), -ENOENT);
    nic_arenas_close(&a);
}

/* What a firmware brings is what the next one gets; only memory whose size stays is taken. */
static void brought_along(void **state)
{
    struct nic_arenas a = {.arena = {{.fd = -1}}};
    int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, SIZE), 0);
    assert_int_equal(nic_arena_put(&a, "fw", SIZE, 3, fd), -EINVAL);
    assert_int_equal(fcntl(fd, F_ADD_SEALS, SEALS), 0);
    assert_int_equal(nic_arena_put(&a, "fw", SIZE + 1, 3, fd), -EINVAL);
    assert_int_equal(nic_arena_put(&a, "fw", SIZE, 3, STDIN_FILENO), -EINVAL);
    must_get(&a, "fw", SIZE, 1, false);
    assert_int_equal(nic_arena_put(&a, "fw", SIZE, 3, dup(fd)), 0);
    assert_true(same(must_get(&a, "fw", SIZE, 3, true), fd));
    close(fd);
    nic_arenas_close(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kept_as_it_was),
        cmocka_unit_test(another_shape),
        cmocka_unit_test(no_more_than_it_may),
        cmocka_unit_test(brought_along),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
