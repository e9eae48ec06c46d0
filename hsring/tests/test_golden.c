/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of metadata and region head, every field with a value of its own, against the file of this ABI version:
 * a field that moves fails here until the version moves too. `test_golden --write FILE` makes the file of a new one.
 */
#include "hsr_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hsring/abi.h"

struct sample {
    struct hsr_rx_meta rx;
    struct hsr_tx_meta tx;
    struct hsr_region_head head;
};

static void fill_rx(struct hsr_rx_meta *m)
{
    *m = (struct hsr_rx_meta){
        .flow_id = UINT64_C(0x0102030405060708),
        .hash = UINT64_C(0x1112131415161718),
        .key_addrs = UINT64_C(0x2122232425262728),
        .key_ports = UINT64_C(0x3132333435363738),
        .frame_len = 0x41424344,
        .ingress = 0x4546,
        .class = HSR_CLASS_NON_IP,
        .flags = HSR_RXF_L2_MCAST,
        .l2_off = 0x4748,
        .l3_off = 0x494A,
        .l4_off = 0x4B4C,
        .payload_off = 0x4D4E,
        .verdicts = HSR_VERDICT_BAD,
        .reason = HSR_DROP_FW_GONE,
        .vec_len = 0x51,
        .tcp_flags = 0x52,
        .rx_seq = 0x53545556,
        .owner = 0x57585960,
        .payload = 0x61626364,
        .key6 = {UINT64_C(0x7172737475767778), UINT64_C(0x8182838485868788),
                 UINT64_C(0x9192939495969798), UINT64_C(0xA1A2A3A4A5A6A7A8)},
        .vni_tunnel = 0xB1B2B300 | HSR_TUNNEL_GENEVE,
        .outer_src4 = 0xB4B5B6B7,
        .csum_start = 0xC1C2,
        .csum_offset = 0xC3C4,
        .gso_size = 0xC5C6,
        .gso_type = HSR_GSO_USO,
        .flags1 = HSR_RX1F_OUTER_IPV6,
        .frag_id = 0xD1D2D3D4,
        .timestamp = 0xD5D6D7D8,
        .packet_id = 0xE1E2E3E4,
        .vlan_tci = 0xE5E6,
        .partial_sum = 0xE7E8,
    };
}

static void fill_tx(struct hsr_tx_meta *m)
{
    *m = (struct hsr_tx_meta){
        .egress_port = 0x0102,
        .egress_queue = 0x03,
        .action = HSR_TXA_MERGE,
        .frame_off = 0x0405,
        .mtu = 0x0607,
        .frame_len = 0x11121314,
        .payload = 0x15161718,
        .payload_op = 0x21,
        .drop_reason = HSR_DROP_TSO_BAD,
        .offload = HSR_TXO_MORE | HSR_TXO_FRAGMENT | HSR_TXO_IPV6 | HSR_TXO_L3_CSUM,
        .l3_off = 0x2223,
        .l4_off = 0x2425,
        .outer_l3_off = 0x2627,
        .outer_l4_off = 0x2829,
        .gso_size = 0x3132,
        .gso_type = HSR_GSO_TCP6,
        .fit_op = HSR_FIT_UPDATE,
        .hash = UINT64_C(0x4142434445464748),
        .flow_id = UINT64_C(0x5152535455565758),
        .fit_named = UINT64_C(0x6162636465666768),
        .owner = 0x71727374,
        .rx_seq = 0x75767778,
    };
}

static void fill_head(struct hsr_region_head *h)
{
    *h = (struct hsr_region_head){
        .magic = HSR_MAGIC,
        .abi_major = HSR_ABI_MAJOR,
        .abi_minor = HSR_ABI_MINOR,
        .header_size = sizeof *h,
        .size = UINT64_C(0x0102030405060708),
        .features = HSR_FEATURE_BASE,
        .instance = 0x11121314,
        .workers = 0x15161718,
        .ring_entries = 0x21222324,
        .slots = 0x25262728,
        .fw_slots = 0x31323334,
        .fw_first = 0x35363738,
        .rings_off = UINT64_C(0x4142434445464748),
        .ring_set_size = UINT64_C(0x5152535455565758),
        .slots_off = UINT64_C(0x6162636465666768),
        .stats_off = UINT64_C(0x7172737475767778),
        .classes = {{0x91, 0x92, 0x93, 0}, {0xA1, 0xA2, 0xA3, 0}, {0xB1, 0xB2, 0xB3, 0}},
        .now = UINT64_C(0xC1C2C3C4C5C6C7C8),
        .link_epoch = 0x81828384,
    };
    for (size_t i = 0; i < sizeof h->hash_key; i++)
        h->hash_key[i] = (uint8_t)(0xD0 + i);
    for (unsigned i = 0; i < HSR_MAX_PORTS / 64; i++)
        h->ports_up[i] = UINT64_C(0x0102030405060700) + i;
    for (unsigned i = 0; i < HSR_MAX_GROUPS; i++)
        h->owners[i] = i << 16 | 0x1112;
    for (unsigned i = 0; i < sizeof h->gauges / sizeof h->gauges[0]; i++)
        h->gauges[i] = UINT64_C(0x2122232425262700) + i;
}

static struct sample *fill(void)
{
    static struct sample s;

    fill_rx(&s.rx);
    fill_tx(&s.tx);
    fill_head(&s.head);
    return &s;
}

static void bytes_are_those_of_the_file(void **state)
{
    static uint8_t want[sizeof(struct sample) + 1];
    const char *source = getenv("AVS_SOURCE_DIR");
    const uint8_t *have = (const uint8_t *)fill();
    char path[512];

    (void)state;
    snprintf(path, sizeof path, "%s/hsring/tests/golden_abi_%d_%d.bin", source ? source : ".",
             HSR_ABI_MAJOR, HSR_ABI_MINOR);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s: no golden file of this ABI version", path);
    size_t got = fread(want, 1, sizeof want, file);
    fclose(file);
    assert_int_equal(got, sizeof(struct sample));
    for (size_t i = 0; i < got; i++)
        if (have[i] != want[i])
            fail_msg("byte %zu is %02x, in the file %02x", i, have[i], want[i]);
}

static int write_file(const char *path)
{
    FILE *file = fopen(path, "wb");

    if (file == NULL)
        return 1;
    size_t n = fwrite(fill(), sizeof(struct sample), 1, file);
    return fclose(file) != 0 || n != 1;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bytes_are_those_of_the_file)};

    if (argc == 3 && strcmp(argv[1], "--write") == 0)
        return write_file(argv[2]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
