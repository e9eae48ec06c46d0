/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the datapath share; not for others. */
#ifndef DATAPATH_INTERNAL_H
#define DATAPATH_INTERNAL_H

#include <string.h>

#include "action/action.h"
#include "datapath/worker.h"
#include "hsring/hash.h"
#include "hsring/ring.h"
#include "session/track.h"

#define DP_BURST 64

struct dp_frags;

/* Off the way of ordinary packets: a call there costs less than what it would take from them if it were inlined. */
#define DP_APART __attribute__((noinline))

/*
 * Ring entries of a burst. A packet leaves one behind, and seldom a frame of ours, the flow index told of a secondary key
 * and of two keys of a session that had to go; dp_room() sees to it that what is ours never takes the packets' room.
 */
#define DP_OUT (4 * DP_BURST)

/* A control call on its way to the worker. */
struct dp_call {
    void (*run)(struct dp_worker *w, void *arg);
    void *arg;
    _Atomic bool done;
};

/* A flow-index operation that goes with a packet. */
struct dp_fit {
    uint8_t op;
    uint64_t hash, flow_id, named;
};

/* Packets in a row that wait for their actions: of one session and direction, or to be dropped. */
struct dp_group {
    struct act_vector v;
    struct session *session; /* NULL: no packet of it lives */
    unsigned dir;
    bool indexed; /* the first packet's flow id led here */
};

struct dp_worker {
    const struct hsr_view *view;
    struct dp_shared *shared;
    struct hsr_ring rx, tx, completion, back;
    struct hsr_hash hash;
    struct ses_table *sessions;
    struct act_store actions;
    uint32_t id;
    bool fast_path;
    int rx_doorbell;
    uint64_t now;             /* of this burst */
    const struct pol *policy; /* of this burst */
    struct dp_uplinks {
        const struct pol *policy; /* what they were looked up under */
        uint32_t link_epoch;
        uint32_t changes; /* of what is there to choose from */
        uint64_t digest;
        uint32_t n;
        bool
            single; /* there is not more than one way out: one uplink, one gateway of either family */
        const struct pol_port *port[CFG_UPLINKS]; /* those that have a link */
    } uplinks;
    struct dp_park *park;
    uint32_t
        park_holders; /* packets in it that others of their flow wait behind, wherever those would go */
    uint64_t parked_since; /* of the packet that is looked at again, 0: it is a new one */
    struct dp_hop hop;     /* that dp_resolve() was last asked for */
    uint16_t asker;        /* port at whose expense it asks */
    uint64_t neighbors_aged;
    uint32_t neighbors_at; /* entry of the table that is next to age */
    struct dp_bucket {
        uint64_t at;       /* NIC time up to which it has been filled, ns */
        uint64_t credit;   /* billionths of a packet */
    } host[CFG_UPLINKS];   /* rate of the host's traffic, by ordinal of the uplink */
    uint32_t neighbor;     /* changes of known neighbours, path MTUs and uplinks, of this burst */
    uint32_t news;         /* those, and of neighbours that were asked for */
    uint32_t generation;   /* of the snapshot */
    uint32_t policy_stamp; /* snapshot generation + neighbour and uplink changes */
    uint32_t swept;        /* generation that all sessions have been looked at under */
    struct dp_sweep_place {
        uint32_t generation, next; /* the sweep under way, and the place it goes on from */
    } sweep;
    uint64_t aged;     /* NIC time of the last ageing */
    bool ages;         /* and it has not come to its end */
    uint32_t *fw_slot; /* free slots of the quota */
    uint32_t fw_slots;
    uint32_t fw_slots_low;    /* fewest ever free */
    uint32_t completion_high; /* most entries that ever waited in the completion ring */
    uint32_t fw_first;        /* the quota's first slot */
    bool *fw_out;             /* of the quota, by place: with the NIC */
    uint32_t tx_room;         /* of the tx ring at the begin of the burst */
    uint32_t out[DP_OUT];     /* ring entries of this burst */
    uint32_t outs;
    const struct dp_show *show; /* who looks at this worker's packets, or NULL */
    struct dp_latency *latency; /* who measures how long they take, or NULL */
    uint64_t
        slow; /* of the burst, by place in packet[]: seen by no session; for captures and times */
    struct act_packet packet[DP_BURST];
    /* Of the vector at hand: here and not on the stack, whose guards would cost each packet something. */
    struct dp_group group;
    struct hsr_key key;
    struct ses_packet seen;
    struct dp_fit fit;
    struct dp_frags *frags; /* frag.h */
    uint32_t handed_to;     /* workers that were handed something, a bit each, and not woken yet */
    uint32_t handed_turn;   /* whose packets are looked at first */
    uint32_t handed_high;   /* most that ever waited in one of its queues */
    struct dp_kept *kept;
    uint32_t leaves;    /* home that this worker has until its sessions go; DP_NO_HOME: none */
    uint32_t holds;     /* home whose sessions are on their way here, DP_NO_HOME: none */
    bool kept_due;      /* what is kept may go on */
    uint32_t kept_high; /* most that ever was */
    struct dp_ledger *ledger;
    uint64_t *told;     /* by port: NIC time up to which its allowance of ICMP errors is used */
    struct dp_nat *nat; /* POL_SNAT_IDS of them */
    struct dp_vain *vain;
    struct dp_kins *kins;
    struct dp_counters counters;
    _Atomic bool threaded;
    struct dp_call *_Atomic pending;
};

