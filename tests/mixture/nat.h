/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Public addresses in the mixture: who has which, and how that changes; the paths of streams over them.
 *
 * A stream of a path but MIX_INSIDE has stamps of MIX_PUBLIC. Who begins it, and the public end that is addressed, stand in
 * the stream; whose that end is, the state says that was in force when a frame left.
 */
#ifndef MIXTURE_NAT_H
#define MIXTURE_NAT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "frames.h"

#define MIX_TENANTS     4
#define MIX_PUBLICS     10 /* addresses of a family */
#define MIX_FORWARDS    8
#define MIX_STATES      5    /* configurations of a run */
#define MIX_PUBLIC      0xFE /* in stamps: a tenant of its own */
#define MIX_ROUTER_MAC  UINT64_C(0x02aa000000fe)
#define MIX_HOSTS       4 /* outside */
#define MIX_UNBOUND     0xFF
#define MIX_INSIDE_PORT 80 /* of forwarded ones */

struct mix_world;
struct mix_stream;
struct mix_traffic;

enum mix_path {
    MIX_INSIDE,  /* guest to guest of a tenant */
    MIX_OUT,     /* guest to a host outside */
    MIX_IN,      /* host outside to a public address */
    MIX_HAIRPIN, /* guest to a public address */
};

enum mix_role { MIX_UNUSED, MIX_EIP, MIX_POOL };

/* A public address that is a guest's, or that the pools of some tenants have. */
struct mix_owner {
    uint8_t role;
    uint8_t tenant, guest; /* MIX_EIP */
    uint8_t tenants;       /* MIX_POOL: a bit each */
};

struct mix_forward {
    uint8_t six, pub, proto;
    uint8_t tenant, guest;
    uint8_t none;  /* no byte of it is undefined */
    uint16_t port; /* public; inside it is MIX_INSIDE_PORT */
};

/* A public end; pub MIX_UNBOUND: none. */
struct mix_end {
    uint8_t pub;
    uint16_t port;
};

/* One configuration. */
struct mix_nat {
    struct mix_owner owner[2][MIX_PUBLICS];    /* by family: IPv4, IPv6 */
    uint16_t lo[MIX_TENANTS], hi[MIX_TENANTS]; /* ports of the tenant's pool */
    struct mix_forward forward[MIX_FORWARDS];
    unsigned forwards;
};

/* nat.c: draw all states. */
void mix_nat_draw(struct mix_world *w);
void mix_nat_write(const struct mix_world *w, unsigned state, FILE *f);
/* Address of a guest that is its own alone, MIX_UNBOUND: it has none. */
unsigned mix_eip_of(const struct mix_nat *n, bool six, unsigned tenant, unsigned guest);
bool mix_in_pool(const struct mix_owner *o, unsigned tenant);
bool mix_has_pool(const struct mix_nat *n, bool six, unsigned tenant);
const struct mix_forward *mix_forward_of(const struct mix_nat *n, bool six, unsigned pub,
                                         uint8_t proto, uint16_t port);
/* May this guest be seen under the public end? As the one who begins, or as the one behind a forward. */
bool mix_is_seen_as(const struct mix_nat *n, bool six, unsigned tenant, unsigned guest,
                    unsigned pub, uint8_t proto, uint16_t port);

/* nat_path.c: a path for a new stream; false: none there, it stays inside. */
bool mix_draw_path(struct mix_traffic *t, struct mix_stream *s);
struct fr_flow mix_public_flow(const struct mix_world *w, const struct mix_stream *s, unsigned dir);
/* Bytes of the largest IP packet that the sender may send. */
unsigned mix_public_mtu(const struct mix_world *w, const struct mix_stream *s, unsigned dir);
/* The frame is that stream's in this direction: to where its sender is; nowhere, when nobody knows the answer's address. */
void mix_emit_public(struct mix_traffic *t, const struct mix_stream *s, unsigned dir);
const char *mix_public_ip(bool six, unsigned pub);
const char *mix_host_ip(bool six, unsigned host);
uint8_t mix_proto(const struct mix_stream *s);
/* Something about public addresses that is no conversation. */
void mix_odd_public(struct mix_traffic *t);

#endif
