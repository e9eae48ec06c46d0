/* SPDX-License-Identifier: Apache-2.0 */
#include "hsr_test.h"

#include <string.h>

#include "hsring/check.h"
#include "hsring/gauge.h"

enum { SPACE = HSR_SLOT_SIZE - HSR_SLOT_META, FRAME_MAX = HSR_SLOT_SIZE - HSR_SLOT_FRAME };

/* Fields set to a value, and whether the metadata is in its contract then. */
struct set {
    size_t at;
    unsigned width;
    uint64_t value;
};

struct drive {
    const char *what;
    struct set set[6];
    bool ok;
};

#define RX(name, v)                                                                    \
    {                                                                                  \
        offsetof(struct hsr_rx_meta, name), sizeof(((struct hsr_rx_meta *)0)->name), v \
    }
#define TX(name, v)                                                                    \
    {                                                                                  \
        offsetof(struct hsr_tx_meta, name), sizeof(((struct hsr_tx_meta *)0)->name), v \
    }

enum { TUNNELLED = HSR_RXF_LINE1 | HSR_RXF_DECAP };
#define RETURNED(why) RX(flags, HSR_RXF_LINE1), RX(flags1, HSR_RX1F_RETURNED), RX(partial_sum, why)

static void apply(void *meta, const struct set *set)
{
    for (unsigned i = 0; i < 6 && set[i].width != 0; i++)
        memcpy((uint8_t *)meta + set[i].at, &set[i].value, set[i].width);
}

/* A TCP packet of 100 bytes over IPv4 that nothing is wrong with. */
static struct hsr_rx_meta good_rx(void)
{
    return (struct hsr_rx_meta){.flow_id = 1,
                                .frame_len = 100,
                                .ingress = 3,
                                .class = HSR_CLASS_TCP,
                                .l3_off = 14,
                                .l4_off = 34,
                                .payload_off = 54,
                                .verdicts = HSR_VERDICT_GOOD | HSR_VERDICT_GOOD << 2,
                                .vec_len = 1};
}

