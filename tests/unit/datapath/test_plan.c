/* SPDX-License-Identifier: Apache-2.0 */
/* A plan does what its program does: thousands of packets and programs, to the last byte; and which programs have one. */
#include "action/plain.h"
#include "actions.h"
#include "topology.h"

#define ROUNDS 4000
#define SPACE  2048

struct world {
    struct act_store store;
    uint64_t state;
};

static uint32_t draw(struct world *w, uint32_t below)
{
    w->state ^= w->state >> 12;
    w->state ^= w->state << 25;
    w->state ^= w->state >> 27;
    return (uint32_t)(w->state * UINT64_C(2685821657736338717) >> 32) % below;
}

static void fill(struct world *w, void *to, uint32_t n)
{
    for (uint8_t *p = to; n > 0; n--)
        *p++ = (uint8_t)draw(w, 256);
}

static void add(union act_record *r, enum act_op op, uint8_t arg8, uint16_t arg16, uint32_t arg32)
{
    struct act_action *a = r->program.action;

    while (a->op != ACT_END)
        a++;
    *a = (struct act_action){.op = (uint8_t)op, .arg8 = arg8, .arg16 = arg16, .arg32 = arg32};
}

static uint32_t tunnel(struct world *w, uint8_t version, uint32_t len)
{
    union act_record outer = {.word = {0}};

    fill(w, outer.bytes, len);
    outer.bytes[ENCAP_L3] = (uint8_t)(version << 4 | 5);
    outer.bytes[ENCAP_L3 + 1] = 0;
    return act_template_get(&w->store, &outer, len);
}

/* Any program that has a plan: its actions are there or not. `inside`: of packets that come through a tunnel. */
static uint32_t some_program(struct world *w, bool inside)
{
    union act_record r = {.word = {0}}, macs = {.word = {0}};

    if (inside)
        add(&r, ACT_DECAP, 0, 0, 0);
    if (draw(w, 2))
        add(&r, ACT_TTL, 0, 0, 0);
    if (draw(w, 4) == 0)
        add(&r, ACT_MSS, 0, 1400, 0);
    if (draw(w, 2)) {
        fill(w, macs.bytes, 12);
        add(&r, ACT_ETH, 0, 12, act_template_get(&w->store, &macs, 12));
    }
    if (draw(w, 2))
        add(&r, ACT_NAT, (uint8_t)draw(w, 16), 0, ACT_NONE);
    if (draw(w, 2)) {
        uint16_t len = draw(w, 4) ? 50 : (uint16_t)(58 + 4 * draw(w, 8));

        add(&r, ACT_ENCAP, HSR_TXO_ENCAP, len, tunnel(w, 4, len));
    }
    add(&r, ACT_OUTPUT, 0, (uint16_t)draw(w, 100), 0);
    return act_program_get(&w->store, &r);
}

/* A packet of either protocol, with or without a tag, loaded from a slot; `inside`: behind the headers of a tunnel. */
static void some_packet(struct world *w, struct act_packet *p, uint8_t *slot, bool inside)
{
    bool udp = draw(w, 2), no_sum = draw(w, 4) == 0;
    uint16_t l2 = inside ? (uint16_t)(50 + 4 * draw(w, 8)) : 0;
    uint16_t l3 = (uint16_t)(l2 + (draw(w, 4) ? 14 : 18)), l4 = (uint16_t)(l3 + 20);
    uint32_t len = l4 + 20 + draw(w, 200);
    uint8_t *frame = slot + HSR_SLOT_FRAME;

    memset(p, 0, sizeof *p);
    fill(w, slot, SPACE);
    frame[l3] = 0x45;
    frame[l3 + 8] = (uint8_t)(2 + draw(w, 254));
    if (udp && no_sum)
        fr_put16(frame + l4 + 6, 0);
    p->meta = (struct hsr_rx_meta){
        .key_ports = udp ? HSR_PROTO_UDP : HSR_PROTO_TCP,
        .frame_len = len,
        .class = udp ? HSR_CLASS_UDP : HSR_CLASS_TCP,
        .flags = inside ? HSR_RXF_UPLINK | HSR_RXF_DECAP | HSR_RXF_LINE1 : 0,
        .l2_off = l2,
        .l3_off = l3,
        .l4_off = l4,
        .payload_off = (uint16_t)(l4 + (udp ? 8 : 20)),
        .hash = (uint64_t)draw(w, UINT32_MAX) << 32,
    };
    p->slot = slot;
    p->frame_off = HSR_SLOT_FRAME;
    p->frame_len = len;
    p->egress = HSR_NO_PORT;
    p->l2 = l2;
    p->l3 = l3;
    p->l4 = l4;
}

