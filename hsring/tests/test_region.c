/* SPDX-License-Identifier: Apache-2.0 */
#include "hsr_test.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hsring/owner.h"
#include "hsring/region.h"

static struct hsr_geometry small_geometry(uint32_t workers)
{
    struct hsr_geometry g;

    hsr_geometry_default(&g, workers);
    g.ring_entries = 64;
    g.runs[0] = 32;
    g.runs[1] = 4;
    g.runs[2] = 2;
    g.fw_slots = 8;
    memset(g.hash_secret, 0x5A, sizeof g.hash_secret);
    return g;
}

static struct hsr_region small_region(bool shared)
{
    struct hsr_geometry g = small_geometry(2);
    struct hsr_region region;

    assert_int_equal(hsr_region_create(&region, &g, shared), 0);
    return region;
}

static void geometry_is_checked(void **state)
{
    struct hsr_region region;
    struct hsr_geometry g;

    (void)state;
    for (unsigned i = 0; i < 7; i++) {
        g = small_geometry(1);
        switch (i) {
        case 0:
            g.workers = 0;
            break;
        case 1:
            g.workers = HSR_MAX_WORKERS + 1;
            break;
        case 2:
            g.ring_entries = 32;
            break;
        case 3:
            g.ring_entries = 65;
            break;
        case 4:
            g.ring_entries = 131072;
            break;
        case 5:
            g.runs[2] = UINT32_MAX;
            break;
        default:
            g.fw_slots = UINT32_MAX;
            break;
        }
        assert_int_equal(hsr_region_create(&region, &g, false), -EINVAL);
        assert_null(region.map);
    }
    hsr_geometry_default(&g, HSR_MAX_WORKERS);
    assert_int_equal(hsr_region_create(&region, &g, false), 0);
    assert_int_equal(region.view.slots, 8192 + 5 * 512 + 32 * 128 + 16 * 512);
    hsr_region_close(&region);
}

static void private_region_has_its_parts(void **state)
{
    struct hsr_region r = small_region(false);
    struct hsr_view *v = &r.view;
    const uint8_t *end = v->base + v->size;

    (void)state;
    assert_int_equal(r.memfd, -1);
    assert_int_equal(v->slots, 32 + 5 * 4 + 32 * 2 + 2 * 8);
    /* Write to the ends of every part: sanitizers and the other parts tell when one is out of place. */
    memset(v->stats, 0x11, HSR_MAX_PORTS * sizeof *v->stats);
    memset(v->rings, 0x22, v->workers * v->ring_set_size);
    memset(hsr_slot(v, 0), 0x33, (size_t)v->slots * HSR_SLOT_SIZE);
    assert_true(hsr_slot(v, v->slots) <= end);
    assert_int_equal(((uint8_t *)v->stats)[0], 0x11);
    assert_int_equal(v->rings[0], 0x22);
    assert_int_equal(v->rings[v->workers * v->ring_set_size - 1], 0x22);
    assert_int_equal(((uint8_t *)&v->stats[HSR_MAX_PORTS])[-1], 0x11);
    struct hsr_view again;
    assert_int_equal(hsr_view_open(&again, v->base, v->size), 0);
    assert_memory_equal(again.hash_secret, v->hash_secret, sizeof again.hash_secret);
    assert_int_equal(again.hash_secret[47], 0x5A);
    hsr_region_close(&r);
    assert_null(r.map);
}

static void slots_know_their_space(void **state)
{
    struct hsr_region r = small_region(false);
    const struct hsr_view *v = &r.view;

    (void)state;
    assert_int_equal(hsr_slot_space(v, 0), 2112 - 128);
    assert_int_equal(hsr_slot_space(v, 31), 2112 - 128);
    assert_int_equal(hsr_slot_space(v, 32), 5 * 2112 - 128);
    assert_int_equal(hsr_slot_space(v, 33), 0);
    assert_int_equal(hsr_slot_space(v, 36), 0);
    assert_int_equal(hsr_slot_space(v, 47), 5 * 2112 - 128);
    assert_int_equal(hsr_slot_space(v, 52), 32 * 2112 - 128);
    assert_int_equal(hsr_slot_space(v, 83), 0);
    assert_int_equal(hsr_slot_space(v, 84), 32 * 2112 - 128);
    assert_int_equal(v->fw_first, 116);
    assert_int_equal(hsr_slot_space(v, 116), 2112 - 128);
    assert_int_equal(hsr_slot_space(v, 131), 2112 - 128);
    assert_int_equal(hsr_slot_space(v, 132), 0);
    assert_int_equal(hsr_slot_space(v, UINT32_MAX), 0);
    hsr_slot_poison(v, 52, true);
    hsr_slot(v, 52)[HSR_SLOT_META - 1] = 1;
    hsr_slot(v, 84)[HSR_SLOT_META] = 1;
    hsr_slot_poison(v, 52, false);
    hsr_slot(v, 52)[HSR_SLOT_META] = 1;
    hsr_slot_poison(v, 52, true);
    hsr_region_close(&r);
}

