/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what the policy says of public addresses to a session with two keys: under which key its answers come, and which
 * port of a shared address it gets.
 *
 * Workers share no list of ports. A port is free if no session of this worker has the answers it would bring; and since
 * its answers must come to this worker anyhow, only ports are taken whose answers hash to the home of the sender's packets: so both
 * come to one worker, wherever that home moves. Two sessions may have the same port of an address towards different destinations.
 */
#include <string.h>

#include "action/nat_plain.h"
#include "hsring/wire.h"
#include "internal.h"

/* Ports looked at of an address before the next one is tried: with nine of ten taken, one in a thousand sessions finds
 * none. Those whose answers have another home are not counted, but there is an end to them, too. */
#define TRIES     64u
#define TRIES_ALL (TRIES * HSR_FLOW_HOMES)

static bool is_icmp(uint8_t proto)
{
    return proto == HSR_PROTO_ICMP || proto == HSR_PROTO_ICMP6;
}

static bool has_port(uint8_t proto)
{
    return proto == HSR_PROTO_TCP || proto == HSR_PROTO_UDP || is_icmp(proto);
}

/* Answers come from `seen.dst` to `seen.src`: out of the VPC of the receiver, out of the sender's tunnel to a gateway, or from outside. */
static void answer_key(const struct dp_worker *w, const struct pol_walk *walk, struct dp_binding *b)
{
    const struct pol_ends *e = &walk->seen;
    uint32_t context = walk->to != NULL         ? walk->to_context
                       : walk->vtep.family != 0 ? walk->context
                                                : 0;
    uint16_t sport = is_icmp(walk->proto) ? e->sport : e->dport; /* one identifier for both */

    memset(&b->key, 0, sizeof b->key);
    if (e->src.family == 6) {
        b->swap = hsr_key6(&b->key, e->dst.bytes, e->src.bytes, sport, e->sport, walk->proto,
                           context, context == 0);
    } else {
        b->swap = hsr_key4(&b->key, hsr_load32(e->dst.bytes), hsr_load32(e->src.bytes), sport,
                           e->sport, walk->proto, context, context == 0);
    }
    b->hash = hsr_hash_key(&w->hash, &b->key);
}

static uint32_t gcd(uint32_t a, uint32_t b)
{
    while (b != 0) {
        uint32_t rest = a % b;

        a = b;
        b = rest;
    }
    return a;
}

/* The ports of a pool in an order of each flow's own: its own port if that is one of them, then others without a pattern. */
struct order {
    uint32_t lo, n, at, step;
};

static struct order order_of(const struct pol_snat *pool, uint64_t hash, uint16_t own)
{
    struct order o = {.lo = pool->port_lo, .n = pool->port_hi - pool->port_lo + 1u};

    o.at = own >= pool->port_lo && own <= pool->port_hi ? own - o.lo : (uint32_t)hash % o.n;
    o.step = (uint32_t)(hash >> 32) % o.n;
    while (gcd(o.step, o.n) != 1)
        o.step = (o.step + 1) % o.n;
    return o;
}

/* A port that the NIC would take for a tunnel's has other answers than we look for. */
static bool usable(const struct dp_worker *w, const struct pol_walk *walk, uint16_t port)
{
    if (walk->proto == HSR_PROTO_UDP && (port == HSR_PORT_VXLAN || port == HSR_PORT_GENEVE))
        return false;
    return !pol_is_forwarded(w->policy, &walk->seen.src, walk->proto, port);
}

static bool is_free(const struct dp_worker *w, const struct dp_binding *b)
{
    unsigned dir;

    return ses_find(w->sessions, b->hash, &b->key, b->swap, &dir) == NULL;
}

/* A port of the address in `seen.src`. */
static bool try_address(struct dp_worker *w, struct pol_walk *walk, uint64_t hash,
                        struct dp_binding *b)
{
    struct order o = order_of(walk->snat, hash, walk->sport);
    uint32_t all = !has_port(walk->proto) ? 1 : o.n < TRIES_ALL ? o.n : TRIES_ALL, tries = 0;

