/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules in devices. No device here keeps rules, so this program has rte_flow's functions itself, in front of those of DPDK:
 * they look at what they are given and answer as a test wants.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <rte_ethdev.h>
#include <rte_flow.h>
#include <rte_mbuf.h>

#include "hsring/ring.h"
#include "nic/eal.h"
#include "nic/nic.h"

enum {
    DEVICE = 5,
    OTHER = 6,
    PLAIN = 7
}; /* port indices: two DPDK devices, and one that is none */

struct rte_flow {
    int number;
};

static struct double_ {
    /* what it is to say */
    int validate, create, destroy, query;
    struct rte_flow_error error;
    bool blame_item, blame_action; /* error.cause is the second item, the first action */
    struct rte_flow_query_count counted;
    /* what it was asked */
    unsigned validated, created, destroyed, queried;
    uint16_t port;
    struct rte_flow_attr attr;
    enum rte_flow_item_type item[HSR_RULE_ITEMS];
    enum rte_flow_action_type action[8];
    struct rte_flow_item_udp udp_spec, udp_last, udp_mask;
    uint32_t mark;
    uint16_t copy_to;
    struct rte_flow *last_destroyed;
} device;

static struct rte_flow flows[16];

static void note_items(const struct rte_flow_item *pattern)
{
    unsigned n = 0;

    for (; pattern->type != RTE_FLOW_ITEM_TYPE_END; pattern++) {
        device.item[n++] = pattern->type;
        if (pattern->type == RTE_FLOW_ITEM_TYPE_UDP && pattern->spec != NULL) {
            memcpy(&device.udp_spec, pattern->spec, sizeof device.udp_spec);
            memcpy(&device.udp_mask, pattern->mask, sizeof device.udp_mask);
        }
        if (pattern->type == RTE_FLOW_ITEM_TYPE_UDP && pattern->last != NULL)
            memcpy(&device.udp_last, pattern->last, sizeof device.udp_last);
    }
    device.item[n] = RTE_FLOW_ITEM_TYPE_END;
}

static void note_actions(const struct rte_flow_action *actions)
{
    unsigned n = 0;

    for (; actions->type != RTE_FLOW_ACTION_TYPE_END; actions++) {
        const struct rte_flow_action_sample *sample = actions->conf;

        device.action[n++] = actions->type;
        if (actions->type == RTE_FLOW_ACTION_TYPE_MARK)
            device.mark = ((const struct rte_flow_action_mark *)actions->conf)->id;
        if (actions->type == RTE_FLOW_ACTION_TYPE_SAMPLE)
            device.copy_to =
                ((const struct rte_flow_action_ethdev *)sample->actions[0].conf)->port_id;
    }
    device.action[n] = RTE_FLOW_ACTION_TYPE_END;
}

static int say(int rc, const struct rte_flow_item *pattern, const struct rte_flow_action *actions,
               struct rte_flow_error *error)
{
    *error = device.error;
    if (device.blame_item)
        error->cause = &pattern[1];
    if (device.blame_action)
        error->cause = &actions[0];
    rte_errno = -rc;
    return rc;
}

int rte_flow_validate(uint16_t port_id, const struct rte_flow_attr *attr,
                      const struct rte_flow_item pattern[], const struct rte_flow_action actions[],
                      struct rte_flow_error *error)
{
    device.validated++;
    device.port = port_id;
    device.attr = *attr;
    note_items(pattern);
    note_actions(actions);
    return device.validate < 0 ? say(device.validate, pattern, actions, error) : 0;
}

struct rte_flow *rte_flow_create(uint16_t port_id, const struct rte_flow_attr *attr,
                                 const struct rte_flow_item pattern[],
                                 const struct rte_flow_action actions[],
                                 struct rte_flow_error *error)
{
    assert_int_equal(port_id, device.port);
    assert_memory_equal(attr, &device.attr, sizeof *attr);
    note_items(pattern);
    note_actions(actions);
    if (device.create < 0) {
        say(device.create, pattern, actions, error);
        return NULL;
    }
    flows[device.created].number = (int)device.created;
    return &flows[device.created++];
}

