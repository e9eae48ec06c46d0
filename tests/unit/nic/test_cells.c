/* SPDX-License-Identifier: Apache-2.0 */
/* Payload memory against a plain model: whatever comes and goes, in any order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "cells.h"
#include "hsring/csum.h"

#define TIMEOUT  1000u
#define HELD     512
#define ACCOUNTS 3

static uint8_t bytes[HSR_MAX_FRAME], again[HSR_MAX_FRAME];
static uint64_t seed = 1;

static uint32_t rnd(uint32_t below)
{
    seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(seed >> 33) % below;
}

static void fill(uint32_t tag, uint32_t len)
{
    for (uint32_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)(tag * 31 + i * 7 + i / 256);
}

static void right(const struct nic_cells *c, uint32_t index, uint32_t tag, uint32_t len)
{
    struct po_span span[NIC_PAYLOAD_MOST];
    uint32_t n = nic_cells_spans(c, index, span), at = 0;

    assert_true(n <= NIC_PAYLOAD_MOST);
    for (uint32_t i = 0; i < n; at += span[i++].len) {
        assert_true(span[i].len <= HSR_CELL_SIZE);
        memcpy(again + at, span[i].at, span[i].len);
    }
    fill(tag, len);
    assert_int_equal(at, len);
    assert_memory_equal(again, bytes, len);
    assert_int_equal(c->payload[index].sum, hsr_csum_fold(hsr_csum_add(0, bytes, len)));
}

struct held {
    uint32_t handle, len;
    uint64_t born;
};

/* Each account has what is held at its expense. */
static void accounts(const struct nic_cells *c, const struct held *held)
{
    uint32_t used[ACCOUNTS] = {0};

    for (uint32_t i = 0; i < HELD; i++)
        used[i % ACCOUNTS] += held[i].handle != 0 ? nic_cells_of(held[i].len) : 0;
    for (uint32_t a = 0; a < ACCOUNTS; a++) {
        assert_int_equal(c->use[a].used, used[a]);
        assert_true(c->use[a].high >= used[a] && c->use[a].high <= c->high);
    }
}

static void random_life(void **state)
{
    struct held held[HELD] = {{0}};
    struct nic_cells c;
    uint64_t now = 1, timed_out = 0, full = 0;
    uint32_t used = 0;

    (void)state;
    assert_int_equal(nic_cells_open(&c, ACCOUNTS, TIMEOUT), 0);
    for (uint32_t round = 0; round < 60000; round++) {
        uint32_t which = rnd(HELD), index;
        struct held *h = &held[which];

        now += rnd(8) == 0 ? rnd(30) : 0;
        nic_cells_expire(&c, now);
        for (uint32_t i = 0; i < HELD; i++) {
            if (held[i].handle != 0 && held[i].born + TIMEOUT < now) {
                assert_int_equal(nic_cells_find(&c, held[i].handle), NIC_NO_PAYLOAD);
                used -= (held[i].len + HSR_CELL_SIZE - 1) / HSR_CELL_SIZE;
                held[i].handle = 0;
                timed_out++;
            }
        }
        if (h->handle != 0) {
            index = nic_cells_find(&c, h->handle);
            assert_int_not_equal(index, NIC_NO_PAYLOAD);
            right(&c, index, which, h->len);
            nic_cells_retire(&c, index);
            assert_int_equal(nic_cells_find(&c, h->handle), NIC_NO_PAYLOAD);
            nic_cells_free(&c, index);
            used -= (h->len + HSR_CELL_SIZE - 1) / HSR_CELL_SIZE;
            h->handle = 0;
        } else {
            h->len = rnd(2) ? 1 + rnd(3000) : 1 + rnd(HSR_MAX_FRAME);
            h->born = now;
            fill(which, h->len);
            h->handle = nic_cells_put(&c, bytes, h->len, true, (uint16_t)(which % ACCOUNTS), now);
            full += h->handle == 0;
            if (h->handle != 0)
                used += (h->len + HSR_CELL_SIZE - 1) / HSR_CELL_SIZE;
            else /* all or nothing, and only for want of room */
                assert_true(used + (h->len + HSR_CELL_SIZE - 1) / HSR_CELL_SIZE > HSR_CELLS);
        }
        assert_int_equal(c.used, used);
        assert_int_equal(c.use[0].used + c.use[1].used + c.use[2].used, used);
        if (round % 100 == 0)
            accounts(&c, held);
    }
    assert_int_equal(c.timed_out, timed_out);
    assert_true(timed_out > 100 && full > 100); /* or this has shown nothing of them */
    nic_cells_clear(&c);
    assert_int_equal(c.used, 0);
    nic_cells_close(&c);
}

/* A handle finds nothing again until its version has been through all values. */
static void versions(void **state)
{
    struct nic_cells c;
    uint32_t first, handle;

    (void)state;
    assert_int_equal(nic_cells_open(&c, ACCOUNTS, TIMEOUT), 0);
    first = nic_cells_put(&c, bytes, 1, false, 0, 0);
    for (handle = first;;) {
        assert_true(handle != 0 && handle != UINT32_MAX);
        nic_cells_clear(&c);
        handle = nic_cells_put(&c, bytes, 1, false, 0, 0);
        if (handle == first)
            break;
        assert_int_equal(nic_cells_find(&c, first), NIC_NO_PAYLOAD);
    }
    nic_cells_close(&c);
}

static void limits(void **state)
{
    struct nic_cells c;

    (void)state;
    assert_int_equal(nic_cells_open(&c, ACCOUNTS, TIMEOUT), 0);
    assert_int_equal(nic_cells_put(&c, bytes, 0, false, 0, 0), 0);
    assert_int_equal(nic_cells_put(&c, bytes, HSR_MAX_FRAME + 1, false, 0, 0), 0);
    assert_int_equal(nic_cells_find(&c, 0), NIC_NO_PAYLOAD);
    for (uint32_t i = 0; i < HSR_CELLS; i++)
        assert_int_not_equal(nic_cells_put(&c, bytes, HSR_CELL_SIZE, false, 0, i), 0);
    assert_int_equal(nic_cells_put(&c, bytes, 1, false, 0, 0), 0);
    assert_true(nic_cells_due(&c) == TIMEOUT);
    nic_cells_expire(&c, TIMEOUT + 10);
    assert_int_equal(c.used, HSR_CELLS - 10);
    nic_cells_close(&c);
    assert_int_equal(nic_cells_find(&c, 1u << 11), NIC_NO_PAYLOAD);
    nic_cells_clear(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_life),
        cmocka_unit_test(versions),
        cmocka_unit_test(limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
