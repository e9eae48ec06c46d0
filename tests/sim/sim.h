/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A card in one thread on a virtual clock: tenants' guests, the network, the NIC and the firmware, each moved a little at a
 * time in an order drawn from the seed, with faults. Everything that a guest sends is remembered together with what may come of
 * it, by an oracle that knows rules, addresses and who has spoken to whom, and nothing of the datapath (oracle.c).
 *
 *     sim_run(&sim)
 *
 * What is wrong ends the program with a line that says what, and how to see it again (main.c).
 */
#ifndef SIM_H
#define SIM_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "bench_fw.h"
#include "draw.h"

#define SIM_TENANTS 3
#define SIM_GUESTS  5 /* of a tenant, those on other hosts too */
#define SIM_VTEPS   3
#define SIM_GROUPS  3
#define SIM_RULES   4
#define SIM_FLOWS   24    /* at a time */
#define SIM_PACKETS 20000 /* that one seed may send */
#define SIM_PARTS   4     /* fragments of a datagram */
#define SIM_NOBODY  0xFFu
#define SIM_UPLINK  0xFEu
#define SIM_OUTSIDE 0xFDu /* a host of the internet, in place of a guest */
#define SIM_UNKNOWN 0xFFu /* no public address */
#define SIM_PUBLICS 4     /* of a family */
#define SIM_HOSTS   2     /* outside */
#define SIM_SEEN    1024  /* public ends that are remembered */
#define SIM_VNI     100u  /* of tenant 0 */

#define SIM_US     UINT64_C(1000)
#define SIM_MS     UINT64_C(1000000)
#define SIM_SECOND UINT64_C(1000000000)
#define SIM_IDLE   (30 * SIM_SECOND) /* time-out of every session */

#define SIM_GATEWAY_MAC(subnet) (UINT64_C(0x02005e0001fe) + ((uint64_t)(subnet) << 8))
#define SIM_UPLINK_MAC          UINT64_C(0x02aa00000001)
#define SIM_VTEP_MAC(v)         (UINT64_C(0x02aa00000002) + (v))
#define SIM_ROUTER_MAC          UINT64_C(0x02aa000000fe)

/* What may be drawn to go wrong; a seed has some of them, or none. */
enum sim_fault {
    SIM_F_LOSE,   /* an entry between NIC and firmware vanishes, with its slot */
    SIM_F_DOUBLE, /* an entry comes twice */
    SIM_F_LATE,   /* an entry comes after later ones */
    SIM_F_HINTS, /* metadata that is a hint or a name: flow id, hash, payload handle, vector length, stamp */
    SIM_F_STALE, /* the flow id of another packet, another tenant's maybe */
    SIM_F_NOISE, /* any byte of the metadata */
    SIM_F_INDEX, /* a producer's index that no honest peer writes */
    SIM_F_BELL,  /* a doorbell that is lost */
    SIM_F_CRASH, /* the firmware dies with what is in its hands, and the next one comes */
    SIM_F_TIGHT, /* few slots, short rings, a small flow index, few sessions each */
    SIM_F_CLOCK, /* the clock jumps */
    SIM_F_STOP,  /* the firmware stands still for a while */
    SIM_FAULTS
};

struct sim_options {
    uint64_t seed, seeds;   /* the first, how many */
    uint64_t seconds;       /* as many as there is time for, 0: `seeds` */
    uint64_t steps;         /* 0: as drawn */
    uint64_t soak;          /* hours of its own time that one card is in use, 0: seeds */
    const char *plant;      /* a defect to be found; NULL: none */
    bool no_faults, digest; /* print what each seed came to */
    bool trace;             /* print all that happens */
};

/* ---- the configuration, as it is in force and as the oracle reads it ---- */

enum sim_remote { SIM_ANY, SIM_ADDRESS, SIM_GROUP };

struct sim_rule {
    bool ingress, allow;
    uint8_t priority, proto; /* 0: any */
    uint8_t remote, which;   /* guest whose addresses, or group */
    uint16_t lo, hi;
};

