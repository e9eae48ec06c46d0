/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration: YAML is read, checked and resolved; an error has a place and words. What was read comes back the same from
 * what is written of it, differs in nothing from itself, and is resolved again to the same numbers when it follows itself.
 */
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "fuzz.h"

enum { NOT_YAML, READ, NOT_GOOD, GOOD, PORTS, NATS, GROUPS, ROUTES };
const char *const fuzz_depths[] = {"not YAML",        "read",   "refused with a place",
                                   "accepted",        "ports",  "public addresses",
                                   "security groups", "routes", NULL};

static json_t *load(const char *text, size_t size, struct cfg_error *error)
{
    struct cfg_lines *lines = NULL;
    json_t *document = NULL;

    memset(error, 0, sizeof *error);
    if (cfg_yaml_load(text, size, &document, &lines, error) < 0) {
        FUZZ_MUST(*error->text != '\0');
        return NULL;
    }
    FUZZ_MUST(document != NULL && cfg_line(lines, "/ports/0") >= 0);
    cfg_lines_free(lines);
    return document;
}

static void comes_back(const json_t *document)
{
    struct cfg_error error;
    char *text = cfg_yaml_dump(document);
    json_t *again;

    FUZZ_MUST(text != NULL);
    again = load(text, strlen(text), &error);
    FUZZ_MUST(again != NULL && json_equal(again, document));
    json_decref(again);
    free(text);
}

static void differs_in_nothing(const json_t *document)
{
    json_t *changes = cfg_diff(document, document);

    FUZZ_MUST(json_array_size(changes) == 0);
    json_decref(changes);
    json_t *nothing = json_pack("{s:i}", "version", 1);

    changes = cfg_diff(nothing, document);
    FUZZ_MUST(json_is_array(changes));
    json_decref(changes);
    json_decref(nothing);
}

static void follows_itself(const json_t *document, const struct cfg *cfg)
{
    struct cfg_error error;
    struct cfg *next = NULL;

    FUZZ_MUST(cfg_parse(document, cfg, &next, &error) == 0);
    FUZZ_MUST(next->ports == cfg->ports && next->vpcs == cfg->vpcs);
    for (uint32_t i = 0; i < cfg->ports; i++)
        FUZZ_MUST(next->port[i].index == cfg->port[i].index);
    for (uint32_t i = 0; i < cfg->vpcs; i++)
        FUZZ_MUST(next->vpc[i].context == cfg->vpc[i].context);
    cfg_free(next);
}

static void resolve(const json_t *document)
{
    struct cfg_error error = {.line = 0};
    struct cfg *cfg = NULL;

    if (cfg_parse(document, NULL, &cfg, &error) < 0) {
        FUZZ_MUST(*error.text != '\0' && cfg == NULL);
        fuzz_reached(NOT_GOOD);
        return;
    }
    fuzz_reached(GOOD);
    if (cfg->ports > 0)
        fuzz_reached(PORTS);
    if (cfg->eips + cfg->snats + cfg->forwards > 0)
        fuzz_reached(NATS);
    if (cfg->groups > 1)
        fuzz_reached(GROUPS);
    if (cfg->routes > 0)
        fuzz_reached(ROUTES);
    differs_in_nothing(document);
    follows_itself(document, cfg);
    cfg_free(cfg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cfg_error error;
    json_t *document = load((const char *)data, size, &error);

    if (document == NULL) {
        fuzz_reached(NOT_YAML);
        return 0;
    }
    fuzz_reached(READ);
    comes_back(document);
    resolve(document);
    json_decref(document);
    return 0;
}
