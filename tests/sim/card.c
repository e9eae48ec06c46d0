/* SPDX-License-Identifier: Apache-2.0 */
/* NIC and firmware on the bench, moved a little at a time, and what happens to them. */
#include <stdlib.h>
#include <string.h>

#include "sim.h"

static void shape(struct bench *b, struct nic_config *nic)
{
    struct sim *s = b->config.arg;

    nic->geometry.runs[0] = 512;
    nic->geometry.runs[1] = 8;
    nic->geometry.runs[2] = 2;
    nic->geometry.ring_entries = 1024;
    nic->geometry.fw_slots = 64;
    nic->fit_buckets = 64;
    if (sim_has(s, SIM_F_TIGHT)) {
        nic->geometry.runs[0] = 64u << draw_below(&s->draw, 2);
        nic->geometry.ring_entries = 512;
        nic->fit_buckets = 1;
    }
    nic->slice = s->slice;
    nic->slice_timeout_ns = s->exact || draw_chance(&s->draw, 50) ? SIM_SECOND : 100 * SIM_US;
}

static bool broken(const struct sim *s)
{
    return (s->faults &
            ~(1u << SIM_F_CRASH | 1u << SIM_F_BELL | 1u << SIM_F_TIGHT | 1u << SIM_F_CLOCK)) != 0;
}

static void apply(struct sim *s)
{
    struct cfg_error error = {.line = 0};
    char *yaml = sim_yaml(s);

    if (bench_apply(&s->bench, yaml, &error) < 0)
        sim_finding(s, "a configuration is refused: %s: %s (line %d)", error.path, error.text,
                    error.line);
    sim_second_apply(s, yaml);
    free(yaml);
}

/* All that lies between NIC and first firmware, and the second one. */
static uint32_t turn(struct bench *b)
{
    return sim_bus_turn(b) + sim_second_poll(b->config.arg);
}

void sim_open(struct sim *s)
{
    const struct bench_config config = {.max_vector = s->vector,
                                        .no_flow_index = s->no_flow_index,
                                        .slice = s->slice,
                                        .nic_ops = sim_nic_ops(s),
                                        .arena = s->arena,
                                        .may_be_broken = broken(s),
                                        .may_leave_frames = true,
                                        .shape = shape,
                                        .between = sim_bus_open,
                                        .turn = turn,
                                        .arg = s};
    char *yaml = sim_yaml(s);

    bench_open(&s->bench, &config, yaml);
    if (s->two)
        sim_second_attach(s, yaml);
    free(yaml);
}

/* ---- a little ---- */

static void poll_worker(struct sim *s)
{
    if (s->stopped > 0)
        return;
    sim_bus_allow_free_slots(s);
    dp_poll(fw_worker(s->bench.fw, draw_below(&s->draw, fw_workers(s->bench.fw))));
}

void sim_step(struct sim *s)
{
    struct draw *d = &s->draw;

    s->bench.now += draw_below(d, 2000);
    s->stopped -= s->stopped > 0;
    if (s->two && draw_chance(d, 20))
        sim_second_poll(s);
    switch (draw_below(d, 8)) {
    case 0:
    case 1:
        sim_speak(s);
        break;
    case 2:
        nic_poll(s->bench.nic, s->bench.now);
        break;
    case 3:
        poll_worker(s);
        break;
    case 4:
        sim_listen(s);
        break;
    default:
        sim_bus_step(s);
    }
}

/* ---- all ---- */

void sim_quiet(struct sim *s)
{
    uint64_t more = SIM_US;

    do {
        bench_run(&s->bench);
        sim_listen(s);
        s->bench.now += more;
        more = more < SIM_MS ? 2 * more : more; /* a fragment's first may never come */
    } while (bench_held(&s->bench) > 0);
    sim_settle(s);
    sim_second_fence(s);
    sim_second_books(s);
    s->turned = false;
    sim_trace(s, "quiet");
}

