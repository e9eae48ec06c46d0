/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema of the configuration document as data: one table a list, one line a field. cfg_parse() checks against
 * it (unknown keys, missing keys, types, ranges), `avs-ctl schema` prints the reference page from it, completion and
 * the verbs of avs-ctl take field names from it. Constant data; any thread.
 */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>

enum cfg_type {
    CFG_T_NAME,   /* identifier */
    CFG_T_STRING, /* free text, max in `hi` */
    CFG_T_BOOL,
    CFG_T_INT,  /* lo..hi */
    CFG_T_ENUM, /* one of `choices` (separated by '|') */
    CFG_T_MAC,
    CFG_T_ADDRESS,   /* IPv4 or IPv6 */
    CFG_T_INTERFACE, /* address/length, host bits allowed */
    CFG_T_PREFIX,    /* address/length, host bits refused */
    CFG_T_PORTS,     /* "80", "80-90" or a number */
    CFG_T_REF,       /* name of an object of the list `choices` */
    CFG_T_ADDRESSES, /* list of addresses */
    CFG_T_REFS,      /* list of names of the list `choices` */
    CFG_T_OBJECT,    /* object of the table `sub` */
    CFG_T_OBJECTS,   /* list of objects of the table `sub` */
};

struct cfg_table;

struct cfg_field {
    const char *name;
    enum cfg_type type;
    bool required;
    bool key; /* part of the object's identity within its list */
    int64_t lo, hi;
    const char *choices;
    const char *fallback; /* the default, as text */
    const struct cfg_table *sub;
    const char *doc;
};

struct cfg_table {
    const char *name;     /* "ports" */
    const char *singular; /* "port" */
    const char *doc;
    const struct cfg_field *field; /* ends with name NULL */
};

/* The document itself; its fields are the lists. */
extern const struct cfg_table cfg_schema;

/* Table of a list by plural or singular name, or NULL. */
const struct cfg_table *cfg_schema_find(const char *name);

#endif
