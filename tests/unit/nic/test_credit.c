/* SPDX-License-Identifier: Apache-2.0 */
/* Credit: what one port may have in flight, and that nobody is starved by another's packets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bench_fw.h"
#include "nic_internal.h"

#define NET                                                                                  \
    "vpcs: [{name: blue, vni: 100}]\n"                                                       \
    "subnets: [{name: front, vpc: blue, prefix4: 10.1.0.0/24}]\n"                            \
    "security_groups:\n"                                                                     \
    "  - name: open\n"                                                                       \
    "    rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]\n" \
    "ports:\n"
#define ONE "version: 1\n" NET
#define TWO "version: 1\noptions: {workers: 2}\n" NET
#define PORT(name, n, more)                                                                    \
    "  - {name: " name ", role: vnic, type: ring, device: " name ", mac: \"02:00:00:00:00:0" n \
    "\", mtu: 9000, subnet: front,\n"                                                          \
    "     addresses: [10.1.0.1" n "], security_groups: [open]" more "}\n"
#define ABC PORT("a", "1", "") PORT("b", "2", "") PORT("c", "3", "")

enum { RING = 1024, FLOOD = 3000 };

static struct bench b;
static struct fr out, in;

static void open_net(const char *yaml)
{
    bench_open(&b, &(struct bench_config){.ring_entries = RING}, yaml);
}

static int teardown(void **state)
{
    (void)state;
    bench_close(&b);
    return 0;
}

/* `n` frames of a port to c, of flows of their own; a negative payload: GSO of so many bytes. */
static void flood(const char *port, unsigned n, int payload)
{
    struct fr_flow f = {.dmac = 0x020000000003, .dst = "10.1.0.13", .dport = 9};

    f.smac = 0x020000000000 | (uint64_t)(port[0] - 'a' + 1);
    f.src = port[0] == 'a' ? "10.1.0.11" : "10.1.0.12";
    for (unsigned i = 0; i < n; i++) {
        f.sport = (uint16_t)(1000 + i % 50);
        fr_udp(&out, &f, (uint32_t)payload);
        bench_push(&b, port, &out);
    }
}

/* The firmware sleeps; the NIC goes on. */
static void nic_alone(unsigned turns)
{
    for (unsigned i = 0; i < turns; i++)
        nic_poll(b.nic, b.now);
}

static const struct hsr_port_stats *stats(const char *port)
{
    nic_sync(b.nic);
    return &nic_region(b.nic)->view.stats[bench_index(&b, port)];
}

/* Everything that was sent arrives at c. */
static void all_arrive(unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        while (!bench_pop(&b, "c", &in)) {
            uint32_t work = nic_poll(b.nic, b.now);

            for (uint32_t w = 0; w < fw_workers(b.fw); w++)
                work += dp_poll(fw_worker(b.fw, w));
            if (work == 0)
                fail_msg("%u of %u frames are missing", n - i, n);
        }
    }
    bench_run(&b);
    bench_quiet(&b);
}

/* The threshold as a function: promises stand, what is left is never more than there is, twice the same asks nothing more. */
static void threshold(void **state)
{
    (void)state;
    for (uint32_t share = 1; share <= 16; share *= 2) {
        for (uint32_t least = 0; least <= 64; least += 16) {
            struct nic_credit c = {.share = share, .least = {least, least, least, least, least}};
            uint32_t free = 1024, used = 0, promised = 128, left;

            while ((left = nic_credit_left(&c, NIC_POOL_RING, used, free, promised)) > 0) {
                assert_true(left <= free);
                used += left < 7 ? left : 7;
                free -= left < 7 ? left : 7;
            }
            assert_true(free >= promised);
            assert_true(used >= (1024 - 128) * share / (1 + share) - share);
            assert_true(used <= (1024 - 128) * share / (1 + share) + least + 1);
            /* All else is taken: the minimum is there all the same, when some of it is free. */
            assert_int_equal(nic_credit_left(&c, NIC_POOL_RING, 0, least, promised), least);
        }
    }
}