static const struct drive rx_drives[] = {
    {"class", {RX(class, HSR_CLASS_NON_IP + 1)}, false},
    {"class", {RX(class, 255)}, false},
    {"flags", {RX(flags, 0x80)}, false},
    {"reason", {RX(reason, HSR_DROP_COUNT)}, false},
    {"reason", {RX(reason, 255)}, false},
    {"verdict L3", {RX(verdicts, HSR_VERDICT_PARTIAL)}, false},
    {"verdict outer L3", {RX(verdicts, HSR_VERDICT_PARTIAL << 4)}, false},
    {"verdict L4", {RX(verdicts, HSR_VERDICT_PARTIAL << 2)}, true},
    {"verdict outer L4", {RX(verdicts, HSR_VERDICT_PARTIAL << 6)}, true},
    {"verdicts", {RX(verdicts, 0xAA)}, true},
    {"l2_off", {RX(l2_off, 1)}, false},
    {"l2_off", {RX(l2_off, 14), RX(flags, HSR_RXF_DECAP)}, true},
    {"l2_off", {RX(l2_off, 15), RX(flags, HSR_RXF_DECAP)}, false},
    {"l3_off", {RX(l3_off, 35)}, false},
    {"l3_off", {RX(l3_off, 34)}, true},
    {"l4_off", {RX(l4_off, 13)}, false},
    {"l4_off", {RX(l4_off, 55)}, false},
    {"payload_off", {RX(payload_off, 33)}, false},
    {"payload_off", {RX(payload_off, 100)}, true},
    {"payload_off", {RX(payload_off, 101)}, false},
    {"frame_len", {RX(frame_len, 53)}, false},
    {"frame_len", {RX(frame_len, FRAME_MAX)}, true},
    {"frame_len", {RX(frame_len, FRAME_MAX + 1)}, false},
    {"frame_len", {RX(frame_len, UINT32_MAX)}, false},
    {"frame_len", {RX(frame_len, UINT32_MAX - 127)}, false},
    {"vec_len", {RX(vec_len, HSR_MAX_VECTOR)}, true},
    {"vec_len", {RX(vec_len, HSR_MAX_VECTOR + 1)}, false},
    {"ingress", {RX(ingress, HSR_MAX_PORTS - 1)}, true},
    {"ingress", {RX(ingress, HSR_MAX_PORTS)}, false},
    {"ingress", {RX(ingress, HSR_NO_PORT)}, false},
    {"payload", {RX(payload, 1)}, true},
    {"payload, a slice", {RX(payload, UINT32_MAX), RX(frame_len, 65000)}, true},
    {"payload, a slice", {RX(payload, UINT32_MAX), RX(frame_len, HSR_MAX_FRAME + 1)}, false},
    {"payload of nothing", {RX(payload, 1), RX(frame_len, 54)}, false},
    {"payload, a long slice", {RX(payload, 1), RX(frame_len, 900), RX(payload_off, 256)}, true},
    {"payload, a long slice", {RX(payload, 1), RX(frame_len, 900), RX(payload_off, 257)}, false},
    {"payload of a fragment", {RX(payload, 1), RX(class, HSR_CLASS_FRAG)}, false},
    {"payload of an error", {RX(payload, 1), RX(class, HSR_CLASS_ICMP_ERROR)}, false},
    {"payload of ND", {RX(payload, 1), RX(class, HSR_CLASS_ND)}, false},
    {"payload, returned", {RETURNED(HSR_RETURN_WHOLE), RX(payload, 1)}, false},
    {"line 1 unread", {RX(flags1, 0xFF), RX(gso_type, 77), RX(vni_tunnel, 99)}, true},
    {"flags1", {RX(flags, HSR_RXF_LINE1), RX(flags1, 0x7C), RX(partial_sum, 0xFFFF)}, true},
    {"outer IPv6", {RX(flags, TUNNELLED), RX(flags1, HSR_RX1F_OUTER_IPV6)}, true},
    {"outer IPv6, no tunnel", {RX(flags, HSR_RXF_LINE1), RX(flags1, HSR_RX1F_OUTER_IPV6)}, false},
    {"outer IPv6, no tunnel", {RX(flags, HSR_RXF_IPV6), RX(flags1, HSR_RX1F_OUTER_IPV6)}, false},
    {"outer IPv6 and IPv4",
     {RX(flags, TUNNELLED), RX(flags1, HSR_RX1F_OUTER_IPV6), RX(outer_src4, 1)},
     false},
    {"partial sum of nothing", {RX(flags, HSR_RXF_LINE1), RX(flags1, HSR_RX1F_PARTIAL_SUM)}, false},
    {"partial sum",
     {RX(flags, HSR_RXF_LINE1), RX(flags1, HSR_RX1F_PARTIAL_SUM), RX(payload, 1)},
     true},
    {"returned", {RETURNED(HSR_RETURN_NEIGHBOR)}, true},
    {"returned", {RETURNED(HSR_RETURN_L7)}, true},
    {"returned for no reason", {RETURNED(0)}, false},
    {"returned for no reason", {RETURNED(HSR_RETURN_L7 + 1)}, false},
    {"returned for no reason", {RETURNED(0xFFFF)}, false},
    {"tunnel", {RX(flags, HSR_RXF_LINE1), RX(vni_tunnel, 0xFFFFFF02)}, true},
    {"tunnel", {RX(flags, HSR_RXF_LINE1), RX(vni_tunnel, 3)}, false},
    {"gso_type", {RX(flags, HSR_RXF_LINE1), RX(gso_type, 5), RX(gso_size, 1)}, false},
    {"gso_type", {RX(flags, HSR_RXF_LINE1), RX(gso_type, HSR_GSO_TCP4)}, false},
    {"gso_size", {RX(flags, HSR_RXF_LINE1), RX(gso_size, 1)}, false},
    {"gso ECN", {RX(flags, HSR_RXF_LINE1), RX(gso_type, HSR_GSO_ECN)}, false},
    {"gso ECN", {RX(flags, HSR_RXF_LINE1), RX(gso_type, 0x83), RX(gso_size, 1)}, false},
    {"gso ECN", {RX(flags, HSR_RXF_LINE1), RX(gso_type, 0x82), RX(gso_size, 1)}, true},
    {"csum_start",
     {RX(flags, HSR_RXF_LINE1), RX(verdicts, 12), RX(csum_start, 82), RX(csum_offset, 16)},
     true},
    {"csum_start",
     {RX(flags, HSR_RXF_LINE1), RX(verdicts, 12), RX(csum_start, 83), RX(csum_offset, 16)},
     false},
    {"csum_offset",
     {RX(flags, HSR_RXF_LINE1), RX(verdicts, 12), RX(csum_start, 34), RX(csum_offset, 0xFFFF)},
     false},
    {"csum unread", {RX(flags, HSR_RXF_LINE1), RX(csum_start, 0xFFFF)}, true},
};

