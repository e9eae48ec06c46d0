/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of a guest that goes away reads as zeros, however much of it, and it is known whose it was. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ports/vhost_gone.h"

/* Every other one by itself would be more mappings than a process may have (65,530). */
#define PAGE  4096u
#define PAGES 140000u

static uint8_t *map_file(int *fd, size_t bytes)
{
    uint8_t *at;

    *fd = memfd_create("guest", MFD_CLOEXEC);
    assert_true(*fd >= 0);
    assert_int_equal(ftruncate(*fd, (off_t)bytes), 0);
    at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
    assert_ptr_not_equal(at, MAP_FAILED);
    return at;
}

static unsigned sum_of_every_other(const volatile uint8_t *at, size_t pages)
{
    unsigned sum = 0;

    for (size_t i = 0; i < pages; i += 2)
        sum += at[i * PAGE];
    return sum;
}

static unsigned mappings(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    unsigned lines = 0;

    assert_non_null(maps);
    for (int c = fgetc(maps); c != EOF; c = fgetc(maps))
        lines += c == '\n';
    fclose(maps);
    return lines;
}

static struct sigaction ours; /* cmocka has handlers of its own while a test runs */

/* Fault 39: a whole region in one mapping, which is that guest's loss alone until it has other memory. */
static void a_region_goes_at_once(void **state)
{
    const size_t bytes = (size_t)PAGES * PAGE;
    uint32_t losses = vhost_gone_losses();
    unsigned before;
    int fd;
    uint8_t *at = map_file(&fd, bytes), *beside;
    int other;

    (void)state;
    sigaction(SIGBUS, &ours, NULL);
    beside = map_file(&other, PAGE);
    at[0] = beside[0] = 7;
    vhost_gone_watch(3, &(struct vhost_extent){at, bytes}, 1);
    vhost_gone_watch(4, &(struct vhost_extent){beside, PAGE}, 1);
    before = mappings();
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(sum_of_every_other(at, PAGES), 0);
    assert_in_range(mappings(), 1, before + 4);
    at[PAGE] = 9; /* it is memory like any other */
    assert_int_equal(at[PAGE], 9);
    assert_int_equal(vhost_gone_losses(), losses + 1);
    assert_true(vhost_gone(3));
    assert_false(vhost_gone(4));
    assert_int_equal(beside[0], 7);
    /* The same again is no other memory. */
    vhost_gone_watch(3, &(struct vhost_extent){at, bytes}, 1);
    assert_true(vhost_gone(3));
    vhost_gone_watch(3, NULL, 0);
    assert_false(vhost_gone(3));
    vhost_gone_watch(4, NULL, 0);
    munmap(at, bytes);
    munmap(beside, PAGE);
    close(fd);
    close(other);
}

/* What is in no table, as while rte_vhost changes it, page by page. */
static void a_page_goes_by_itself(void **state)
{
    uint32_t losses = vhost_gone_losses();
    int fd;
    uint8_t *at = map_file(&fd, 4 * PAGE);

    (void)state;
    sigaction(SIGBUS, &ours, NULL);
    at[0] = 5;
    assert_int_equal(ftruncate(fd, PAGE), 0);
    assert_int_equal(at[2 * PAGE], 0);
    assert_int_equal(at[0], 5);
    assert_int_equal(vhost_gone_losses(), losses);
    munmap(at, 4 * PAGE);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_region_goes_at_once),
        cmocka_unit_test(a_page_goes_by_itself),
    };

    vhost_survive_memory_gone();
    sigaction(SIGBUS, NULL, &ours);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
