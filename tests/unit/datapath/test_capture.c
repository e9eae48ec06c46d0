/* SPDX-License-Identifier: Apache-2.0 */
/* Captures: each packet at each point, once, with its bytes there; and only those that were asked for. */
#include "topology.h"

#include "capture/filter.h"

#define MOST 256

/* What one capture has shown so far. */
static struct shown {
    uint32_t n;
    struct one {
        struct cap_record r;
        uint8_t frame[2048];
    } one[MOST];
} shown;

static struct cap_area area;
static uint32_t id;
static bool nic;

#define WANT(...) (&(struct ctl_capture){__VA_ARGS__})
#define ALL       .points = (1u << CAP_POINTS) - 1, .snap = 2048

static int setup(void **state)
{
    static struct bench b;

    bench_open(&b, &(struct bench_config){0}, TOP_ALL);
    assert_int_equal(cap_area_create(&area, CAP_RINGS, 0), 0);
    shown.n = 0;
    id = 0;
    *state = &b;
    return 0;
}

static void begin(struct bench *b, const struct ctl_capture *want)
{
    char why[CAP_WHY] = "";

    assert_int_equal(fw_capture_start(b->fw, want, area.memfd, &id, &nic, why), 0);
}

static int teardown(void **state)
{
    struct bench *b = *state;

    fw_capture_stop(b->fw, id);
    cap_area_close(&area);
    bench_close(b);
    return 0;
}

/* All that there is now: the NIC's records and the worker's, each in order. */
static uint32_t take(void)
{
    static uint8_t frame[CAP_SNAP_MAX];
    struct cap_record r;

    for (uint32_t ring = 0; ring < area.rings; ring++) {
        while (cap_area_read(&area, ring, &r, frame) == 1) {
            assert_true(shown.n < MOST && r.captured <= 2048);
            shown.one[shown.n].r = r;
            memcpy(shown.one[shown.n++].frame, frame, r.captured);
        }
    }
    return shown.n;
}

/* The only record of this point; NULL: there is none. */
static const struct one *at(enum cap_point point)
{
    const struct one *found = NULL;

    for (uint32_t i = 0; i < shown.n; i++) {
        if (shown.one[i].r.point != point)
            continue;
        assert_null(found);
        found = &shown.one[i];
    }
    return found;
}

static uint32_t count(enum cap_point point)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < shown.n; i++)
        n += shown.one[i].r.point == point;
    return n;
}

static void expect_frame(const struct one *one, const struct fr *frame)
{
    assert_int_equal(one->r.frame_len, frame->len);
    assert_int_equal(one->r.captured, frame->len);
    assert_memory_equal(one->frame, frame->b, frame->len);
}

/* One packet's way: the same id everywhere, time never goes back, first and last bytes as they were on the wire. */
static void expect_way(const struct fr *sent, const struct fr *got, enum cap_point matched)
{
    static const enum cap_point way[] = {CAP_NIC_RX,  CAP_PRE_OUT, CAP_RING_RX, CAP_POINTS,
                                         CAP_RING_TX, CAP_POST_IN, CAP_NIC_TX};
    uint64_t time = 0;

    take();
    for (unsigned i = 0; i < sizeof way / sizeof way[0]; i++) {
        const struct one *one = at(way[i] == CAP_POINTS ? matched : way[i]);

        assert_non_null(one);
        assert_int_equal(one->r.packet_id, at(CAP_NIC_RX)->r.packet_id);
        assert_true(one->r.time >= time);
        time = one->r.time;
    }
    assert_int_equal(shown.n, sizeof way / sizeof way[0]);
    expect_frame(at(CAP_NIC_RX), sent);
    expect_frame(at(CAP_PRE_OUT), sent);
    expect_frame(at(CAP_NIC_TX), got);
    assert_int_not_equal(at(matched)->r.flow_id, 0);
    assert_int_equal(at(CAP_RING_TX)->r.flow_id, at(matched)->r.flow_id);
    shown.n = 0;
}

static void slow_then_fast(void **state)
{
    struct bench *b = *state;

    begin(b, WANT(ALL, .filter = ""));
    fr_udp(&out, &a_to_b, 10);
    bench_passes(b, "a", &out, "b", &in);
    expect_way(&out, &in, CAP_SLOW);
    bench_passes(b, "a", &out, "b", &in);
    expect_way(&out, &in, CAP_FAST);
}

