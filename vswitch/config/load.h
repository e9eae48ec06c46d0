/* SPDX-License-Identifier: Apache-2.0 */
/* From a document that fits the schema to struct cfg: the work of cfg_parse(), a file a part. */
#ifndef CONFIG_LOAD_H
#define CONFIG_LOAD_H

#include "internal.h"

struct cfg_load {
    const json_t *document;
    const struct cfg *old;
    struct cfg *c;
    struct cfg_error *error;
    json_t *names; /* list -> name -> index */
    json_t *taken; /* "<vpc> <address or MAC>", "device ...", ... -> who has it */
};

/* An object of the document with its table and place. */
struct cfg_obj {
    struct cfg_load *load;
    const json_t *json;
    const struct cfg_table *table;
    struct cfg_at at;
};

/* The list `field` of an object; elements by cfg_item(). */
struct cfg_items {
    struct cfg_load *load;
    const json_t *json;
    const struct cfg_table *table;
    struct cfg_at at;
    uint32_t n;
};
struct cfg_items cfg_items(const struct cfg_obj *of, const char *field);
/* `items` must outlive the element: its place points there. */
struct cfg_obj cfg_item(const struct cfg_items *items, uint32_t index);
/* The object `field`; an absent one has no keys, so that all defaults apply. */
struct cfg_obj cfg_child(const struct cfg_obj *of, const char *field);

/* Values, or the schema's default. */
bool cfg_has(const struct cfg_obj *obj, const char *field);
const char *cfg_text(const struct cfg_obj *obj, const char *field); /* NULL: no value, no default */
uint32_t cfg_int(const struct cfg_obj *obj, const char *field);
bool cfg_bool(const struct cfg_obj *obj, const char *field);
/* family 0 or zero when there is none; true when there is. */
bool cfg_addr(const struct cfg_obj *obj, const char *field, struct cfg_addr *addr);
bool cfg_prefix(const struct cfg_obj *obj, const char *field, struct cfg_prefix *prefix);
bool cfg_mac(const struct cfg_obj *obj, const char *field, uint8_t mac[6]);

/* Place of a field of the object, or of the object itself (NULL). */
static inline struct cfg_at cfg_at_field(const struct cfg_obj *obj, const char *field)
{
    return field ? (struct cfg_at){.up = &obj->at, .key = field} : obj->at;
}

/* cfg_fail() there. */
#define cfg_fail_at(obj, field, ...) \
    cfg_fail((obj)->load->error, &(const struct cfg_at[]){cfg_at_field(obj, field)}[0], __VA_ARGS__)

/* Give `name` of `list` an index; -EINVAL when it has one. */
int cfg_define(const struct cfg_obj *obj, const char *name, uint32_t index);
/* Index of `name` in `list`; -EINVAL at `at` when there is none. */
int cfg_lookup(struct cfg_load *load, const char *list, const char *name, const struct cfg_at *at,
               uint32_t *index);
int cfg_ref(const struct cfg_obj *obj, const char *field, uint32_t *index);

/*
 * Take `what` of space `space` (a VPC's index, or CFG_NONE for the whole card) for `who`. -EINVAL at `at` when somebody
 * else has it; with `share`, the same `who` may take it again.
 */
int cfg_take(struct cfg_load *load, uint32_t space, const char *what, const char *who, bool share,
             const struct cfg_at *at);
/* Who has it, or NULL. */
const char *cfg_taken(const struct cfg_load *load, uint32_t space, const char *what);

/* `encap` and `geneve_options` of a VPC. */
int cfg_load_tunnel(const struct cfg_obj *vpc, struct cfg_tunnel *tunnel);

/* Links of an uplink. */
int cfg_load_uplink(const struct cfg_obj *obj, struct cfg_port *p);
/* `vtep` of a mapping or route: of a host that is not us, and that an uplink can lead to. */
int cfg_load_vtep(const struct cfg_obj *obj, struct cfg_addr *vtep);

int cfg_load_vpcs(const struct cfg_obj *document);
int cfg_load_subnets(const struct cfg_obj *document);
int cfg_load_groups(const struct cfg_obj *document);
int cfg_load_ports(const struct cfg_obj *document);
int cfg_load_mappings(const struct cfg_obj *document);
int cfg_load_routes(const struct cfg_obj *document);
int cfg_load_underlay(const struct cfg_obj *document);
int cfg_load_neighbors(const struct cfg_obj *document);
int cfg_load_eips(const struct cfg_obj *document);
int cfg_load_snats(const struct cfg_obj *document);
int cfg_load_forwards(const struct cfg_obj *document);
int cfg_load_vteps(struct cfg_load *load);

/*
 * A number for a new object: the lowest of lo..hi that neither `used` nor, if that is possible, `before` has.
 * Bit maps of hi + 1 bytes. hi + 1 when there is none.
 */
uint32_t cfg_number(const uint8_t *used, const uint8_t *before, uint32_t lo, uint32_t hi);

#endif
