/* SPDX-License-Identifier: Apache-2.0 */
#include "vhost_guest.h"

#include <string.h>

static const struct guest_kind kinds[] = {
    {false, false, false}, {false, true, true}, {true, false, false}, {true, true, true}};

/* Take what waits; it must be one chain. */
static void take(struct guest *g, bool writable, struct vh_chain *c)
{
    vh_chain_init(c);
    assert_int_equal(vh_take(&g->q, &g->mem, writable, c), 1);
}

/* Somebody who knows nothing but a packed ring finds the same place in it. */
static void check_place(struct guest *g)
{
    struct vh_queue other = g->q;

    other.next = other.done = 0xFFFF;
    other.next_wrap = !g->q.next_wrap;
    if (!g->packed)
        return;
    assert_true(vh_packed_find(&other));
    assert_int_equal(other.next, g->q.done);
    assert_int_equal(other.next_wrap, g->q.done_wrap);
}

/* Many laps of chains of every length, some of them in tables: in order, once each, with what was written. */
static void in_order_for_many_laps(void **state)
{
    (void)state;
    for (unsigned k = 0; k < 4; k++) {
        struct guest g;

        guest_open(&g, kinds[k], 8);
        for (uint32_t i = 0; i < 70000; i++) {
            struct buffer b[3] = {{GUEST_DATA + i % 7, 5}, {GUEST_DATA + 100, 6}, {GUEST_DATA, 7}};
            uint16_t n = (uint16_t)(1 + i % 3), got;
            uint16_t id = guest_add(&g, b, n, true, kinds[k].tables && i % 5 == 0);
            struct vh_chain c;
            uint32_t len;

            take(&g, true, &c);
            assert_false(c.bad);
            assert_int_equal(c.pieces, n);
            assert_int_equal(c.bytes, n == 1 ? 5 : n == 2 ? 11 : 18);
            assert_int_equal(c.piece[0].gpa, b[0].gpa);
            vh_done(&g.q, &c, i % 5);
            assert_true(kinds[k].packed || !guest_get(&g, &got, &len));
            vh_publish(&g.q);
            assert_true(guest_get(&g, &got, &len));
            assert_int_equal(got, id);
            check_place(&g);
            assert_int_equal(len, i % 5);
            assert_false(guest_get(&g, &got, &len));
            vh_chain_init(&c);
            assert_int_equal(vh_take(&g.q, &g.mem, true, &c), 0);
        }
        assert_int_equal(g.q.stop, VH_RUNS);
        assert_int_equal(g.q.bad, 0);
        guest_close(&g);
    }
}

/* Whatever waits or is used, however far the guest is ahead; and in a ring of nobody's it is not. */
static void a_place_is_found_with_chains_waiting(void **state)
{
    const struct buffer b[3] = {{GUEST_DATA, 5}, {GUEST_DATA, 5}, {GUEST_DATA, 5}};
    struct guest g;

    (void)state;
    guest_open(&g, kinds[3], 8);
    check_place(&g);
    for (uint32_t i = 0, waiting = 0; i < 2000; i++) {
        uint16_t n = (uint16_t)(1 + i * 7 % 3), id;
        struct vh_chain c;
        uint32_t len;

        for (; waiting + n <= 8 && i % 4 != 0; waiting += n)
            guest_add(&g, b, n, true, false);
        check_place(&g);
        vh_chain_init(&c);
        if (vh_take(&g.q, &g.mem, true, &c) == 1) {
            waiting -= c.head[0].slots;
            vh_done(&g.q, &c, 5);
            check_place(&g);
            assert_true(guest_get(&g, &id, &len));
        }
    }
    g.q.packed_desc[3].flags ^= 1u << VRING_PACKED_DESC_F_USED;
    g.q.packed_desc[6].flags ^= 1u << VRING_PACKED_DESC_F_USED;
    struct vh_queue other = g.q;

    assert_false(vh_packed_find(&other));
    assert_int_equal(other.next, g.q.next);
    guest_close(&g);
}