static void rx_by_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rx_drives / sizeof rx_drives[0]; i++) {
        struct hsr_rx_meta meta = good_rx();

        assert_true(hsr_rx_check(&meta, SPACE));
        apply(&meta, rx_drives[i].set);
        if (hsr_rx_check(&meta, SPACE) != rx_drives[i].ok)
            fail_msg("rx %s, line %zu: should be %s", rx_drives[i].what, i,
                     rx_drives[i].ok ? "accepted" : "refused");
    }
}

static void rx_every_known_value(void **state)
{
    struct hsr_rx_meta meta;

    (void)state;
    for (unsigned v = 0; v < 256; v++) {
        meta = good_rx();
        meta.class = (uint8_t)v;
        assert_int_equal(hsr_rx_check(&meta, SPACE), v <= HSR_CLASS_NON_IP);
        meta = good_rx();
        meta.flags = (uint8_t)v;
        assert_int_equal(hsr_rx_check(&meta, SPACE), v < 0x80);
        meta = good_rx();
        meta.reason = (uint8_t)v;
        assert_int_equal(hsr_rx_check(&meta, SPACE), v < HSR_DROP_COUNT);
        meta = good_rx();
        meta.tcp_flags = (uint8_t)v;
        assert_true(hsr_rx_check(&meta, SPACE));
    }
    /* All else that carries any value: set every bit of it. */
    meta = good_rx();
    meta.flags = HSR_RXF_LINE1 | HSR_RXF_IPV6;
    meta.flags1 = HSR_RX1F_VLAN;
    meta.flow_id = meta.hash = meta.key_addrs = meta.key_ports = UINT64_MAX;
    meta.rx_seq = meta.owner = meta.outer_src4 = meta.frag_id = UINT32_MAX;
    meta.timestamp = meta.packet_id = UINT32_MAX;
    meta.vlan_tci = meta.partial_sum = UINT16_MAX;
    memset(meta.key6, 0xFF, sizeof meta.key6);
    assert_true(hsr_rx_check(&meta, SPACE));
    meta = (struct hsr_rx_meta){.reason = HSR_DROP_PKT_TOO_SMALL};
    assert_true(hsr_rx_check(&meta, SPACE));
    /* No run starts there. */
    assert_false(hsr_rx_check(&meta, 0));
}

/* 100 bytes from offset 200 of the slot. */
static struct hsr_tx_meta good_tx(void)
{
    return (struct hsr_tx_meta){.egress_port = 3,
                                .action = HSR_TXA_TRANSMIT,
                                .frame_off = 200,
                                .frame_len = 100,
                                .l3_off = 14,
                                .l4_off = 34};
}

#define RETURN(why) TX(action, HSR_TXA_RETURN), TX(drop_reason, why)

