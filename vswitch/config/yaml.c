/* SPDX-License-Identifier: Apache-2.0 */
/* libyaml's events to a document, with the line of every value. */
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "internal.h"

#define MAX_KEY 256 /* bytes; longer than any key or name there is */

/* Lines as a tree in one array: a node's children are a chain from `child` by `next`. */
struct node {
    int line;
    uint32_t key;         /* offset in `keys`; 0: a list element */
    uint32_t child, next; /* 0: none */
};

struct cfg_lines {
    struct node *node;
    uint32_t nodes, room;
    char *keys;
    size_t used, size;
};

struct reader {
    yaml_parser_t yaml;
    struct cfg_lines *lines;
    struct cfg_error *error;
};

static int fail(struct reader *r, size_t line, const char *text)
{
    /* libyaml counts from 0 */
    r->error->line = (int)line + 1;
    r->error->path[0] = '\0';
    cfg_copy(r->error->text, sizeof(r->error->text), text);
    cfg_printable(r->error->text);
    return -EINVAL;
}

static int new_node(struct reader *r, size_t line, const char *key, uint32_t *index)
{
    struct cfg_lines *l = r->lines;

    if (l->nodes == CFG_YAML_NODES) {
        return fail(r, line, "more than 1048576 values");
    }
    if (l->nodes == l->room) {
        uint32_t room = l->room ? 2 * l->room : 256;
        struct node *more = realloc(l->node, room * sizeof(*more));

        if (!more) {
            return -ENOMEM;
        }
        l->node = more;
        l->room = room;
    }
    l->node[l->nodes] = (struct node){.line = (int)line + 1};
    if (key) {
        size_t length = strlen(key) + 1;

        if (l->used + length > l->size) {
            size_t size = 2 * l->size + 1024;
            char *more = realloc(l->keys, size);

            if (!more) {
                return -ENOMEM;
            }
            l->keys = more;
            l->size = size;
        }
        memcpy(l->keys + l->used, key, length);
        l->node[l->nodes].key = (uint32_t)l->used;
        l->used += length;
    }
    *index = l->nodes++;
    return 0;
}

static void link_child(struct cfg_lines *l, uint32_t parent, uint32_t *last, uint32_t child)
{
    if (*last) {
        l->node[*last].next = child;
    } else {
        l->node[parent].child = child;
    }
    *last = child;
}

/* The next event, or libyaml's own complaint. */
static int next(struct reader *r, yaml_event_t *event)
{
    char text[200];

    if (yaml_parser_parse(&r->yaml, event)) {
        return 0;
    }
    if (r->yaml.error == YAML_MEMORY_ERROR) {
        return -ENOMEM;
    }
    snprintf(text, sizeof(text), "not YAML: %s%s%s", r->yaml.problem ? r->yaml.problem : "",
             r->yaml.context ? ", " : "", r->yaml.context ? r->yaml.context : "");
    return fail(r, r->yaml.problem_mark.line, text);
}

static int refuse_decoration(struct reader *r, const yaml_event_t *event, const void *anchor,
                             const void *tag)
{
    if (anchor) {
        return fail(r, event->start_mark.line, "anchors (&name) are not allowed; write it out");
    }
    if (tag) {
        return fail(r, event->start_mark.line,
                    "tags (!name) are not allowed; quote a text with \"");
    }
    return 0;
}

static int read_scalar(struct reader *r, const yaml_event_t *event, json_t **out)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length, line = event->start_mark.line;
    int rc = refuse_decoration(r, event, event->data.scalar.anchor, event->data.scalar.tag);

    if (rc) {
        return rc;
    }
    if (memchr(text, '\0', length)) {
        return fail(r, line, "NUL in a text");
    }
    if (event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE) {
        *out = cfg_plain(text, length);
        return *out ? 0 : fail(r, line, "a number that cannot be represented; quote a text");
    }
    *out = json_stringn(text, length);
    return *out ? 0 : fail(r, line, "invalid UTF-8");
}

static int read_value(struct reader *r, const yaml_event_t *event, uint32_t node, unsigned depth,
                      json_t **out);