static void what_is_not_taken_stays(void **state)
{
    const struct buffer b = {GUEST_DATA, 10};

    (void)state;
    for (unsigned k = 0; k < 4; k++) {
        struct guest g;
        struct vh_chain c;

        guest_open(&g, kinds[k], 4);
        for (unsigned lap = 0; lap < 9; lap++) {
            uint16_t first = guest_add(&g, &b, 1, true, false), got;
            uint32_t len;

            guest_add(&g, &b, 1, true, false);
            vh_chain_init(&c);
            assert_int_equal(vh_take(&g.q, &g.mem, true, &c), 1);
            assert_int_equal(vh_take(&g.q, &g.mem, true, &c), 1);
            assert_int_equal(vh_take(&g.q, &g.mem, true, &c), 0);
            assert_int_equal(c.bytes, 20);
            vh_untake(&g.q, &c);
            vh_chain_init(&c);
            assert_int_equal(vh_take(&g.q, &g.mem, true, &c), 1);
            assert_int_equal(vh_take(&g.q, &g.mem, true, &c), 1);
            vh_done(&g.q, &c, 13);
            vh_publish(&g.q);
            assert_true(guest_get(&g, &got, &len));
            assert_int_equal(got, first);
            assert_int_equal(len, 10);
            assert_true(guest_get(&g, &got, &len));
            assert_int_equal(len, 3);
        }
        guest_close(&g);
    }
}

/* Fault 40: the guest may write on: what was taken does not change. */
static void a_descriptor_is_read_once(void **state)
{
    const struct buffer b[2] = {{GUEST_DATA, 10}, {GUEST_DATA + 10, 20}};

    (void)state;
    for (unsigned k = 0; k < 4; k++) {
        for (unsigned table = 0; table <= kinds[k].tables; table++) {
            struct guest g;
            struct vh_chain c;

            guest_open(&g, kinds[k], 4);
            memset(guest_at(&g, GUEST_DATA), 'x', 30);
            guest_add(&g, b, 2, false, table);
            take(&g, false, &c);
            memset(g.q.desc, 0xFF, sizeof *g.q.desc * 4);
            memset(guest_at(&g, GUEST_BASE + 0x10000), 0xFF, 64);
            char got[30];
            struct vh_cursor at = {0, 0};

            assert_true(vh_read(&g.mem, &c, &at, got, 30));
            assert_int_equal(got[29], 'x');
            guest_close(&g);
        }
    }
}

/* Descriptors as a hostile guest writes them, in the ring and in tables, for either kind of ring. */
struct hostile {
    const char *what;
    struct buffer b;
    uint16_t flags, next;
    enum { NO_TABLE, TABLE } table;
    bool good;
};
static const struct hostile hostile[] = {
    {"as it should be", {GUEST_DATA, 10}, 0, 0, NO_TABLE, true},
    {"wrong direction", {GUEST_DATA, 10}, VRING_DESC_F_WRITE, 0, NO_TABLE, false},
    {"table of no bytes", {GUEST_DATA, 0}, VRING_DESC_F_INDIRECT, 0, NO_TABLE, false},
    {"table cut short", {GUEST_DATA, 24}, VRING_DESC_F_INDIRECT, 0, NO_TABLE, false},
    {"table outside", {GUEST_END, 16}, VRING_DESC_F_INDIRECT, 0, NO_TABLE, false},
    {"table over the end", {GUEST_END - 8, 16}, VRING_DESC_F_INDIRECT, 0, NO_TABLE, false},
    {"table below 0", {UINT64_MAX - 7, 16}, VRING_DESC_F_INDIRECT, 0, NO_TABLE, false},
    {"in a table: as it should be", {GUEST_DATA, 10}, 0, 0, TABLE, true},
    {"in a table: wrong direction", {GUEST_DATA, 10}, VRING_DESC_F_WRITE, 0, TABLE, false},
    {"in a table: a table", {GUEST_DATA, 16}, VRING_DESC_F_INDIRECT, 0, TABLE, false},
};
static const struct hostile hostile_split[] = {
    {"a loop", {GUEST_DATA, 10}, VRING_DESC_F_NEXT, 0, NO_TABLE, false},
    {"a next one that is not there", {GUEST_DATA, 10}, VRING_DESC_F_NEXT, 8, NO_TABLE, false},
    {"a next one far away", {GUEST_DATA, 10}, VRING_DESC_F_NEXT, 0xFFFF, NO_TABLE, false},
    {"table, and more behind it",
     {GUEST_DATA, 16},
     VRING_DESC_F_INDIRECT | VRING_DESC_F_NEXT,
     1,
     NO_TABLE,
     false},
    {"in a table: a loop", {GUEST_DATA, 10}, VRING_DESC_F_NEXT, 0, TABLE, false},
    {"in a table: past its end", {GUEST_DATA, 10}, VRING_DESC_F_NEXT, 1, TABLE, false},
};

