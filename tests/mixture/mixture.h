/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random traffic for avs-replay, and the check of what came of it.
 *
 *     mixture make SEED PACKETS DIR    a network, options and captures, all drawn from the seed
 *     mixture bind SEED DIR OUT        the public ends that guests were seen under; `make` again has answers for them
 *     mixture check SEED DIR OUT       what the ports sent, against what can be said without knowing the datapath
 *
 * The oracle is in the payload: every eight bytes of it are a stamp that names the tenant it belongs to, the stream and
 * direction, and its place in that. So whatever leaves, and however it was cut, says by itself whether it is somebody
 * else's, torn, doubled or out of order.
 */
#ifndef MIXTURE_H
#define MIXTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "draw.h"
#include "frames.h"
#include "nat.h"

#define MIX_GUESTS    6 /* of a tenant, those on other hosts too */
#define MIX_VTEPS     3
#define MIX_VNI       100 /* of tenant 0 */
#define MIX_NOBODY    0xFF
#define MIX_NO_STREAM ((1u << 23) - 1)
#define MIX_PORTS     (MIX_TENANTS * MIX_GUESTS + 1)
#define MIX_UPLINK    (MIX_PORTS - 1)

#define MIX_BEGIN UINT64_C(1000000000) /* ns: when the first frame comes */

#define MIX_GATEWAY_MAC UINT64_C(0x02005e000101)
#define MIX_UPLINK_MAC  UINT64_C(0x02aa00000001)
#define MIX_VTEP_MAC(v) (UINT64_C(0x02aa00000002) + (v))

/* world.c */
struct mix_guest {
    bool remote;  /* on another host */
    bool guarded; /* lets in guest 0 alone */
    unsigned vtep;
    unsigned subnet;
    unsigned mtu;
    uint64_t mac;
    char ip4[16], ip6[24];
};

struct mix_world {
    struct draw draw; /* goes on from the world to the traffic */
    unsigned tenants, guests;
    bool geneve[MIX_TENANTS]; /* else VXLAN */
    bool six[MIX_VTEPS];      /* hosts that we talk to over IPv6, else over IPv4 */
    bool checksum[2];         /* have tunnels over IPv4, IPv6 a UDP checksum outside? */
    struct mix_guest guest[MIX_TENANTS][MIX_GUESTS];
    unsigned vector, workers, streams;
    uint32_t quantum, sessions, quota;
    bool slow, no_flow_index;
    bool learned;         /* VTEPs' MAC addresses are asked for, and packets wait for them */
    bool exact;           /* nothing is short: what is allowed arrives, all of it */
    unsigned odd_percent; /* of what is sent: see odd.c */
    unsigned states;      /* configurations, 0: without public addresses */
    struct mix_nat nat[MIX_STATES];
};

void mix_world(struct mix_world *w, uint64_t seed);
int mix_write_world(const struct mix_world *w,
                    const char *dir); /* config.yaml, options; 0 or -1 with errno */
void mix_port_name(unsigned port, char name[16]);
/* Address of a VTEP (0 ..). */
void mix_vtep_name(unsigned vtep, bool six, char name[24]);

static inline unsigned mix_port(unsigned tenant, unsigned guest)
{
    return tenant * MIX_GUESTS + guest;
}

/* Of VXLAN or Geneve, wherever it goes. */
static inline bool mix_tunnel_port(uint16_t port)
{
    return port == 4789 || port == 6081;
}

/* traffic.c: a conversation, as the sender knows it. */
enum mix_kind { MIX_UDP, MIX_TCP, MIX_ICMP };
enum mix_grade {
    MIX_CLEAN, /* allowed and well formed: arrives, in order */
    MIX_LARGE, /* too large for its receiver in places, or too many wait: what arrives does in order */
    MIX_DENIED, /* must not */
};

struct mix_stream {
    uint64_t last[2]; /* when it sent, by direction */
    uint32_t id;
    uint32_t sent[2];    /* datagrams; TCP: bytes */
    uint32_t isn[2];     /* TCP */
    uint32_t unacked[2]; /* TCP: bytes since the other side's last packet */
    uint32_t left;       /* packets until it ends */
    uint16_t sport, dport;
    uint8_t tenant, from, to;
    uint8_t kind, grade, phase;
    bool six;
    uint8_t path;
    uint8_t to_tenant;    /* of `to`; else it is the same */
    uint8_t host;         /* outside */
    uint8_t pub;          /* the public address that is addressed, with dport */
    uint16_t inside;      /* dport where it is answered */
    struct mix_end bound; /* under which the first one is seen */
};

/* What is being written. */
struct mix_traffic {
    struct mix_world *world;
    FILE *capture[MIX_PORTS];
    uint64_t now; /* ns */
    uint64_t packets;
    struct mix_stream *stream; /* all there ever were; `id` is the index */
    uint32_t streams, room;
    uint32_t *active;      /* world.streams of them */
    struct mix_end *bound; /* by stream, of an earlier run; NULL: there was none */
    uint32_t bounds;
    unsigned state;              /* configuration in force */
    uint64_t change[MIX_STATES]; /* packets after which each comes */
    struct fr frame;             /* under construction */
};

/* Draw and write the captures, and all streams there were, into DIR. 0 or -1 with errno. */
int mix_traffic(struct mix_world *w, uint64_t packets, const char *dir);
/* The frame under construction arrives at `port` now. */
void mix_emit(struct mix_traffic *t, unsigned port);
/* Around the frame: the tunnel from a VTEP (0 ..), in a network. */
void mix_tunnel(struct mix_traffic *t, unsigned vtep, uint32_t vni, bool geneve);
/* Addresses of what a guest sends to another. */
struct fr_flow mix_flow(const struct mix_world *w, unsigned tenant, unsigned from, unsigned to,
                        bool six);
struct fr_flow mix_stream_flow(const struct mix_world *w, const struct mix_stream *s, unsigned dir);
/* The frame is a guest's: to its port, or through the tunnel of its host. */
void mix_emit_from(struct mix_traffic *t, unsigned tenant, unsigned guest);

/* pcap.c: captures with nanoseconds. */
FILE *mix_pcap_create(const char *dir, unsigned port);
void mix_pcap_put(FILE *f, uint64_t ns, const uint8_t *frame, uint32_t len);
FILE *mix_pcap_open(const char *dir, unsigned port); /* NULL with errno ENOENT: there is none */
/* Next frame, of at most FR_ROOM bytes, and its time; false at the end. */
bool mix_pcap_get(FILE *f, uint8_t *frame, uint32_t *len, uint64_t *ns);

/* stamp.c */
uint64_t mix_stamp(uint8_t tenant, uint32_t id, unsigned dir, uint32_t seq);
/* Payload of a datagram (all stamps the same), or of a stretch of a TCP stream (each by its place). */
void mix_fill(uint8_t *p, uint32_t len, uint64_t stamp);
void mix_fill_tcp(uint8_t *p, uint32_t len, uint8_t tenant, uint32_t id, unsigned dir,
                  uint32_t seq);

/* odd.c: something that is no conversation: damaged, forged, cut into fragments, or about the network itself. */
void mix_odd(struct mix_traffic *t);

/* check.c: write the file of public ends. 0 or -1. */
int mix_bind(const struct mix_world *w, const char *dir, const char *out);
/* Number of findings, each with a line on stderr. */
int mix_check(const struct mix_world *w, const char *dir, const char *out);

#endif