/* Other end points for that packet, those that `what` says; what stays is there as it is. */
static void some_ends(struct world *w, const struct act_program *program,
                      const struct act_packet *p, struct ses_dir *dir)
{
    const uint8_t *ip = act_frame(p) + p->l3, *l4 = act_frame(p) + p->l4;
    struct act_nat_param to = {.sport = fr_get16(l4), .dport = fr_get16(l4 + 2)};
    unsigned what = 0;

    for (const struct act_action *a = program->action; a->op != ACT_END; a++)
        what |= a->op == ACT_NAT ? a->arg8 : 0u;
    memcpy(to.src, ip + 12, 4);
    memcpy(to.dst, ip + 16, 4);
    if (what & ACT_NAT_SRC)
        fill(w, to.src, 4);
    if (what & ACT_NAT_DST)
        fill(w, to.dst, 4);
    if (what & ACT_NAT_SPORT)
        to.sport = (uint16_t)draw(w, UINT16_MAX);
    if (what & ACT_NAT_DPORT)
        to.dport = (uint16_t)draw(w, UINT16_MAX);
    nat_plain_grow(&to, hsr_load32(ip + 12), hsr_load32(ip + 16), hsr_load32(l4));
    memcpy(dir->param, &to, sizeof to);
}

static void open_world(struct world *w)
{
    w->state = 88172645463325252u;
    assert_int_equal(act_store_open(&w->store, ROUNDS, 1, NULL), 0);
}

static void plans_do_what_programs_do(void **state)
{
    static uint8_t slot[SPACE], twin[SPACE];
    struct world w;

    (void)state;
    open_world(&w);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        const bool inside = draw(&w, 3) == 0;
        struct act_packet p;
        struct ses_dir dir = {.program = some_program(&w, inside)};
        const struct act_plan *plan = act_plan(&w.store, dir.program);

        assert_int_not_equal(dir.program, ACT_NONE);
        some_packet(&w, &p, slot, inside);
        some_ends(&w, act_program(&w.store, dir.program), &p, &dir);
        memcpy(twin, slot, SPACE);
        struct act_vector v = {.packet = &p, .end = &p + 1, .store = &w.store, .dir = &dir};
        uint8_t *sent =
            act_plan_run(plan, &w.store, dir.param, twin + HSR_SLOT_FRAME, &p.meta, p.l2);

        act_run(&v, act_program(&w.store, dir.program));
        assert_int_equal(p.drop, HSR_DROP_NONE);
        assert_true(plan->flags & ACT_PLAN_WHOLE);
        assert_int_equal((plan->flags & ACT_PLAN_DECAP) != 0, inside);
        assert_memory_equal(slot, twin, SPACE);
        assert_int_equal(sent - twin, p.frame_off);
        assert_int_equal(plan->port, p.egress);
        assert_int_equal(plan->outer_len + p.meta.frame_len - p.meta.l2_off, p.frame_len);
        assert_int_equal(plan->offload, p.encap);
    }
    act_store_close(&w.store);
}

static void the_last_hop_is_no_plans(void **state)
{
    struct world w;
    union act_record r = {.word = {0}};
    uint8_t ip[20] = {0x45};

    (void)state;
    open_world(&w);
    add(&r, ACT_TTL, 0, 0, 0);
    add(&r, ACT_OUTPUT, 0, 1, 0);
    const struct act_plan *plan = act_plan(&w.store, act_program_get(&w.store, &r));

    for (unsigned ttl = 0; ttl < 4; ttl++) {
        ip[8] = (uint8_t)ttl;
        assert_int_equal(act_plan_may(plan, ip), ttl > 1);
    }
    act_store_close(&w.store);
}

/* A tunnel that is left late or goes over IPv6, IPv6 addresses, no output, another order, something behind the output. */
static void some_programs_have_none(void **state)
{
    static const uint8_t order[][4] = {{ACT_TTL, ACT_DECAP, ACT_OUTPUT},
                                       {ACT_TTL},
                                       {ACT_OUTPUT, ACT_TTL},
                                       {ACT_NAT, ACT_TTL, ACT_OUTPUT},
                                       {ACT_OUTPUT, ACT_OUTPUT}};
    struct world w;
    union act_record r;

    (void)state;
    open_world(&w);
    for (unsigned i = 0; i < sizeof order / sizeof order[0]; i++) {
        r = (union act_record){.word = {0}};
        for (unsigned k = 0; k < 4 && order[i][k] != ACT_END; k++)
            add(&r, (enum act_op)order[i][k], 0, 7, ACT_NONE);
        assert_false(act_plan(&w.store, act_program_get(&w.store, &r))->flags & ACT_PLAN_WHOLE);
    }
    r = (union act_record){.word = {0}};
    add(&r, ACT_ENCAP, HSR_TXO_ENCAP, 70, tunnel(&w, 6, 70));
    add(&r, ACT_OUTPUT, 0, 1, 0);
    assert_false(act_plan(&w.store, act_program_get(&w.store, &r))->flags & ACT_PLAN_WHOLE);
    r = (union act_record){.word = {0}};
    add(&r, ACT_NAT, ACT_NAT_SRC | ACT_NAT_IPV6, 0, tunnel(&w, 6, 32));
    add(&r, ACT_OUTPUT, 0, 1, 0);
    assert_false(act_plan(&w.store, act_program_get(&w.store, &r))->flags & ACT_PLAN_WHOLE);
    assert_false(act_plan(&w.store, ACT_NONE)->flags & ACT_PLAN_WHOLE);
    act_store_close(&w.store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_do_what_programs_do),
        cmocka_unit_test(the_last_hop_is_no_plans),
        cmocka_unit_test(some_programs_have_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
