/* SPDX-License-Identifier: Apache-2.0 */
/* One seed, from the first step to the last. */
#include <stdlib.h>
#include <string.h>

#include "sim.h"

static void jump(struct sim *s)
{
    struct draw *d = &s->draw;
    uint64_t by =
        draw_chance(d, 50) ? draw_next(d) % (100 * SIM_SECOND) : draw_next(d) % (100 * SIM_MS);

    if (draw_chance(d, 30))
        s->bench.now -= by < s->bench.now / 2 ? by : 0;
    else
        s->bench.now += by;
    s->hits++;
    sim_unsure(s, true);
}

/* Now and then something larger than a step. */
static void seldom(struct sim *s)
{
    struct draw *d = &s->draw;

    sim_plant_step(s);
    switch (draw_below(d, 12)) {
    case 0:
    case 1:
    case 2:
    case 3:
        sim_quiet(s);
        break;
    case 4:
        sim_quiet(s);
        sim_pass_time(s, draw_below(d, 5) == 0 ? SIM_IDLE + 5 * SIM_SECOND
                                               : draw_next(d) % (3 * SIM_SECOND));
        break;
    case 5:
    case 6:
        sim_change(s);
        break;
    case 7:
        if (sim_has(s, SIM_F_CRASH))
            sim_crash(s);
        break;
    case 8:
    case 9:
        sim_turn(s);
        break;
    case 10:
        if (sim_has(s, SIM_F_STOP))
            s->stopped = draw_from(d, 20, 400);
        break;
    default:
        if (sim_has(s, SIM_F_CLOCK))
            jump(s);
    }
}

void sim_run(struct sim *s)
{
    sim_draw_world(s);
    sim_open(s);
    for (s->step = 0; s->step < s->steps; s->step++) {
        sim_step(s);
        if (draw_chance(&s->draw, 1) && draw_chance(&s->draw, 60))
            seldom(s);
        if (s->two && draw_below(&s->draw, 300) == 0)
            sim_turn(s);
    }
    sim_close(s);
    for (uint32_t i = 0; i < s->packets; i++)
        free(s->packet[i].frame);
}