/* One bad value of one field of the head, by place and width, and what opening it must answer. */
struct corruption {
    const char *what;
    size_t at;
    unsigned width;
    uint64_t value;
    int want;
};

#define FIELD(name) \
#name, offsetof(struct hsr_region_head, name), sizeof(((struct hsr_region_head *)0)->name)
#define CLASS(i, name) \
#name " of class " #i, offsetof(struct hsr_region_head, classes[i].name), sizeof(uint32_t)

static const struct corruption corruptions[] = {
    {FIELD(magic), 0, -EPROTO},
    {FIELD(magic), HSR_MAGIC ^ 1, -EPROTO},
    {FIELD(abi_major), HSR_ABI_MAJOR + 1, -EPROTO},
    {FIELD(abi_minor), HSR_ABI_MINOR + 1, -EPROTO},
    {FIELD(abi_minor), UINT16_MAX, -EPROTO},
    {FIELD(header_size), 0, -EINVAL},
    {FIELD(header_size), 4032, -EINVAL},
    {FIELD(header_size), 4097, -EINVAL},
    {FIELD(header_size), 4160, -EINVAL},
    {FIELD(header_size), UINT32_MAX, -EINVAL},
    {FIELD(header_size), 0xFFFFFFC0, -EINVAL},
    {FIELD(size), 0, -EINVAL},
    {FIELD(size), UINT64_MAX, -EINVAL},
    {FIELD(features), 0, -EPROTO},
    {FIELD(features), HSR_FEATURE_BASE | 2, -EPROTO},
    {FIELD(features), HSR_FEATURE_BASE | UINT64_C(1) << 31, -EPROTO},
    {FIELD(features), HSR_FEATURE_BASE | UINT64_C(1) << 32, 0},
    {FIELD(features), HSR_FEATURE_BASE | UINT64_C(1) << 63, 0},
    {FIELD(instance), 0, -EINVAL},
    {FIELD(instance), 256, -EINVAL},
    {FIELD(workers), 0, -EINVAL},
    {FIELD(workers), 3, -EINVAL},
    {FIELD(workers), HSR_MAX_WORKERS + 1, -EINVAL},
    {FIELD(workers), UINT32_MAX, -EINVAL},
    {FIELD(ring_entries), 0, -EINVAL},
    {FIELD(ring_entries), 32, -EINVAL},
    {FIELD(ring_entries), 96, -EINVAL},
    {FIELD(ring_entries), 4096, -EINVAL},
    {FIELD(ring_entries), 131072, -EINVAL},
    {FIELD(ring_entries), UINT32_MAX, -EINVAL},
    {FIELD(slots), 0, -EINVAL},
    {FIELD(slots), 131, -EINVAL},
    {FIELD(slots), 136, -EINVAL},
    {FIELD(slots), 1u << 24, -EINVAL},
    {FIELD(slots), UINT32_MAX, -EINVAL},
    {FIELD(fw_slots), 9, -EINVAL},
    {FIELD(fw_slots), 1u << 31, -EINVAL},
    {FIELD(fw_slots), UINT32_MAX, -EINVAL},
    {FIELD(fw_first), 115, -EINVAL},
    {FIELD(fw_first), 117, -EINVAL},
    {FIELD(fw_first), UINT32_MAX, -EINVAL},
    {FIELD(rings_off), 0, -EINVAL},
    {FIELD(rings_off), 4096, -EINVAL},
    {FIELD(rings_off), UINT64_MAX - 63, -EINVAL},
    {FIELD(ring_set_size), 0, -EINVAL},
    {FIELD(ring_set_size), 64, -EINVAL},
    {FIELD(ring_set_size), 4097, -EINVAL},
    {FIELD(ring_set_size), UINT64_C(1) << 63, -EINVAL},
    {FIELD(ring_set_size), UINT64_MAX - 63, -EINVAL},
    {FIELD(slots_off), 0, -EINVAL},
    {FIELD(slots_off), 4096, -EINVAL},
    {FIELD(slots_off), UINT64_MAX - 63, -EINVAL},
    {FIELD(slots_off), UINT64_C(1) << 63, -EINVAL},
    {FIELD(stats_off), 0, -EINVAL},
    {FIELD(stats_off), 4095, -EINVAL},
    {FIELD(stats_off), 4160, -EINVAL},
    {FIELD(stats_off), UINT64_MAX - 63, -EINVAL},
    {"pad0", offsetof(struct hsr_region_head, pad0), 8, UINT64_MAX, 0},
    {FIELD(now), UINT64_MAX, 0},
    {FIELD(link_epoch), UINT32_MAX, 0},
    {"ports_up", offsetof(struct hsr_region_head, ports_up), 8, UINT64_MAX, 0},
    {"owners", offsetof(struct hsr_region_head, owners), 8, UINT64_MAX, 0},
    {"gauges", offsetof(struct hsr_region_head, gauges), 8, UINT64_MAX, 0},
    {CLASS(0, first), 1, -EINVAL},
    {CLASS(0, first), UINT32_MAX, -EINVAL},
    {CLASS(0, run), 0, -EINVAL},
    {CLASS(0, run), 2, -EINVAL},
    {CLASS(0, count), 33, -EINVAL},
    {CLASS(0, count), UINT32_MAX, -EINVAL},
    {CLASS(0, pad), 1, 0},
    {CLASS(1, first), 31, -EINVAL},
    {CLASS(1, first), 33, -EINVAL},
    {CLASS(1, run), 4, -EINVAL},
    {CLASS(1, count), 5, -EINVAL},
    {CLASS(1, pad), 1, 0},
    {CLASS(2, first), 51, -EINVAL},
    {CLASS(2, run), UINT32_MAX, -EINVAL},
    {CLASS(2, count), 3, -EINVAL},
    {CLASS(2, count), 0x07C1F07D, -EINVAL}, /* 33 times it is 1 modulo 2^32 */
    {CLASS(2, pad), 1, 0},
    {"hash_key", offsetof(struct hsr_region_head, hash_key), 8, UINT64_MAX, 0},
    {"pad1", offsetof(struct hsr_region_head, pad1), 8, UINT64_MAX, 0},
    {"pad2", offsetof(struct hsr_region_head, pad2), 8, UINT64_MAX, 0},
};

