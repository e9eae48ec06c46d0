/* SPDX-License-Identifier: Apache-2.0 */
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nic/ports/pcap.h"

static char dir[] = "/tmp/nic_pcap_XXXXXX";
static char in_file[64], out_file[64];

static int make_dir(void **state)
{
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    snprintf(in_file, sizeof in_file, "%s/in.pcap", dir);
    snprintf(out_file, sizeof out_file, "%s/out.pcap", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    unlink(in_file);
    unlink(out_file);
    return rmdir(dir);
}

/* A capture word by word, as the host writes it. */
static void write_words(const uint32_t *words, size_t bytes)
{
    FILE *file = fopen(in_file, "w");

    assert_non_null(file);
    assert_int_equal(fwrite(words, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

#define MAGIC_US    0xa1b2c3d4u
#define MAGIC_NS    0xa1b23c4du
#define HEAD(magic) (magic), 2u | 4u << 16, 0, 0, 262144, 1
#define S           1000000000ull

static void written_frames_come_back(void **state)
{
    static uint8_t frame[HSR_MAX_FRAME];
    const uint32_t lengths[] = {60, 1514, 1856, 1857, 10304, HSR_MAX_FRAME};
    enum { N = sizeof lengths / sizeof *lengths };
    struct nic_rx rx[N + 1];
    struct nic_port port;
    struct pool pool;
    char args[100];

    (void)state;
    pool_open(&pool, 8, 4, 4);
    for (uint32_t i = 0; i < sizeof frame; i++)
        frame[i] = (uint8_t)(i * 7 + i / 256);
    snprintf(args, sizeof args, "out=%s", out_file);
    port = port_of(HSR_PORT_KIND_PCAP, "", args);
    port_open(&port);
    assert_true(nic_pcap_next_time(&port) == UINT64_MAX);
    for (uint32_t i = 0; i < N; i++) {
        struct po_span tail[PARTS];
        struct po_frame f = frame_in_parts(frame, lengths[i], tail);

        nic_pcap_set_now(&port, (1 + i) * S + 123456789);
        assert_int_equal(port.ops->tx(&port, &f, 1), 1);
    }
    struct po_frame giant = {
        .head = frame, .head_len = 54, .body = frame, .body_len = HSR_MAX_FRAME};
    assert_int_equal(port.ops->tx(&port, &giant, 1), 1);
    assert_int_equal(port.tx_errors, 1);
    assert_int_equal(port.refused[0], HSR_DROP_TX_TOO_BIG);
    assert_null(nic_pcap_error(&port));
    port.ops->close(&port);

    port = port_of(HSR_PORT_KIND_PCAP, out_file, "");
    port_open(&port);
    assert_true(nic_pcap_next_time(&port) == S + 123456789);
    assert_int_equal(port_rx(&port, &pool, rx, 2), 2);
    assert_true(nic_pcap_next_time(&port) == 3 * S + 123456789);
    assert_int_equal(port_rx(&port, &pool, rx + 2, N), N - 2);
    for (uint32_t i = 0; i < N; i++) {
        assert_int_equal(rx[i].len, lengths[i]);
        assert_memory_equal(nic_slot_frame(&pool.slots, rx[i].slot), frame, lengths[i]);
        assert_int_equal(rx[i].vnet.flags | rx[i].vnet.gso_type, 0);
        assert_true(nic_slots_put(&pool.slots, rx[i].slot));
    }
    assert_true(nic_pcap_next_time(&port) == UINT64_MAX);
    assert_null(nic_pcap_error(&port));
    port.ops->close(&port);
    pool_close(&pool);
}

static void frames_wait_for_their_time(void **state)
{
    const uint32_t capture[] = {HEAD(MAGIC_US), 5, 10, 4, 4, 0x11111111, 6, 0, 4, 4, 0x22222222};
    struct nic_rx rx[4];
    struct nic_port port;
    struct pool pool;

    (void)state;
    pool_open(&pool, 1, 0, 0);
    write_words(capture, sizeof capture);
    port = port_of(HSR_PORT_KIND_PCAP, in_file, "");
    port_open(&port);
    nic_pcap_set_now(&port, 5 * S + 9999);
    assert_int_equal(port_rx(&port, &pool, rx, 4), 0);
    nic_pcap_set_now(&port, 5 * S + 10000);
    assert_int_equal(port_rx(&port, &pool, rx, 4), 1);
    nic_pcap_set_now(&port, 7 * S);
    /* No slot: the frame waits and is not lost. */
    assert_int_equal(port_rx(&port, &pool, rx + 1, 4), 0);
    assert_true(nic_slots_put(&pool.slots, rx[0].slot));
    assert_true(nic_pcap_next_time(&port) != UINT64_MAX);
    assert_int_equal(port_rx(&port, &pool, rx + 1, 4), 1);
    assert_true(nic_slots_put(&pool.slots, rx[1].slot));
    assert_true(nic_pcap_next_time(&port) == UINT64_MAX);
    port.ops->close(&port);
    pool_close(&pool);
}

/* Captures that end badly behind their first frame, or before it. */
static void malformed_captures(void **state)
{
    static const struct {
        uint32_t words[12];
        size_t bytes;
        uint32_t frames;
        const char *text; /* NULL: no error */
    } table[] = {
        {{HEAD(MAGIC_NS)}, 24, 0, NULL},
        {{HEAD(MAGIC_NS), 1, 1, 4, 4, 9}, 44, 1, NULL},
        {{HEAD(MAGIC_NS), 1, 1, 4, 4, 9}, 42, 0, "truncated"},
        {{HEAD(MAGIC_NS), 1, 1, 4, 4, 9, 1}, 48, 1, "truncated"},
        {{HEAD(MAGIC_NS), 1, 1, 4, 60, 9}, 44, 0, "frame 1 cut short"},
        {{HEAD(MAGIC_NS), 1, 1, 0xfffffff, 0xfffffff, 9}, 44, 0, "invalid packet capture length"},
        {{HEAD(MAGIC_NS), 1, 1, 0, 0}, 40, 1, NULL},
    };
    struct pool pool;

    (void)state;
    pool_open(&pool, 4, 1, 1);
    for (unsigned i = 0; i < sizeof table / sizeof *table; i++) {
        struct nic_port port = port_of(HSR_PORT_KIND_PCAP, in_file, "");
        struct nic_rx rx[4];
        const char *error;

        write_words(table[i].words, table[i].bytes);
        port_open(&port);
        assert_int_equal(port_rx(&port, &pool, rx, 4), table[i].frames);
        for (uint32_t f = 0; f < table[i].frames; f++)
            assert_true(nic_slots_put(&pool.slots, rx[f].slot));
        assert_true(nic_pcap_next_time(&port) == UINT64_MAX);
        error = nic_pcap_error(&port);
        if (table[i].text && (!error || !strstr(error, table[i].text)))
            fail_msg("case %u: '%s' does not say '%s'", i, error ? error : "", table[i].text);
        if (!table[i].text && error)
            fail_msg("case %u: %s", i, error);
        port.ops->close(&port);
    }
    pool_close(&pool);
}

static void refused_files(void **state)
{
    const uint32_t raw_ip[] = {MAGIC_US, 2u | 4u << 16, 0, 0, 65535, 101};
    const uint32_t garbage[] = {0x12345678, 0, 0, 0, 0, 0};
    const uint32_t good[] = {HEAD(MAGIC_US)};
    struct nic_port port;

    (void)state;
    port = port_of(HSR_PORT_KIND_PCAP, "/nonexistent/x.pcap", "");
    port_open_fails(&port, -1, -EINVAL, "No such file");
    port = port_of(HSR_PORT_KIND_PCAP, in_file, "");
    write_words(raw_ip, sizeof raw_ip);
    port_open_fails(&port, -1, -EINVAL, "not Ethernet");
    write_words(garbage, sizeof garbage);
    port_open_fails(&port, -1, -EINVAL, "unknown file format");
    write_words(good, 20);
    port_open_fails(&port, -1, -EINVAL, "truncated");
    write_words(good, 0);
    port_open_fails(&port, -1, -EINVAL, in_file);
    write_words(good, sizeof good);
    port = port_of(HSR_PORT_KIND_PCAP, in_file, "out=/nonexistent/y.pcap");
    port_open_fails(&port, -1, -EIO, "/nonexistent/y.pcap");
    port_open_fails(&port, 0, -EINVAL, "takes no descriptor");
}

/* Fault 46: the disk is full. */
static void full_disk_is_reported(void **state)
{
    struct nic_port port = port_of(HSR_PORT_KIND_PCAP, "", "out=/dev/full");
    static const uint8_t frame[60000];

    (void)state;
    port_open(&port);
    for (int i = 0; i < 4; i++)
        assert_true(port_send(&port, frame, sizeof frame));
    assert_non_null(nic_pcap_error(&port));
    port.ops->close(&port);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_frames_come_back), cmocka_unit_test(frames_wait_for_their_time),
        cmocka_unit_test(malformed_captures),       cmocka_unit_test(refused_files),
        cmocka_unit_test(full_disk_is_reported),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
