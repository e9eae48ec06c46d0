/* SPDX-License-Identifier: Apache-2.0 */
/* Rules and meters of a replay, at the time they are due. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "replay.h"

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
    const char *text;
    int rc = REPLAY_OK;

    while (rc == REPLAY_OK &&
           (text = replay_timed_due(&r->options->rules, &r->rules_done, ns)) != NULL)
        rc = create(r, text);
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