/*
 * load.c: ring entries into checked packets, behind `n` packets of the burst there are already; how many there are then. First
 * the metadata, then what each packet will need, so that the misses overlap.
 */
uint32_t dp_load_burst(struct dp_worker *w, uint32_t n);
/* Usual packets stay unfinished (act_packet.usual) until somebody but usual.c wants them: dp_settle(). */
DP_APART void dp_begin(struct act_packet *p);
static inline void dp_settle(struct act_packet *p)
{
    if (p->usual)
        dp_begin(p);
}
/* One that was loaded before and has been charged to this port, whatever its slot says by now. */
bool dp_load_again(struct dp_worker *w, uint32_t entry, uint16_t ingress, struct act_packet *p);
void dp_key(const struct act_packet *p, struct hsr_key *key);
/* The host that sent a packet through a tunnel: over IPv6 the frame alone says so. Family 0: it came through none. */
DP_APART struct cfg_addr dp_tunnel_source(const struct act_packet *p);
/* dp_from_vtep() of those over IPv6. */
DP_APART bool dp_from_vtep6(const struct dp_worker *w, const struct act_packet *p);

/* post.c: a packet leaves the firmware; each one exactly once. */
void dp_send(struct dp_worker *w, struct act_packet *p);
/* The reason is in the packet as well, for those who ask afterwards. */
DP_APART void dp_drop(struct dp_worker *w, struct act_packet *p, enum hsr_drop reason);
void dp_consume(struct dp_worker *w, struct act_packet *p);
/* Once more from the NIC, and whole: as it came, whatever has been done to it since. Of sliced packets only. */
void dp_again(struct dp_worker *w, struct act_packet *p, enum hsr_return why);
void dp_flush(struct dp_worker *w);
/* Ask for a flow-index operation along with this packet. Call before dp_send(). */
void dp_send_fit(struct dp_worker *w, struct act_packet *p, const struct dp_fit *fit);
/* `n` packets in a row leave as one, with the headers of the first: gro.c has made them those of the whole. */
DP_APART void dp_send_chain(struct dp_worker *w, struct act_packet *p, uint32_t n,
                            const struct dp_fit *fit);
/* The same without a packet; false when there is no room for it. */
bool dp_post_fit(struct dp_worker *w, const struct dp_fit *fit);