static const struct drive tx_drives[] = {
    {"egress_port", {TX(egress_port, HSR_MAX_PORTS - 1)}, true},
    {"egress_port", {TX(egress_port, HSR_MAX_PORTS)}, false},
    {"egress_port of RETURN", {RETURN(HSR_RETURN_WHOLE), TX(egress_port, HSR_NO_PORT)}, true},
    {"egress_queue", {TX(egress_queue, 255)}, true},
    {"MERGE", {TX(action, HSR_TXA_MERGE)}, true},
    {"MERGE", {TX(action, HSR_TXA_MERGE), TX(offload, HSR_TXO_MORE), TX(frame_len, 0)}, true},
    {"MERGE", {TX(action, HSR_TXA_MERGE), TX(offload, HSR_TXO_L3_CSUM)}, false},
    {"MERGE", {TX(action, HSR_TXA_MERGE), TX(frame_len, HSR_SLOT_SIZE - 199)}, false},
    {"MERGE", {TX(action, HSR_TXA_MERGE), TX(frame_off, HSR_SLOT_META - 1)}, false},
    {"MORE of RETURN", {RETURN(HSR_RETURN_WHOLE), TX(offload, HSR_TXO_MORE)}, false},
    {"action", {TX(action, HSR_TXA_MERGE + 1)}, false},
    {"action", {TX(action, 255)}, false},
    {"frame_off", {TX(frame_off, HSR_SLOT_META)}, true},
    {"frame_off", {TX(frame_off, HSR_SLOT_META - 1)}, false},
    {"frame_off", {TX(frame_off, HSR_SLOT_SIZE - 100)}, true},
    {"frame_off", {TX(frame_off, HSR_SLOT_SIZE - 99)}, false},
    {"frame_off of RETURN", {RETURN(HSR_RETURN_WHOLE), TX(frame_off, 0)}, false},
    {"RETURN", {RETURN(HSR_RETURN_NEIGHBOR)}, true},
    {"RETURN", {RETURN(HSR_RETURN_L7)}, true},
    {"RETURN for no reason", {RETURN(0)}, false},
    {"RETURN for no reason", {RETURN(HSR_RETURN_L7 + 1)}, false},
    {"RETURN for no reason", {RETURN(255)}, false},
    {"mtu", {TX(mtu, 0xFFFF)}, true},
    {"frame_len", {TX(frame_len, HSR_SLOT_SIZE - 200)}, true},
    {"frame_len", {TX(frame_len, HSR_SLOT_SIZE - 199)}, false},
    {"frame_len", {TX(frame_len, UINT32_MAX)}, false},
    {"frame_len", {TX(frame_len, UINT32_MAX - 71)}, false},
    {"frame_len", {TX(frame_len, 33)}, false},
    {"frame_len", {TX(frame_len, 13), TX(l3_off, 0), TX(l4_off, 0)}, false},
    {"frame_len", {TX(frame_len, 14), TX(l3_off, 14), TX(l4_off, 14)}, true},
    {"payload", {TX(payload, 1)}, true},
    {"payload of DROP",
     {TX(action, HSR_TXA_DROP), TX(drop_reason, HSR_DROP_TTL), TX(payload, UINT32_MAX)},
     true},
    {"payload of CONSUME", {TX(action, HSR_TXA_CONSUME), TX(payload, 1)}, true},
    {"payload of RETURN", {RETURN(HSR_RETURN_WHOLE), TX(payload, 1)}, true},
    {"payload_op", {TX(payload_op, HSR_PAYLOAD_KEEP)}, true},
    {"payload_op", {TX(payload_op, HSR_PAYLOAD_KEEP + 1)}, false},
    {"drop_reason", {TX(action, HSR_TXA_DROP), TX(drop_reason, HSR_DROP_TTL)}, true},
    {"drop_reason", {TX(action, HSR_TXA_DROP)}, false},
    {"drop_reason", {TX(action, HSR_TXA_DROP), TX(drop_reason, HSR_DROP_COUNT)}, false},
    {"drop_reason unread", {TX(drop_reason, 255)}, true},
    {"consume", {TX(action, HSR_TXA_CONSUME), TX(frame_off, 0), TX(offload, 0xFFFF)}, true},
    {"FRAGMENT", {TX(offload, HSR_TXO_FRAGMENT), TX(mtu, 576)}, true},
    {"FRAGMENT", {TX(offload, HSR_TXO_FRAGMENT), TX(l3_off, 80), TX(l4_off, 100)}, true},
    {"FRAGMENT", {TX(offload, HSR_TXO_FRAGMENT), TX(l3_off, 81), TX(l4_off, 100)}, false},
    {"FRAGMENT IPv6", {TX(offload, HSR_TXO_FRAGMENT | HSR_TXO_IPV6)}, false},
    {"MORE", {TX(offload, HSR_TXO_MORE)}, true},
    {"offload", {TX(offload, 0x400)}, false},
    {"offload", {TX(offload, 0x8000)}, false},
    {"offload", {TX(offload, HSR_TXO_L4_UDP | HSR_TXO_L4_SCTP)}, false},
    {"offload IPv6", {TX(offload, HSR_TXO_IPV6)}, true},
    {"l3_off", {TX(l3_off, 35)}, false},
    {"l3_off", {TX(offload, HSR_TXO_L3_CSUM), TX(l3_off, 80), TX(l4_off, 100)}, true},
    {"l3_off", {TX(offload, HSR_TXO_L3_CSUM), TX(l3_off, 81), TX(l4_off, 100)}, false},
    {"l4_off", {TX(l4_off, 100)}, true},
    {"l4_off", {TX(l4_off, 101)}, false},
    {"l4_off TCP", {TX(offload, HSR_TXO_L4_PARTIAL), TX(l4_off, 82)}, true},
    {"l4_off TCP", {TX(offload, HSR_TXO_L4_PARTIAL), TX(l4_off, 83)}, false},
    {"l4_off UDP", {TX(offload, HSR_TXO_L4_PARTIAL | HSR_TXO_L4_UDP), TX(l4_off, 92)}, true},
    {"l4_off UDP", {TX(offload, HSR_TXO_L4_PARTIAL | HSR_TXO_L4_UDP), TX(l4_off, 93)}, false},
    {"l4_off SCTP", {TX(offload, HSR_TXO_L4_PARTIAL | HSR_TXO_L4_SCTP), TX(l4_off, 88)}, true},
    {"l4_off SCTP", {TX(offload, HSR_TXO_L4_PARTIAL | HSR_TXO_L4_SCTP), TX(l4_off, 89)}, false},
    {"outer sum, no outer", {TX(offload, HSR_TXO_OUTER_L3_CSUM)}, false},
    {"outer sum, no outer", {TX(offload, HSR_TXO_OUTER_L4_CSUM)}, false},
    {"outer unread", {TX(outer_l3_off, 0xFFFF), TX(outer_l4_off, 1)}, true},
    {"outer_l3_off", {TX(offload, HSR_TXO_ENCAP), TX(outer_l3_off, 1)}, false},
    {"outer_l4_off", {TX(offload, HSR_TXO_ENCAP), TX(outer_l4_off, 14)}, true},
    {"outer_l4_off", {TX(offload, HSR_TXO_ENCAP), TX(outer_l4_off, 15)}, false},
    {"outer_l3_off sum",
     {TX(offload, 0x18), TX(outer_l3_off, 81), TX(outer_l4_off, 90), TX(l3_off, 95),
      TX(l4_off, 99)},
     false},
    {"outer_l4_off sum",
     {TX(offload, 0x28), TX(outer_l4_off, 93), TX(l3_off, 95), TX(l4_off, 99)},
     false},
    {"gso_size", {TX(gso_size, 1)}, false},
    {"gso_type", {TX(gso_type, HSR_GSO_TCP4)}, false},
    {"gso_type", {TX(gso_type, HSR_GSO_USO), TX(gso_size, 1)}, true},
    {"gso_type", {TX(gso_type, HSR_GSO_USO + 1), TX(gso_size, 1)}, false},
    {"gso ECN", {TX(gso_type, 0x81), TX(gso_size, 1)}, true},
    {"gso ECN", {TX(gso_type, 0x84), TX(gso_size, 1)}, false},
    {"fit_op", {TX(fit_op, HSR_FIT_UPDATE)}, true},
    {"fit_op", {TX(fit_op, HSR_FIT_UPDATE + 1)}, false},
    {"hash and ids", {TX(hash, UINT64_MAX), TX(flow_id, UINT64_MAX), TX(fit_named, 5)}, true},
    {"stamps", {TX(owner, UINT32_MAX), TX(rx_seq, UINT32_MAX)}, true},
};

