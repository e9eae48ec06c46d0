/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "parse.h"

bool rule_take_actions(struct parse *p)
{
    if (strcmp(p->word, "actions") != 0)
        return rule_unexpected(p, HSR_RULE_ERROR_ACTION);
    p->state = AT_ACTION;
    return true;
}

static bool contradicts(unsigned acts)
{
    return acts & HSR_RULE_ACT_DROP && acts & (HSR_RULE_ACT_MARK | HSR_RULE_ACT_PASSTHRU);
}

bool rule_take_action(struct parse *p)
{
    const struct rule_action *a = rule_actions;

    if (strcmp(p->word, "end") == 0) {
        if (p->rule->actions == 0)
            return refuse(p, HSR_RULE_ERROR_ACTION_NUM, "a rule without an action does nothing");
        p->state = AT_DONE;
        return true;
    }
    while (a->name != NULL && strcmp(a->name, p->word) != 0)
        a++;
    if (a->name == NULL)
        return rule_unexpected(p, HSR_RULE_ERROR_ACTION);
    if (p->rule->actions & a->act)
        return refuse(p, HSR_RULE_ERROR_ACTION, "%s is there already", p->word);
    if (contradicts(p->rule->actions | a->act))
        return refuse(p, HSR_RULE_ERROR_ACTION, "drop goes with neither mark nor passthru");
    p->rule->actions = (uint8_t)(p->rule->actions | a->act);
    p->action = a;
    p->state = a->key != NULL ? AT_KEY : AT_ACTION_END;
    return true;
}

bool rule_take_key(struct parse *p)
{
    if (strcmp(p->word, p->action->key) != 0)
        return rule_unexpected(p, HSR_RULE_ERROR_ACTION_CONF);
    p->state = AT_ARGUMENT;
    return true;
}

static bool mark(struct parse *p)
{
    uint64_t n;

    if (!rule_number_parse(p->word, UINT32_MAX, &n))
        return refuse(p, HSR_RULE_ERROR_ACTION_CONF, "'%.40s' is no number of 32 bits", p->word);
    p->rule->mark = (uint32_t)n;
    p->rule->flow_id = p->names != NULL ? p->names->flow_id(p->names->arg, p->rule->mark) : 1;
    if (p->rule->flow_id == 0)
        return refuse(p, HSR_RULE_ERROR_ACTION_CONF,
                      "no session has mark %s (session show tells it)", p->word);
    return true;
}

static bool meter(struct parse *p)
{
    uint64_t n;

    if (!rule_number_parse(p->word, HSR_MAX_METERS - 1, &n))
        return refuse(p, HSR_RULE_ERROR_ACTION_CONF, "'%.40s' is no meter: 0 to %d", p->word,
                      HSR_MAX_METERS - 1);
    p->rule->meter = (uint32_t)n;
    return true;
}

static bool mirror(struct parse *p)
{
    int index = p->names != NULL ? p->names->port(p->names->arg, p->word) : p->rule->port + 1;

    if (index < 0)
        return refuse(p, HSR_RULE_ERROR_ACTION_CONF, "no port '%.40s'", p->word);
    if (index == p->rule->port)
        return refuse(p, HSR_RULE_ERROR_ACTION_CONF,
                      "a port's packets cannot be mirrored to itself");
    p->rule->mirror = (uint16_t)index;
    return true;
}

bool rule_take_argument(struct parse *p)
{
    bool good = p->action->act == HSR_RULE_ACT_MARK    ? mark(p)
                : p->action->act == HSR_RULE_ACT_METER ? meter(p)
                                                       : mirror(p);

    p->state = AT_ACTION_END;
    return good;
}

bool rule_take_action_end(struct parse *p)
{
    if (strcmp(p->word, "/") != 0)
        return rule_unexpected(p, HSR_RULE_ERROR_ACTION);
    p->state = AT_ACTION;
    return true;
}