static void each_field_corrupted(void **state)
{
    struct hsr_region r = small_region(false);
    bool covered[offsetof(struct hsr_region_head, pad0)] = {false};
    struct hsr_region_head saved;

    (void)state;
    memcpy(&saved, r.map, sizeof saved);
    for (size_t i = 0; i < sizeof corruptions / sizeof corruptions[0]; i++) {
        const struct corruption *c = &corruptions[i];
        struct hsr_view view;

        memcpy((uint8_t *)r.map + c->at, &c->value, c->width);
        int got = hsr_view_open(&view, r.map, r.map_size);
        if (got != c->want)
            fail_msg("%s = %#llx: %d, not %d", c->what, (unsigned long long)c->value, got, c->want);
        memcpy(r.map, &saved, sizeof saved);
        for (size_t b = c->at; b < c->at + c->width && b < sizeof covered; b++)
            covered[b] = true;
    }
    /* A new field of the head needs a line above; of the secret, eight bytes stand for all. */
    for (size_t b = 0; b < offsetof(struct hsr_region_head, hash_key); b++)
        if (!covered[b])
            fail_msg("byte %zu of the head is not driven", b);
    hsr_region_close(&r);
}

/* Any byte of the head changed at random: refused, or every part is still inside the region. */
static void random_heads_are_harmless(void **state)
{
    struct hsr_region r = small_region(false);
    struct hsr_region_head saved;
    uint64_t seed = 10;
    unsigned refused = 0;

    (void)state;
    memcpy(&saved, r.map, sizeof saved);
    for (unsigned i = 0; i < 20000; i++) {
        struct hsr_view v;

        for (uint64_t n = 1 + test_random(&seed) % 3; n > 0; n--)
            ((uint8_t *)r.map)[8 + test_random(&seed) % 184] = (uint8_t)test_random(&seed);
        if (hsr_view_open(&v, r.map, r.map_size) != 0) {
            refused++;
        } else {
            const uint8_t *end = v.base + v.size;
            assert_true(v.rings + v.workers * v.ring_set_size <= end);
            assert_true((uint8_t *)(v.stats + HSR_MAX_PORTS) <= end);
            assert_true(hsr_slot(&v, v.slots) <= end);
            assert_true(v.fw_first + v.workers * v.fw_slots <= v.slots);
        }
        memcpy(r.map, &saved, sizeof saved);
    }
    assert_true(refused > 1000);
    hsr_region_close(&r);
}