int rte_flow_destroy(uint16_t port_id, struct rte_flow *flow, struct rte_flow_error *error)
{
    assert_int_equal(port_id, device.port);
    assert_ptr_equal(flow, &flows[flow->number]);
    if (device.destroy < 0)
        return say(device.destroy, NULL, NULL, error);
    device.destroyed++;
    device.last_destroyed = flow;
    return 0;
}

int rte_flow_query(uint16_t port_id, struct rte_flow *flow, const struct rte_flow_action *action,
                   void *data, struct rte_flow_error *error)
{
    assert_int_equal(port_id, device.port);
    assert_ptr_equal(flow, &flows[flow->number]);
    assert_int_equal(action->type, RTE_FLOW_ACTION_TYPE_COUNT);
    device.queried++;
    if (device.query < 0)
        return say(device.query, NULL, NULL, error);
    *(struct rte_flow_query_count *)data = device.counted;
    return 0;
}

/* --- the NIC before it ------------------------------------------------------------------------------------------- */

static struct nic *nic;
static struct hsr_rule rule;
static struct hsr_rule_state said;

static void add_port(uint16_t index, enum hsr_port_kind kind, const char *dev)
{
    struct nic_port_config config = {.index = index, .kind = kind, .uplink = true};
    char why[NIC_WHY] = "";

    snprintf(config.name, sizeof config.name, "p%u", index);
    snprintf(config.device, sizeof config.device, "%s", dev);
    if (nic_port_add(nic, &config, -1, why) < 0)
        fail_msg("%s", why);
}

/* eth / ipv4 / udp dst from 53 to 60. */
static void write_rule(unsigned actions)
{
    rule = (struct hsr_rule){.priority = 9,
                             .port = DEVICE,
                             .mirror = OTHER,
                             .mark = 0x01000007,
                             .flow_id = 4711,
                             .items = 3,
                             .actions = (uint8_t)actions};
    rule.item[0].type = HSR_RULE_ITEM_ETH;
    rule.item[1].type = HSR_RULE_ITEM_IPV4;
    rule.item[2].type = HSR_RULE_ITEM_UDP;
    rule.item[2].spec[3] = 53;
    rule.item[2].last[3] = 60;
    rule.item[2].mask[2] = rule.item[2].mask[3] = 0xFF;
}

static int setup(void **state)
{
    struct nic_config config;
    char why[NIC_WHY];

    (void)state;
    memset(&device, 0, sizeof device);
    assert_int_equal(nic_eal_init(NIC_EAL_PLAIN, why), 0);
    nic_config_repeatable(&config, 1);
    config.geometry.runs[0] = 256;
    config.geometry.runs[1] = config.geometry.runs[2] = 1;
    assert_int_equal(nic_open(&nic, &config, why), 0);
    add_port(DEVICE, HSR_PORT_KIND_PCI, "net_null0,size=64");
    add_port(OTHER, HSR_PORT_KIND_PCI, "net_null1,size=64");
    add_port(PLAIN, HSR_PORT_KIND_NULL, "");
    write_rule(HSR_RULE_ACT_DROP | HSR_RULE_ACT_COUNT);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    device.destroy = 0;
    nic_close(nic);
    assert_int_equal(device.destroyed, device.created); /* with their port at the latest */
    return 0;
}

static uint16_t number_of(const char *name)
{
    uint16_t id;

    assert_int_equal(rte_eth_dev_get_port_by_name(name, &id), 0);
    return id;
}

