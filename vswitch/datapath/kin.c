/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions that the policy says the same of: between the same two ends, to the same port. What was found for one holds for the next, so
 * that most first packets of a client, and most sessions that are looked at again, need no walk and nothing compiled.
 *
 * Remembered is a session, by all that its walk and its programs depend on but the initiator's port, until the policy changes. That decides in three
 * places, and there is none of this then: a translated session, a server's answer to a DHCP client, the choice among several ways out of
 * the uplinks. The session vouches for what it has as long as it lives and is right under the present policy; what it holds is
 * referred to anew for each of its kin, so nothing is kept for those that are gone.
 */
#include <stdlib.h>

#include "hsring/wire.h"
#include "kin.h"

#define KINS 1024u /* a power of two: 64 KiB */

enum kind { OF_PACKET = 1, OF_SESSION };

struct dp_kins {
    struct kin_entry {
        struct dp_kin kin;
        uint32_t stamp; /* of the policy under which it was said */
        uint32_t index; /* of the session */
        uint16_t generation;
        uint64_t created; /* a generation comes round again, NIC time does not */
    } entry[KINS];
};

struct dp_kins *dp_kins_open(void)
{
    return calloc(1, sizeof(struct dp_kins));
}

void dp_kins_close(struct dp_kins *kins)
{
    free(kins);
}

static bool has_ports(uint8_t proto)
{
    return proto == HSR_PROTO_TCP || proto == HSR_PROTO_UDP || proto == HSR_PROTO_SCTP;
}

/* The tail of a key without the initiator's port; 0: that one counts. */
static uint64_t tail_without(uint64_t tail, bool swap)
{
    uint64_t others = swap ? ~(UINT64_C(0xFFFF) << 32) : ~(UINT64_C(0xFFFF) << 48);
    bool dhcp = hsr_key_proto(tail) == HSR_PROTO_UDP && hsr_key_port(tail, !swap) == 68;

    return has_ports(hsr_key_proto(tail)) && !dhcp ? tail & others : 0;
}

/* Where nothing waits and all go one way, it is the same way for all. */
static bool one_way(const struct dp_worker *w)
{
    uint32_t parked, high;

    dp_park_level(w, &parked, &high);
    return w->fast_path && w->uplinks.single && parked == 0;
}

bool dp_kin_of_packet(const struct dp_worker *w, const struct act_packet *p,
                      const struct hsr_key *key, struct dp_kin *kin)
{
    const uint8_t *eth = act_frame(p) + p->l2;
    const unsigned told = HSR_RXF_SWAP | HSR_RXF_UPLINK | HSR_RXF_DECAP;

    if (key->ipv6 || !one_way(w) || (p->meta.flags1 & HSR_RX1F_OUTER_IPV6) ||
        p->meta.class == HSR_CLASS_FRAG)
        return false;
    *kin = (struct dp_kin){
        .word = {key->w[0], tail_without(key->w[1], dp_swap(p)),
                 hsr_load48(eth) << 16 | p->meta.ingress,
                 hsr_load48(eth + 6) << 16 | (p->meta.flags & told) << 8 | OF_PACKET,
                 dp_from_tunnel(p) ? p->meta.outer_src4 : 0},
    };
    return kin->word[1] != 0;
}

bool dp_kin_of_session(const struct dp_worker *w, const struct session *s,
                       const struct hsr_key *key, struct dp_kin *kin)
{
    /* What it has may be under numbers that meant something else, if another worker or process gave it (ses_put_in(), ses_adopt()). */
    if (!one_way(w) || (s->flags & (SES_F_IPV6 | SES_F_KEY2)) || s->compiled == 0)
        return false;
    *kin = (struct dp_kin){
        .word = {key->w[0], tail_without(key->w[1], ses_initiator(s)),
                 (uint64_t)s->dir[0].program << 32 | s->dir[1].program,
                 (uint64_t)s->origin << 32 | (uint64_t)s->target << 16 |
                     (uint64_t)(s->flags & (SES_F_SWAPPED | SES_F_CHARGED)) << 8 | OF_SESSION},
    };
    return kin->word[1] != 0;
}

static struct kin_entry *entry_of(const struct dp_worker *w, const struct dp_kin *kin)
{
    uint64_t h = 0;

    for (unsigned i = 0; i < DP_KIN_WORDS; i++)
        h = (h ^ kin->word[i]) * UINT64_C(0x9E3779B97F4A7C15), h ^= h >> 32;
    return &w->kins->entry[h & (KINS - 1)];
}

/*
 * Is it the session that was noted, and right? Its own ends, port of the other side, context and origin are compared as well: whatever
 * else may have come into its place, it is nobody's of another tenant.
 */
static bool vouches(const struct dp_worker *w, const struct kin_entry *e, const struct session *s)
{
    const struct ses_dir *d = &s->dir[ses_initiator(s)];
    uint64_t origin =
        (uint8_t)e->kin.word[3] == OF_PACKET ? (uint16_t)e->kin.word[2] : e->kin.word[3] >> 32;

    return s->generation == e->generation && s->created == e->created &&
           s->policy == w->policy_stamp && !(s->flags & (SES_F_IPV6 | SES_F_KEY2)) &&
           s->origin == origin && d->key_addrs == e->kin.word[0] &&
           tail_without(d->key_ports, ses_initiator(s)) == e->kin.word[1];
}

struct session *dp_kin_find(const struct dp_worker *w, const struct dp_kin *kin)
{
    const struct kin_entry *e = entry_of(w, kin);
    struct session *s;

    if (e->stamp != w->policy_stamp)
        return NULL;
    for (unsigned i = 0; i < DP_KIN_WORDS; i++)
        if (e->kin.word[i] != kin->word[i])
            return NULL;
    s = ses_at(w->sessions, e->index);
    return s != NULL && vouches(w, e, s) ? s : NULL;
}

void dp_kin_note(struct dp_worker *w, const struct dp_kin *kin, const struct session *s)
{
    struct kin_entry *e = entry_of(w, kin);

    if ((s->flags & SES_F_KEY2) || s->policy != w->policy_stamp)
        return;
    *e = (struct kin_entry){
        .kin = *kin,
        .stamp = w->policy_stamp,
        .index = hsr_flow_index(ses_flow_id(w->sessions, s, false)),
        .generation = s->generation,
        .created = s->created,
    };
}

void dp_kin_hold(struct dp_worker *w, const struct session *like, struct dp_found *found)
{
    for (unsigned dir = 0; dir < 2; dir++) {
        found->program[dir] = like->dir[dir].program;
        found->mtu[dir] = like->mtu[dir];
        act_program_share(&w->actions, found->program[dir]);
    }
    found->target = like->target;
    found->charged = (like->flags & SES_F_CHARGED) != 0;
}

void dp_kin_let_go(struct dp_worker *w, const struct dp_found *found)
{
    for (unsigned dir = 0; dir < 2; dir++)
        act_program_put(&w->actions, found->program[dir]);
}
