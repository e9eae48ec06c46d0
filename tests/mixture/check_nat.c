/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets by public addresses. Where one may arrive follows from who had the end that its sender addressed when it left: the
 * guest with that EIP, the one behind that forwarded port, or the guest that was itself seen under that end by whom the
 * packet comes from. What it shows of its sender is an end that the sender may be seen under.
 */
#include <string.h>

#include "check.h"

static bool is_icmp(const struct seen *f)
{
    return f->proto == 1 || f->proto == 58;
}

/* Source and destination port; of ICMP the identifier, for both. */
static uint16_t port_at(const struct seen *f, bool source)
{
    if (is_icmp(f))
        return fr_get16(f->l4 + 4);
    return fr_get16(f->l4 + (source ? 0 : 2));
}

static bool has_address(const uint8_t *ip, bool six, bool source, const char *text)
{
    static struct fr built;
    const struct fr_flow flow = {.src = text, .dst = text};
    uint32_t at = six ? 8 : 12, size = six ? 16 : 4;

    fr_ip(&built, &flow, 0, "", 0);
    return memcmp(built.b + FR_L3 + at, ip + at + (source ? 0 : size), size) == 0;
}

/* Number of a public address in an IP header, MIX_UNBOUND: it is none. */
static unsigned public_at(const uint8_t *ip, bool six, bool source)
{
    for (unsigned i = 0; i < MIX_PUBLICS; i++)
        if (has_address(ip, six, source, mix_public_ip(six, i)))
            return i;
    return MIX_UNBOUND;
}

static const struct mix_nat *state_of(const struct check *c)
{
    return &c->world->nat[c->state];
}

/* A guest, or nobody: a host outside. */
struct party {
    bool guest;
    unsigned tenant, number;
};

static struct party party(const struct mix_stream *s, bool first)
{
    if (first)
        return (struct party){s->path != MIX_IN, s->tenant, s->from};
    return (struct party){s->path != MIX_OUT, s->to_tenant, s->to};
}

/* An end that the sender may be seen under; the one it is seen under. */
static struct mix_end check_source(struct check *c, const struct seen *f,
                                   const struct mix_stream *s, unsigned dir)
{
    struct party from = party(s, dir == 0);
    struct mix_end end = {.pub = s->host, .port = port_at(f, true)};
    uint16_t own = dir == 0 ? s->sport : s->path == MIX_OUT ? s->dport : s->inside;

    if (!from.guest) {
        if (!has_address(f->ip, f->six, true, mix_host_ip(f->six, s->host)) ||
            (!is_icmp(f) && end.port != own))
            mix_finding(c, "stream %u/%u: not from the host outside that sent it", s->id, dir);
        return end;
    }
    end.pub = (uint8_t)public_at(f->ip, f->six, true);
    if (end.pub == MIX_UNBOUND) {
        mix_finding(c, "stream %u/%u: from no public address", s->id, dir);
        return end;
    }
    /* An answer has the identifier of the question, which is the receiver's own again. */
    if (is_icmp(f) && dir == 1) {
        if (mix_eip_of(state_of(c), f->six, from.tenant, from.number) != end.pub)
            mix_finding(c, "stream %u/%u: an answer from another address", s->id, dir);
        return end;
    }
    bool eip = mix_eip_of(state_of(c), f->six, from.tenant, from.number) == end.pub &&
               mix_forward_of(state_of(c), f->six, end.pub, f->proto, end.port) == NULL;

    if (!mix_is_seen_as(state_of(c), f->six, from.tenant, from.number, end.pub, f->proto,
                        end.port)) {
        mix_finding(c, "stream %u/%u: guest %u of tenant %u under %s port %u, which is not its own",
                    s->id, dir, from.number, from.tenant, mix_public_ip(f->six, end.pub), end.port);
    } else if (eip && end.port != own) {
        mix_finding(c, "stream %u/%u: port %u became %u by an EIP", s->id, dir, own, end.port);
    }
    return end;
}

static void check_outside_end(struct check *c, const struct seen *f, const struct mix_stream *s,
                              unsigned dir)
{
    uint16_t port = dir == 0 ? s->dport : s->sport;

    if (f->tenant != MIX_PUBLIC)
        mix_finding(c, "stream %u/%u: to a host outside, at a guest or in a tunnel", s->id, dir);
    else if (!has_address(f->ip, f->six, false, mix_host_ip(f->six, s->host)))
        mix_finding(c, "stream %u/%u: to another host outside", s->id, dir);
    else if (port_at(f, false) != port && !is_icmp(f))
        mix_finding(c, "stream %u/%u: to port %u, not %u", s->id, dir, port_at(f, false), port);
}

