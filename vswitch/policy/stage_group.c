/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stage group: security groups. What a vNIC may send is asked before the route, what the receiving one takes after it.
 *
 * Each side sees its own address, and of the other what its packets show: public addresses where they are translated.
 *
 * The rules of all groups of a vNIC are one list: the smallest priority decides, deny before allow where it is equal,
 * and what nothing matches is denied. Rules of replies are no rules: those belong to the session. vNICs of one VPC with
 * the same groups share one set. A remote group is written out as the addresses its members have in that VPC. A
 * classifier takes tens of milliseconds for a thousand rules: a set that says what it said before keeps its own.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>

#include "acl.h"
#include "pol.h"

enum direction { EGRESS, INGRESS, DIRECTIONS };
enum { V4, V6, FAMILIES };

/* A rule where it stands in the order of a set. */
struct ranked {
    const struct cfg_rule *rule; /* while building only */
    uint32_t group, index;
    bool allow;
};

struct group_set {
    uint32_t context;
    uint32_t group[CFG_PORT_GROUPS]; /* ascending, each once */
    uint32_t groups;
    uint64_t digest; /* of the rules in their order, with the members of groups they refer to */
    struct ranked *rank[DIRECTIONS];
    uint32_t ranks[DIRECTIONS];
    struct pol_acl *acl[DIRECTIONS][FAMILIES];
};

struct group_table {
    struct group_set *set;
    uint32_t sets;
    char (*name)[CFG_NAME];
};

/* An address of a member of a group. */
struct member {
    uint32_t context, group;
    const struct cfg_addr *addr;
};

/* Entries of one classifier, growing. */
struct entries {
    struct pol_acl_entry *entry;
    uint32_t n, room;
};

/* What building needs besides the table. */
struct group_build {
    const struct pol *pol;
    const struct cfg *cfg;
    const struct group_table *old;
    struct member *member; /* sorted by context, group */
    size_t members;
};

static int compare_member(const void *a, const void *b)
{
    const struct member *x = a, *y = b;

    if (x->context != y->context)
        return x->context < y->context ? -1 : 1;
    return (x->group > y->group) - (x->group < y->group);
}

static int compare_ranked(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->rule->priority != y->rule->priority)
        return x->rule->priority < y->rule->priority ? -1 : 1;
    if (x->allow != y->allow)
        return x->allow ? 1 : -1;
    if (x->group != y->group)
        return x->group < y->group ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

static int members_build(struct group_build *b)
{
    size_t room = 0;

    for (uint32_t i = 0; i < b->cfg->ports; i++)
        room += (size_t)b->cfg->port[i].addrs * b->cfg->port[i].groups;
    b->member = pol_array(room, sizeof *b->member);
    if (!b->member)
        return -ENOMEM;
    for (uint32_t i = 0; i < b->cfg->ports; i++) {
        const struct cfg_port *p = &b->cfg->port[i];

        for (uint32_t g = 0; p->role == CFG_VNIC && g < p->groups; g++) {
            for (uint32_t a = 0; a < p->addrs; a++)
                b->member[b->members++] =
                    (struct member){pol_port(b->pol, p->index)->context, p->group[g], &p->addr[a]};
        }
    }
    qsort(b->member, b->members, sizeof *b->member, compare_member);
    return 0;
}