/* A port whose packets nobody takes on holds half of the ring; another one's pass by. Nothing is lost, of either. */
static void hoard(uint32_t ring_sets)
{
    bench_open(&b, &(struct bench_config){.ring_entries = RING, .ring_sets = ring_sets}, ONE ABC);
    flood("a", FLOOD, 20);
    nic_alone(200);
    assert_in_range(stats("a")->slots_used, RING / 2 - 128, RING / 2 + 64);
    assert_true(stats("a")->rx_held > 0);
    assert_true(stats("a")->credit <= RING / 2 + 64);
    assert_int_equal(stats("b")->rx_held, 0);
    assert_true(stats("b")->credit > RING / 8);
    flood("b", 64, 20);
    nic_alone(2);
    assert_int_equal(stats("b")->pre_ring, 64);
    assert_int_equal(stats("b")->rx_held, 0);
    all_arrive(FLOOD + 64);
    assert_int_equal(bench_drops(&b, "a", HSR_DROP_NONE), 0);
    assert_int_equal(bench_drops(&b, "b", HSR_DROP_NONE), 0);
}

/* Faults 45, 49: one port hoards. */
static void one_hoards(void **state)
{
    (void)state;
    hoard(1);
}

/* Rings that no worker of this firmware has are empty, and no reason to fetch. */
static void one_hoards_beside_idle_rings(void **state)
{
    (void)state;
    hoard(4);
}

/* Two that hoard share what there is, the one of twice the weight with more. */
static void two_hoard(void **state)
{
    uint64_t a, b_;

    (void)state;
    open_net(ONE PORT("a", "1", "") PORT("b", "2", ", share: 2") PORT("c", "3", ""));
    flood("a", FLOOD, 20);
    flood("b", FLOOD, 20);
    nic_alone(300);
    a = stats("a")->slots_used;
    b_ = stats("b")->slots_used;
    assert_in_range(a, 150, 350);
    assert_in_range(b_, a + a / 10, a * 5 / 2); /* who came first gives nothing back */
    assert_true(a + b_ < RING - 64);
    /* They are served alike while the firmware takes on. */
    for (unsigned i = 0; i < 20; i++) {
        dp_poll(fw_worker(b.fw, 0));
        nic_poll(b.nic, b.now);
    }
    assert_true(stats("a")->rx_packets > 400);
    all_arrive(2 * FLOOD);
}

/* Fault 26: The largest runs are few: one port does not get them all, nor does it run into others' small ones. */
static void large_frames(void **state)
{
    uint32_t gso;

    (void)state;
    open_net(ONE PORT("a", "1", "") PORT("b", "2", "") PORT("c", "3", ""));
    flood("a", 14, 8900); /* jumbo runs: 64 */
    flood("b", 14, 8900);
    nic_alone(3);
    assert_int_equal(stats("b")->pre_ring, 14);
    all_arrive(28);
    gso = b.nic->slots.stack[2].capacity;
    for (unsigned i = 0; i < gso; i++) {
        struct fr_flow f = {.smac = 0x020000000001,
                            .dmac = 0x020000000003,
                            .src = "10.1.0.11",
                            .dst = "10.1.0.13",
                            .sport = (uint16_t)(2000 + i),
                            .dport = 9};

        fr_tcp(&out, &f, FR_SYN, 1, 0, 40000);
        fr_partial(&out, 1400);
        bench_push(&b, "a", &out);
    }
    nic_alone(50);
    assert_in_range(b.nic->slots.stack[2].count, gso / 3, gso - 1);
    assert_int_equal(b.nic->slots.stack[1].count, b.nic->slots.stack[1].capacity);
    assert_true(stats("a")->rx_held > 0);
    bench_run(&b);
    assert_int_equal(stats("a")->rx_packets, 14 + gso);
    while (bench_pop(&b, "c", &in))
        continue;
}