struct sim_guest {
    bool here;
    uint8_t vtep, subnet, groups, group[2];
    uint64_t mac;
    char ip4[16], ip6[24];
};

enum sim_role { SIM_UNUSED, SIM_EIP, SIM_POOL };

/* A public address: a guest's own, or of the pool of a tenant. */
struct sim_public {
    uint8_t role, tenant, guest;
};

struct sim_config {
    struct {
        unsigned rules;
        struct sim_rule rule[SIM_RULES];
    } group[SIM_GROUPS];
    struct sim_guest guest[SIM_TENANTS][SIM_GUESTS];
    struct sim_public pub[2][SIM_PUBLICS];     /* by family: IPv4, IPv6 */
    uint16_t lo[SIM_TENANTS], hi[SIM_TENANTS]; /* ports of the tenant's pool */
    unsigned workers;
};

/* ---- what is sent ---- */

enum sim_kind { SIM_UDP, SIM_TCP, SIM_ICMP };

/* States that a flow may be in: without a session, or with one opened in this direction. */
#define SIM_NONE    1u
#define SIM_BY(dir) (2u << (dir))

#define SIM_REASONS ((HSR_DROP_COUNT + 63) / 64)

/* A public end; with pub SIM_UNKNOWN it is not known. */
struct sim_end {
    uint8_t pub;
    uint16_t port; /* ICMP: the identifier */
};

/* Under which end a guest was seen, by which host outside. */
struct sim_seen {
    bool six;
    uint8_t kind, host, tenant, guest;
    uint16_t port, own; /* the host's (ICMP: 0), the guest's */
    struct sim_end end;
};

/* A conversation of two guests, or of a guest and a host outside. */
struct sim_flow {
    bool used;
    uint8_t tenant, end[2]; /* guests: who begins, who answers */
    uint8_t kind, phase;
    bool six, ours; /* what another host routes, it leaves to us */
    uint32_t birth; /* tells it from others that had its place */
    uint16_t port[2];
    uint32_t isn[2], sent[2], got[2]; /* TCP: bytes */
    uint32_t asked, answered;         /* ICMP; got[0]: requests that arrived */
    uint32_t left;                    /* packets until it ends */
    uint32_t out[2];                  /* on their way, by direction */
    uint32_t next,
        seen[2];      /* place of the next packet; behind the last that arrived, by direction */
    uint32_t lost[2]; /* TCP: bytes that did not arrive */
    uint8_t host;     /* outside */
    struct sim_end seen_as;  /* under which the guest is known outside */
    struct sim_end under[2]; /* which the last one that arrived had, by direction */
    uint8_t seen_by;         /* what that address was then, a SIM_EIP or SIM_POOL */
    bool moved;              /* that has changed, and nothing has arrived since */
    bool was_eip;            /* it was the guest's own, and became its pool's: either may be used */
    uint8_t states;          /* a bit each */
    bool sure;               /* a packet of the session has arrived */
    bool parted;             /* one of two firmwares may have refused what the other one let pass */
    bool recent;   /* one was sent since all was quiet: a second firmware may have it before it */
    uint64_t last; /* when one was sent that the session takes */
};

struct sim_packet {
    uint8_t *frame; /* as its sender has it, without a tunnel */
    uint32_t len;
    uint32_t flow;                    /* SIM_FLOWS: of none */
    uint32_t flow_birth, place, data; /* bytes of TCP */
    uint8_t tenant, from, to, dir, phase;
    uint16_t port;       /* that it comes in by */
    uint16_t own;        /* port of the guest that talks to a host outside */
    bool bound;          /* its session has a public end */
    bool astray;         /* to an end that may be somebody else's by now */
    struct sim_seen way; /* from outside: who sent it, and to which end */
    bool done;           /* nothing more is to come of it */
    uint8_t parts, got,
        part; /* in so many fragments, 0: whole; a bit for each that has arrived; the last one */
    uint16_t cut[SIM_PARTS + 1]; /* where each begins */
    bool may_arrive;
    bool unsure; /* something has changed while it was under way */
    uint32_t arrived;
    uint64_t reason[SIM_REASONS]; /* why it may be dropped */
};