static void where_it_was(void **state)
{
    struct bench *b = *state;

    begin(b, WANT(ALL, .filter = ""));
    fr_udp(&out, &a_to_b, 10);
    bench_passes(b, "a", &out, "b", &in);
    take();
    assert_int_equal(at(CAP_NIC_RX)->r.port, bench_index(b, "a"));
    assert_int_equal(at(CAP_RING_RX)->r.port, bench_index(b, "a"));
    assert_int_equal(at(CAP_RING_TX)->r.port, bench_index(b, "b"));
    assert_int_equal(at(CAP_NIC_TX)->r.port, bench_index(b, "b"));
    assert_int_equal(at(CAP_NIC_RX)->r.worker, 0xFF);
    assert_int_equal(at(CAP_SLOW)->r.worker, 0);
    assert_int_not_equal(at(CAP_NIC_RX)->r.context, 0);
}

/* Into the tunnel and out of it: the filter names an inner address, and the packet is followed in both forms. */
static void through_the_tunnel(void **state)
{
    struct bench *b = *state;

    begin(b, WANT(ALL, .filter = "host 10.1.0.9 and udp"));
    fr_udp(&out, &a_to_9, 10);
    bench_passes(b, "a", &out, "up", &in);
    expect_way(&out, &in, CAP_SLOW);

    struct fr_flow back = fr_back(&a_to_9);

    fr_udp(&out, &back, 10);
    from_host2(&out, 100);
    bench_passes(b, "up", &out, "a", &in);
    expect_way(&out, &in, CAP_FAST);
}

static void others_are_not_shown(void **state)
{
    struct bench *b = *state;

    begin(b, WANT(ALL, .filter = "udp port 999"));
    fr_udp(&out, &a_to_b, 10);
    bench_passes(b, "a", &out, "b", &in);
    assert_int_equal(take(), 0);
}

/* Two tenants with the same addresses: of one alone. */
static void one_vpc(void **state)
{
    struct bench *b = *state;

    begin(b, WANT(ALL, .filter = "", .vpc = "red"));
    fr_udp(&out, &a_to_9, 10);
    bench_passes(b, "a", &out, "up", &in);
    assert_int_equal(take(), 0);
    bench_passes(b, "r", &out, "up", &in);
    expect_way(&out, &in, CAP_SLOW);
}

static void one_port(void **state)
{
    struct bench *b = *state;

    begin(b, WANT(ALL, .filter = "", .port = "b"));
    fr_udp(&out, &a_to_c, 10);
    bench_passes(b, "a", &out, "c", &in);
    assert_int_equal(take(), 0);
    fr_udp(&out, &a_to_b, 10);
    bench_passes(b, "a", &out, "b", &in);
    take();
    /* Where it leaves by that port, and what comes behind; before, nobody knew. */
    assert_int_equal(shown.n, 3);
    assert_non_null(at(CAP_RING_TX));
    expect_frame(at(CAP_NIC_TX), &in);
}

/* The firmware drops: said once, and by whom. */
static void dropped_by_the_firmware(void **state)
{
    struct bench *b = *state;
    struct fr_flow spoofed = a_to_b;

    begin(b, WANT(ALL, .filter = ""));
    spoofed.smac = MAC_C;
    fr_udp(&out, &spoofed, 10);
    bench_refused(b, "a", &out, HSR_DROP_SPOOF_MAC);
    take();
    assert_non_null(at(CAP_DROP));
    assert_int_equal(at(CAP_DROP)->r.reason, HSR_DROP_SPOOF_MAC);
    assert_int_equal(at(CAP_DROP)->r.flags & CAP_F_BY_FIRMWARE, CAP_F_BY_FIRMWARE);
    assert_int_equal(at(CAP_DROP)->r.packet_id, at(CAP_NIC_RX)->r.packet_id);
    assert_int_equal(at(CAP_DROP)->r.port, bench_index(b, "a"));
    expect_frame(at(CAP_DROP), &out);
    assert_null(at(CAP_NIC_TX));
}