    for (uint32_t i = 0; i < all && tries < TRIES; i++, o.at = (o.at + o.step) % o.n) {
        if (has_port(walk->proto)) {
            walk->seen.sport = (uint16_t)(o.lo + o.at);
            if (!usable(w, walk, walk->seen.sport))
                continue;
        }
        answer_key(w, walk, b);
        if (dp_home(w, b->hash) != b->home)
            continue;
        tries++;
        w->nat[walk->snat->id].tries++;
        if (is_free(w, b))
            return true;
    }
    return false;
}

/* Does a search look at each port of each address it tries? */
static bool looks_at_all(const struct pol_walk *walk)
{
    return !has_port(walk->proto) || walk->snat->port_hi - walk->snat->port_lo < (int)TRIES;
}

/*
 * An address of the pool, beginning with the sender's own. To a guest its security groups have allowed that one, so no
 * other is tried there.
 */
static bool search(struct dp_worker *w, struct pol_walk *walk, uint64_t hash, struct dp_binding *b)
{
    const struct pol_snat *pool = walk->snat;
    struct cfg_addr own = walk->seen.src;

    b->home = dp_nat_home(w, walk, hash);
    if (try_address(w, walk, hash, b))
        return true;
    for (uint32_t i = 0; i < pool->addrs && walk->to == NULL; i++) {
        if (pool->addr[i].family != own.family || cfg_addr_equal(&pool->addr[i], &own))
            continue;
        walk->seen.src = pool->addr[i];
        if (try_address(w, walk, hash, b))
            return true;
    }
    return false;
}

static enum hsr_drop choose(struct dp_worker *w, struct pol_walk *walk, uint64_t hash,
                            struct dp_binding *b)
{
    const struct cfg_addr own = walk->seen.src;
    bool found = false;

    if (!dp_nat_in_vain(w, walk)) {
        struct pol_walk before;

        found = search(w, walk, hash, b);
        before = *walk;
        before.seen.src = own;
        dp_nat_searched(w, &before, found, looks_at_all(walk));
    }
    if (found)
        return HSR_DROP_NONE;
    w->nat[walk->snat->id].failures++;
    return HSR_DROP_NAT_PORTS;
}

enum hsr_drop dp_nat_bind(struct dp_worker *w, struct pol_walk *walk, uint64_t hash,
                          struct dp_binding *b)
{
    enum hsr_drop drop = HSR_DROP_NONE;
    struct session *other;
    unsigned dir;

    if (walk->snat != NULL)
        return choose(w, walk, hash, b);
    answer_key(w, walk, b);
    other = ses_find(w->sessions, b->hash, &b->key, b->swap, &dir);
    if (other == NULL)
        return HSR_DROP_NONE;
    /* Of a time when the public address was another's: it goes now. */
    if (other->policy != w->policy_stamp)
        drop = dp_revalidate(w, other);
    return drop == HSR_DROP_NONE || dp_for_now(drop) ? HSR_DROP_NAT_PORTS : HSR_DROP_NONE;
}

/*
 * A session is at home where its answers come to. Those look like packets of something else to who does not know it, so
 * they must find it by themselves; the initiator's are led there by the policy that led the first of them. To a session of a
 * pool both come: its port is chosen so, if it has one.
 */
uint32_t dp_nat_home(const struct dp_worker *w, const struct pol_walk *walk, uint64_t hash)
{
    struct dp_binding b;

    if (!walk->translated || (walk->snat != NULL && has_port(walk->proto)))
        return dp_home(w, hash);
    answer_key(w, walk, &b);
    return dp_home(w, b.hash);
}

bool dp_nat_same(const struct dp_worker *w, const struct session *s, const struct pol_walk *walk)
{
    struct dp_binding b;
    struct hsr_key key;

    if (!walk->translated || !(s->flags & SES_F_KEY2))
        return !walk->translated && !(s->flags & SES_F_KEY2);
    answer_key(w, walk, &b);
    ses_key(w->sessions, s, true, &key);
    return memcmp(key.w, b.key.w, (key.ipv6 ? HSR_KEY6_WORDS : HSR_KEY4_WORDS) * sizeof key.w[0]) ==
               0 &&
           b.swap == !!(s->flags & SES_F_SWAPPED2);
}