static void what_the_device_gets(void **state)
{
    (void)state;
    assert_int_equal(nic_rule_create(nic, &rule, 0, true, &said), 0);
    assert_int_equal(said.home, HSR_RULE_HOME_DEVICE);
    assert_int_equal(device.validated, 1);
    assert_int_equal(device.created, 0);
    assert_int_equal(nic_rule_create(nic, &rule, 0, false, &said), 0);
    assert_int_equal(said.home, HSR_RULE_HOME_DEVICE);
    assert_int_equal(device.validated, 2);
    assert_int_equal(device.created, 1);
    assert_int_equal(device.port, number_of("net_null0"));
    assert_int_equal(device.attr.priority, 9);
    assert_true(device.attr.ingress && !device.attr.egress && !device.attr.transfer);
    assert_int_equal(device.item[0], RTE_FLOW_ITEM_TYPE_ETH);
    assert_int_equal(device.item[1], RTE_FLOW_ITEM_TYPE_IPV4);
    assert_int_equal(device.item[2], RTE_FLOW_ITEM_TYPE_UDP);
    assert_int_equal(device.item[3], RTE_FLOW_ITEM_TYPE_END);
    assert_int_equal(device.udp_spec.hdr.dst_port, rte_cpu_to_be_16(53));
    assert_int_equal(device.udp_last.hdr.dst_port, rte_cpu_to_be_16(60));
    assert_int_equal(device.udp_mask.hdr.dst_port, 0xFFFF);
    assert_int_equal(device.udp_mask.hdr.src_port, 0);
    assert_int_equal(device.action[0], RTE_FLOW_ACTION_TYPE_COUNT);
    assert_int_equal(device.action[1], RTE_FLOW_ACTION_TYPE_DROP);
    assert_int_equal(device.action[2], RTE_FLOW_ACTION_TYPE_END);
    /* The same number again. */
    assert_int_equal(nic_rule_create(nic, &rule, 0, false, &said), -EEXIST);
    write_rule(HSR_RULE_ACT_MARK | HSR_RULE_ACT_MIRROR | HSR_RULE_ACT_PASSTHRU);
    assert_int_equal(nic_rule_create(nic, &rule, 1, false, &said), 0);
    assert_int_equal(device.action[0], RTE_FLOW_ACTION_TYPE_SAMPLE);
    assert_int_equal(device.copy_to, number_of("net_null1"));
    assert_int_equal(device.action[1], RTE_FLOW_ACTION_TYPE_MARK);
    assert_int_equal(device.mark, 0x01000007);
    assert_int_equal(device.action[2], RTE_FLOW_ACTION_TYPE_PASSTHRU);
}

/* What a device cannot know of is not asked of it; what it cannot do, the table does. */
static void what_the_table_gets(void **state)
{
    static const int unable[] = {-ENOTSUP, -ENOSYS};

    (void)state;
    assert_int_equal(nic_meter_set(nic, 0, HSR_METER_PACKETS, 1, 1), 0);
    write_rule(HSR_RULE_ACT_METER);
    assert_int_equal(nic_rule_create(nic, &rule, 0, false, &said), 0);
    assert_int_equal(said.home, HSR_RULE_HOME_TABLE);
    write_rule(HSR_RULE_ACT_MIRROR);
    rule.mirror = PLAIN;
    assert_int_equal(nic_rule_create(nic, &rule, 1, false, &said), 0);
    assert_int_equal(said.home, HSR_RULE_HOME_TABLE);
    write_rule(HSR_RULE_ACT_COUNT);
    rule.port = PLAIN;
    assert_int_equal(nic_rule_create(nic, &rule, 1, false, &said), 0);
    assert_int_equal(said.home, HSR_RULE_HOME_TABLE);
    assert_int_equal(device.validated, 0);
    write_rule(HSR_RULE_ACT_COUNT);
    for (uint32_t i = 0; i < 2; i++) {
        device.validate = unable[i];
        device.error =
            (struct rte_flow_error){.type = RTE_FLOW_ERROR_TYPE_ITEM, .message = "cannot"};
        assert_int_equal(nic_rule_create(nic, &rule, 2 + i, false, &said), 0);
        assert_int_equal(said.home, HSR_RULE_HOME_TABLE);
        assert_int_equal(said.error, HSR_RULE_ERROR_NONE);
        assert_string_equal(said.text, "");
        assert_int_equal(nic_rule_query(nic, DEVICE, 2 + i, &said), 0);
        assert_int_equal(said.home, HSR_RULE_HOME_TABLE);
    }
    device.validate = 0;
    device.create = -ENOTSUP; /* found out late */
    assert_int_equal(nic_rule_create(nic, &rule, 4, false, &said), 0);
    assert_int_equal(said.home, HSR_RULE_HOME_TABLE);
    assert_int_equal(nic_rule_flush(nic, DEVICE, &said), 0);
    assert_int_equal(said.removed, 5);
}