/* Bytes of a TCP segment's payload, wherever its headers are by now. */
static inline uint32_t dp_tcp_payload(const struct act_packet *p)
{
    return p->meta.frame_len - p->meta.payload_off;
}

/* gro.c: packets of one session and direction leave, those in a row that make one larger one as that. */
DP_APART void dp_send_merged(struct dp_worker *w, struct act_packet *packet, struct act_packet *end,
                             const struct dp_fit *fit);
/* Is it worth a look? By the first of them, which has been acted upon. */
static inline bool dp_may_merge(const struct dp_worker *w, const struct act_packet *p)
{
    return p->meta.class == HSR_CLASS_TCP && pol_port(w->policy, p->egress)->merge;
}

/*
 * fit.c: the flow index and the keys of sessions. For a packet of direction `dir` whose flow id did not lead to its
 * session: the operation to go with it; false when it shall go without.
 */
DP_APART bool dp_fit_wanted(struct dp_worker *w, const struct act_packet *p, struct session *s,
                            unsigned dir, struct dp_fit *fit);
/* This direction's key has had its last packet (ses_is_over()): likewise. So the flow index has room for those that live. */
DP_APART bool dp_fit_over(struct dp_worker *w, struct session *s, unsigned dir, struct dp_fit *fit);
/* A new session has a secondary key: tell of it, before the first packet leaves. */
void dp_fit_second(struct dp_worker *w, struct session *s);
/* A session goes: what the index was told does not hold any more. */
void dp_fit_gone(struct dp_worker *w, const struct session *s);
/* Home of a session, which its flow ids say to other workers. */
uint32_t dp_session_home(const struct dp_worker *w, const struct session *s);

/* originate.c: a frame of our own. Room for `len` bytes at the returned address, NULL: none; then dp_originate(). */
uint8_t *dp_originate_begin(struct dp_worker *w, uint32_t len, uint32_t *slot);
void dp_originate(struct dp_worker *w, uint32_t slot, uint16_t port, uint32_t len);

/* A slot that was taken and will not be sent after all. */
static inline void dp_untake_slot(struct dp_worker *w, uint32_t slot)
{
    w->fw_out[slot - w->fw_first] = false;
    w->fw_slot[w->fw_slots++] = slot;
}

/* A free slot of the quota; ask dp_room() first. */
static inline uint32_t dp_take_slot(struct dp_worker *w)
{
    uint32_t slot = w->fw_slot[--w->fw_slots];

    if (w->fw_slots < w->fw_slots_low)
        w->fw_slots_low = w->fw_slots;
    w->fw_out[slot - w->fw_first] = true;
    return slot;
}

/* Is there room for something of our own beside what the burst's packets still need? */
static inline bool dp_room(const struct dp_worker *w)
{
    return w->fw_slots > 0 && w->outs < DP_OUT - DP_BURST && w->outs < w->tx_room;
}

/* host.c: the host's own packets on an uplink, if it is one and has such a port; then they have been dealt with. */
bool dp_from_host(struct dp_worker *w, struct act_packet *p);
DP_APART bool dp_to_host(struct dp_worker *w, struct act_packet *p);

/* usual.c: packets leave one by one as long as they are usual; the first one that does not. */
struct act_packet *dp_usual(struct dp_worker *w, struct act_packet *packet,
                            const struct act_packet *end);

/* match.c: packets of a burst up to `end`, vector by vector. */
void dp_vectors(struct dp_worker *w, struct act_packet *packet, struct act_packet *end);

/* Of a class that sessions are made for, as it is. */
bool dp_is_flow(const struct act_packet *p);

/* A packet took the slow path. One that waited is not of the burst, and was shown when it came. */
static inline void dp_note_slow(struct dp_worker *w, const struct act_packet *p)
{
    size_t at = ((uintptr_t)p - (uintptr_t)w->packet) / sizeof *p;

    if (at < DP_BURST)
        w->slow |= UINT64_C(1) << at;
}

