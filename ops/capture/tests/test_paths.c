/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "paths.h"
#include "pcapfile.h"
#include "pcapng.h"

/* ---- paths ---- */

static void see(struct pth *p, uint32_t id, enum cap_point point, uint16_t port, uint64_t time)
{
    const struct cap_record r = {
        .point = (uint8_t)point, .port = port, .packet_id = id, .time = time, .reason = 7};

    assert_true(pth_add(p, &r));
}

static struct pth_path seen[8];
static unsigned paths;

static void take(void *arg, const struct pth_path *path)
{
    (void)arg;
    seen[paths++] = *path;
}

static void grouped(void **state)
{
    struct pth *p = pth_open(8);

    (void)state;
    paths = 0;
    for (uint32_t id = 1; id <= 5; id++) { /* their points interleaved, the way out in pieces */
        see(p, id, CAP_NIC_RX, 1, 100);
        see(p, id, CAP_FAST, 1, 100 + 10 * id);
    }
    for (uint32_t id = 1; id <= 5; id++) {
        see(p, id, CAP_NIC_TX, id == 5 ? 3 : 2, 200 + 100 * id);
        see(p, id, CAP_NIC_TX, id == 5 ? 3 : 2, 999999);
    }
    see(p, 9, CAP_NIC_RX, 1, 500);
    see(p, 9, CAP_DROP, 1, 400); /* a clock that goes back by a tick */
    see(p, 0, CAP_RING_TX, 1, 400);
    assert_int_equal(pth_each(p, take, NULL), 0);
    assert_int_equal(pth_made(p), 1);
    pth_close(p);
    assert_int_equal(paths, 3);
    assert_int_equal(seen[0].packets, 4);
    assert_int_equal(seen[0].steps, 3);
    assert_int_equal(seen[0].step[0].port, 1);
    assert_int_equal(seen[0].step[1].port, 0xFFFF);
    assert_int_equal(seen[0].step[2].port, 2);
    assert_int_equal(seen[0].step[1].since.min, 10);
    assert_int_equal(seen[0].step[1].since.median, 30);
    assert_int_equal(seen[0].step[1].since.max, 40);
    assert_int_equal(seen[0].total.min, 200);
    assert_int_equal(seen[0].total.max, 500);
    assert_false(seen[0].dropped);
    for (unsigned i = 1; i < 3; i++) {
        if (seen[i].dropped) {
            assert_int_equal(seen[i].reason, 7);
            assert_int_equal(seen[i].total.max, 0);
        }
    }
    assert_int_equal(seen[1].dropped + seen[2].dropped, 1);
}

static void no_more_than_asked_for(void **state)
{
    const struct cap_record more = {.packet_id = 3, .point = CAP_NIC_RX};
    struct pth *p = pth_open(2);

    (void)state;
    paths = 0;
    see(p, 1, CAP_NIC_RX, 1, 1);
    see(p, 2, CAP_NIC_RX, 1, 1);
    assert_false(pth_add(p, &more));
    for (uint64_t i = 0; i < 100; i++) /* round and round */
        see(p, 1, i % 2 ? CAP_NIC_RX : CAP_RING_RX, 1, i);
    assert_int_equal(pth_each(p, take, NULL), 0);
    pth_close(p);
    assert_int_equal(paths, 2);
    pth_close(pth_open(0));
}

/* ---- files ---- */

static char path[64];
static struct pcf_packet packet;
static char why[PCF_TEXT];

static FILE *new_file(void)
{
    snprintf(path, sizeof(path), "/tmp/avs-pcf-XXXXXX");
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    return fdopen(fd, "w+b");
}

static void write_pcapng(FILE *f)
{
    uint8_t frame[100];

    memset(frame, 0xAB, sizeof(frame));
    assert_true(png_begin(f, "a test") && png_interface(f, "nic.rx", "first", 96) &&
                png_interface(f, "nic.tx", "second", 96));
    for (uint32_t i = 0; i < 3; i++) {
        assert_true(
            png_packet(f, &(struct png_packet){.interface = i == 2,
                                               .frame = frame,
                                               .captured = 90 + i,
                                               .length = 100,
                                               .comment = i == 1 ? "packet 2; port web1" : NULL}));
    }
}

static void pcapng_file(void **state)
{
    FILE *f = new_file();

    (void)state;
    write_pcapng(f);
    fclose(f);
    assert_int_equal(pcf_read(path, 2, &packet, why), 0);
    assert_int_equal(packet.captured, 91);
    assert_int_equal(packet.length, 100);
    assert_int_equal(packet.frame[90], 0xAB);
    assert_string_equal(packet.point, "nic.rx");
    assert_string_equal(packet.comment, "packet 2; port web1");
    assert_int_equal(pcf_read(path, 3, &packet, why), 0);
    assert_string_equal(packet.point, "nic.tx");
    assert_string_equal(packet.comment, "");
    assert_int_equal(pcf_read(path, 4, &packet, why), -1);
    assert_non_null(strstr(why, "no number 4"));
    unlink(path);
    assert_int_equal(pcf_read(path, 1, &packet, why), -1);
}

static void pcap_file(void **state)
{
    static const uint32_t head[] = {0xA1B2C3D4, 0x00040002, 0, 0, 65535, 1};
    static const uint32_t record[] = {0, 0, 4, 9};
    uint32_t swapped[6 + 4];
    FILE *f = new_file();

    (void)state;
    fwrite(head, 1, sizeof(head), f);
    fwrite(record, 1, sizeof(record), f);
    fwrite("abcd", 1, 4, f);
    fclose(f);
    assert_int_equal(pcf_read(path, 1, &packet, why), 0);
    assert_int_equal(packet.captured, 4);
    assert_int_equal(packet.length, 9);
    assert_memory_equal(packet.frame, "abcd", 4);
    assert_int_equal(pcf_read(path, 2, &packet, why), -1);
    f = fopen(path, "wb");
    for (unsigned i = 0; i < 10; i++)
        swapped[i] = __builtin_bswap32(i < 6 ? head[i] : record[i - 6]);
    fwrite(swapped, 1, sizeof(swapped), f);
    fwrite("abcd", 1, 4, f);
    fclose(f);
    assert_int_equal(pcf_read(path, 1, &packet, why), 0);
    assert_int_equal(packet.captured, 4);
    unlink(path);
}

/* Every byte of a good file another one: an answer or a message, and never more than is there. */
static void doctored_files(void **state)
{
    uint8_t bytes[4096];
    FILE *f = new_file();
    size_t n;

    (void)state;
    write_pcapng(f);
    rewind(f);
    n = fread(bytes, 1, sizeof(bytes), f);
    fclose(f);
    for (size_t i = 0; i < n; i++) {
        uint8_t was = bytes[i];

        bytes[i] ^= (uint8_t)(1u << i % 8 | 0x80);
        f = fopen(path, "wb");
        fwrite(bytes, 1, i % 3 ? n : i, f);
        fclose(f);
        bytes[i] = was;
        for (uint64_t number = 1; number <= 3; number++)
            if (pcf_read(path, number, &packet, why) == 0)
                assert_true(packet.captured <= PCF_FRAME);
    }
    unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grouped),        cmocka_unit_test(no_more_than_asked_for),
        cmocka_unit_test(pcapng_file),    cmocka_unit_test(pcap_file),
        cmocka_unit_test(doctored_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