/* Each kind of error reaches who asked, as the device named it, and nothing is created anywhere. */
static void errors_of_the_device(void **state)
{
    static const int reasons[] = {-EINVAL, -EEXIST, -ENOMEM, -EBUSY, -EIO, -EPERM, -ENOSPC};

    (void)state;
    for (int type = RTE_FLOW_ERROR_TYPE_UNSPECIFIED; type <= RTE_FLOW_ERROR_TYPE_STATE; type++) {
        int rc = reasons[type % 7];

        device.error =
            (struct rte_flow_error){.type = (enum rte_flow_error_type)type, .message = "not me"};
        device.validate = rc;
        assert_int_equal(nic_rule_create(nic, &rule, 0, false, &said), rc);
        assert_int_equal(said.error, type);
        assert_int_equal(said.home, HSR_RULE_HOME_NONE);
        assert_string_equal(said.text, "the device says: not me");
        device.validate = 0;
        device.create = rc;
        assert_int_equal(nic_rule_create(nic, &rule, 0, false, &said), rc);
        assert_int_equal(said.error, type);
    }
    device.error = (struct rte_flow_error){.type = RTE_FLOW_ERROR_TYPE_ITEM_SPEC, .message = "odd"};
    device.blame_item = true;
    assert_int_equal(nic_rule_create(nic, &rule, 0, false, &said), device.create);
    assert_string_equal(said.text, "the device says of item 2, ipv4: odd");
    device.blame_item = false;
    device.blame_action = true;
    assert_int_equal(nic_rule_create(nic, &rule, 0, false, &said), device.create);
    assert_string_equal(said.text, "the device says of action count: odd");
    device.blame_action = false;
    /* A driver that says no and not why. */
    device.error = (struct rte_flow_error){.type = RTE_FLOW_ERROR_TYPE_NONE};
    device.create = -ENOMEM;
    assert_int_equal(nic_rule_create(nic, &rule, 0, false, &said), -ENOMEM);
    assert_int_equal(said.error, HSR_RULE_ERROR_UNSPECIFIED);
    assert_string_equal(said.text, "the device says: Cannot allocate memory");
    assert_int_equal(device.created, 0);
    assert_int_equal(nic_rule_query(nic, DEVICE, 0, &said), -ENOENT);
}

static void counters_of_the_device(void **state)
{
    (void)state;
    assert_int_equal(nic_rule_create(nic, &rule, 3, false, &said), 0);
    device.counted = (struct rte_flow_query_count){
        .hits_set = 1, .bytes_set = 1, .hits = 12345678901, .bytes = 98765432109};
    assert_int_equal(nic_rule_query(nic, DEVICE, 3, &said), 0);
    assert_int_equal(said.home, HSR_RULE_HOME_DEVICE);
    assert_int_equal(said.packets, 12345678901);
    assert_int_equal(said.bytes, 98765432109);
    device.counted.bytes_set = 0;
    assert_int_equal(nic_rule_query(nic, DEVICE, 3, &said), 0);
    assert_int_equal(said.bytes, 0);
    device.query = -EINVAL;
    device.error =
        (struct rte_flow_error){.type = RTE_FLOW_ERROR_TYPE_ACTION, .message = "no count"};
    assert_int_equal(nic_rule_query(nic, DEVICE, 3, &said), -EINVAL);
    assert_int_equal(said.error, HSR_RULE_ERROR_ACTION);
    assert_string_equal(said.text, "the device says: no count");
}

static void rules_that_go(void **state)
{
    (void)state;
    for (uint32_t id = 0; id < 4; id++)
        assert_int_equal(nic_rule_create(nic, &rule, id, false, &said), 0);
    write_rule(HSR_RULE_ACT_MIRROR);
    assert_int_equal(nic_rule_create(nic, &rule, 4, false, &said), 0);
    device.destroy = -EBUSY;
    device.error = (struct rte_flow_error){.type = RTE_FLOW_ERROR_TYPE_HANDLE, .message = "in use"};
    assert_int_equal(nic_rule_destroy(nic, DEVICE, 1, &said), -EBUSY);
    assert_int_equal(said.error, HSR_RULE_ERROR_HANDLE);
    device.destroy = 0;
    assert_int_equal(nic_rule_destroy(nic, DEVICE, 1, &said), 0); /* it was still there */
    assert_ptr_equal(device.last_destroyed, &flows[1]);
    assert_int_equal(nic_rule_destroy(nic, DEVICE, 1, &said), -ENOENT);
    /* The port that copies would leave by takes its rules of other devices along. */
    assert_int_equal(nic_port_del(nic, OTHER), 0);
    assert_ptr_equal(device.last_destroyed, &flows[4]);
    assert_int_equal(device.destroyed, 2);
    assert_int_equal(nic_rule_flush(nic, DEVICE, &said), 0);
    assert_int_equal(said.removed, 3);
    assert_int_equal(device.destroyed, 5);
    write_rule(HSR_RULE_ACT_DROP);
    assert_int_equal(nic_rule_create(nic, &rule, 0, false, &said), 0);
    assert_int_equal(nic_reset(nic, 2), 0);
    assert_int_equal(device.destroyed, 6);
    assert_int_equal(nic_rule_create(nic, &rule, 0, false, &said), 0);
    assert_int_equal(nic_port_del(nic, DEVICE), 0);
    assert_int_equal(device.destroyed, 7);
}