/* show.c: the burst's `n` packets as they came; dp_vectors() with somebody looking on; what they left to be sent. */
DP_APART void dp_show_loaded(struct dp_worker *w, uint32_t n);
DP_APART void dp_show_vectors(struct dp_worker *w, struct act_packet *packet,
                              struct act_packet *end);
DP_APART void dp_show_out(struct dp_worker *w, uint32_t n);

/* May a packet of this direction use the session as it is? Else it needs a new look (the session may be gone). */
bool dp_usable(struct dp_worker *w, struct session *s, unsigned dir, const struct act_packet *p);
/* A MAC address that is not the guest's, a host that is no VTEP of ours: why the packet must go, or HSR_DROP_NONE. */
enum hsr_drop dp_wrong_sender(const struct dp_worker *w, const struct act_packet *p);
/* It uses it: counted, and HSR_DROP_NONE when it fits the path. */
enum hsr_drop dp_pass(struct session *s, unsigned dir, struct act_packet *p);

/*
 * frag.c: fragments. The first one of a datagram becomes the packet that its L4 header says it is, of one of the classes of
 * flows: then the datagram is returned, and dp_fragment_judged() told when the packet has been treated as such. All others
 * are dealt with for good.
 */
struct frag_datagram;
struct frag_datagram *dp_fragment(struct dp_worker *w, struct act_packet *p);
DP_APART void dp_fragment_judged(struct dp_worker *w, struct frag_datagram *d,
                                 const struct act_packet *p);
/* What was held and may leave, as far as there is room: before the packets of a burst. */
DP_APART void dp_frag_release(struct dp_worker *w);
/* Is there any? */
bool dp_frag_waits(const struct dp_worker *w);
/* Datagrams whose time is up. */
void dp_frag_expire(struct dp_worker *w);

/*
 * keep.c: packets that wait in their slots until the sessions of their home have come from another worker (moving.h); and packets
 * handed over to a home that is here by now, which come again in the next turn.
 */
struct dp_kept *dp_kept_open(const struct hsr_view *view);
void dp_kept_close(struct dp_kept *kept);
static inline bool dp_holds(const struct dp_worker *w, uint32_t home)
{
    return w->holds == home;
}
/* Has the session come from another worker, and packets of it that came before are still kept? */
bool dp_arrives(const struct dp_worker *w, const struct session *s);
DP_APART void dp_keep_for(struct dp_worker *w, struct act_packet *p, uint32_t home);
/* Those of the burst's packets that have to wait are kept; how many are left. */
DP_APART uint32_t dp_keep(struct dp_worker *w, uint32_t n);
/* What was kept and may go on, instead of a burst; up to DP_BURST of it. */
DP_APART uint32_t dp_unkeep(struct dp_worker *w);
uint32_t dp_kept_count(const struct dp_worker *w);
uint32_t dp_kept_room(const struct dp_worker *w);

/* holding.c: slots in which packets wait, for all workers. An entry whose slot is held came twice. */
struct dp_holding {
    _Atomic uint32_t n;
    uint32_t slots;
    _Atomic uint64_t held[]; /* a bit each */
};
struct dp_holding *dp_holding_open(const struct hsr_view *view); /* NULL: out of memory */
void dp_holding_close(struct dp_holding *h);
/* From here on a packet waits in it; false: one does already. And not any more: it is dealt with now. */
bool dp_slot_hold(struct dp_worker *w, uint32_t entry);
void dp_slot_let_go(struct dp_worker *w, uint32_t entry);
bool dp_slot_held(const struct dp_worker *w, uint32_t entry);
static inline bool dp_slots_held(const struct dp_worker *w)
{
    return __builtin_expect(atomic_load_explicit(&w->shared->holding->n, memory_order_relaxed) != 0,
                            false);
}
/* Those of new entries whose slots are not held; the others are counted. How many. */
DP_APART uint32_t dp_not_held(struct dp_worker *w, uint32_t *entry, uint32_t n);
/* Does the slot still say what was loaded from it? Not if it was given back, or the NIC has put another packet there. */
bool dp_as_it_came(const struct act_packet *p);
/* A packet, counted as one, whose entry came twice after all: it ends here, and its slot stays with the other one. */
void dp_came_twice(struct dp_worker *w, struct act_packet *p);