static unsigned changed(const struct cfg_addr *a, const struct cfg_addr *b, uint16_t port,
                        uint16_t other, unsigned addr_bit, unsigned port_bit)
{
    return (cfg_addr_equal(a, b) ? 0 : addr_bit) | (port == other ? 0 : port_bit);
}

/* One direction's action: `is` stands in its packets, `to` shall. */
static void write_action(const struct pol_ends *is, const struct pol_ends *to,
                         struct dp_translation *t)
{
    unsigned what = changed(&is->src, &to->src, is->sport, to->sport, ACT_NAT_SRC, ACT_NAT_SPORT) |
                    changed(&is->dst, &to->dst, is->dport, to->dport, ACT_NAT_DST, ACT_NAT_DPORT);

    memset(t, 0, sizeof *t);
    t->param.sport = to->sport;
    t->param.dport = to->dport;
    if (to->src.family == 6) {
        what |= ACT_NAT_IPV6;
        memcpy(t->six.bytes, to->src.bytes, 16);
        memcpy(t->six.bytes + 16, to->dst.bytes, 16);
    } else {
        memcpy(t->param.src, to->src.bytes, 4);
        memcpy(t->param.dst, to->dst.bytes, 4);
        nat_plain_grow(&t->param, hsr_load32(is->src.bytes), hsr_load32(is->dst.bytes),
                       (uint32_t)is->sport << 16 | is->dport);
    }
    t->what = (uint8_t)what;
}

static struct pol_ends turned(const struct pol_ends *e)
{
    return (struct pol_ends){.src = e->dst, .dst = e->src, .sport = e->dport, .dport = e->sport};
}

void dp_nat_translation(const struct pol_walk *walk, bool back, struct dp_translation *t)
{
    struct pol_ends before = {
        .src = walk->src, .dst = walk->dst, .sport = walk->sport, .dport = walk->dport};
    struct pol_ends from = back ? turned(&walk->seen) : before;
    struct pol_ends to = back ? turned(&before) : walk->seen;

    write_action(&from, &to, t);
}

void dp_nat_bound(const struct hsr_key *key, bool swap, struct pol_ends *bound)
{
    uint64_t tail = hsr_key_tail(key);

    dp_addresses(key, swap, &bound->dst, &bound->src);
    bound->dport = hsr_key_port(tail, swap);
    bound->sport = hsr_key_port(tail, !swap);
}

/* Pool of a session, in the initiator's direction: its number and one, 0 without. */
static uint16_t pool_of(const struct session *s)
{
    return hsr_load16(s->dir[ses_initiator(s)].param + DP_PARAM_POOL);
}

static void count(struct dp_worker *w, uint16_t pool, uint64_t by)
{
    if (pool == 0 || pool > POL_SNAT_IDS)
        return;
    w->nat[pool - 1].bindings += by;
    if (by != 1)
        dp_nat_freed(w, (uint16_t)(pool - 1));
}

void dp_nat_count(struct dp_worker *w, struct session *s, const struct pol_snat *pool)
{
    uint16_t before = pool_of(s), now = (uint16_t)(pool != NULL ? pool->id + 1 : 0);
    bool sealed = s->seal != 0;

    if (now == before)
        return;
    ses_unseal(s);
    hsr_store16(s->dir[ses_initiator(s)].param + DP_PARAM_POOL, now);
    count(w, before, UINT64_MAX);
    count(w, now, 1);
    if (sealed)
        ses_seal(w->sessions, s);
}

void dp_nat_gone(struct dp_worker *w, const struct session *s)
{
    count(w, pool_of(s), UINT64_MAX);
}

void dp_nat_adopted(struct dp_worker *w, const struct session *s)
{
    count(w, pool_of(s), 1);
}