/* ---- one seed ---- */

struct sim_wire {
    struct hsr_ring from, to; /* ours: consumer of one side, producer of the other */
    int bell;                 /* that the producer rings when we sleep */
    bool asleep;
    uint64_t until;   /* a bell was lost: asleep until then */
    uint32_t late[8]; /* entries kept back */
    unsigned lates;
};

struct sim_bus {
    struct hsr_view view; /* the firmware's: rings of our own */
    uint8_t *rings;
    size_t size;
    uint32_t workers;
    struct sim_wire wire[HSR_MAX_WORKERS][HSR_RING_KINDS];
    uint64_t flow_id[16]; /* seen lately */
    unsigned flow_ids;
    uint64_t moved;
};

struct sim {
    const struct sim_options *options;
    struct draw draw;
    uint64_t seed;
    struct bench bench;
    struct sim_bus bus;
    unsigned tenants, guests, steps;
    unsigned step;                           /* that is being done */
    unsigned stopped;                        /* steps until the firmware goes on */
    unsigned quota;                          /* sessions of a vNIC, 0: any number */
    uint32_t faults;                         /* a bit each */
    bool slice, no_flow_index, arena, exact; /* exact: every packet's fate is known */
    bool in_order;                           /* no fault reorders */
    bool loose;  /* the metadata itself is not to be believed: whatever arrives may be wrong */
    bool two;    /* a second firmware comes beside the first one */
    bool turned; /* packets of both owners are under way: what is older may come later */
    unsigned workers_max, vector;
    struct {
        struct fw *fw; /* NULL: there is none */
        struct hsr_view view;
    } second;
    struct sim_config config;
    bool publics;                             /* there are public addresses */
    uint8_t roamed[SIM_TENANTS];              /* guests that were on several hosts: a bit each */
    uint8_t had[2][SIM_PUBLICS][SIM_TENANTS]; /* at any time: a bit for each guest */
    struct sim_seen seen[SIM_SEEN];           /* the last ones */
    uint32_t seens;
    struct sim_flow flow[SIM_FLOWS];
    struct sim_packet packet[SIM_PACKETS];
    uint32_t births;
    uint32_t packets, first; /* those before `first` are done */
    uint16_t next_port;
    uint64_t drops[HSR_MAX_PORTS]
                  [HSR_DROP_COUNT]; /* as they were when all was quiet the last time */
    uint64_t digest;
    uint64_t arrived, sent, sure_drops, changes, crashes, hits, switches;
    uint16_t plant_id; /* of the datagram whose fragment left last */
    unsigned planted;  /* plant.c */
    bool plant_keeps;
    uint32_t plant_kept;
};

static inline bool sim_has(const struct sim *s, enum sim_fault f)
{
    return s->faults >> f & 1;
}

/* main.c: something is wrong. Does not return. */
__attribute__((format(printf, 2, 3), noreturn)) void sim_finding(const struct sim *s,
                                                                 const char *format, ...);

/* main.c: with --trace, a line of what happens. */
__attribute__((format(printf, 2, 3))) void sim_trace(const struct sim *s, const char *format, ...);

/* world.c: the network and what may go wrong in it; a change of the configuration; the document. free() it. */
void sim_draw_world(struct sim *s);
void sim_draw_change(struct sim *s);
void sim_draw_move(struct sim *s); /* of a guest; all is quiet */
char *sim_yaml(const struct sim *s);
void sim_port_name(unsigned tenant, unsigned guest, char name[16]); /* SIM_UPLINK: the uplink's */