/*
 * handover.c: packets that are another worker's. Those that are true, and dp_hand_over(), have dealt with the packet: it is
 * there now, or dropped because that one takes no more.
 */
void dp_handover_attach(struct dp_worker *w);
/* Home of packets of this hash: the part of the RETA that says to which worker they come. And of one that is here. */
uint32_t dp_home(const struct dp_worker *w, uint64_t hash);
uint32_t dp_under(const struct dp_worker *w, const struct act_packet *p);
void dp_hand_over(struct dp_worker *w, struct act_packet *p, uint32_t home);
/* If that is another worker's, or sessions are on their way here; and the packet has not been about too long. */
bool dp_hand_home(struct dp_worker *w, struct act_packet *p, uint32_t home);
/* If its flow id, which is a hint, names another one. */
bool dp_hand_hinted(struct dp_worker *w, struct act_packet *p);
/* Round to all workers, until one knows it. */
bool dp_hand_on(struct dp_worker *w, struct act_packet *p);
/* Wake those that were handed something. */
DP_APART void dp_handover_wake(struct dp_worker *w);
/* What others have handed to this one; up to `max` of it into `packet`. */
uint32_t dp_handed_waiting(const struct dp_worker *w);
uint32_t dp_handed_room(void);
/* Up to where each of them has handed things over; have they been dealt with? */
void dp_handed_look(const struct dp_worker *w, uint32_t from[HSR_MAX_WORKERS]);
bool dp_handed_reached(const struct dp_worker *w, const uint32_t from[HSR_MAX_WORKERS]);
DP_APART uint32_t dp_handed_load(struct dp_worker *w, struct act_packet *packet, uint32_t max);
/* False: something waits. */
bool dp_handover_sleep(struct dp_worker *w);
void dp_handover_awake(struct dp_worker *w);

/* What the protocol state machine must know of a packet; false when its header is not there after all. */
bool dp_describe(const struct act_packet *p, struct ses_packet *sp);

/*
 * nat.c: sessions with translated addresses. The key of their answers is to be had before they are made, so that nothing
 * has to be undone when no port is free.
 */
struct dp_binding {
    struct hsr_key key;
    uint64_t hash;
    uint32_t home; /* of a session with a pool: both sides' packets have it */
    bool swap;
};
/* For a new session of the walk; with a pool, address and port that were chosen are in `seen`. `hash` is the packet's. */
enum hsr_drop dp_nat_bind(struct dp_worker *w, struct pol_walk *walk, uint64_t hash,
                          struct dp_binding *b);
/* Home of the session of this walk; `hash` is that of the packet's key. */
uint32_t dp_nat_home(const struct dp_worker *w, const struct pol_walk *walk, uint64_t hash);
/* Is the session translated as the walk says? */
bool dp_nat_same(const struct dp_worker *w, const struct session *s, const struct pol_walk *walk);
/* What the initiator's packets look like behind the translation, from the key of the answers. */
void dp_nat_bound(const struct hsr_key *key, bool swap, struct pol_ends *bound);
/* One direction of it, as ACT_NAT wants it. */
struct dp_translation {
    uint8_t what; /* enum act_nat */
    struct act_nat_param param;
    union act_record six;
};
void dp_nat_translation(const struct pol_walk *walk, bool back, struct dp_translation *t);
/* A session has a port of this pool (NULL: of none); a session goes. */
void dp_nat_count(struct dp_worker *w, struct session *s, const struct pol_snat *pool);
void dp_nat_gone(struct dp_worker *w, const struct session *s);
/* A session of a former process: counted where that had it, until it is looked at again. */
void dp_nat_adopted(struct dp_worker *w, const struct session *s);
/*
 * nat_vain.c: would a search for a port be in vain, as far as is remembered? What became of one (`all`: it looked at each
 * port); a port of this pool has gone free. The walk is as it was before the search.
 */
