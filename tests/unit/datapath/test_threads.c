/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two workers and a NIC on threads of their own, traffic from two users, while configurations, ports, neighbours and the number
 * of workers change and sessions are listed and flushed. For ThreadSanitizer; what must hold without it: everything is accounted
 * for at the end.
 */
#include <pthread.h>
#include <time.h>

#include "bench_threads.h"
#include "topology.h"

#define WORKERS(n) ", workers_max: 2, workers: " n
#define ONE                   \
    TOP_OPTIONS(WORKERS("2")) \
    TOP_NET TOP_GROUPS TOP_CLOSED TOP_UP TOP_A("") TOP_B("") TOP_C("open") TOP_V TOP_R
#define TWO                   \
    TOP_OPTIONS(WORKERS("1")) \
    TOP_NET TOP_GROUPS TOP_CLOSED TOP_UP TOP_A("") TOP_B("") TOP_C("closed") TOP_V TOP_R
#define THREE \
    TOP_OPTIONS(WORKERS("2")) TOP_NET TOP_GROUPS TOP_CLOSED TOP_UP TOP_A("") TOP_B("") TOP_V

#define ROUNDS 60

static struct bench b;
static _Atomic bool stop_users;

/* One user of a port: sends flows, reads what comes. */
static void *user_thread(void *arg)
{
    const char *port = arg;
    static const struct fr_flow *const to[] = {&a_to_b, &a_to_c, &a_to_9};
    struct fr *f = malloc(sizeof *f), *got = malloc(sizeof *got), *whole = malloc(sizeof *whole);
    struct nic_ring *ring = NULL;

    for (uint32_t i = 0; i < b.names; i++)
        if (strcmp(b.port[i].name, port) == 0)
            ring = b.port[i].ring;
    for (uint32_t i = 0; !stop_users; i++) {
        struct fr_flow flow = *to[i % 3];

        flow.sport = (uint16_t)(1000 + i % 200);
        if (ring == b.port[0].ring) {
            fr_arp(f, 1, 0x02BB00000000 + i % 5, i % 2 ? "192.0.2.3" : "192.0.2.4", 0, "192.0.2.1");
        } else {
            if (i % 7 == 0) {
                flow = (struct fr_flow){.smac = MAC_A,
                                        .dmac = GW,
                                        .src = "10.1.0.5",
                                        .dst = "10.4.0.1",
                                        .sport = flow.sport,
                                        .dport = 1};
            }
            fr_udp(f, &flow, 50);
        }
        if (ring != b.port[0].ring &&
            i % 5 == 0) { /* at home at the other worker, as often as not */
            fr_udp(whole, &flow, 2000);
            fr_fragment(f, whole, i, 1400, 1400, false);
            nic_ring_push(ring, f->b, f->len, NULL);
            fr_fragment(f, whole, i, 0, 1400, true);
        }
        nic_ring_push(ring, f->b, f->len, NULL);
        while (nic_ring_pop(ring, got->b, sizeof got->b, &got->vnet) >= 0)
            continue;
        if (i % 16 == 0)
            nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    }
    free(f);
    free(got);
    free(whole);
    return NULL;
}

/* Rules come, count and go while packets are compared with them. */
static void rule_the_port(void)
{
    struct ctl_rule_error error;
    json_t *result;

    assert_int_equal(fw_meter_set(b.fw, 1, HSR_METER_PACKETS, 100000, 1000, &error), 0);
    assert_int_equal(
        fw_rule_create(b.fw, "a", "ingress pattern udp / end actions count / meter mtr_id 1 / end",
                       false, &result, &error),
        0);
    json_decref(result);
    assert_int_equal(fw_rule_query(b.fw, "a", 0, &result, &error), 0);
    json_decref(result);
    assert_int_equal(fw_rule_flush(b.fw, "a", &result, &error), 0);
    json_decref(result);
}

static void look_around(void)
{
    struct ctl_session_filter all = {.proto = 0}, some = {.l4_port = 1007};
    json_t *rows = fw_session_list(b.fw, &all, NULL, 100), *stats = fw_stats(b.fw),
           *drops = fw_drops(b.fw);
    json_t *row = json_array_get(json_object_get(rows, "sessions"), 0);

    if (row != NULL)
        json_decref(fw_session_show(
            b.fw, strtoull(json_string_value(json_object_get(row, "flow_id")), NULL, 16)));
    assert_true(json_is_true(json_object_get(json_object_get(stats, "conservation"), "ok")));
    fw_session_flush(b.fw, &some);
    rule_the_port();
    json_decref(rows);
    json_decref(stats);
    json_decref(drops);
}

/* Fault 47: everything changes under traffic, on threads. */
static void changes_under_traffic(void **state)
{
    static const char *const yaml[] = {ONE, TWO, THREE};
    pthread_t user[2];

    (void)state;
    bench_open(&b, &(struct bench_config){.may_leave_frames = true, .start = bench_threads_start},
               ONE);
    pthread_create(&user[0], NULL, user_thread, "a");
    pthread_create(&user[1], NULL, user_thread, "up");
    for (unsigned i = 1; i <= ROUNDS; i++) {
        struct cfg_error e = {.line = 0};

        if (bench_apply(&b, yaml[i % 3], &e) != 0)
            fail_msg("%s: %s", e.path, e.text);
        look_around();
    }
    stop_users = true;
    pthread_join(user[0], NULL);
    pthread_join(user[1], NULL);
    bench_threads_stop();
    assert_true(bench_counters(&b).packets > 100);
    assert_true(bench_counters(&b).handed_in > 0);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(changes_under_traffic)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
