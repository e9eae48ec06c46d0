/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What sessions refer to: programs, and the rewrite templates that programs refer to in turn.
 *
 * Both are built in a record of the builder's own. A program under construction has a reference to each template it
 * names; act_program_get() makes it shared and takes those references over, so that each program holds each of its
 * templates as often as it names it, and gives them back once, when it goes itself. Directions of sessions refer to
 * programs by index.
 *
 * Room: `sessions` sessions have two programs each, and a program names at most ACT_TEMPLATES_EACH templates. Senders can
 * bring in addresses of their own making, so every one of them may be another; the store has room for that, and for what
 * is made before something old is given back. Sessions, which have quotas, run out first. What is not used costs nothing.
 *
 * Threads: the worker's own. Nothing here allocates after act_store_open().
 */
#ifndef ACTION_STORE_H
#define ACTION_STORE_H

#include "action/plan.h"
#include "action/pool.h"
#include "session/session.h"

#define ACT_TEMPLATES_EACH 2 /* Ethernet addresses, outer headers */

struct act_store {
    struct act_pool programs, templates;
    struct act_plan *plan; /* of each program, by index */
};

/* Records of either pool with this many sessions, number 0 included. */
uint32_t act_store_programs(uint32_t sessions);
uint32_t act_store_templates(uint32_t sessions);

/* `seed`: secret. `memory`: of the records, "programs" and "templates"; NULL: private. 0 or -ENOMEM. */
int act_store_open(struct act_store *s, uint32_t sessions, uint64_t seed,
                   const struct ses_memory *memory);
void act_store_close(struct act_store *s);

/* Index of the template with the first `len` bytes of this record, one reference more; ACT_NONE when there is no room. */
uint32_t act_template_get(struct act_store *s, const union act_record *record, uint32_t len);
void act_template_put(struct act_store *s, uint32_t index);

/*
 * Index of the program in this record, one reference more; ACT_NONE when there is no room, or the program is empty.
 * Takes over the references to its templates, whatever the answer.
 */
uint32_t act_program_get(struct act_store *s, const union act_record *record);
/* One reference more to a program that has one. */
static inline void act_program_share(struct act_store *s, uint32_t index)
{
    act_pool_share(&s->programs, index);
}
/* One reference less; with the last one the templates go. ACT_NONE is nobody's. */
void act_program_put(struct act_store *s, uint32_t index);
/* Give back the templates of a program that will not be shared after all. */
void act_program_drop(struct act_store *s, const struct act_program *program);

/*
 * For a store just opened on the records of a former process: one reference more to the program that stands at this index,
 * if it is one: known actions to an end, their templates in range, nothing behind. ACT_NONE is one. What the actions'
 * arguments say is not judged: they are to be compiled anew before they run. When all have been referred to,
 * act_store_adopted(); nothing else is to be called in between.
 */
bool act_store_adopt(struct act_store *s, uint32_t index);
void act_store_adopted(struct act_store *s);

/*
 * A program on its way to the store of another worker, with what it refers to. act_program_put_in(): its index there, one
 * reference more; ACT_NONE when there is no room, or it is empty.
 */
struct act_moved {
    union act_record
        program; /* arg32 of what holds a template: place in `template` + 1, 0 for none */
    union act_record template[ACT_TEMPLATES_EACH];
};
void act_program_copy(const struct act_store *s, uint32_t index, struct act_moved *m);
uint32_t act_program_put_in(struct act_store *s, const struct act_moved *m);

static inline const uint8_t *act_template(const struct act_store *s, uint32_t index)
{
    return s->templates.record[index].bytes;
}

static inline const struct act_program *act_program(const struct act_store *s, uint32_t index)
{
    return &s->programs.record[index].program;
}

static inline const struct act_plan *act_plan(const struct act_store *s, uint32_t index)
{
    return &s->plan[index];
}

/*
 * The action number `i` of a session's direction in words: "encap vxlan vni 100 to 192.0.2.2". False behind the last
 * one.
 */
bool act_describe(const struct act_store *s, const struct ses_dir *dir, unsigned i, char *text,
                  uint32_t size);

#endif
