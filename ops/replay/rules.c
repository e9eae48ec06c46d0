/* SPDX-License-Identifier: Apache-2.0 */
/* Rules and meters of a replay, at the time they are due. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay.h"

static bool read_time(const char **text, uint64_t *ns)
{
    char *end;

    *ns = 0;
    if (**text != '@')
        return true;
    *ns = strtoull(*text + 1, &end, 10);
    if ((*text)[1] < '0' || (*text)[1] > '9' || *end != ' ')
        return false;
    *text = end + 1;
    return true;
}

bool replay_take_rule(struct replay_options *o, const char *text)
{
    unsigned at = o->rules;
    uint64_t ns;

    if (o->rules == REPLAY_RULES || !read_time(&text, &ns)) {
        fprintf(stderr,
                "avs-replay: --rule wants \"[@NS ]PORT RULE\", at most %d times, not '%s'\n",
                REPLAY_RULES, text);
        return false;
    }
    for (; at > 0 && o->rule_at[at - 1] > ns; at--) {
        o->rule[at] = o->rule[at - 1];
        o->rule_at[at] = o->rule_at[at - 1];
    }
    o->rule[at] = text;
    o->rule_at[at] = ns;
    o->rules++;
    return true;
}

static int refused(const char *option, const char *text, const struct ctl_rule_error *error)
{
    fprintf(stderr, "avs-replay: %s '%s': %s%s%s", option, text,
            error->type != NULL ? error->type : "", error->type != NULL ? ": " : "", error->text);
    if (error->at >= 0)
        fprintf(stderr, ", at character %" PRId64 " of the rule", error->at + 1);
    fputc('\n', stderr);
    return REPLAY_CONFIG;
}

static int create(struct replay *r, const char *text)
{
    struct ctl_rule_error error = {.at = -1};
    size_t n = strcspn(text, " ");
    char port[CFG_NAME];
    json_t *result;

    snprintf(port, sizeof port, "%.*s", n < sizeof port ? (int)n : 0, text);
    if (fw_rule_create(r->fw, port, text + n + (text[n] == ' '), false, &result, &error) < 0)
        return refused("rule", text, &error);
    json_decref(result);
    return REPLAY_OK;
}

int replay_create_rules(struct replay *r, uint64_t ns)
{
    const struct replay_options *o = r->options;
    int rc = REPLAY_OK;

    while (rc == REPLAY_OK && r->rules_done < o->rules && o->rule_at[r->rules_done] <= ns)
        rc = create(r, o->rule[r->rules_done++]);
    return rc;
}

static int set_meter(struct replay *r, const char *text)
{
    struct ctl_rule_error error = {.at = -1, .text = "not 'ID pps|bps RATE burst BURST'"};
    uint64_t rate;
    uint32_t burst;
    unsigned id;
    char unit, more;

    if (sscanf(text, "%u %cps %" SCNu64 " burst %" SCNu32 " %c", &id, &unit, &rate, &burst,
               &more) != 4 ||
        (unit != 'p' && unit != 'b') || id >= HSR_MAX_METERS)
        return refused("meter", text, &error);
    return fw_meter_set(r->fw, (uint16_t)id, unit == 'p' ? HSR_METER_PACKETS : HSR_METER_BITS, rate,
                        burst, &error) < 0
               ? refused("meter", text, &error)
               : REPLAY_OK;
}

int replay_set_meters(struct replay *r)
{
    int rc = REPLAY_OK;

    for (unsigned i = 0; rc == REPLAY_OK && i < r->options->meters; i++)
        rc = set_meter(r, r->options->meter[i]);
    return rc;
}