/* May the guest of this port have it, and at which port of its own? -1: no. */
static int inner_port(struct check *c, const struct seen *f, const struct mix_stream *s,
                      unsigned dir, struct mix_end to, struct mix_end from)
{
    unsigned tenant = c->port / MIX_GUESTS, guest = c->port % MIX_GUESTS;
    const struct mix_nat *n = state_of(c);
    const struct mix_owner *o = &n->owner[f->six][to.pub];
    const struct mix_forward *forward = mix_forward_of(n, f->six, to.pub, f->proto, to.port);
    bool asked = dir == 1 && s->tenant == tenant && s->from == guest;

    if (!asked && c->world->guest[tenant][guest].guarded)
        return -1;
    if (o->role == MIX_EIP)
        return o->tenant == tenant && o->guest == guest ? to.port : -1;
    if (forward != NULL)
        return forward->tenant == tenant && forward->guest == guest ? MIX_INSIDE_PORT : -1;
    if (is_icmp(f))
        from.port = 0;
    uint64_t key = mix_ends_key(f, to, party(s, dir == 0).guest, from);
    uint32_t holder = mix_ends_find(&c->ends, c->stream, key, c->now, tenant, guest);

    /* Packets that are too large for the other one open a session, and nobody sees them. */
    if (holder == UINT32_MAX && asked && !mix_ends_any(&c->ends, key, c->now))
        holder = s->id;
    if (holder == UINT32_MAX ||
        !mix_is_seen_as(n, f->six, tenant, guest, to.pub, f->proto, to.port))
        return -1;
    return c->stream[holder].sport;
}

static void check_public_end(struct check *c, const struct seen *f, const struct mix_stream *s,
                             unsigned dir, struct mix_end from)
{
    struct mix_end to = dir == 0 ? (struct mix_end){s->pub, s->dport} : s->bound;
    int port;

    if (is_icmp(f) && dir == 0)
        to.port = port_at(f, false); /* EIPs alone, which keep it */
    if (f->tenant == MIX_PUBLIC) {
        if (state_of(c)->owner[f->six][to.pub].role != MIX_UNUSED)
            mix_finding(c, "stream %u/%u: for a public address of ours, but leaves", s->id, dir);
        return;
    }
    port = inner_port(c, f, s, dir, to, from);
    if (port < 0) {
        mix_finding(c, "stream %u/%u: to %s port %u, which is not this guest's", s->id, dir,
                    mix_public_ip(f->six, to.pub), to.port);
    } else if (port != port_at(f, false)) {
        mix_finding(c, "stream %u/%u: to port %u, not %d", s->id, dir, port_at(f, false), port);
    }
}

/* A guest that begins is seen under an end; answers have been sent to the one of an earlier run. */
static void collect(struct check *c, const struct seen *f, const struct mix_stream *s)
{
    struct mix_end from = {(uint8_t)public_at(f->ip, f->six, true), port_at(f, true)};
    struct mix_end far = {s->path == MIX_OUT ? s->host : s->pub, is_icmp(f) ? 0 : s->dport};

    if (s->path == MIX_IN || from.pub == MIX_UNBOUND)
        return;
    mix_ends_add(&c->ends, mix_ends_key(f, from, s->path == MIX_HAIRPIN, far), c->now, s->id);
    if (c->found != NULL && c->found[s->id].pub == MIX_UNBOUND)
        c->found[s->id] = from;
    c->moved[s->id] |= from.pub != s->bound.pub || from.port != s->bound.port;
}

/* Nobody's answer: the guest whose EIP it is, or the one behind a forward. */
static void check_unasked(struct check *c, const struct seen *f, uint64_t stamp)
{
    unsigned pub = stamp >> 16 & 0xFFFF, port = stamp & 0xFFFF;
    unsigned tenant = c->port / MIX_GUESTS, guest = c->port % MIX_GUESTS;
    const struct mix_forward *forward =
        mix_forward_of(state_of(c), f->six, pub, f->proto, (uint16_t)port);

    if (f->tenant == MIX_PUBLIC || c->port == MIX_UPLINK ||
        c->world->guest[tenant][guest].guarded ||
        (forward != NULL ? forward->tenant != tenant || forward->guest != guest
                         : mix_eip_of(state_of(c), f->six, tenant, guest) != pub))
        mix_finding(c, "to %s port %u, unasked, which is not this guest's",
                    mix_public_ip(f->six, pub), port);
}

void mix_check_public(struct check *c, const struct seen *f, uint64_t stamp)
{
    uint32_t id = stamp >> 33 & MIX_NO_STREAM;
    unsigned dir = stamp >> 32 & 1;

    if (id == MIX_NO_STREAM && !c->collecting)
        check_unasked(c, f, stamp);
    if (id >= c->streams || f->fragment)
        return;
    const struct mix_stream *s = &c->stream[id];

    if (c->collecting) {
        if (dir == 0)
            collect(c, f, s);
        return;
    }
    c->seen[s->path][dir]++;
    struct mix_end from = check_source(c, f, s, dir);

    if (from.pub == MIX_UNBOUND)
        return;
    if (!party(s, dir == 1).guest)
        check_outside_end(c, f, s, dir);
    else
        check_public_end(c, f, s, dir, from);
}