/* A CTRL entry on its own: of an otherwise empty line. */
static const struct drive ctrl_drives[] = {
    {"FIT", {TX(action, HSR_CTRL_FIT)}, true},
    {"RELEASE", {TX(action, HSR_CTRL_RELEASE)}, false},
    {"RELEASE of a payload", {TX(action, HSR_CTRL_RELEASE), TX(payload, 1)}, true},
    {"FENCE", {TX(action, HSR_CTRL_FENCE)}, true},
    {"FENCE of a group there is not", {TX(action, HSR_CTRL_FENCE), TX(owner, 64u << 16)}, false},
    {"action", {TX(action, HSR_CTRL_FENCE + 1)}, false},
    {"action", {TX(action, 255)}, false},
    {"payload unread", {TX(payload, 1)}, true},
    {"payload_op", {TX(payload_op, 2)}, false},
    {"fit_op", {TX(fit_op, HSR_FIT_UPDATE)}, true},
    {"fit_op", {TX(fit_op, HSR_FIT_UPDATE + 1)}, false},
    {"unread",
     {TX(egress_port, 0xFFFF), TX(frame_len, UINT32_MAX), TX(offload, 0xFFFF), TX(drop_reason, 255),
      TX(gso_type, 255)},
     true},
};

static void ctrl_by_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ctrl_drives / sizeof ctrl_drives[0]; i++) {
        struct hsr_tx_meta meta = {.fit_op = HSR_FIT_INSERT};

        apply(&meta, ctrl_drives[i].set);
        if (hsr_tx_check(&meta, SPACE, HSR_KIND_CTRL) != ctrl_drives[i].ok)
            fail_msg("ctrl %s, line %zu: should be %s", ctrl_drives[i].what, i,
                     ctrl_drives[i].ok ? "accepted" : "refused");
    }
}