/* Fault 49: Bytes count as well: who sends large frames is fetched less often. */
static void bytes_of_a_turn(void **state)
{
    struct fr_flow f = {.smac = 0x020000000001,
                        .dmac = 0x020000000003,
                        .src = "10.1.0.11",
                        .dst = "10.1.0.13",
                        .sport = 7,
                        .dport = 9};
    uint64_t before;

    (void)state;
    open_net(ONE ABC);
    for (unsigned i = 0; i < 16; i++) {
        fr_tcp(&out, &f, FR_SYN, 1, 0, 60000);
        fr_partial(&out, 1400);
        bench_push(&b, "a", &out);
    }
    nic_alone(1);
    before = stats("a")->rx_packets;
    assert_true(before >= 5); /* its credit in runs: about half of 16 */
    assert_true(b.nic->port[bench_index(&b, "a")]->ahead > NIC_RX_BYTES / 2);
    flood("b", 40, 20);
    nic_alone(1);
    assert_int_equal(stats("a")->rx_packets, before);
    assert_int_equal(stats("b")->rx_packets, 32);
    bench_run(&b);
    assert_int_equal(stats("a")->rx_packets, 16);
    assert_int_equal(b.nic->port[bench_index(&b, "a")]->ahead, 0);
    while (bench_pop(&b, "c", &in))
        continue;
}

/* Fault 35: A worker that has stopped holds nobody up: what is for it is dropped, but not all of its ring goes to one port. */
static void one_worker_stops(void **state)
{
    uint64_t passed;

    (void)state;
    bench_open(&b, &(struct bench_config){.ring_entries = RING, .may_leave_frames = true}, TWO ABC);
    for (unsigned round = 0; round < 40; round++) {
        flood("a", 100, 20);
        for (unsigned i = 0; i < 20; i++) {
            nic_poll(b.nic, b.now);
            dp_poll(fw_worker(b.fw, 0));
        }
    }
    assert_int_equal(stats("a")->rx_packets, 4000);
    assert_true(b.nic->with_worker[bench_index(&b, "a")][1] < RING * 3 / 4);
    assert_true(stats("a")->drops[HSR_DROP_RX_RING_FULL] > 0);
    assert_int_equal(stats("a")->pre_drops, stats("a")->drops[HSR_DROP_RX_RING_FULL]);
    passed = stats("b")->pre_ring;
    flood("b", 64, 20);
    nic_alone(2);
    assert_int_equal(stats("b")->pre_ring, passed + 64);
    bench_run(&b);
}

/* All promises together are at most half of what there is; a port that goes makes room for the others. */
static void promises(void **state)
{
    const struct nic *nic;

    (void)state;
    open_net(ONE PORT("a", "1", ", min_slots: 4096") PORT("b", "2", ", min_slots: 2048")
                 PORT("c", "3", ", min_slots: 0"));
    nic = b.nic;
    assert_in_range(nic->promised[NIC_POOL_RING], RING / 2 - 2, RING / 2);
    assert_in_range(nic->port[bench_index(&b, "a")]->credit.least[NIC_POOL_RING], RING / 3 - 1,
                    RING / 3);
    assert_int_equal(nic->port[bench_index(&b, "c")]->credit.least[NIC_POOL_RING], 0);
    for (unsigned class = 0; class < HSR_SLOT_CLASSES; class ++)
        assert_true(nic->promised[class] <= nic->slots.stack[class].capacity / 2);
    /* Another weight and minimum: the same device, no session lost. */
    flood("a", 1, 20);
    bench_run(&b);
    assert_true(bench_pop(&b, "c", &in));
    assert_int_equal(bench_sessions(&b), 1);
    assert_int_equal(
        bench_apply(&b, ONE PORT("a", "1", ", min_slots: 8, share: 3") PORT("c", "3", ""), NULL),
        0);
    assert_int_equal(bench_sessions(&b), 1);
    assert_int_equal(nic->port[bench_index(&b, "a")]->credit.share, 3);
    assert_int_equal(nic->port[bench_index(&b, "a")]->credit.least[NIC_POOL_RING], 8);
    assert_int_equal(nic->promised[NIC_POOL_RING], 8 + 64);
}

