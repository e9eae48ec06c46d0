/* SPDX-License-Identifier: Apache-2.0 */
#include "acl.h"

#include <errno.h>
#include <rte_acl.h>
#include <stdlib.h>

#include "pol.h"

/* What rte_acl reads of a packet: one byte, then groups of four; the last two bytes only fill their group. */
struct acl_input {
    uint8_t proto;
    uint8_t gap[3];
    uint8_t addr[16];
    uint8_t port[2];
    uint8_t filler[2];
};

/* Fields: protocol, one or four address words, port, filler. */
RTE_ACL_RULE_DEF(acl_rule, 7);

struct pol_acl {
    struct rte_acl_ctx *ctx; /* NULL: scan the entries */
    uint32_t users;
    uint32_t entries;
    struct pol_acl_entry entry[];
};

static bool entry_matches(const struct pol_acl_entry *e, uint8_t proto,
                          const struct cfg_addr *remote, uint16_t port)
{
    return (!e->proto || e->proto == proto) && port >= e->port_lo && port <= e->port_hi &&
           cfg_prefix_contains(&e->remote, remote);
}

static uint32_t words_of(uint8_t family)
{
    return family == 4 ? 1 : 4;
}

static void fields_define(struct rte_acl_config *config, uint8_t family)
{
    uint32_t n = 0, words = words_of(family);

    config->defs[n++] = (struct rte_acl_field_def){
        .type = RTE_ACL_FIELD_TYPE_BITMASK, .size = 1, .offset = offsetof(struct acl_input, proto)};
    for (uint32_t i = 0; i < words; i++) {
        config->defs[n++] = (struct rte_acl_field_def){
            .type = RTE_ACL_FIELD_TYPE_MASK,
            .size = 4,
            .input_index = (uint8_t)(1 + i),
            .offset = (uint32_t)offsetof(struct acl_input, addr) + 4 * i,
        };
    }
    for (uint32_t i = 0; i < 2; i++) {
        config->defs[n++] = (struct rte_acl_field_def){
            .type = RTE_ACL_FIELD_TYPE_RANGE,
            .size = 2,
            .input_index = (uint8_t)(1 + words),
            .offset = (uint32_t)offsetof(struct acl_input, port) + 2 * i,
        };
    }
    for (uint32_t i = 0; i < n; i++)
        config->defs[i].field_index = (uint8_t)i;
    config->num_fields = n;
    config->num_categories = 1;
}

/* Bits of a prefix that fall into its 32-bit word `i`. */
static uint32_t bits_in_word(uint8_t len, uint32_t i)
{
    uint32_t before = 32 * i;

    return len <= before ? 0 : len - before > 32 ? 32 : len - before;
}

/* rte_acl: the larger priority wins, and result 0 is no match. Values here in host order, in packets in network order. */
static void rule_fill(struct acl_rule *r, const struct pol_acl_entry *e, uint32_t rules)
{
    uint32_t n = 0, words = words_of(e->remote.addr.family);

    memset(r, 0, sizeof *r);
    r->data.category_mask = 1;
    r->data.priority = (int32_t)(rules - e->rule);
    r->data.userdata = e->rule + 1;
    r->field[n].value.u8 = e->proto;
    r->field[n++].mask_range.u8 = e->proto ? 0xFF : 0;
    for (uint32_t i = 0; i < words; i++) {
        r->field[n].value.u32 = hsr_load32(e->remote.addr.bytes + 4 * i);
        r->field[n++].mask_range.u32 = bits_in_word(e->remote.len, i);
    }
    r->field[n].value.u16 = e->port_lo;
    r->field[n++].mask_range.u16 = e->port_hi;
    r->field[n].value.u16 = 0;
    r->field[n].mask_range.u16 = UINT16_MAX;
}

static int ctx_fill(struct rte_acl_ctx *ctx, const struct pol_acl_entry *entry, uint32_t entries,
                    uint32_t rules)
{
    for (uint32_t i = 0; i < entries; i++) {
        struct acl_rule r;

        rule_fill(&r, &entry[i], rules);

        int rc = rte_acl_add_rules(ctx, (const struct rte_acl_rule *)&r, 1);

        if (rc)
            return rc;
    }
    return 0;
}

static int ctx_build(struct rte_acl_ctx **out, const char *name, uint8_t family,
                     const struct pol_acl_entry *entry, uint32_t entries, uint32_t rules)
{
    struct rte_acl_config config = {0};

    fields_define(&config, family);

    struct rte_acl_param param = {.name = name,
                                  .socket_id = SOCKET_ID_ANY,
                                  .rule_size = (uint32_t)RTE_ACL_RULE_SZ(config.num_fields),
                                  .max_rule_num = entries};
    struct rte_acl_ctx *ctx = rte_acl_create(&param);

    if (!ctx)
        return -ENOMEM;

    int rc = ctx_fill(ctx, entry, entries, rules);

    rc = rc ? rc : rte_acl_build(ctx, &config);
    if (rc) {
        rte_acl_free(ctx);
        return rc;
    }
    *out = ctx;
    return 0;
}

int pol_acl_build(struct pol_acl **acl_out, const char *name, uint8_t family,
                  const struct pol_acl_entry *entry, uint32_t entries, uint32_t rules)
{
    bool scan = entries <= POL_ACL_SCAN;
    size_t kept = scan ? entries : 0;

    *acl_out = NULL;
    if (!entries)
        return 0;
    if (rules > RTE_ACL_MAX_PRIORITY)
        return -E2BIG;

    struct pol_acl *acl = calloc(1, sizeof *acl + kept * sizeof *entry);

    if (!acl)
        return -ENOMEM;
    acl->users = 1;
    acl->entries = (uint32_t)kept;
    memcpy(acl->entry, entry, kept * sizeof *entry);

    int rc = scan ? 0 : ctx_build(&acl->ctx, name, family, entry, entries, rules);

    if (rc) {
        free(acl);
        return rc;
    }
    *acl_out = acl;
    return 0;
}

struct pol_acl *pol_acl_share(struct pol_acl *acl)
{
    if (acl)
        acl->users++;
    return acl;
}

void pol_acl_free(struct pol_acl *acl)
{
    if (!acl || --acl->users)
        return;
    rte_acl_free(acl->ctx);
    free(acl);
}

static uint32_t ctx_match(const struct pol_acl *acl, uint8_t proto, const struct cfg_addr *remote,
                          uint16_t port)
{
    struct acl_input in = {.proto = proto};
    const uint8_t *data = (const uint8_t *)&in;
    uint32_t result = 0;

    memcpy(in.addr, remote->bytes, sizeof in.addr);
    hsr_store16(in.port, port);
    if (rte_acl_classify(acl->ctx, &data, &result, 1, 1) || !result)
        return CFG_NONE;
    return result - 1;
}

uint32_t pol_acl_match(const struct pol_acl *acl, uint8_t proto, const struct cfg_addr *remote,
                       uint16_t port)
{
    if (!acl)
        return CFG_NONE;
    if (acl->ctx)
        return ctx_match(acl, proto, remote, port);
    for (uint32_t i = 0; i < acl->entries; i++)
        if (entry_matches(&acl->entry[i], proto, remote, port))
            return acl->entry[i].rule;
    return CFG_NONE;
}