static void truncated_or_misplaced(void **state)
{
    struct hsr_region r = small_region(false);
    struct hsr_view v;

    (void)state;
    assert_int_equal(hsr_view_open(&v, r.map, 0), -EPROTO);
    assert_int_equal(hsr_view_open(&v, r.map, sizeof(struct hsr_region_head) - 1), -EPROTO);
    assert_int_equal(hsr_view_open(&v, r.map, r.map_size - 4096), -EINVAL);
    assert_int_equal(hsr_view_open(&v, (uint8_t *)r.map + 8, r.map_size - 8), -EINVAL);
    hsr_region_close(&r);
}

static void shared_region_is_sealed_and_mapped_twice(void **state)
{
    struct hsr_region nic = small_region(true);
    struct hsr_region fw;
    uint32_t entry = 42;
    struct hsr_ring to;
    struct hsr_ring from;

    (void)state;
    assert_int_equal(ftruncate(nic.memfd, 4096), -1);
    assert_int_equal(ftruncate(nic.memfd, (off_t)nic.map_size * 2), -1);
    assert_int_equal(hsr_region_map(&fw, nic.memfd, nic.map_size - 4096), -EINVAL);
    assert_int_equal(hsr_region_map(&fw, nic.memfd, nic.map_size), 0);
    assert_ptr_not_equal(fw.map, nic.map);
    for (uint32_t w = 0; w < 2; w++) {
        for (int k = 0; k < HSR_RING_KINDS; k++) {
            hsr_view_ring(&nic.view, w, (enum hsr_ring_kind)k, &to, -1);
            hsr_view_ring(&fw.view, w, (enum hsr_ring_kind)k, &from, -1);
            entry++;
            assert_true(hsr_ring_push(&to, &entry, 1));
            uint32_t got = 0;
            assert_int_equal(hsr_ring_pop(&from, &got, 1), 1);
            assert_int_equal(got, entry);
        }
    }
    hsr_view_set_now(&nic.view, 12345);
    assert_int_equal(hsr_view_now(&fw.view), 12345);
    hsr_region_reset(&nic, 9, 0x0304);
    assert_int_equal(hsr_view_now(&fw.view), 0);
    hsr_view_ring(&fw.view, 1, HSR_RING_FREE, &from, -1);
    assert_int_equal(from.own, 0);
    assert_int_equal(hsr_ring_waiting(&from), 0);
    struct hsr_view v;
    assert_int_equal(hsr_view_open(&v, fw.map, fw.map_size), 0);
    assert_int_equal(v.instance, 9);
    assert_int_equal(hsr_view_owner(&v, 0), 0x0304);
    hsr_region_close(&fw);
    hsr_region_close(&nic);
}

