/* SPDX-License-Identifier: Apache-2.0 */
/* Frames that a port takes and refuses, among others that it sends: each is counted for who sent it, with the reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bench_fw.h"
#include "nic_internal.h"

#define PORT(name, n)                                                                          \
    "  - {name: " name ", role: vnic, type: ring, device: " name ", mac: \"02:00:00:00:00:0" n \
    "\", subnet: front, addresses: [10.1.0.1" n "], security_groups: [open]}\n"

static const char net[] =
    "version: 1\n"
    "vpcs: [{name: blue, vni: 100}]\n"
    "subnets: [{name: front, vpc: blue, prefix4: 10.1.0.0/24}]\n"
    "security_groups:\n"
    "  - name: open\n"
    "    rules: [{direction: egress, action: allow}, {direction: ingress, action: allow}]\n"
    "ports:\n" PORT("a", "1") PORT("b", "2") PORT("c", "3");

static struct bench b;
static struct fr out, in;
static uint32_t most; /* frames that the port takes of a call */

static void send(const char *port, unsigned n)
{
    struct fr_flow f = {.dmac = 0x020000000003, .dst = "10.1.0.13", .dport = 9};

    f.smac = 0x020000000000 | (uint64_t)(port[0] - 'a' + 1);
    f.src = port[0] == 'a' ? "10.1.0.11" : "10.1.0.12";
    for (unsigned i = 0; i < n; i++) {
        f.sport = (uint16_t)(1000 + i);
        fr_udp(&out, &f, 100);
        bench_push(&b, port, &out);
    }
}

/* What a sends is refused, as by a guest that gives bad buffers for it. */
static uint32_t refuses_a(struct nic_port *port, const struct po_frame *frames, uint32_t n)
{
    static uint8_t frame[HSR_MAX_FRAME + PO_MAX_HEADERS];
    uint32_t taken = n < most ? n : most;

    for (uint32_t i = 0; i < taken; i++) {
        po_frame_copy(&frames[i], frame);
        if (frame[11] == 1)
            nic_port_refuse(port, i, HSR_DROP_GUEST_DESC);
    }
    return taken;
}

static const struct hsr_port_stats *stats(const char *port)
{
    return &nic_region(b.nic)->view.stats[bench_index(&b, port)];
}

/* Frames of both in one batch, those that are refused first. */
static void each_is_its_senders(void **state)
{
    static struct nic_port_ops twisted;
    struct nic_port *port;

    (void)state;
    bench_open(&b, &(struct bench_config){.ring_entries = 1024}, net);
    port = nic_port(b.nic, bench_index(&b, "c"));
    twisted = *port->ops;
    twisted.tx = refuses_a;
    port->ops = &twisted;
    most = NIC_TX_BATCH;
    send("a", 7);
    send("b", 9);
    bench_run(&b);
    nic_sync(b.nic);
    assert_int_equal(stats("a")->drops[HSR_DROP_GUEST_DESC], 7);
    assert_int_equal(stats("a")->post_drops, 7);
    assert_int_equal(stats("a")->post_tx, 0);
    assert_int_equal(stats("b")->post_drops, 0);
    assert_int_equal(stats("b")->post_tx, 9);
    assert_int_equal(stats("c")->tx_packets, 9);

    /* The marks are of one call; those that are not taken have their reason. */
    most = 3;
    send("b", 5);
    bench_run(&b);
    nic_sync(b.nic);
    assert_int_equal(stats("b")->drops[HSR_DROP_PORT_TX_FULL], 2);
    assert_int_equal(stats("b")->post_tx, 12);
    assert_int_equal(stats("a")->post_drops, 7);
    while (bench_pop(&b, "c", &in))
        continue;
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_is_its_senders),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