struct dp_vain *dp_vain_open(void);
void dp_vain_close(struct dp_vain *vain);
bool dp_nat_in_vain(const struct dp_worker *w, const struct pol_walk *walk);
void dp_vain_copy(struct dp_vain *to, const struct dp_vain *from);
void dp_nat_searched(struct dp_worker *w, const struct pol_walk *walk, bool found, bool all);
void dp_nat_freed(struct dp_worker *w, uint16_t pool);
#define DP_PARAM_POOL 26 /* place in the initiator's `param` */
_Static_assert(sizeof(struct act_nat_param) <= DP_PARAM_POOL, "beside what the action has there");
_Static_assert(DP_PARAM_POOL + 2 <= SES_PARAM_BYTES, "in the direction");

/* slow.c: the end points of a key, `swap` as in packets whose source is to be `src`. */
void dp_addresses(const struct hsr_key *key, bool swap, struct cfg_addr *src, struct cfg_addr *dst);
/* slow.c: a packet no session knows. The session it opened, or NULL: the packet has been dealt with. */
struct session *dp_first(struct dp_worker *w, struct act_packet *p, const struct hsr_key *key);
/*
 * Is the session still right under the present policy? Else it is compiled anew. A reason for now (dp_for_now()): it stays, and has
 * no way to its destination now; or (NEIGH_PENDING, and a w->hop without a port) it came from another worker, and packets that did
 * before it are kept. Any other reason: it has been removed.
 */
DP_APART enum hsr_drop dp_revalidate(struct dp_worker *w, struct session *s);

/* What the policy says of a packet that no session knows, or of a session, stage by stage. */
void dp_explain_first(const struct dp_worker *w, const struct act_packet *p,
                      const struct hsr_key *key, pol_each each, void *arg);
void dp_explain_again(const struct dp_worker *w, const struct session *s, pol_each each, void *arg);

/* Is this a reason of dp_outer(), which goes away by itself? */
static inline bool dp_for_now(enum hsr_drop drop)
{
    return drop == HSR_DROP_NEIGH_PENDING || drop == HSR_DROP_NEIGH_TIMEOUT ||
           drop == HSR_DROP_NEIGH_QUOTA || drop == HSR_DROP_NO_UPLINK;
}

/*
 * park.c: packets that wait for a next hop. Bounds in all, for one next hop, of one port, which has no more either than there
 * is left for others; and the time.
 */
#define DP_PARK       256u
#define DP_PARK_HOP   64u
#define DP_PARK_PORT  64u
#define DP_PARK_LARGE 8u                   /* in runs of several slots, of which there are few */
#define DP_PARK_NS    UINT64_C(4000000000) /* longer than a neighbour has to answer */
/* Of a packet, by which another one of the same flow and direction is known. */
struct dp_flow {
    uint64_t hash, key_addrs, key_ports, key6[4];
    uint8_t flags;
};