static int read_list(struct reader *r, uint32_t node, unsigned depth, json_t *list)
{
    uint32_t last = 0;

    for (;;) {
        yaml_event_t event;
        json_t *value = NULL;
        uint32_t child = 0;
        int rc = next(r, &event);

        if (rc) {
            return rc;
        }
        if (event.type == YAML_SEQUENCE_END_EVENT) {
            yaml_event_delete(&event);
            return 0;
        }
        rc = new_node(r, event.start_mark.line, NULL, &child);
        if (!rc) {
            link_child(r->lines, node, &last, child);
            rc = read_value(r, &event, child, depth, &value);
        }
        yaml_event_delete(&event);
        if (!rc && json_array_append_new(list, value)) {
            rc = -ENOMEM;
        }
        if (rc) {
            return rc;
        }
    }
}

/* A key that the object does not have yet. */
static int read_key(struct reader *r, const yaml_event_t *event, const json_t *object)
{
    const char *key = (const char *)event->data.scalar.value;
    size_t line = event->start_mark.line;
    char text[MAX_KEY + 48];
    int rc;

    if (event->type == YAML_ALIAS_EVENT) {
        return fail(r, line, "aliases (*name) are not allowed; write it out");
    }
    if (event->type != YAML_SCALAR_EVENT) {
        return fail(r, line, "a key must be a text");
    }
    rc = refuse_decoration(r, event, event->data.scalar.anchor, event->data.scalar.tag);
    if (rc) {
        return rc;
    }
    if (event->data.scalar.length > MAX_KEY) {
        return fail(r, line, "a key longer than 256 bytes");
    }
    if (strlen(key) != event->data.scalar.length) {
        return fail(r, line, "NUL in a key");
    }
    if (json_object_get(object, key)) {
        snprintf(text, sizeof(text), "key '%s' is there twice; merge the two", key);
        return fail(r, line, text);
    }
    return 0;
}

static int read_object(struct reader *r, uint32_t node, unsigned depth, json_t *object)
{
    uint32_t last = 0;

    for (;;) {
        yaml_event_t key, event;
        json_t *value = NULL;
        uint32_t child = 0;
        int rc = next(r, &key);

        if (rc) {
            return rc;
        }
        if (key.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&key);
            return 0;
        }
        rc = read_key(r, &key, object);
        rc =
            rc ? rc : new_node(r, key.start_mark.line, (const char *)key.data.scalar.value, &child);
        if (!rc) {
            link_child(r->lines, node, &last, child);
            rc = next(r, &event);
        }
        if (!rc) {
            rc = read_value(r, &event, child, depth, &value);
            yaml_event_delete(&event);
        }
        if (!rc && json_object_set_new(object, (const char *)key.data.scalar.value, value)) {
            rc = fail(r, key.start_mark.line, "invalid UTF-8 in a key");
        }
        yaml_event_delete(&key);
        if (rc) {
            return rc;
        }
    }
}

/* The value that begins with `event`; *out is left alone on failure. */
static int read_value(struct reader *r, const yaml_event_t *event, uint32_t node, unsigned depth,
                      json_t **out)
{
    bool list = event->type == YAML_SEQUENCE_START_EVENT;
    json_t *value;
    int rc;

    if (event->type == YAML_ALIAS_EVENT) {
        return fail(r, event->start_mark.line, "aliases (*name) are not allowed; write it out");
    }
    if (event->type == YAML_SCALAR_EVENT) {
        return read_scalar(r, event, out);
    }
    if (depth == CFG_DEPTH) {
        return fail(r, event->start_mark.line, "lists and objects more than 16 deep");
    }
    if (list) {
        rc = refuse_decoration(r, event, event->data.sequence_start.anchor,
                               event->data.sequence_start.tag);
    } else {
        rc = refuse_decoration(r, event, event->data.mapping_start.anchor,
                               event->data.mapping_start.tag);
    }
    if (rc) {
        return rc;
    }
    value = list ? json_array() : json_object();
    rc = !value ? -ENOMEM
         : list ? read_list(r, node, depth + 1, value)
                : read_object(r, node, depth + 1, value);
    if (rc) {
        json_decref(value);
        return rc;
    }
    *out = value;
    return 0;
}