static void write_hostile(struct guest *g, const struct hostile *h)
{
    const struct buffer b = {GUEST_DATA, 10};

    guest_add(g, &b, 1, false, h->table == TABLE);
    if (g->packed) {
        struct vring_packed_desc *d =
            h->table ? (void *)guest_at(g, GUEST_BASE + 0x10000) : g->q.packed_desc;

        d->addr = h->b.gpa;
        d->len = h->b.len;
        d->flags |= h->flags;
    } else {
        struct vring_desc *d = h->table ? (void *)guest_at(g, GUEST_BASE + 0x10000) : g->q.desc;

        *d = (struct vring_desc){h->b.gpa, h->b.len, h->flags, h->next};
    }
}

/* It comes back unused, and what follows is served. */
static void check_hostile(const struct hostile *h, bool packed)
{
    const struct buffer b = {GUEST_DATA, 10};
    struct guest g;
    struct vh_chain c;
    uint16_t id;
    uint32_t len;

    guest_open(&g, (struct guest_kind){packed, false, true}, 8);
    write_hostile(&g, h);
    guest_add(&g, &b, 1, false, false);
    take(&g, false, &c);
    if (c.bad == h->good)
        fail_msg("%s (%s ring): bad %d", h->what, packed ? "packed" : "split", c.bad);
    vh_done(&g.q, &c, 0);
    take(&g, false, &c);
    assert_false(c.bad);
    vh_done(&g.q, &c, 0);
    vh_publish(&g.q);
    assert_true(guest_get(&g, &id, &len));
    assert_int_equal(len, 0);
    assert_true(guest_get(&g, &id, &len));
    assert_int_equal(g.q.bad, !h->good);
    assert_int_equal(g.q.stop, VH_RUNS);
    guest_close(&g);
}

/* Fault 37: descriptors that lie cost their frame. */
static void bad_chains_come_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof hostile / sizeof *hostile; i++) {
        check_hostile(&hostile[i], false);
        check_hostile(&hostile[i], true);
    }
    for (unsigned i = 0; i < sizeof hostile_split / sizeof *hostile_split; i++)
        check_hostile(&hostile_split[i], false);
}

/* A table where none was agreed on, a chain as long as a frame may not be, a table behind another descriptor. */
static void chains_keep_to_what_was_agreed(void **state)
{
    struct buffer b[8];
    struct vh_chain c;
    struct guest g;

    (void)state;
    for (unsigned i = 0; i < 8; i++)
        b[i] = (struct buffer){GUEST_DATA, 1};
    for (unsigned packed = 0; packed < 2; packed++) {
        guest_open(&g, (struct guest_kind){packed, false, false}, 8);
        guest_add(&g, b, 1, false, true);
        take(&g, false, &c);
        assert_true(c.bad);
        guest_close(&g);

        struct buffer many[VH_PIECES + 1];

        for (unsigned i = 0; i < VH_PIECES + 1; i++)
            many[i] = b[0];
        guest_open(&g, (struct guest_kind){packed, false, true}, 8);
        guest_add(&g, many, VH_PIECES, false, true);
        take(&g, false, &c);
        assert_false(c.bad);
        guest_add(&g, many, VH_PIECES + 1, false, true);
        take(&g, false, &c);
        assert_true(c.bad);
        guest_close(&g);
    }
    guest_open(&g, (struct guest_kind){true, false, true}, 8);
    guest_add(&g, b, 2, false, false);
    g.q.packed_desc[1].flags |= VRING_DESC_F_INDIRECT;
    take(&g, false, &c);
    assert_true(c.bad);
    assert_int_equal(c.head[0].slots, 2);
    guest_close(&g);
}

static void assert_stops(struct guest *g, enum vh_stop why)
{
    struct vh_chain c;

    vh_chain_init(&c);
    assert_int_equal(vh_take(&g->q, &g->mem, false, &c), -1);
    assert_int_equal(g->q.stop, why);
    vh_chain_init(&c);
    assert_int_equal(vh_take(&g->q, &g->mem, false, &c), -1);
    assert_false(vh_waits(&g->q));
    guest_close(g);
}