/* The NIC drops: what its port has no room for, and what its parser refuses. */
static void dropped_by_the_nic(void **state)
{
    struct bench *b = *state;

    begin(b, WANT(ALL, .filter = "", .drop_only = true));
    fr_udp(&out, &a_to_b, 10);
    out.len = 13; /* no Ethernet header */
    bench_refused(b, "a", &out, HSR_DROP_PKT_TOO_SMALL);
    take();
    assert_int_equal(shown.n, 1);
    assert_int_equal(at(CAP_DROP)->r.reason, HSR_DROP_PKT_TOO_SMALL);
    assert_int_equal(at(CAP_DROP)->r.flags & CAP_F_BY_FIRMWARE, 0);
    assert_int_equal(at(CAP_DROP)->r.frame_len, 13);
}

static void drops_alone(void **state)
{
    struct bench *b = *state;
    struct fr_flow spoofed = a_to_b;

    begin(b, WANT(ALL, .filter = "udp", .drop_only = true));
    fr_udp(&out, &a_to_b, 10);
    bench_passes(b, "a", &out, "b", &in);
    assert_int_equal(take(), 0);
    spoofed.smac = MAC_C;
    fr_udp(&out, &spoofed, 10);
    bench_refused(b, "a", &out, HSR_DROP_SPOOF_MAC);
    assert_int_equal(take(), 1);
    assert_int_equal(shown.one[0].r.point, CAP_DROP);
}

/* The firmware's own packets have no id: an ARP request for a next hop, while the packet waits for the answer. */
static void made_by_the_firmware(void **state)
{
    struct bench *b = *state;
    struct fr_flow f = a_to_9;

    begin(b, WANT(ALL, .filter = ""));
    f.dst = "10.4.0.1"; /* behind 192.0.2.3, whose MAC nobody knows */
    f.dmac = GW;
    fr_udp(&out, &f, 10);
    bench_push(b, "a", &out);
    bench_run(b);
    assert_true(bench_pop(b, "up", &in));
    take();
    assert_int_equal(count(CAP_RING_TX), 1);
    assert_int_equal(at(CAP_RING_TX)->r.packet_id, 0);
    assert_int_equal(at(CAP_RING_TX)->r.flags, CAP_F_FIRMWARE);
    expect_frame(at(CAP_NIC_TX), &in);
    assert_non_null(at(CAP_SLOW)); /* and nothing more of what waits */
    bench_sleep(b, UINT64_C(10000000000));
    take();
    assert_int_equal(count(CAP_DROP), 1);
    assert_int_equal(at(CAP_DROP)->r.reason, HSR_DROP_NEIGH_TIMEOUT);
    assert_int_equal(at(CAP_DROP)->r.packet_id, at(CAP_SLOW)->r.packet_id);
    while (bench_pop(b, "up", &in))
        ;
}

/* A vector of one flow: each packet of it, fast but for the first. */
static void a_vector(void **state)
{
    struct bench *b = *state;

    begin(b, WANT(ALL, .filter = ""));
    for (unsigned i = 0; i < 8; i++) {
        fr_udp(&out, &a_to_b, 10 + i);
        bench_push(b, "a", &out);
    }
    bench_run(b);
    for (unsigned i = 0; i < 8; i++)
        assert_true(bench_pop(b, "b", &in));
    take();
    assert_int_equal(count(CAP_NIC_RX), 8);
    assert_int_equal(count(CAP_SLOW), 1);
    assert_int_equal(count(CAP_FAST), 7);
    assert_int_equal(count(CAP_RING_TX), 8);
    assert_int_equal(count(CAP_NIC_TX), 8);
    assert_int_equal(count(CAP_DROP), 0);
}

