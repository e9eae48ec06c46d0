/* SPDX-License-Identifier: Apache-2.0 */
#include "common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *load_text(const char *text)
{
    struct cfg_lines *lines;
    struct cfg_error error;
    json_t *document;

    if (cfg_yaml_load(text, strlen(text), &document, &lines, &error)) {
        fail_msg("line %d: %s", error.line, error.text);
    }
    cfg_lines_free(lines);
    return document;
}

char *read_file(const char *name)
{
    const char *root = getenv("AVS_SOURCE_DIR");
    char path[512], *text;
    size_t n;
    FILE *f;

    snprintf(path, sizeof(path), "%s/%s", root ? root : ".", name);
    f = fopen(path, "r");
    if (!f) {
        fail_msg("%s is missing", path);
        return NULL;
    }
    text = malloc(65536);
    assert_non_null(text);
    n = fread(text, 1, 65535, f);
    text[n] = '\0';
    fclose(f);
    return text;
}

struct cfg *parse_text(const char *text, const struct cfg *old)
{
    json_t *document = load_text(text);
    struct cfg_error error;
    struct cfg *c;

    if (cfg_parse(document, old, &c, &error)) {
        fail_msg("%s: %s", error.path, error.text);
    }
    json_decref(document);
    return c;
}
