/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this folder share. */
#ifndef CONFIG_INTERNAL_H
#define CONFIG_INTERNAL_H

#include <errno.h>

#include "config/config.h"
#include "config/schema.h"

#define CFG_DEPTH      16
#define CFG_YAML_BYTES (16u << 20)
#define CFG_YAML_NODES (1u << 20)

/* A place in the document: a chain from the value up to the root, turned into text only for an error. */
struct cfg_at {
    const struct cfg_at *up; /* NULL: the root */
    const char *key;         /* NULL: element `index` of a list */
    size_t index;
};

/* Record the error; always -EINVAL, so that callers can return it. */
int cfg_fail(struct cfg_error *error, const struct cfg_at *at, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Everything that the schema alone can tell; see schema.h. 0 or -EINVAL. */
int cfg_check(const json_t *object, const struct cfg_table *table, const struct cfg_at *at,
              struct cfg_error *error);

/* Is `value` well formed for the field (its own text, nothing about the rest of the document)? */
int cfg_check_value(const json_t *value, const struct cfg_field *field, const struct cfg_at *at,
                    struct cfg_error *error);

/*
 * Make everything but printable ASCII a '?': messages quote what the document says, cut to fit, and go to terminals
 * and into JSON.
 */
void cfg_printable(char *text);

/* Copy text into a sized array, cut to fit. */
void cfg_copy(char *to, size_t size, const char *from);

/* "80" or "80-90" */
bool cfg_ports_parse(const char *text, uint16_t *lo, uint16_t *hi);
bool cfg_addr_unicast(const struct cfg_addr *a);
/* Clear the host bits; true when there were any. */
bool cfg_prefix_mask(struct cfg_prefix *p);

/* How a plain scalar is read (YAML 1.2, 10.3.2), or NULL when it is a number that cannot be represented. */
json_t *cfg_plain(const char *text, size_t length);

/* Identity of an object in its list: the key fields in canonical text, joined by a space. False: one is missing. */
bool cfg_key(const struct cfg_table *table, const json_t *object, char *buf, size_t size);

/* The list of that name in the document, inside objects too ("neighbors" of "underlay"). */
struct cfg_place {
    const struct cfg_table *table; /* of its elements */
    const struct cfg_field *outer; /* the object that holds it, NULL: the document */
    const struct cfg_field *list;
};
bool cfg_place_find(const char *name, struct cfg_place *place);

#endif