struct dp_parked {
    struct dp_hop hop;
    uint32_t entry;
    uint16_t ingress;
    bool large, sliced;
    bool holds;     /* others of its flow wait behind it, whatever they wait for: it is RETURNed */
    bool place;     /* and not here yet: `entry` is none */
    bool late;      /* and it could have left already */
    uint64_t since; /* NIC time, ns */
    uint64_t asked; /* NIC time of the RETURN */
    struct dp_flow flow;
    uint8_t hops, under; /* of the packet */
};
struct dp_park *dp_park_open(void);
void dp_park_close(struct dp_park *park);
void dp_park_level(const struct dp_worker *w, uint32_t *used, uint32_t *high);
/* Nothing can be done with a packet: it waits for w->hop with NEIGH_PENDING, else it is dropped. */
DP_APART void dp_refuse(struct dp_worker *w, struct act_packet *p, enum hsr_drop drop);
/* Does one wait for this next hop? Others have to wait behind it. */
bool dp_parked_for(const struct dp_worker *w, const struct dp_hop *hop);
/* Of the first `n` packets of a burst, those that have a place in the park, or wait behind one, are there then; how many others. */
DP_APART uint32_t dp_park_catch(struct dp_worker *w, uint32_t n);
/* Is it time to look at them again; then at most DP_BURST of them, instead of a burst. */
bool dp_park_due(const struct dp_worker *w);
DP_APART uint32_t dp_unpark(struct dp_worker *w);
/* sweep.c: look at some more of the sessions that were last looked at under another snapshot. */
void dp_sweep(struct dp_worker *w);
void dp_session_gone(void *arg, struct session *s, enum ses_why why);

/*
 * compile.c: what a walk found, as programs of both directions in place of those the session has; `dir` is the
 * initiator's. A reason of dp_outer(), HSR_DROP_SESSION_FULL (no room for actions): then the session is as it was.
 */
enum hsr_drop dp_compile(struct dp_worker *w, const struct pol_walk *walk, unsigned dir,
                         struct session *s);
/* Way to another host: the template of ACT_ENCAP, and the port it leaves by. */
struct dp_outer {
    union act_record template;
    uint16_t len; /* bytes of it */
    uint16_t port;
    uint8_t offload; /* arg8 of the action */
};
/*
 * outer.c: the way to an address of the underlay. Of the uplinks that lead there `flow` chooses, the same one for as long as
 * it is there. Reasons as of dp_resolve(), or NO_UPLINK.
 */
struct dp_next {
    const struct pol_port *uplink;
    uint64_t mac; /* of the next hop */
};
enum hsr_drop dp_next(struct dp_worker *w, const struct cfg_addr *to, uint64_t flow,
                      struct dp_next *next);
/* The tunnel of `context` to `vtep`, likewise. */
enum hsr_drop dp_outer(struct dp_worker *w, const struct cfg_addr *vtep, uint32_t context,
                       uint64_t flow, struct dp_outer *outer);
/* The VTEP that a template leads to. */
struct cfg_addr dp_outer_vtep(const uint8_t *template);
/*
 * MAC of a next hop on an uplink. NEIGH_PENDING: it is not known, and has been asked for; packets for it go to dp_refuse().
 * NEIGH_TIMEOUT: it does not answer. NEIGH_QUOTA: w->asker waits for as many others as it may.
 */
enum hsr_drop dp_resolve(struct dp_worker *w, const struct pol_port *uplink,
                         const struct cfg_addr *addr, uint64_t *mac);
/* Time goes by for neighbours: those not heard of for long are asked again. One worker does it. */
void dp_neighbors_age(struct dp_worker *w);
/* Uplinks and links have changed, or the policy: which uplinks may be used now. */
DP_APART void dp_uplinks_look(struct dp_worker *w);

/*
 * mtu.c: an IP packet of more than `mtu` bytes. HSR_DROP_NONE: it is the Post-Processor's to cut (p->mtu, p->fragment), else
 * it is to be dropped, and its sender told p->mtu.
 */
DP_APART enum hsr_drop dp_over_mtu(struct act_packet *p, uint16_t mtu);

/* Has a router of the underlay said that a tunnel packet of ours is too big for it? Then its path is known by now. */
DP_APART bool dp_pmtu_told(struct dp_worker *w, const struct act_packet *p);

/* What became of a packet: HSR_DROP_PMTU, HSR_DROP_TTL. */
struct dp_error {
    enum hsr_drop why;
    uint16_t mtu; /* PMTU: largest IP packet that would pass */
};
/*
 * error.c: tell the sender of a packet that nothing has rewritten yet (decapsulated or not) why it does not arrive: ICMP
 * or ICMPv6 from its gateway, back the way it came, if such a packet may be answered and its port's allowance lasts. False:
 * it is sliced, and is needed whole to be quoted.
 */
