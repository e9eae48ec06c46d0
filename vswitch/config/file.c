/* SPDX-License-Identifier: Apache-2.0 */
/* Configuration files, and what is wrong with them in one line. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"

#define FILE_MAX (16u << 20)

/* The whole file in `text`, which has room for one byte more than is allowed. */
static int read_all(const char *path, char *text, size_t *size)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    int rc = 0;

    if (f == NULL)
        return -errno;
    *size = fread(text, 1, FILE_MAX + 1, f);
    if (ferror(f))
        rc = -EIO;
    else if (*size > FILE_MAX)
        rc = -E2BIG;
    if (f != stdin)
        fclose(f);
    return rc;
}

int cfg_file_load(const char *path, json_t **document, struct cfg_lines **lines,
                  struct cfg_error *error)
{
    char *text = malloc(FILE_MAX + 1);
    size_t size = 0;
    int rc = text != NULL ? read_all(path, text, &size) : -ENOMEM;

    memset(error, 0, sizeof *error);
    if (rc < 0)
        snprintf(error->text, sizeof error->text, "%.150s: %s", path, strerror(-rc));
    else
        rc = cfg_yaml_load(text, size, document, lines, error);
    free(text);
    return rc;
}

void cfg_error_print(FILE *to, const char *program, const char *path, const struct cfg_lines *lines,
                     const struct cfg_error *error)
{
    int line = error->line > 0 || lines == NULL ? error->line : cfg_line(lines, error->path);

    fprintf(to, "%s: ", program);
    if (path != NULL && line > 0)
        fprintf(to, "%s:%d: ", path, line);
    fprintf(to, "%s%s%s\n", error->path, error->path[0] != '\0' ? ": " : "", error->text);
}