/* A capture with a few points of its own beside another. */
static void two_at_a_time(void **state)
{
    struct bench *b = *state;
    struct cap_area second;
    uint32_t second_id, more_id;
    char why[CAP_WHY];
    uint8_t frame[CAP_SNAP_MAX];
    struct cap_record r;

    begin(b, WANT(.points = 1u << CAP_FAST, .snap = 2048, .filter = ""));
    assert_int_equal(cap_area_create(&second, CAP_RINGS, 0), 0);
    assert_int_equal(fw_capture_start(b->fw,
                                      WANT(.points = 1u << CAP_SLOW, .snap = 60, .filter = ""),
                                      second.memfd, &second_id, &nic, why),
                     0);
    fr_udp(&out, &a_to_b, 100);
    bench_passes(b, "a", &out, "b", &in);
    bench_passes(b, "a", &out, "b", &in);
    assert_int_equal(take(), 1);
    assert_non_null(at(CAP_FAST));
    assert_int_equal(cap_area_read(&second, 0, &r, frame), 1);
    assert_int_equal(r.point, CAP_SLOW);
    assert_int_equal(r.captured, 60);
    assert_int_equal(r.frame_len, out.len);
    assert_int_equal(cap_area_read(&second, 0, &r, frame), 0);
    for (unsigned i = 2; i < CAP_TAPS; i++)
        assert_int_equal(
            fw_capture_start(b->fw, WANT(ALL, .filter = ""), second.memfd, &more_id, &nic, why), 0);
    assert_int_equal(
        fw_capture_start(b->fw, WANT(ALL, .filter = ""), second.memfd, &more_id, &nic, why),
        -EBUSY);
    assert_non_null(strstr(why, "captures run already"));
    fw_capture_stop(b->fw, second_id);
    assert_true(cap_area_ended(&second));
    fw_capture_stop(b->fw, second_id); /* it is over */
    cap_area_close(&second);
}

/* The NIC keeps the payload, and is asked for it: the packet comes a second time, whole, under the id it had. */
static void returned(void **state)
{
    static struct bench sliced;
    struct bench *b = &sliced;
    struct fr_flow f = a_to_9;

    (void)state;
    bench_open(b, &(struct bench_config){.slice = true}, TOP_ALL);
    assert_int_equal(cap_area_create(&area, CAP_RINGS, 0), 0);
    shown.n = 0;
    begin(b, WANT(ALL, .filter = "udp"));
    f.dst = "10.4.0.1";
    f.dmac = GW;
    fr_udp(&out, &f, 1000);
    bench_push(b, "a", &out);
    bench_run(b);
    take();
    assert_int_equal(count(CAP_NIC_RX), 1);
    assert_int_equal(count(CAP_RING_RX), 2);
    for (uint32_t i = 0; i < shown.n; i++)
        assert_int_equal(shown.one[i].r.packet_id, shown.one[0].r.packet_id);
    bench_sleep(b, UINT64_C(10000000000));
    while (bench_pop(b, "up", &in))
        ;
    fw_capture_stop(b->fw, id);
    cap_area_close(&area);
    bench_close(b);
}

static void refused(void **state)
{
    struct bench *b = *state;
    char why[CAP_WHY];

    assert_int_equal(
        fw_capture_start(b->fw, WANT(ALL, .filter = "nonsense here"), area.memfd, &id, &nic, why),
        -EINVAL);
    assert_non_null(strstr(why, "syntax error"));
    assert_int_equal(fw_capture_start(b->fw, WANT(ALL, .filter = "", .vpc = "green"), area.memfd,
                                      &id, &nic, why),
                     -ENOENT);
    assert_string_equal(why, "no VPC 'green'");
    assert_int_equal(
        fw_capture_start(b->fw, WANT(ALL, .filter = "", .port = "z"), area.memfd, &id, &nic, why),
        -ENOENT);
    assert_string_equal(why, "no port 'z'");
    assert_int_equal(fw_capture_start(b->fw, WANT(ALL, .filter = ""), 0, &id, &nic, why), -EINVAL);
    fr_udp(&out, &a_to_b, 10);
    bench_passes(b, "a", &out, "b", &in);
    assert_int_equal(take(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(slow_then_fast, setup, teardown),
        cmocka_unit_test_setup_teardown(where_it_was, setup, teardown),
        cmocka_unit_test_setup_teardown(through_the_tunnel, setup, teardown),
        cmocka_unit_test_setup_teardown(others_are_not_shown, setup, teardown),
        cmocka_unit_test_setup_teardown(one_vpc, setup, teardown),
        cmocka_unit_test_setup_teardown(one_port, setup, teardown),
        cmocka_unit_test_setup_teardown(dropped_by_the_firmware, setup, teardown),
        cmocka_unit_test_setup_teardown(dropped_by_the_nic, setup, teardown),
        cmocka_unit_test_setup_teardown(drops_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(made_by_the_firmware, setup, teardown),
        cmocka_unit_test_setup_teardown(a_vector, setup, teardown),
        cmocka_unit_test_setup_teardown(two_at_a_time, setup, teardown),
        cmocka_unit_test(returned),
        cmocka_unit_test_setup_teardown(refused, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
