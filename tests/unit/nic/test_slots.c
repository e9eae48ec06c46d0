/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

static void charge(struct nic_slots *slots, uint32_t slot, uint16_t port)
{
    nic_slots_charge(slots, slot, port);
    nic_slots_note_high(&slots->use[port]);
}

static uint32_t used(const struct nic_slots *slots, uint16_t port)
{
    return nic_slots_used(&slots->use[port]);
}

static void last_in_first_out(void **state)
{
    struct pool p;
    uint32_t a, b;

    (void)state;
    pool_open(&p, 4, 2, 1);
    a = nic_slots_get(&p.slots, 0);
    b = nic_slots_get(&p.slots, 0);
    assert_int_not_equal(a, b);
    assert_int_equal(p.slots.run[a].state, NIC_SLOT_NIC);
    assert_true(nic_slots_put(&p.slots, a));
    assert_int_equal(nic_slots_get(&p.slots, 0), a);
    assert_int_equal(p.slots.stack[0].low_water, 2);
    assert_true(nic_slots_put(&p.slots, a));
    assert_true(nic_slots_put(&p.slots, b));
    pool_close(&p);
}

static void wrong_puts_are_refused(void **state)
{
    struct pool p;
    uint32_t jumbo;

    (void)state;
    pool_open(&p, 4, 2, 1);
    jumbo = nic_slots_get(&p.slots, 1);
    assert_false(nic_slots_put(&p.slots, jumbo + 1)); /* inside a run */
    assert_true(nic_slots_put(&p.slots, jumbo));
    assert_false(nic_slots_put(&p.slots, jumbo)); /* twice */
    assert_false(nic_slots_put(&p.slots, p.region.view.fw_first));
    assert_false(nic_slots_put(&p.slots, p.region.view.slots));
    assert_false(nic_slots_put(&p.slots, UINT32_MAX));
    pool_close(&p);
}

static void moves_name_their_state(void **state)
{
    struct pool p;
    uint32_t s, quota;

    (void)state;
    pool_open(&p, 4, 2, 1);
    s = nic_slots_get(&p.slots, 2);
    quota = p.region.view.fw_first;
    assert_int_equal(p.slots.run[quota].state, NIC_SLOT_QUOTA);
    assert_false(nic_slots_move(&p.slots, s, NIC_SLOT_FIRMWARE, NIC_SLOT_NIC));
    assert_false(nic_slots_move(&p.slots, s, NIC_SLOT_NIC, NIC_SLOT_FREE));
    assert_false(nic_slots_move(&p.slots, s + 1, NIC_SLOT_NONE, NIC_SLOT_NIC));
    assert_false(nic_slots_move(&p.slots, UINT32_MAX, NIC_SLOT_NIC, NIC_SLOT_FIRMWARE));
    assert_true(nic_slots_move(&p.slots, s, NIC_SLOT_NIC, NIC_SLOT_FIRMWARE));
    assert_false(nic_slots_put(&p.slots, s));
    assert_true(nic_slots_move(&p.slots, s, NIC_SLOT_FIRMWARE, NIC_SLOT_NIC));
    assert_true(nic_slots_put(&p.slots, s));
    assert_false(nic_slots_move(&p.slots, s, NIC_SLOT_FREE, NIC_SLOT_NIC));
    pool_close(&p);
}

static void larger_class_serves(void **state)
{
    static const struct {
        uint32_t len;
        unsigned class;
    } fits[] = {{0, 0},     {1856, 0},  {1857, 1},         {10304, 1},
                {10305, 2}, {67328, 2}, {HSR_MAX_FRAME, 2}};
    struct pool p;
    uint32_t s[4];

    (void)state;
    pool_open(&p, 1, 1, 1);
    for (unsigned i = 0; i < sizeof fits / sizeof *fits; i++) {
        s[0] = nic_slots_get_for(&p.slots, fits[i].len);
        assert_int_equal(s[0], p.region.view.classes[fits[i].class].first);
        assert_true(nic_slot_room(&p.slots, s[0]) >= fits[i].len);
        assert_true(nic_slots_put(&p.slots, s[0]));
    }
    for (unsigned i = 0; i < 4; i++)
        s[i] = nic_slots_get_for(&p.slots, 60);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(s[i], p.region.view.classes[i].first);
    assert_int_equal(s[3], UINT32_MAX);
    for (unsigned i = 0; i < 3; i++)
        assert_true(nic_slots_put(&p.slots, s[i]));
    assert_int_equal(nic_slots_get_for(&p.slots, 67329), UINT32_MAX);
    pool_close(&p);
}