/* Fault 37: rings that lie. */
static void rings_that_lie_stop_the_queue(void **state)
{
    const struct guest_kind split = {false, false, true}, packed = {true, false, true};
    const struct buffer b = {GUEST_DATA, 10};
    struct guest g;

    (void)state;
    guest_open(&g, split, 8);
    guest_add(&g, &b, 1, false, false);
    g.q.avail->idx = 9;
    assert_stops(&g, VH_STOP_INDEX);
    guest_open(&g, split, 8);
    g.q.avail->idx = (uint16_t)-1;
    assert_stops(&g, VH_STOP_INDEX);
    guest_open(&g, split, 8);
    guest_add(&g, &b, 1, false, false);
    g.q.avail->ring[0] = 8;
    assert_stops(&g, VH_STOP_HEAD);
    guest_open(&g, packed, 8);
    for (unsigned i = 0; i < 8; i++)
        g.q.packed_desc[i].flags = 1u << VRING_PACKED_DESC_F_AVAIL | VRING_DESC_F_NEXT;
    assert_stops(&g, VH_STOP_CHAIN);
    guest_open(&g, packed, VH_PIECES + 8);
    for (unsigned i = 0; i < VH_PIECES + 8; i++)
        g.q.packed_desc[i].flags = 1u << VRING_PACKED_DESC_F_AVAIL | VRING_DESC_F_NEXT;
    assert_stops(&g, VH_STOP_CHAIN);
}

/* Fault 37: every address and length at the borders: across them what is there is read and written, past them nothing is. */
static void addresses_are_translated_with_their_length(void **state)
{
    static const struct {
        struct buffer b;
        bool there;
    } table[] = {
        {{GUEST_BORDER - 8, 16}, true},    {{GUEST_END - 16, 16}, true},
        {{GUEST_END - 15, 16}, false},     {{GUEST_BASE - 1, 16}, false},
        {{GUEST_END, 16}, false},          {{0, 16}, false},
        {{UINT64_MAX - 7, 16}, false},     {{GUEST_END - 1, UINT32_MAX}, false},
        {{GUEST_DATA, 0xFFFFFFFF}, false}, {{GUEST_BASE + 0x100000000u, 16}, false},
    };
    uint8_t bytes[16];

    (void)state;
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        struct vh_cursor at = {0, 0};
        struct vh_chain c;
        struct guest g;

        guest_open(&g, kinds[0], 4);
        vh_chain_init(&c);
        vh_add_piece(&g.mem, &c, table[i].b.gpa, table[i].b.len, true);
        assert_int_equal(c.bad, !table[i].there);
        assert_int_equal(c.pieces, table[i].there);
        memset(bytes, 0x5A, sizeof bytes);
        assert_int_equal(vh_write(&g.mem, &c, &at, bytes, sizeof bytes), table[i].there);
        if (table[i].there) {
            at = (struct vh_cursor){0, 0};
            memset(bytes, 0, sizeof bytes);
            assert_true(vh_read(&g.mem, &c, &at, bytes, sizeof bytes));
            assert_int_equal(bytes[0] & bytes[sizeof bytes - 1], 0x5A);
            /* The chain ends there. */
            assert_false(vh_read(&g.mem, &c, &at, bytes, 1));
        }
        guest_close(&g);
    }
}

static void rings_lie_in_guest_memory(void **state)
{
    struct guest g;

    (void)state;
    for (unsigned k = 0; k < 4; k += 2) {
        guest_open(&g, kinds[k], 8);
        struct vh_queue good = g.q, q = good;
        uint8_t *end = g.mem.region[0].at + GUEST_REGION;

        q.size = 0;
        assert_false(vh_queue_fits(&q, &g.mem));
        q.size = 32769;
        assert_false(vh_queue_fits(&q, &g.mem));
        q.size = 6;
        assert_int_equal(vh_queue_fits(&q, &g.mem), q.packed);
        q = good;
        q.desc = NULL;
        assert_false(vh_queue_fits(&q, &g.mem));
        q.desc = (void *)(end - 128);
        assert_true(vh_queue_fits(&q, &g.mem));
        q.desc = (void *)(end - 112);
        assert_false(vh_queue_fits(&q, &g.mem));
        q.desc = (void *)((uint8_t *)good.desc + 8);
        assert_false(vh_queue_fits(&q, &g.mem));
        q = good;
        q.avail = (void *)(end - 2);
        assert_false(vh_queue_fits(&q, &g.mem));
        q = good;
        q.used = (void *)(end - 2);
        assert_false(vh_queue_fits(&q, &g.mem));
        q = good;
        assert_true(vh_queue_fits(&q, &g.mem));
        guest_close(&g);
    }
}

