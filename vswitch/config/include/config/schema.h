/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schema of the configuration document as data: one table a list, one line a field. cfg_parse() checks against
 * it (unknown keys, missing keys, types, ranges, counts), cfg_schema_page() prints the reference page, completion and
 * the verbs of avs-ctl take field names from it. Constant data; any thread.
 */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

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
    CFG_T_PROTOCOL,  /* "any", "tcp", "udp", "icmp", "icmpv6", "sctp" or a number */
    CFG_T_REMOTE,    /* "any", a prefix or "group:NAME" */
    CFG_T_REF,       /* name of an object of the list `choices` */
    CFG_T_ADDRESSES, /* list of lo..hi addresses */
    CFG_T_REFS,      /* list of lo..hi names of the list `choices` */
    CFG_T_OBJECT,    /* object of the table `sub` */
    CFG_T_OBJECTS,   /* list of at most `hi` objects of the table `sub` */
};

struct cfg_table;

struct cfg_field {
    const char *name;
    enum cfg_type type;
    bool required; /* where `only` allows it */
    bool key;      /* part of the object's identity within its list */
    int64_t lo, hi;
    const char *choices;
    const char *
        only; /* "role=vnic", "type=tap|kernel": allowed only with these values of another field; NULL: always */
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

/* Field of a table by name, or NULL. */
const struct cfg_field *cfg_schema_field(const struct cfg_table *table, const char *name);

/* The reference page, Markdown. 0, or -EIO. */
int cfg_schema_page(FILE *out);

#endif
