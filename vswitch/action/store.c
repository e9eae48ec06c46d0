/* SPDX-License-Identifier: Apache-2.0 */
#include "action/store.h"

#include <errno.h>

#include "actions.h"

#define PROGRAMS_EACH 2 /* a session: one for each direction */
#define SPARE \
    8 /* both programs of a session made anew and their templates, and an answer's template */

uint32_t act_store_programs(uint32_t sessions)
{
    return PROGRAMS_EACH * sessions + SPARE + 1;
}

uint32_t act_store_templates(uint32_t sessions)
{
    return ACT_TEMPLATES_EACH * (act_store_programs(sessions) - 1) + 1;
}

static size_t plans_size(const struct act_store *s)
{
    return sizeof *s->plan * s->programs.capacity;
}

int act_store_open(struct act_store *s, uint32_t sessions, uint64_t seed,
                   const struct ses_memory *memory)
{
    int rc =
        act_pool_open(&s->programs, "programs", act_store_programs(sessions) - 1, seed, memory);

    if (rc < 0)
        return rc;
    rc = act_pool_open(&s->templates, "templates", act_store_templates(sessions) - 1, seed, memory);
    s->plan = ses_memory_get(NULL, "plans", plans_size(s));
    if (rc == 0 && s->plan == NULL)
        rc = -ENOMEM;
    if (rc < 0)
        act_store_close(s);
    return rc;
}

void act_store_close(struct act_store *s)
{
    ses_memory_put(NULL, s->plan, plans_size(s));
    s->plan = NULL;
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
    else
        s->plan[index] = act_plan_of(s, act_program(s, index));
    return index;
}

void act_program_put(struct act_store *s, uint32_t index)
{
    if (act_pool_put(&s->programs, index))
        act_program_drop(s, act_program(s, index));
}

/* Is that an action that can be read and given back? */
static bool is_action(const struct act_store *s, const struct act_action *a)
{
    if (a->op >= ACT_OPS || act_table[a->op] == NULL)
        return false;
    if (!act_table[a->op]->holds_template)
        return true;
    return a->arg32 == ACT_NONE ? act_table[a->op]->template_may_be_none
                                : a->arg32 < s->templates.capacity;
}

static bool is_program(const struct act_store *s, const union act_record *r)
{
    uint32_t n = 0;

    while (n < ACT_ACTIONS && r->program.action[n].op != ACT_END)
        if (!is_action(s, &r->program.action[n++]))
            return false;
    if (n == 0)
        return false;
    for (; n < ACT_RECORD_WORDS; n++)
        if (r->word[n] != 0)
            return false;
    return true;
}

bool act_store_adopt(struct act_store *s, uint32_t index)
{
    if (index == ACT_NONE)
        return true;
    if (index >= s->programs.capacity)
        return false;
    bool first = act_pool_refs(&s->programs, index) == 0;

    if (first && !is_program(s, &s->programs.record[index]))
        return false;
    act_pool_adopt(&s->programs, index);
    for (const struct act_action *a = act_program(s, index)->action; first && a->op != ACT_END; a++)
        if (act_table[a->op]->holds_template)
            act_pool_adopt(&s->templates, a->arg32);
    if (first)
        s->plan[index] = act_plan_of(s, act_program(s, index));
    return true;
}

void act_store_adopted(struct act_store *s)
{
    act_pool_adopted(&s->programs);
    act_pool_adopted(&s->templates);
}

void act_program_copy(const struct act_store *s, uint32_t index, struct act_moved *m)
{
    uint32_t templates = 0;

    m->program = s->programs.record[index];
    for (struct act_action *a = m->program.program.action; a->op != ACT_END; a++) {
        if (!act_table[a->op]->holds_template || a->arg32 == ACT_NONE)
            continue;
        m->template[templates++] = s->templates.record[a->arg32];
        a->arg32 = templates;
    }
}

uint32_t act_program_put_in(struct act_store *s, const struct act_moved *m)
{
    union act_record r = m->program;

    for (struct act_action *a = r.program.action; a->op != ACT_END; a++) {
        if (!act_table[a->op]->holds_template || a->arg32 == 0)
            continue;
        a->arg32 = act_template_get(s, &m->template[a->arg32 - 1], ACT_RECORD_BYTES);
        if (a->arg32 == ACT_NONE) {
            a->op = ACT_END; /* what has been made so far goes again */
            act_program_drop(s, &r.program);
            return ACT_NONE;
        }
    }
    return act_program_get(s, &r);
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