/* A device that will not let go: what is asked for by name is refused, what has to go goes all the same. */
static void a_device_that_keeps_its_rules(void **state)
{
    (void)state;
    assert_int_equal(nic_rule_create(nic, &rule, 0, false, &said), 0);
    assert_int_equal(nic_rule_create(nic, &rule, 1, false, &said), 0);
    device.destroy = -EIO;
    device.error = (struct rte_flow_error){.type = RTE_FLOW_ERROR_TYPE_STATE, .message = "broken"};
    assert_int_equal(nic_rule_flush(nic, DEVICE, &said), -EIO);
    assert_int_equal(said.removed, 2);
    assert_string_equal(said.text, "the device says: broken");
    assert_int_equal(nic_rule_query(nic, DEVICE, 0, &said), -ENOENT);
    device.destroyed = device.created; /* lost, and said so */
}

/* What the device marks is given the session's flow id: that of the rule, or none when no rule has the mark. */
static uint16_t mark_all(uint16_t port, uint16_t queue, struct rte_mbuf *pkts[], uint16_t n,
                         uint16_t max, void *arg)
{
    (void)port;
    (void)queue;
    (void)max;
    for (uint16_t i = 0; i < n; i++) {
        pkts[i]->ol_flags |= i % 2 ? RTE_MBUF_F_RX_FDIR_ID : 0;
        pkts[i]->hash.fdir.hi = *(const uint32_t *)arg;
    }
    return n;
}

static void receive(unsigned *pinned, unsigned *others)
{
    const struct hsr_view *view = &nic_region(nic)->view;
    struct hsr_ring rx;
    uint32_t entry;

    *pinned = *others = 0;
    hsr_view_ring(view, 0, HSR_RING_RX, &rx, -1);
    nic_poll(nic, 1000);
    while (hsr_ring_pop(&rx, &entry, 1) == 1) {
        const struct hsr_rx_meta *meta =
            (const struct hsr_rx_meta *)hsr_slot(view, hsr_entry_slot(entry));

        if (meta->ingress != DEVICE)
            continue;
        assert_true(meta->flow_id == 4711 || meta->flow_id == 0);
        *pinned += meta->flow_id == 4711;
        *others += meta->flow_id == 0;
    }
}

static void marks_of_the_device(void **state)
{
    uint32_t mark = 0x01000007;
    unsigned pinned, others;

    (void)state;
    assert_non_null(rte_eth_add_rx_callback(number_of("net_null0"), 0, mark_all, &mark));
    write_rule(HSR_RULE_ACT_MARK);
    assert_int_equal(nic_rule_create(nic, &rule, 0, false, &said), 0);
    assert_int_equal(nic_start(nic), 0);
    receive(&pinned, &others);
    assert_true(pinned > 0 && pinned == others);
    mark++;
    receive(&pinned, &others);
    assert_true(pinned == 0 && others > 0);
    mark--;
    assert_int_equal(nic_rule_destroy(nic, DEVICE, 0, &said), 0);
    receive(&pinned, &others);
    assert_true(pinned == 0 && others > 0);
}

#define ON_NIC(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_NIC(what_the_device_gets), ON_NIC(what_the_table_gets),
        ON_NIC(errors_of_the_device), ON_NIC(counters_of_the_device),
        ON_NIC(rules_that_go),        ON_NIC(a_device_that_keeps_its_rules),
        ON_NIC(marks_of_the_device),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
