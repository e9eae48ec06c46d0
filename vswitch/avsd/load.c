/* SPDX-License-Identifier: Apache-2.0 */
/* Where the first configuration comes from. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "avsd.h"

#define MAX_FILE (16u << 20)

static char *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rbe");
    char *text = malloc(MAX_FILE + 1);

    if (f == NULL || text == NULL) {
        free(text);
        if (f != NULL)
            fclose(f);
        return NULL;
    }
    *size = fread(text, 1, MAX_FILE + 1, f);
    fclose(f);
    return text;
}

/* The file to read, NULL for none. A state file that is not there yet is no error, a named file is. */
static const char *source(const struct avsd_options *o)
{
    FILE *f;

    if (o->config != NULL)
        return o->config;
    f = o->state != NULL ? fopen(o->state, "re") : NULL;
    if (f == NULL)
        return NULL;
    fclose(f);
    return o->state;
}

int avsd_load(const struct avsd_options *o, json_t **document, struct cfg **cfg)
{
    static const char empty[] = "version: 1\n";
    const char *path = source(o);
    struct cfg_lines *lines = NULL;
    struct cfg_error error = {.line = 0};
    size_t size = sizeof empty - 1;
    char *text = path != NULL ? read_file(path, &size) : strdup(empty);
    int rc = AVSD_OK;

    *document = NULL;
    if (text == NULL) {
        fprintf(stderr, "avsd: cannot read %s: %s\n", path, strerror(errno));
        return AVSD_CONFIG;
    }
    if (cfg_yaml_load(text, size, document, &lines, &error) < 0 ||
        cfg_parse(*document, NULL, cfg, &error) < 0) {
        int line = error.line > 0 ? error.line : cfg_line(lines, error.path);

        fprintf(stderr, "avsd: %s:%d: %s%s%s\n", path, line, error.path,
                error.path[0] != '\0' ? ": " : "", error.text);
        json_decref(*document);
        *document = NULL;
        rc = AVSD_CONFIG;
    }
    cfg_lines_free(lines);
    free(text);
    return rc;
}