void sim_pass_time(struct sim *s, uint64_t ns)
{
    bench_sleep(&s->bench, ns);
    sim_quiet(s);
    if (ns > SIM_IDLE)
        sim_forget_sessions(s);
    /* After the clock has gone back they live as much longer. */
    if (ns > SIM_IDLE && !broken(s) && !sim_has(s, SIM_F_CLOCK) && bench_sessions(&s->bench) > 0)
        sim_finding(s, "%u sessions outlive their time-out", bench_sessions(&s->bench));
}

/*
 * A second firmware is not told of ports: the first one has them made. And the next one after a crash may number them in another
 * way, so that it could not be said at which of them what was under way is counted.
 */
static bool may_move(const struct sim *s)
{
    return !s->two && s->guests > 2 && !sim_has(s, SIM_F_CRASH);
}

void sim_change(struct sim *s)
{
    bool ports = may_move(s) && draw_chance(&s->draw, 35);
    bool quiet = ports || draw_chance(&s->draw, 50);

    if (quiet)
        sim_quiet(s);
    sim_unsure(s, false);
    if (ports)
        sim_draw_move(s);
    else
        sim_draw_change(s);
    apply(s);
    sim_policy_changed(s);
    if (ports)
        sim_ports_changed(s);
    sim_trace(s, "another configuration, %u workers", s->config.workers);
    sim_unsure(s, false);
    s->changes++;
}

void sim_crash(struct sim *s)
{
    sim_listen(s);
    sim_unsure(s, true);
    sim_second_detach(s, false);
    bench_crash(&s->bench);
    apply(s);
    if (!s->arena)
        sim_forget_sessions(s);
    s->crashes++;
    sim_trace(s, "another firmware");
}

/* One comes when there is no session: those that it has not seen begin, it does not know. */
static void attach(struct sim *s)
{
    char *yaml;

    sim_quiet(s);
    sim_pass_time(s, SIM_IDLE + 5 * SIM_SECOND);
    yaml = sim_yaml(s);
    sim_second_attach(s, yaml);
    free(yaml);
}

void sim_turn(struct sim *s)
{
    if (!s->two)
        return;
    if (s->second.fw == NULL) {
        attach(s);
    } else if (draw_chance(&s->draw, 10)) {
        sim_listen(s);
        sim_unsure(s, true);
        sim_second_detach(s, true);
    } else {
        if (draw_chance(&s->draw, 50))
            sim_quiet(s);
        s->turned = true;
        sim_second_switch(s);
        sim_plant_step(s);
    }
}

/* ---- the end ---- */

void sim_look_for_leaks(const struct sim *s)
{
    uint32_t slots = nic_slots_out(s->bench.nic), cells = nic_cells_out(s->bench.nic),
             credit = nic_credit_out(s->bench.nic);

    if (slots + cells + credit > 0)
        sim_finding(s, "leaked: %u slots, %u cells, %u credits", slots, cells, credit);
}

/* With a firmware that has had everything taken from it, nothing is missing. */
static void take_everything(struct sim *s)
{
    struct fw_balance b;

    sim_crash(s);
    sim_quiet(s);
    fw_sync(s->bench.fw);
    b = fw_balance_total(s->bench.fw);
    if (b.pre != 0 || b.post != 0 || b.returned != 0 || b.in_flight != 0) {
        sim_finding(s, "not conserved: Pre %d, Post %d, returned %d, in flight %d", (int)b.pre,
                    (int)b.post, (int)b.returned, (int)b.in_flight);
    }
}

void sim_close(struct sim *s)
{
    sim_quiet(s);
    sim_second_detach(s, true);
    if (broken(s))
        take_everything(s);
    sim_look_for_leaks(s);
    s->digest ^= (uint64_t)bench_sessions(&s->bench) << 32 ^ s->packets;
    bench_close(&s->bench);
    sim_bus_close(s);
}