void mix_check_outside(struct check *c, const struct seen *f, unsigned tenant)
{
    unsigned pub = public_at(f->ip, f->six, true);

    if (c->collecting)
        return;
    if (pub == MIX_UNBOUND) {
        /* The uplink's own: errors, and what it is asked for. */
        if (!is_icmp(f) || !has_address(f->ip, f->six, true, f->six ? "fd00:99::1" : "192.0.2.1"))
            mix_finding(c, "leaves untunnelled under no address of ours");
        return;
    }
    const struct mix_owner *o = &state_of(c)->owner[f->six][pub];

    if (o->role == MIX_UNUSED || tenant == MIX_NOBODY ||
        (tenant != MIX_PUBLIC && !mix_in_pool(o, tenant) &&
         (o->role != MIX_EIP || o->tenant != tenant)))
        mix_finding(c, "leaves under %s, which is not its own", mix_public_ip(f->six, pub));
}

/* The quoted packet, as if it had just come. */
static bool read_quoted(const struct seen *f, struct seen *q)
{
    static uint8_t frame[FR_ROOM];
    uint32_t len = FR_L3 + f->l4_len - 8;

    if (f->l4_len < 8 + 28 || len > sizeof frame)
        return false;
    fr_put16(frame + 12, f->six ? 0x86DD : 0x0800);
    memcpy(frame + FR_L3, f->l4 + 8, f->l4_len - 8);
    return mix_read_ip(frame, len, q) && q->proto == 17 && q->l4_len >= 16 &&
           q->l4 + q->l4_len <= frame + len && !q->fragment && fr_sums_right(frame, len);
}

/* As the sender addressed it; behind a forward that is gone, as the receiver is seen since. */
static bool quotes_receiver(const struct check *c, const struct seen *q, const struct mix_stream *s,
                            const struct fr_flow *is)
{
    unsigned pub = public_at(q->ip, q->six, false);
    uint16_t port = port_at(q, false);

    if (has_address(q->ip, q->six, false, is->dst) && port == is->dport)
        return true;
    return s->path != MIX_OUT && s->grade != MIX_CLEAN && pub != MIX_UNBOUND &&
           mix_is_seen_as(state_of(c), q->six, s->to_tenant, s->to, pub, q->proto, port);
}

/* Is the frame for an address that nobody has in this configuration, and somebody had in another? */
static bool was_ours(const struct check *c, const struct seen *f)
{
    unsigned pub = public_at(f->ip, f->six, false);

    return pub != MIX_UNBOUND && state_of(c)->owner[f->six][pub].role == MIX_UNUSED;
}

/* May the stream be seen under the public address it had, in this configuration? */
static bool is_still_its(const struct check *c, const struct mix_stream *s)
{
    if (s->bound.pub == MIX_UNBOUND)
        return false;
    const struct mix_owner *o = &state_of(c)->owner[s->six][s->bound.pub];

    return mix_in_pool(o, s->tenant) || (o->role == MIX_EIP && o->tenant == s->tenant);
}

void mix_check_error(struct check *c, const struct seen *f)
{
    struct seen q = {.tenant = f->tenant};
    uint64_t stamp;

    if (c->collecting || !read_quoted(f, &q))
        return;
    stamp = mix_stamp_at(q.l4 + 8);
    uint32_t id = stamp >> 33 & MIX_NO_STREAM;

    if (stamp >> 56 != MIX_PUBLIC || id >= c->streams || (stamp >> 32 & 1) != 0)
        return;
    const struct mix_stream *s = &c->stream[id];
    const struct fr_flow is = mix_public_flow(c->world, s, 0);
    bool here =
        s->path == MIX_IN ? f->tenant == MIX_PUBLIC : c->port == mix_port(s->tenant, s->from);

    c->errors++;
    if (s->path != MIX_IN && c->port == MIX_UPLINK && was_ours(c, f)) {
        /* A guest's word about what it got: the sender's address is one of the internet by now. */
    } else if (s->path != MIX_IN && (c->moved[id] || !is_still_its(c, s)) &&
               c->port != MIX_UPLINK) {
        const struct mix_guest *guest = &c->world->guest[f->tenant][c->port % MIX_GUESTS];

        /* Who has that end now may be another stream, or guest. */
        if (!has_address(q.ip, f->six, true, f->six ? guest->ip6 : guest->ip4))
            mix_finding(c, "an error that quotes a packet of somebody else");
    } else if (!here) {
        mix_finding(c, "an error about stream %u, which is not this one's", id);
    } else if (!has_address(q.ip, f->six, true, is.src) || port_at(&q, true) != is.sport ||
               !quotes_receiver(c, &q, s, &is)) {
        mix_finding(c, "an error about stream %u that quotes other ends", id);
    }
}