/* A run is charged in slots, to one port, until it is free. */
static void charged_by_port(void **state)
{
    struct pool p;
    uint32_t single, jumbo, gso, unused;

    (void)state;
    pool_open(&p, 4, 2, 1);
    single = nic_slots_get(&p.slots, 0);
    jumbo = nic_slots_get(&p.slots, 1);
    gso = nic_slots_get(&p.slots, 2);
    unused = nic_slots_get(&p.slots, 0);
    charge(&p.slots, single, 7);
    charge(&p.slots, jumbo, 7);
    charge(&p.slots, gso, HSR_MAX_PORTS - 1);
    assert_true(nic_slots_put(&p.slots, unused)); /* a port took it and had no frame for it */
    assert_int_equal(used(&p.slots, 7), 1 + 5);
    assert_int_equal(used(&p.slots, HSR_MAX_PORTS - 1), HSR_RUN_GSO);
    assert_true(nic_slots_put(&p.slots, jumbo));
    assert_int_equal(used(&p.slots, 7), 1);
    jumbo = nic_slots_get(&p.slots, 1); /* the same run, for another */
    charge(&p.slots, jumbo, 0);
    assert_int_equal(used(&p.slots, 7), 1);
    assert_int_equal(used(&p.slots, 0), 5);
    assert_true(nic_slots_put(&p.slots, single));
    assert_true(nic_slots_put(&p.slots, jumbo));
    assert_true(nic_slots_put(&p.slots, gso));
    assert_int_equal(used(&p.slots, 0) + used(&p.slots, 7), 0);
    assert_int_equal(used(&p.slots, HSR_MAX_PORTS - 1), 0);
    assert_int_equal(p.slots.use[7].high, 6);
    assert_int_equal(p.slots.use[0].high, 5);
    pool_close(&p);
}

static void note_lost(void *arg, uint16_t port)
{
    unsigned *lost = arg;

    lost[port]++;
}

static void reclaim_takes_what_the_firmware_had(void **state)
{
    unsigned lost[3] = {0};
    struct pool p;
    uint32_t s[4];

    (void)state;
    pool_open(&p, 4, 2, 2);
    for (unsigned i = 0; i < 4; i++) {
        s[i] = nic_slots_get(&p.slots, i % 3);
        charge(&p.slots, s[i], (uint16_t)(i % 3));
    }
    for (unsigned i = 0; i < 3; i++)
        assert_true(nic_slots_move(&p.slots, s[i], NIC_SLOT_NIC, NIC_SLOT_FIRMWARE));
    assert_int_equal(nic_slots_reclaim(&p.slots, note_lost, lost), 3);
    assert_int_equal(nic_slots_reclaim(&p.slots, note_lost, lost), 0);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(lost[i], 1);
    assert_int_equal(used(&p.slots, 0), 1);
    assert_int_equal(used(&p.slots, 1) + used(&p.slots, 2), 0);
    assert_int_equal(p.slots.run[p.region.view.fw_first].state, NIC_SLOT_QUOTA);
    assert_true(nic_slots_put(&p.slots, s[3]));
    pool_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(last_in_first_out),
        cmocka_unit_test(wrong_puts_are_refused),
        cmocka_unit_test(moves_name_their_state),
        cmocka_unit_test(larger_class_serves),
        cmocka_unit_test(charged_by_port),
        cmocka_unit_test(reclaim_takes_what_the_firmware_had),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