/* The guest's wish, as split and packed rings have it. */
static void wish(struct guest *g, bool call)
{
    uint16_t packed = call ? VRING_PACKED_EVENT_FLAG_ENABLE : VRING_PACKED_EVENT_FLAG_DISABLE;

    if (g->packed)
        g->q.driver_event->flags = packed;
    else
        g->q.avail->flags = call ? 0 : VRING_AVAIL_F_NO_INTERRUPT;
}

/* It wants to be called when the chain behind `n` more has come. */
static void wish_at(struct guest *g, uint16_t n)
{
    if (g->packed) {
        uint32_t at = g->q.done + n;
        bool wrap = g->q.done_wrap != (at >= g->size);

        g->q.driver_event->off_wrap = (uint16_t)(at % g->size | (uint32_t)wrap << 15);
        g->q.driver_event->flags = VRING_PACKED_EVENT_FLAG_DESC;
    } else {
        g->q.avail->ring[g->size] = (uint16_t)(g->q.done + n);
    }
}

static void use(struct guest *g, unsigned n)
{
    const struct buffer b = {GUEST_DATA, 10};
    struct vh_chain c;
    uint16_t id;
    uint32_t len;

    for (unsigned i = 0; i < n; i++) {
        guest_add(g, &b, 1, false, false);
        take(g, false, &c);
        vh_done(&g->q, &c, 0);
    }
    vh_publish(&g->q);
    while (guest_get(g, &id, &len))
        continue;
}

static void the_guest_is_called_as_it_likes(void **state)
{
    (void)state;
    for (unsigned k = 0; k < 4; k++) {
        struct guest g;

        guest_open(&g, kinds[k], 4);
        assert_false(vh_wants_call(&g.q));
        for (unsigned i = 0; i < 20 && !kinds[k].events; i++) {
            wish(&g, i % 2);
            use(&g, 1 + i % 4);
            assert_int_equal(vh_wants_call(&g.q), i % 2);
            assert_false(vh_wants_call(&g.q));
        }
        for (uint16_t i = 0; i < 70 && kinds[k].events; i++) {
            uint16_t n = (uint16_t)(1 + i % 3);

            wish_at(&g, n);
            use(&g, n);
            assert_false(vh_wants_call(&g.q));
            use(&g, 1);
            assert_true(vh_wants_call(&g.q));
            wish_at(&g, 0);
            use(&g, 4); /* a whole lap at once */
            assert_true(vh_wants_call(&g.q));
        }
        guest_close(&g);
    }
}

static void the_guest_is_told_when_to_kick(void **state)
{
    const struct buffer b = {GUEST_DATA, 10};

    (void)state;
    for (unsigned k = 0; k < 4; k++) {
        struct guest g;

        guest_open(&g, kinds[k], 4);
        vh_quiet(&g.q);
        if (kinds[k].packed) {
            assert_int_equal(g.q.device_event->flags, VRING_PACKED_EVENT_FLAG_DISABLE);
        } else if (!kinds[k].events) {
            assert_int_equal(g.q.used->flags, VRING_USED_F_NO_NOTIFY);
        }
        use(&g, 3);
        assert_false(vh_kicks(&g.q, true));
        if (kinds[k].packed && kinds[k].events) {
            assert_int_equal(g.q.device_event->off_wrap, 3 | 1u << 15);
        } else if (kinds[k].packed) {
            assert_int_equal(g.q.device_event->flags, VRING_PACKED_EVENT_FLAG_ENABLE);
        } else if (kinds[k].events) {
            assert_memory_equal(&g.q.used->ring[4], "\3", 2);
        } else {
            assert_int_equal(g.q.used->flags, 0);
        }
        guest_add(&g, &b, 1, false, false);
        assert_true(vh_kicks(&g.q, true)); /* it came before we said so */
        assert_false(vh_kicks(&g.q, false));
        guest_close(&g);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(in_order_for_many_laps),
        cmocka_unit_test(a_place_is_found_with_chains_waiting),
        cmocka_unit_test(what_is_not_taken_stays),
        cmocka_unit_test(a_descriptor_is_read_once),
        cmocka_unit_test(bad_chains_come_back),
        cmocka_unit_test(chains_keep_to_what_was_agreed),
        cmocka_unit_test(rings_that_lie_stop_the_queue),
        cmocka_unit_test(addresses_are_translated_with_their_length),
        cmocka_unit_test(rings_lie_in_guest_memory),
        cmocka_unit_test(the_guest_is_called_as_it_likes),
        cmocka_unit_test(the_guest_is_told_when_to_kick),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
