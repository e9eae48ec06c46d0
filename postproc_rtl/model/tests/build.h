/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The slow and obvious reference: builds a complete frame from a description, byte after byte, with checksums summed by
 * the byte. Shares no code with the model. A segment is the description with another sequence number, built anew.
 */
#ifndef POSTPROC_TESTS_BUILD_H
#define POSTPROC_TESTS_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hsring/abi.h"
#include "postproc/post.h"

enum { PROTO_TCP = 6, PROTO_UDP = 17, PROTO_SCTP = 132 };
enum { FIN = 1, PSH = 8, ACK = 16, CWR = 128 };
enum { MAX_BUILT = 66000 };

struct packet {
    uint8_t proto;
    bool ipv6;
    bool vlan;
    uint8_t
        ip_options; /* bytes of IPv4 options or of IPv6 extension headers, multiples of 4 or 8 */
    uint8_t tcp_options; /* bytes, a multiple of 4 */
    uint8_t outer;       /* 0: plain, 4 or 6: inside VXLAN over that */
    uint8_t outer_options;
    uint8_t tunnel_options; /* bytes behind the tunnel header, any number */
    bool outer_csum;
    uint8_t flags;
    uint16_t id;
    uint16_t outer_id;
    uint32_t seq;
    bool may_fragment; /* IPv4: without DF */
    uint8_t seed;      /* of everything else: addresses, ports, option bytes */
};

/* Where the headers of the last frame built begin. */
struct layout {
    uint16_t outer_l3, outer_l4, l3, l4, payload;
};

/* Build into `out` (MAX_BUILT bytes); the length. `layout` may be NULL. */
size_t build(const struct packet *p, const uint8_t *payload, size_t len, uint8_t *out,
             struct layout *layout);

/* One's-complement sum of big-endian words, continued from `start`, an odd last byte being a high one. */
uint16_t sum_bytes(uint16_t start, const uint8_t *p, size_t n);

/* Random numbers, the same in every run. */
uint32_t rnd(uint32_t below);
void rnd_seed(uint64_t seed);

/* A plausible TCP packet of any shape the builder knows. */
struct packet random_tcp(void);

/* Metadata for the frame: offsets, ENCAP, IPV6, length. No work asked for. */
struct hsr_tx_meta meta_of(const struct packet *p, const struct layout *at, size_t len);

/*
 * po_process() of a frame that lies in spans of random lengths (some empty), each in memory of exactly its size; the first,
 * the slot's, has meta->frame_len bytes.
 */
struct po_result process_split(struct po_work *work, const struct hsr_tx_meta *meta,
                               const uint8_t *frame, uint32_t len, const struct po_port *port,
                               po_sink sink, void *arg);

/* The same with all of it in one span. */
struct po_result process(struct po_work *work, const struct hsr_tx_meta *meta, const uint8_t *frame,
                         const struct po_port *port, po_sink sink, void *arg);

/* Sink that keeps copies of all frames given, up to `refuse_after`. */
struct taken {
    uint8_t *bytes;
    size_t used, room;
    size_t end[70000];
    struct virtio_net_hdr vnet[64];
    uint32_t frames, refuse_after, calls, largest_call;
    uint8_t
        *scribble; /* overwritten in each call, scribble_len bytes: what a hostile firmware does */
    size_t scribble_len;
};

struct taken *taken_new(void);
void taken_free(struct taken *t);
uint32_t taken_sink(void *arg, const struct po_frame *frames, uint32_t n);
const uint8_t *taken_frame(const struct taken *t, uint32_t i, size_t *len);

#endif