static void tx_by_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof tx_drives / sizeof tx_drives[0]; i++) {
        struct hsr_tx_meta meta = good_tx();

        assert_true(hsr_tx_check(&meta, SPACE, HSR_KIND_PACKET));
        apply(&meta, tx_drives[i].set);
        if (hsr_tx_check(&meta, SPACE, HSR_KIND_PACKET) != tx_drives[i].ok)
            fail_msg("tx %s, line %zu: should be %s", tx_drives[i].what, i,
                     tx_drives[i].ok ? "accepted" : "refused");
    }
}

static void tx_by_kind(void **state)
{
    struct hsr_tx_meta meta = good_tx();

    (void)state;
    assert_true(hsr_tx_check(&meta, SPACE, HSR_KIND_ORIGINATE));
    for (uint32_t kind = HSR_KIND_ORIGINATE + 1; kind < 256; kind++)
        assert_false(hsr_tx_check(&meta, SPACE, kind));
    meta.action = HSR_TXA_RETURN;
    meta.drop_reason = HSR_RETURN_WHOLE;
    assert_true(hsr_tx_check(&meta, SPACE, HSR_KIND_PACKET));
    assert_false(hsr_tx_check(&meta, SPACE, HSR_KIND_ORIGINATE));
    meta = good_tx();
    assert_false(hsr_tx_check(&meta, 0, HSR_KIND_PACKET));
}

/* Values that matter for some check, and others. */
static uint32_t some(uint64_t *seed)
{
    static const uint32_t near[] = {0,  1,   2,   3,   13,  14,    34,   54,
                                    60, 100, 127, 128, 255, SPACE, 65535};
    uint64_t r = test_random(seed);

    return r % 4 == 0 ? (uint32_t)(r >> 32)
                      : near[(r >> 8) % (sizeof near / sizeof near[0])] + (uint32_t)(r % 3) - 1;
}

/* As what came out of a tunnel is. */
static void enter_tunnel(struct hsr_rx_meta *rx)
{
    rx->flags = HSR_RXF_UPLINK | HSR_RXF_DECAP | HSR_RXF_LINE1;
    rx->frame_len += 50;
    rx->l2_off = 50;
    rx->l3_off += 50;
    rx->l4_off += 50;
    rx->payload_off += 50;
    rx->vni_tunnel = 100 << 8 | HSR_TUNNEL_VXLAN;
    rx->outer_src4 = 0xC0000202;
}

