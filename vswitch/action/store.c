/* SPDX-License-Identifier: Apache-2.0 */
#include "action/store.h"

#include "actions.h"

#define PROGRAMS_EACH 2 /* a session: one for each direction */
#define SPARE \
    8 /* both programs of a session made anew and their templates, and an answer's template */

int act_store_open(struct act_store *s, uint32_t sessions, uint64_t seed,
                   const struct ses_memory *memory)
{
    uint32_t programs = PROGRAMS_EACH * sessions + SPARE;
    int rc = act_pool_open(&s->programs, "programs", programs, seed, memory);

    if (rc < 0)
        return rc;
    rc = act_pool_open(&s->templates, "templates", ACT_TEMPLATES_EACH * programs, seed, memory);
    if (rc < 0)
        act_pool_close(&s->programs);
    return rc;
}

void act_store_close(struct act_store *s)
{
    act_pool_close(&s->programs);
    act_pool_close(&s->templates);
}

uint32_t act_template_get(struct act_store *s, const union act_record *record, uint32_t len)
{
    return act_pool_get(&s->templates, record, (len + 7) / 8);
}

void act_template_put(struct act_store *s, uint32_t index)
{
    act_pool_put(&s->templates, index);
}

void act_program_drop(struct act_store *s, const struct act_program *program)
{
    for (const struct act_action *a = program->action; a->op != ACT_END; a++)
        if (act_table[a->op]->holds_template)
            act_template_put(s, a->arg32);
}

uint32_t act_program_get(struct act_store *s, const union act_record *record)
{
    uint32_t index = ACT_NONE, n = 0;

    while (record->program.action[n].op != ACT_END)
        n++;
    if (n > 0)
        index = act_pool_get(&s->programs, record, n);
    /* One that was there has references of its own. */
    if (index == ACT_NONE || act_pool_refs(&s->programs, index) > 1)
        act_program_drop(s, &record->program);
    return index;
}

void act_program_put(struct act_store *s, uint32_t index)
{
    if (act_pool_put(&s->programs, index))
        act_program_drop(s, act_program(s, index));
}

bool act_describe(const struct act_store *s, const struct ses_dir *dir, unsigned i, char *text,
                  uint32_t size)
{
    const struct act_action *a = act_program(s, dir->program)->action;

    while (i > 0 && a->op != ACT_END)
        a++, i--;
    if (a->op == ACT_END)
        return false;
    act_table[a->op]->describe(a, s, dir, text, size);
    return true;
}