/* card.c: NIC and firmware; the end of one, and what must hold then. */
void sim_open(struct sim *s);
void sim_close(struct sim *s);
void sim_step(struct sim *s);  /* somebody does something */
void sim_quiet(struct sim *s); /* until nothing moves; every packet's fate is known then */
void sim_pass_time(struct sim *s, uint64_t ns); /* with nothing under way */
void sim_change(struct sim *s);
void sim_turn(struct sim *s); /* of the owners; or the second one comes, or goes */
void sim_crash(struct sim *s);
void sim_look_for_leaks(const struct sim *s); /* all is quiet, and no session lives */

/* bus.c: between NIC and firmware. */
const struct hsr_view *sim_bus_open(struct bench *b);
void sim_bus_close(struct sim *s);
uint32_t sim_bus_turn(struct bench *b); /* moves all, with nothing going wrong */
void sim_bus_step(struct sim *s);       /* moves some, or none */
extern const struct fw_nic_ops *sim_nic_ops(struct sim *s);

void sim_bus_allow_free_slots(const struct sim *s); /* to be read: before a worker's turn */
void sim_bus_put(struct sim *s, enum hsr_ring_kind kind, uint32_t entry); /* of worker 0 */

/* second.c */
void sim_second_attach(struct sim *s, const char *yaml);
void sim_second_detach(struct sim *s, bool dies); /* else its end of the NIC is about to go */
void sim_second_apply(struct sim *s, const char *yaml);
uint32_t sim_second_poll(struct sim *s);
void sim_second_switch(struct sim *s); /* the other one owns what comes from now on */
void sim_second_fence(struct sim *s);  /* all is quiet */
void sim_second_books(struct sim *s);

/* plant.c: an entry on its way (true: it is taken out), a moment between two steps; does a rule say otherwise than the oracle has it? */
bool sim_plant_known(const char *name);
int sim_plant_list(FILE *f);
bool sim_plant_entry(struct sim *s, enum hsr_ring_kind kind, uint32_t *entry);
void sim_plant_step(struct sim *s);
bool sim_plant_rule(const struct sim *s);
bool sim_plant_port(const struct sim *s, unsigned tenant, unsigned guest);
void sim_plant_eip(const struct sim *s, bool six, unsigned *tenant, unsigned *guest);
bool sim_plant_bell(struct sim *s);  /* has it not been rung? */
bool sim_plant_twice(struct sim *s); /* does a frame come again? */

/* packet.c: the frame under construction; what one guest addresses to another (`ours`: another host leaves routing to us). */
extern struct fr sim_out;
struct fr_flow sim_way(const struct sim *s, unsigned tenant, unsigned from, unsigned to, bool six,
                       bool ours);
struct sim_packet *sim_new_packet(struct sim *s, unsigned tenant, unsigned from, unsigned to);
const uint8_t *sim_data(const struct sim *s, const struct sim_packet *p,
                        uint32_t len); /* its number and its tenant's, over and over */
void sim_number(const struct sim *s, const struct sim_packet *p); /* into the header */
void sim_emit(struct sim *s, struct sim_packet *p, uint32_t vni,
              unsigned vtep); /* remembered, and on its way */
void sim_emit_usual(struct sim *s, struct sim_packet *p);

void sim_emit_from_outside(struct sim *s, struct sim_packet *p);

/* publics.c: who has which public address. */
void sim_draw_publics(struct sim *s);
void sim_draw_public_change(struct sim *s);
void sim_publics_changed(struct sim *s);
void sim_write_publics(const struct sim *s, FILE *f);
const char *sim_public_ip(bool six, unsigned pub);
const char *sim_host_ip(bool six, unsigned host);
/* Address of a guest that is its own alone, SIM_UNKNOWN: it has none. */
unsigned sim_eip(const struct sim *s, bool six, unsigned tenant, unsigned guest);
bool sim_shares(const struct sim *s, bool six, unsigned tenant, unsigned guest); /* a pool */
bool sim_gets_out(const struct sim *s, bool six, unsigned tenant, unsigned guest);
bool sim_may_run_out(const struct sim *s, unsigned tenant); /* of ports */
/* May the guest be seen under this end, with this port of its own? Might it have been, ever, under this address? */
bool sim_is_its(const struct sim *s, bool six, unsigned tenant, unsigned guest, struct sim_end end,
                uint16_t own);