/* One field of good metadata after the other becomes something else: short and full check say the same. */
static void short_checks_are_the_full_ones(void **state)
{
    uint64_t seed = 3;

    (void)state;
    for (unsigned round = 0; round < 300000; round++) {
        struct hsr_rx_meta rx = good_rx();
        struct hsr_tx_meta tx = good_tx();
        uint32_t kind = test_random(&seed) % 8 == 0 ? some(&seed) : HSR_KIND_PACKET;
        uint32_t space = test_random(&seed) % 2 == 0 ? SPACE : some(&seed);

        if (round % 2 == 1)
            enter_tunnel(&rx);
        for (unsigned changes = (unsigned)(test_random(&seed) % 4); changes > 0; changes--) {
            uint32_t value = some(&seed);
            unsigned bytes = 1u << test_random(&seed) % 3;

            memcpy((uint8_t *)&rx + test_random(&seed) % (sizeof rx / bytes) * bytes, &value,
                   bytes);
            memcpy((uint8_t *)&tx + test_random(&seed) % (sizeof tx / bytes) * bytes, &value,
                   bytes);
        }
        assert_int_equal(hsr_rx_check(&rx, space), hsr_rx_check_any(&rx, space));
        assert_int_equal(hsr_tx_check(&tx, space, kind), hsr_tx_check_any(&tx, space, kind));
    }
}

static void drop_reasons_have_names(void **state)
{
    (void)state;
    assert_string_equal(hsr_drop_name(HSR_DROP_SG_INGRESS), "sg_ingress");
    assert_string_equal(hsr_drop_stage(HSR_DROP_SG_INGRESS), "fw");
    assert_string_equal(hsr_drop_stage(HSR_DROP_IP_CSUM), "pre");
    assert_string_equal(hsr_drop_stage(HSR_DROP_FW_GONE), "post");
    assert_string_equal(hsr_drop_text(HSR_DROP_IP_CSUM), "IPv4 header checksum wrong");
    for (unsigned i = 1; i < HSR_DROP_COUNT; i++)
        for (unsigned j = 1; j < i; j++)
            assert_string_not_equal(hsr_drop_name(i), hsr_drop_name(j));
    assert_string_equal(hsr_drop_name(HSR_DROP_NONE), "unknown");
    assert_string_equal(hsr_drop_name(HSR_DROP_COUNT), "unknown");
    assert_string_equal(hsr_drop_stage(UINT32_MAX), "unknown");
    assert_string_equal(hsr_drop_text(UINT32_MAX), "unknown");
}

static void gauges_have_names(void **state)
{
    (void)state;
    assert_string_equal(hsr_gauge_name(HSR_GAUGE_FIT_USED), "fit_used");
    assert_string_equal(hsr_gauge_unit(HSR_GAUGE_FIT_USED), "entries");
    assert_string_equal(hsr_gauge_kind(HSR_GAUGE_FIT_USED), "level");
    assert_string_equal(hsr_gauge_kind(HSR_GAUGE_FIT_HITS), "counter");
    assert_string_equal(hsr_gauge_text(HSR_GAUGE_FIT_USED), "flow-index entries in use");
    assert_string_equal(hsr_gauge_name(HSR_GAUGE_VECTORS_16), "vectors_16");
    assert_string_equal(hsr_gauge_text(HSR_GAUGE_VECTORS_16), "vectors of length 16");
    assert_string_equal(hsr_gauge_unit(HSR_GAUGE_BYTES_TO_FW), "bytes");
    for (unsigned i = 1; i < HSR_GAUGE_COUNT; i++)
        for (unsigned j = 0; j < i; j++)
            assert_string_not_equal(hsr_gauge_name(i), hsr_gauge_name(j));
    assert_string_equal(hsr_gauge_name(HSR_GAUGE_COUNT), "unknown");
    assert_string_equal(hsr_gauge_unit(UINT32_MAX), "unknown");
    assert_string_equal(hsr_gauge_text(HSR_GAUGE_COUNT), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rx_by_table),       cmocka_unit_test(rx_every_known_value),
        cmocka_unit_test(tx_by_table),       cmocka_unit_test(tx_by_kind),
        cmocka_unit_test(ctrl_by_table),     cmocka_unit_test(drop_reasons_have_names),
        cmocka_unit_test(gauges_have_names), cmocka_unit_test(short_checks_are_the_full_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