DP_APART bool dp_tell_sender(struct dp_worker *w, const struct act_packet *p,
                             const struct dp_error *error);

/* Packets that open no session; each deals with the packet for good. */
void dp_arp(struct dp_worker *w, struct act_packet *p);
void dp_nd(struct dp_worker *w, struct act_packet *p);
void dp_icmp_error(struct dp_worker *w, struct act_packet *p);
/* Echo request to a gateway or to our underlay address: answered in place; false when it is no such. */
bool dp_icmp_echo(struct dp_worker *w, struct act_packet *p);
/* The other fragments of such a request: answered as well. */
void dp_icmp_echo_rest(struct dp_worker *w, struct act_packet *p);
/* Ask the neighbour at `mac`, or (0) all of the link. */
void dp_arp_request(struct dp_worker *w, const struct pol_port *uplink, uint32_t target,
                    uint64_t mac);
/* The same over IPv6, from an uplink that has an address of its own. */
void dp_nd_solicit(struct dp_worker *w, const struct pol_port *uplink,
                   const struct cfg_addr *target, uint64_t mac);
/* Send an answer made in place back where the question came from (through the tunnel it came by). */
void dp_answer(struct dp_worker *w, struct act_packet *p);
/* The way of an answer alone: p->egress, and the tunnel's headers; or why there is none. */
enum hsr_drop dp_way_back(struct dp_worker *w, struct act_packet *p);

static inline bool dp_from_uplink(const struct act_packet *p)
{
    return p->meta.flags & HSR_RXF_UPLINK;
}

static inline bool dp_from_tunnel(const struct act_packet *p)
{
    return p->meta.flags & HSR_RXF_DECAP;
}

/* Did it come from a VTEP that we know? Of packets that came through a tunnel. */
static inline bool dp_from_vtep(const struct dp_worker *w, const struct act_packet *p)
{
    return p->meta.flags1 & HSR_RX1F_OUTER_IPV6 ? dp_from_vtep6(w, p)
                                                : pol_is_vtep4(w->policy, p->meta.outer_src4);
}

/* An address as it stands in a packet. */
static inline struct cfg_addr dp_addr(const uint8_t *bytes, bool ipv6)
{
    struct cfg_addr a = {.family = ipv6 ? 6 : 4};

    memcpy(a.bytes, bytes, ipv6 ? 16 : 4);
    return a;
}

/* Source or destination of an IP header that is all there. */
static inline struct cfg_addr dp_ip_addr(const uint8_t *ip, bool ipv6, bool source)
{
    return dp_addr(ip + (ipv6 ? (source ? 8 : 24) : (source ? 12 : 16)), ipv6);
}

/* Is this our address on an uplink, or our end of the tunnels? */
static inline bool dp_is_ours(const struct dp_worker *w, const struct pol_port *uplink,
                              const struct cfg_addr *addr)
{
    return cfg_addr_equal(addr, &pol_link(uplink, addr->family)->net.addr) ||
           cfg_addr_equal(addr, pol_own_vtep(w->policy, addr->family));
}

/* Is the packet's source the high end point of its key? */
static inline bool dp_swap(const struct act_packet *p)
{
    return p->meta.flags & HSR_RXF_SWAP;
}

/* Did the packet come in where this direction of the session comes from? The underlay may choose among our uplinks. */
static inline bool dp_right_port(const struct dp_worker *w, const struct session *s, unsigned dir,
                                 const struct act_packet *p)
{
    uint16_t port = dir == ses_initiator(s) ? s->origin : s->target;

    return p->meta.ingress == port ||
           (dp_from_uplink(p) && pol_port(w->policy, port)->role == CFG_UPLINK);
}

#endif