bool sim_ever_had(const struct sim *s, bool six, unsigned tenant, unsigned guest, unsigned pub);
void sim_seen_add(struct sim *s, const struct sim_seen *seen);
const struct sim_seen *sim_seen_draw(struct sim *s); /* NULL: there is none */
const struct sim_seen *sim_seen_find(const struct sim *s, const struct sim_seen *like);

/* outside.c */
bool sim_is_outside(const struct sim_flow *f);
struct fr_flow sim_way_outside(const struct sim *s, const struct sim_flow *f, unsigned dir);
/* The frame as it should leave under this end, or arrive at this guest's port (`seen.port`). */
void sim_expect_outside(const struct sim *s, const struct sim_packet *p, unsigned tenant,
                        unsigned guest, struct sim_end seen, uint8_t *frame);
/* It has left untunnelled: under which end. */
struct sim_end sim_arrive_outside(struct sim *s, const struct sim_packet *p,
                                  const struct fr *frame);
/* May the guest have it, and at which port of its own? */
bool sim_may_enter(const struct sim *s, const struct sim_packet *p, unsigned tenant, unsigned guest,
                   const struct fr *frame, uint16_t *own);
void sim_stray(struct sim *s); /* a host outside sends to a public end that may be anybody's */

/* fragments.c: a datagram may be cut; its fragments, in the order in which they are sent. */
void sim_cut(struct sim *s, struct sim_packet *p, const struct fr *whole);
void sim_part_order(struct sim *s, const struct sim_packet *p, unsigned order[SIM_PARTS]);
void sim_part(const struct sim_packet *p, uint32_t n, const struct fr *whole, unsigned part,
              struct fr *o);
/* One of them: it was sent, and has not come before. Have all? */
bool sim_part_arrived(const struct sim *s, struct sim_packet *p, const uint8_t *frame);
unsigned sim_frames_missing(const struct sim_packet *p);

/* odd.c: something that is no conversation. */
void sim_odd(struct sim *s);

/* guests.c */
void sim_flow_heard(struct sim *s, struct sim_flow *f,
                    const struct sim_packet *p); /* one of its packets has arrived */
void sim_flow_close(struct sim_flow *f);         /* it says no more */
void sim_flow_moved(const struct sim *s,
                    struct sim_flow *f); /* one of its ends has, all being quiet */
void sim_speak(struct sim *s);           /* one of them sends */
void sim_listen(struct sim *s);          /* they look at what has come */

/* oracle.c */
void sim_judge(struct sim *s, struct sim_packet *p, bool opens); /* a session, if it comes first */
void sim_judge_odd(struct sim *s, struct sim_packet *p, enum hsr_drop reason);
bool sim_allows(const struct sim *s, unsigned tenant, unsigned guest, bool ingress, unsigned other,
                uint8_t proto, uint16_t port);
void sim_unsure(struct sim *s,
                bool any_reason); /* of all that is under way nothing is known any more */
void sim_policy_changed(struct sim *s);
void sim_forget_sessions(struct sim *s);
const char *sim_reason(const struct sim_packet *p); /* one of those it may be dropped for */

/* arrive.c */
void sim_arrive(struct sim *s, unsigned tenant, unsigned guest,
                const struct fr *frame); /* checked against what was sent */
void sim_ports_changed(struct sim *s);   /* counters begin anew; all is quiet */
void sim_settle(
    struct sim
        *s); /* all is quiet: what has not arrived was dropped, for the reasons that there may be */

/* run.c */
void sim_run(struct sim *s);

/* soak.c */
void sim_soak(struct sim *s);

#endif
