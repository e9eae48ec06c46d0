/* SPDX-License-Identifier: Apache-2.0 */
/* Where the first configuration comes from. */
#include <stdio.h>
#include <unistd.h>

#include "avsd.h"

/* The file to read, NULL for none. A state file that is not there yet is no error, a named file is. */
static const char *source(const struct avsd_options *o)
{
    if (o->config != NULL)
        return o->config;
    return o->state != NULL && access(o->state, F_OK) == 0 ? o->state : NULL;
}

int avsd_load(const struct avsd_options *o, json_t **document, struct cfg **cfg)
{
    const char *path = source(o);
    struct cfg_lines *lines = NULL;
    struct cfg_error error = {.line = 0};
    int rc = 0;

    *document = NULL;
    if (path != NULL)
        rc = cfg_file_load(path, document, &lines, &error);
    else
        *document = json_pack("{s:i}", "version", CFG_VERSION);
    if (rc == 0)
        rc = cfg_parse(*document, NULL, cfg, &error);
    if (rc < 0) {
        cfg_error_print(stderr, "avsd", path, lines, &error);
        json_decref(*document);
        *document = NULL;
    }
    cfg_lines_free(lines);
    return rc < 0 ? AVSD_CONFIG : AVSD_OK;
}