/* What the NIC sets, the firmware sees through its own mapping; each word has its place. */
static void live_words(void **state)
{
    static const uint16_t ports[] = {0, 63, 64, HSR_MAX_PORTS - 1};
    struct hsr_region nic = small_region(true);
    struct hsr_region fw;

    (void)state;
    assert_int_equal(hsr_region_map(&fw, nic.memfd, nic.map_size), 0);
    assert_int_equal(hsr_view_link_epoch(&fw.view), 0);
    for (uint32_t i = 0; i < 4; i++) {
        assert_false(hsr_view_port_up(&fw.view, ports[i]));
        hsr_view_set_port_up(&nic.view, ports[i], true);
        assert_int_equal(hsr_view_link_epoch(&fw.view), i + 1);
        for (uint32_t j = 0; j < 4; j++)
            assert_int_equal(hsr_view_port_up(&fw.view, ports[j]), j <= i);
    }
    hsr_view_set_port_up(&nic.view, 64, true); /* no change */
    hsr_view_set_port_up(&nic.view, 65, false);
    assert_int_equal(hsr_view_link_epoch(&fw.view), 4);
    hsr_view_set_port_up(&nic.view, 64, false);
    assert_int_equal(hsr_view_link_epoch(&fw.view), 5);
    assert_false(hsr_view_port_up(&fw.view, 64));
    assert_true(hsr_view_port_up(&fw.view, 63));
    assert_false(hsr_view_port_up(&fw.view, HSR_MAX_PORTS));
    assert_false(hsr_view_port_up(&fw.view, HSR_NO_PORT));
    for (uint32_t group = 0; group < HSR_MAX_GROUPS; group++)
        hsr_view_set_owner(&nic.view, group << 16 | 0x700 | group);
    hsr_view_set_owner(&nic.view, HSR_MAX_GROUPS << 16); /* no such group: no such place */
    for (uint32_t group = 0; group < HSR_MAX_GROUPS; group++)
        assert_int_equal(hsr_view_owner(&fw.view, (uint16_t)group), group << 16 | 0x700 | group);
    assert_int_equal(hsr_view_owner(&fw.view, HSR_MAX_GROUPS), 0);
    for (unsigned g = 0; g < HSR_GAUGE_COUNT; g++)
        hsr_view_set_gauge(&nic.view, (enum hsr_gauge)g, UINT64_MAX - g);
    for (unsigned g = 0; g < HSR_GAUGE_COUNT; g++)
        assert_int_equal(hsr_view_gauge(&fw.view, (enum hsr_gauge)g), UINT64_MAX - g);
    /* Another firmware: a new stamp, the NIC's own words as they were. */
    hsr_region_reset(&nic, 2, 0x800);
    assert_int_equal(hsr_view_owner(&fw.view, 0), 0x800);
    assert_int_equal(hsr_view_owner(&fw.view, 1), 1 << 16 | 0x701);
    assert_int_equal(hsr_view_link_epoch(&fw.view), 5);
    assert_true(hsr_view_port_up(&fw.view, 63));
    assert_int_equal(hsr_view_gauge(&fw.view, HSR_GAUGE_FIT_USED), UINT64_MAX);
    hsr_region_close(&fw);
    hsr_region_close(&nic);
}

/* The epoch wraps inside its field. */
static void stamps(void **state)
{
    uint32_t stamp = 0x003F0007;

    (void)state;
    for (unsigned i = 1; i <= 256; i++) {
        stamp = hsr_owner_next_epoch(stamp);
        assert_int_equal(stamp, 0x003F0007 | (i & 0xFF) << 8);
        assert_int_equal(hsr_owner_group(stamp), 63);
    }
}

static void unsealed_or_foreign_memory_is_refused(void **state)
{
    struct hsr_region r;
    int plain = memfd_create("plain", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int pipes[2];

    (void)state;
    assert_int_equal(ftruncate(plain, 65536), 0);
    assert_int_equal(hsr_region_map(&r, plain, 65536), -EINVAL);
    close(plain);
    assert_int_equal(pipe(pipes), 0);
    assert_int_equal(hsr_region_map(&r, pipes[0], 65536), -EINVAL);
    assert_int_equal(hsr_region_map(&r, -1, 65536), -EINVAL);
    close(pipes[0]);
    close(pipes[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(geometry_is_checked),
        cmocka_unit_test(private_region_has_its_parts),
        cmocka_unit_test(slots_know_their_space),
        cmocka_unit_test(each_field_corrupted),
        cmocka_unit_test(random_heads_are_harmless),
        cmocka_unit_test(truncated_or_misplaced),
        cmocka_unit_test(shared_region_is_sealed_and_mapped_twice),
        cmocka_unit_test(live_words),
        cmocka_unit_test(stamps),
        cmocka_unit_test(unsealed_or_foreign_memory_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