/* Stream start, document start, value, document end, stream end. */
static int read_stream(struct reader *r, json_t **document)
{
    yaml_event_t event;
    uint32_t root;
    int rc = next(r, &event);

    for (int i = 0; i < 2 && !rc; i++) {
        yaml_event_delete(&event);
        rc = next(r, &event);
        if (!rc && event.type == YAML_STREAM_END_EVENT) {
            yaml_event_delete(&event);
            return fail(r, 0, "the document is empty; the least is 'version: 1'");
        }
    }
    if (rc) {
        return rc;
    }
    rc = new_node(r, event.start_mark.line, NULL, &root);
    rc = rc ? rc : read_value(r, &event, root, 0, document);
    yaml_event_delete(&event);
    for (int i = 0; i < 2 && !rc; i++) {
        rc = next(r, &event);
        if (!rc) {
            if (event.type == YAML_DOCUMENT_START_EVENT) {
                rc = fail(r, event.start_mark.line, "a second document; a file holds one");
            }
            yaml_event_delete(&event);
        }
    }
    return rc;
}

static int check_bytes(struct reader *r, const char *text, size_t size)
{
    size_t line = 0;

    if (size > CFG_YAML_BYTES) {
        return fail(r, 0, "longer than 16 MiB");
    }
    for (const char *p = text; p < text + size; p++) {
        if (*p == '\0') {
            return fail(r, line, "NUL in the text: not a text file");
        }
        line += *p == '\n';
    }
    return 0;
}

int cfg_yaml_load(const char *text, size_t size, json_t **document, struct cfg_lines **lines,
                  struct cfg_error *error)
{
    static const char bom[] = "\xef\xbb\xbf";
    struct reader r = {.error = error};
    int rc;

    *document = NULL;
    *lines = NULL;
    memset(error, 0, sizeof(*error));
    rc = check_bytes(&r, text, size);
    if (rc) {
        return rc;
    }
    if (size >= 3 && !memcmp(text, bom, 3)) {
        text += 3;
        size -= 3;
    }
    r.lines = calloc(1, sizeof(*r.lines));
    if (!r.lines || !yaml_parser_initialize(&r.yaml)) {
        free(r.lines);
        return -ENOMEM;
    }
    r.lines->used = 1; /* offset 0 means: no key */
    /* Never UTF-16 by a byte order mark. */
    yaml_parser_set_encoding(&r.yaml, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.yaml, (const unsigned char *)text, size);
    rc = read_stream(&r, document);
    yaml_parser_delete(&r.yaml);
    if (rc) {
        json_decref(*document);
        *document = NULL;
        cfg_lines_free(r.lines);
        return rc;
    }
    *lines = r.lines;
    return 0;
}

/* Does the pointer's step `step` (of `length` bytes, escaped) name the key? */
static bool same_key(const char *step, size_t length, const char *key)
{
    for (size_t i = 0; i < length; i++, key++) {
        char c = step[i];

        if (c == '~' && i + 1 < length) {
            c = step[++i] == '0' ? '~' : '/';
        }
        if (c != *key) {
            return false;
        }
    }
    return *key == '\0';
}

static uint32_t find_child(const struct cfg_lines *l, uint32_t node, const char *step,
                           size_t length)
{
    uint32_t index = 0;
    char number[16];

    for (uint32_t i = l->node[node].child; i; i = l->node[i].next, index++) {
        const char *key = number;

        if (l->node[i].key) {
            key = l->keys + l->node[i].key;
        } else {
            snprintf(number, sizeof(number), "%u", index);
        }
        if (same_key(step, length, key)) {
            return i;
        }
    }
    return 0;
}

int cfg_line(const struct cfg_lines *lines, const char *path)
{
    uint32_t node = 0;

    if (!lines || lines->nodes == 0) {
        return 0;
    }
    while (*path == '/') {
        size_t length = strcspn(path + 1, "/");
        uint32_t child = find_child(lines, node, path + 1, length);

        if (!child) {
            break;
        }
        node = child;
        path += 1 + length;
    }
    return lines->node[node].line;
}

void cfg_lines_free(struct cfg_lines *lines)
{
    if (lines) {
        free(lines->node);
        free(lines->keys);
        free(lines);
    }
}