/* Members of a group in a VPC: the first, and how many. */
static const struct member *members_of(const struct group_build *b, uint32_t context,
                                       uint32_t group, size_t *n)
{
    struct member want = {context, group, NULL};
    size_t lo = 0, hi = b->members;

    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;

        if (compare_member(&b->member[mid], &want) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (*n = 0; lo + *n < b->members && !compare_member(&b->member[lo + *n], &want);)
        ++*n;
    return &b->member[lo];
}

static int entry_add(struct entries *e, const struct pol_acl_entry *entry)
{
    if (e->n == e->room) {
        uint32_t room = e->room ? 2 * e->room : 64;
        struct pol_acl_entry *more = realloc(e->entry, room * sizeof *more);

        if (!more)
            return -ENOMEM;
        e->entry = more;
        e->room = room;
    }
    e->entry[e->n++] = *entry;
    return 0;
}

static bool has_ports(uint8_t proto)
{
    return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP;
}

/* A range of ports can only match a protocol that has some; "any protocol" then is all of those. */
static int entry_add_protocols(struct entries *e, struct pol_acl_entry entry)
{
    static const uint8_t with_ports[] = {IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP};
    int rc = 0;

    if ((entry.port_lo == 0 && entry.port_hi == UINT16_MAX) || has_ports(entry.proto))
        return entry_add(e, &entry);
    for (size_t i = 0; !entry.proto && i < sizeof with_ports && !rc; i++) {
        struct pol_acl_entry one = entry;

        one.proto = with_ports[i];
        rc = entry_add(e, &one);
    }
    return rc;
}

static int entry_add_members(struct entries *e, const struct group_build *b, uint32_t context,
                             const struct cfg_rule *rule, struct pol_acl_entry entry)
{
    uint8_t family = entry.remote.addr.family;
    size_t n;
    const struct member *m = members_of(b, context, rule->group, &n);
    int rc = 0;

    for (size_t i = 0; i < n && !rc; i++) {
        if (m[i].addr->family == family) {
            entry.remote = (struct cfg_prefix){*m[i].addr, family == 4 ? 32 : 128};
            rc = entry_add_protocols(e, entry);
        }
    }
    return rc;
}

static int entry_add_rule(struct entries *e, const struct group_build *b, uint32_t context,
                          const struct cfg_rule *rule, uint32_t rank, uint8_t family)
{
    struct pol_acl_entry entry = {.remote.addr.family = family,
                                  .proto = rule->proto,
                                  .port_lo = rule->port_lo,
                                  .port_hi = rule->port_hi,
                                  .rule = rank};

    if (rule->remote == CFG_GROUP)
        return entry_add_members(e, b, context, rule, entry);
    if (rule->remote == CFG_PREFIX) {
        if (rule->prefix.addr.family != family)
            return 0;
        entry.remote = rule->prefix;
    }
    return entry_add_protocols(e, entry);
}

static int acl_build(struct group_set *set, const struct group_build *b, uint32_t number,
                     enum direction dir, unsigned family)
{
    struct entries e = {0};
    char name[24];
    int rc = 0;

    for (uint32_t i = 0; i < set->ranks[dir] && !rc; i++)
        rc = entry_add_rule(&e, b, set->context, set->rank[dir][i].rule, i, family == V4 ? 4 : 6);
    snprintf(name, sizeof name, "p%x.%x", b->pol->serial,
             number * DIRECTIONS * FAMILIES + dir * FAMILIES + family);
    if (!rc)
        rc = pol_acl_build(&set->acl[dir][family], name, family == V4 ? 4 : 6, e.entry, e.n,
                           set->ranks[dir]);
    free(e.entry);
    return rc;
}

/* Order of members does not count: a sum. */
static uint64_t members_digest(const struct group_build *b, uint32_t context, uint32_t group)
{
    uint64_t sum = 0;
    size_t n;
    const struct member *m = members_of(b, context, group, &n);

    for (size_t i = 0; i < n; i++)
        sum += pol_mix_addr(1, m[i].addr);
    return sum;
}

static uint64_t rule_digest(uint64_t h, const struct group_build *b, uint32_t context,
                            const struct cfg_rule *r)
{
    h = pol_mix(h, (uint64_t)r->ingress << 63 | (uint64_t)r->allow << 62 |
                       (uint64_t)r->remote << 40 | (uint64_t)r->proto << 32 |
                       (uint64_t)r->port_lo << 16 | r->port_hi);
    if (r->remote == CFG_PREFIX)
        return pol_mix_prefix(h, &r->prefix);
    return r->remote == CFG_GROUP ? pol_mix(h, members_digest(b, context, r->group)) : h;
}

static int ranks_build(struct group_set *set, const struct group_build *b, enum direction dir)
{
    size_t room = 0;

    for (uint32_t g = 0; g < set->groups; g++)
        room += b->cfg->group[set->group[g]].rules;
    set->rank[dir] = pol_array(room, sizeof *set->rank[dir]);
    if (!set->rank[dir])
        return -ENOMEM;
    for (uint32_t g = 0; g < set->groups; g++) {
        const struct cfg_group *group = &b->cfg->group[set->group[g]];

        for (uint32_t i = 0; i < group->rules; i++) {
            if (group->rule[i].ingress == (dir == INGRESS))
                set->rank[dir][set->ranks[dir]++] =
                    (struct ranked){&group->rule[i], set->group[g], i, group->rule[i].allow};
        }
    }
    qsort(set->rank[dir], set->ranks[dir], sizeof *set->rank[dir], compare_ranked);
    return 0;
}

/* Rules in their order, and the digest of all that they say. */
static int set_rank(struct group_set *set, const struct group_build *b)
{
    int rc = 0;

    for (unsigned dir = 0; dir < DIRECTIONS && !rc; dir++) {
        rc = ranks_build(set, b, dir);
        for (uint32_t i = 0; i < set->ranks[dir] && !rc; i++)
            set->digest = rule_digest(set->digest, b, set->context, set->rank[dir][i].rule);
    }
    return rc;
}

/* The set of the old snapshot that says the same, rule by rule; NULL for none. */
static const struct group_set *set_twin(const struct group_set *set, const struct group_table *old)
{
    for (uint32_t i = 0; old && i < old->sets; i++) {
        const struct group_set *o = &old->set[i];

        if (o->digest == set->digest && o->context == set->context &&
            o->ranks[EGRESS] == set->ranks[EGRESS] && o->ranks[INGRESS] == set->ranks[INGRESS])
            return o;
    }
    return NULL;
}

static int set_build(struct group_set *set, const struct group_build *b, uint32_t number)
{
    int rc = set_rank(set, b);
    const struct group_set *twin = rc ? NULL : set_twin(set, b->old);

    for (unsigned dir = 0; dir < DIRECTIONS && !rc; dir++) {
        for (unsigned family = 0; family < FAMILIES && !rc; family++) {
            if (twin)
                set->acl[dir][family] = pol_acl_share(twin->acl[dir][family]);
            else
                rc = acl_build(set, b, number, dir, family);
        }
        for (uint32_t i = 0; i < set->ranks[dir]; i++)
            set->rank[dir][i].rule = NULL;
    }
    return rc;
}

/* The set of a vNIC's groups, without an order and each once. */
static struct group_set set_of(const struct cfg_port *from, uint32_t context)
{
    struct group_set set = {.context = context};
    uint32_t n = 0;

    memcpy(set.group, from->group, from->groups * sizeof set.group[0]);
    qsort(set.group, from->groups, sizeof set.group[0], compare_u32);
    for (uint32_t i = 0; i < from->groups; i++)
        if (!i || set.group[i] != set.group[i - 1])
            set.group[n++] = set.group[i];
    set.groups = n;
    return set;
}

static bool set_equal(const struct group_set *a, const struct group_set *b)
{
    return a->context == b->context && a->groups == b->groups &&
           !memcmp(a->group, b->group, a->groups * sizeof a->group[0]);
}

static int port_join(struct group_table *t, const struct group_build *b,
                     const struct cfg_port *from, struct pol_port *port)
{
    struct group_set set = set_of(from, port->context);

    if (set.groups && set.group[set.groups - 1] >= b->cfg->groups)
        return -EINVAL;
    for (uint32_t i = 0; i < t->sets; i++) {
        if (set_equal(&set, &t->set[i])) {
            port->group_set = i;
            return 0;
        }
    }
    port->group_set = t->sets;
    t->set[t->sets] = set;
    t->sets++;
    return set_build(&t->set[port->group_set], b, port->group_set);
}

static void group_free(void *table)
{
    struct group_table *t = table;

    for (uint32_t i = 0; t->set && i < t->sets; i++) {
        for (unsigned dir = 0; dir < DIRECTIONS; dir++) {
            for (unsigned family = 0; family < FAMILIES; family++)
                pol_acl_free(t->set[i].acl[dir][family]);
            free(t->set[i].rank[dir]);
        }
    }
    free(t->set);
    free(t->name);
    free(t);
}

static int table_fill(struct group_table *t, struct pol *pol, const struct group_build *b)
{
    int rc = 0;

    t->set = pol_array(b->cfg->ports, sizeof *t->set);
    t->name = pol_array(b->cfg->groups, sizeof *t->name);
    if (!t->set || !t->name)
        return -ENOMEM;
    for (uint32_t i = 0; i < b->cfg->groups; i++)
        memcpy(t->name[i], b->cfg->group[i].name, CFG_NAME);
    for (uint32_t i = 0; i < b->cfg->ports && !rc; i++)
        if (b->cfg->port[i].role == CFG_VNIC)
            rc = port_join(t, b, &b->cfg->port[i], &pol->port[b->cfg->port[i].index]);
    return rc;
}

static int group_build(struct pol *pol, const struct cfg *cfg, const void *old, void **table)
{
    struct group_build b = {.pol = pol, .cfg = cfg, .old = old};
    struct group_table *t = calloc(1, sizeof *t);

    if (!t)
        return -ENOMEM;

    int rc = members_build(&b);

    rc = rc ? rc : table_fill(t, pol, &b);
    free(b.member);
    if (rc)
        group_free(t);
    else
        *table = t;
    return rc;
}

static void group_sizes(const void *table, uint32_t size[POL_SIZES])
{
    const struct group_table *t = table;

    size[POL_SIZE_RULE_SETS] = t->sets;
    for (uint32_t i = 0; i < t->sets; i++)
        size[POL_SIZE_RULES] += t->set[i].ranks[EGRESS] + t->set[i].ranks[INGRESS];
}

static void explain(const struct group_table *t, const struct ranked *r, enum direction dir,
                    struct pol_walk *w)
{
    const char *way = dir == EGRESS ? "egress" : "ingress";

    if (r) {
        pol_say(w, "%s: rule %s/%u %s", way, t->name[r->group], r->index,
                r->allow ? "allows" : "denies");
    } else {
        pol_say(w, "%s: no rule allows", way);
    }
}

/* The answer of the groups of `port` about a remote address. */
static bool allowed(const struct group_table *t, const struct pol_port *port, enum direction dir,
                    const struct cfg_addr *remote, struct pol_walk *w)
{
    const struct group_set *set = &t->set[port->group_set];
    const struct pol_acl *acl = set->acl[dir][remote->family == 4 ? V4 : V6];
    uint16_t dport = dir == EGRESS ? w->dport : w->seen.dport;
    uint32_t rank = pol_acl_match(acl, w->proto, remote, has_ports(w->proto) ? dport : 0);
    const struct ranked *r = rank < set->ranks[dir] ? &set->rank[dir][rank] : NULL;

    if (w->explain)
        explain(t, r, dir, w);
    return r && r->allow;
}

static enum hsr_drop egress_walk(const struct pol *pol, const void *table, struct pol_walk *w)
{
    (void)pol;
    return !w->from || allowed(table, w->from, EGRESS, &w->dst, w) ? HSR_DROP_NONE
                                                                   : HSR_DROP_SG_EGRESS;
}

static enum hsr_drop ingress_walk(const struct pol *pol, const void *table, struct pol_walk *w)
{
    (void)pol;
    return !w->to || allowed(table, w->to, INGRESS, &w->seen.src, w) ? HSR_DROP_NONE
                                                                     : HSR_DROP_SG_INGRESS;
}

static uint64_t group_digest(const struct pol *pol, const void *table, const struct pol_port *port)
{
    const struct group_table *t = table;

    (void)pol;
    return port->role == CFG_VNIC ? t->set[port->group_set].digest : 0;
}

const struct pol_stage_ops pol_stage_group = {
    .name = "group",
    .stage = POL_GROUP,
    .build = group_build,
    .free = group_free,
    .walk = egress_walk,
    .digest_port = group_digest,
    .sizes = group_sizes,
};

const struct pol_stage_ops pol_stage_group_in = {
    .name = "group-in",
    .stage = POL_GROUP,
    .walk = ingress_walk,
};