/* Much room for packets, so that it is the cells that run out. */
static void open_sliced(void)
{
    bench_open(&b,
               &(struct bench_config){.ring_entries = 8192, .single_slots = 8192, .slice = true},
               ONE ABC);
}

/* One whose payloads nobody takes on has half of the cells; what it sends beyond goes whole, and others' are sliced. */
static void one_hoards_cells(void **state)
{
    uint64_t whole;

    (void)state;
    open_sliced();
    flood("a", FLOOD, 1000);
    nic_alone(200);
    assert_int_equal(stats("a")->rx_held, 0);
    assert_int_equal(stats("a")->pre_ring, FLOOD);
    assert_in_range(stats("a")->cells_used, HSR_CELLS / 2 - 128, HSR_CELLS / 2);
    whole = stats("a")->not_sliced;
    assert_int_equal(whole, FLOOD - stats("a")->cells_used);
    flood("b", 64, 1000);
    nic_alone(3);
    assert_int_equal(stats("b")->cells_used, 64);
    assert_int_equal(stats("b")->not_sliced, 0);
    assert_int_equal(b.nic->kept.not_sliced, whole);
    all_arrive(FLOOD + 64);
    assert_int_equal(bench_drops(&b, "a", HSR_DROP_NONE), 0);
    assert_int_equal(stats("a")->cells_used, 0);
    assert_int_equal(stats("b")->cells_high, 64);
}

/* Promised are at most half of them, and none when nothing is sliced. A port that goes gives back what it had. */
static void promised_cells(void **state)
{
    (void)state;
    open_sliced();
    flood("a", FLOOD, 1000);
    nic_alone(200);
    assert_int_equal(b.nic->promised[NIC_POOL_CELLS], 3 * 64 * HSR_CELLS / 8192);
    assert_int_equal(
        bench_apply(&b, ONE PORT("b", "2", ", min_slots: 4096") PORT("c", "3", ""), NULL), 0);
    assert_int_equal(b.nic->promised[NIC_POOL_CELLS], 1008 + 15); /* of 1024 and 16 */
    bench_run(&b);
    assert_int_equal(nic_credit_out(b.nic), 0);
    while (bench_pop(&b, "c", &in))
        continue;
}

/* The firmware dies with packets of a port that had used up its credit: all of it is back. */
static void firmware_goes(void **state)
{
    (void)state;
    bench_open(&b, &(struct bench_config){.ring_entries = RING, .may_be_broken = true}, ONE ABC);
    flood("a", FLOOD, 20);
    nic_alone(100);
    assert_true(nic_credit_out(b.nic) > RING / 2);
    assert_int_equal(nic_reset(b.nic, 2), 0);
    assert_int_equal(nic_credit_out(b.nic), 0);
    assert_int_equal(nic_slots_out(b.nic), 0);
}

/* As does a port: its packets outlive it, and give back what they took. */
static void port_goes(void **state)
{
    (void)state;
    open_net(ONE ABC);
    flood("a", 100, 20);
    nic_alone(4);
    assert_int_equal(bench_apply(&b, ONE PORT("b", "2", "") PORT("c", "3", ""), NULL), 0);
    assert_true(nic_credit_out(b.nic) > 0);
    bench_run(&b);
    assert_int_equal(nic_credit_out(b.nic), 0);
    while (bench_pop(&b, "c", &in))
        continue;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threshold),
        cmocka_unit_test_teardown(one_hoards, teardown),
        cmocka_unit_test_teardown(one_hoards_beside_idle_rings, teardown),
        cmocka_unit_test_teardown(two_hoard, teardown),
        cmocka_unit_test_teardown(large_frames, teardown),
        cmocka_unit_test_teardown(bytes_of_a_turn, teardown),
        cmocka_unit_test_teardown(one_worker_stops, teardown),
        cmocka_unit_test_teardown(promises, teardown),
        cmocka_unit_test_teardown(one_hoards_cells, teardown),
        cmocka_unit_test_teardown(promised_cells, teardown),
        cmocka_unit_test_teardown(firmware_goes, teardown),
        cmocka_unit_test_teardown(port_goes, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
