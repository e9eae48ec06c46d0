/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that captured packets go through: made by who wants to see them (a sealed memfd), mapped by the firmware and the NIC.
 * One ring for each of their threads, of one producer and one consumer.
 *
 *     consumer:  cap_area_create(&area, rings, bytes) ; hand area.memfd over ; cap_area_read(&area, r, &record, frame) ...
 *     producer:  cap_area_map(&area, memfd) ; struct cap_writer ... (tap.h)
 *
 * Neither side trusts the other: what the consumer writes (its place in the ring) is checked before use, and so is every
 * record it reads. A producer never waits: what finds no room is counted as missed.
 */
#ifndef CAPTURE_AREA_H
#define CAPTURE_AREA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CAP_MAGIC    UINT64_C(0x31504143535641) /* "AVSCAP1" */
#define CAP_RINGS    17 /* one for each worker, and the NIC's, which is the last */
#define CAP_SNAP_MAX 65535u

/* Where a packet was seen. In the order of its way. */
enum cap_point {
    CAP_NIC_RX,  /* as the port brought it */
    CAP_PRE_OUT, /* parsed, with its flow id, on its way to a ring */
    CAP_RING_RX, /* in the firmware's hands, and its copy of the metadata checked */
    CAP_FAST,    /* a session knew it */
    CAP_SLOW,    /* none did, or it belongs to none: policy, ARP, fragments, errors */
    CAP_RING_TX, /* rewritten, with what the Post-Processor shall do */
    CAP_POST_IN, /* taken from the ring by the Post-Processor */
    CAP_NIC_TX,  /* as it leaves by a port: joined, segmented, checksums done */
    CAP_DROP,    /* wherever that was */
    CAP_POINTS
};

extern const char *const cap_point_name[CAP_POINTS]; /* "nic.rx" ... */

enum cap_flag {
    CAP_F_FIRMWARE = 0x01, /* made by the firmware: it came in nowhere */
    CAP_F_SLICED = 0x02,   /* its payload stays in the NIC and is not to be seen here */
    CAP_F_RETURNED = 0x04, /* goes back to the Pre-Processor, or comes from there the second time */
    CAP_F_PARTIAL = 0x08,  /* the L4 checksum is left to be done */
    CAP_F_BY_FIRMWARE = 0x10 /* a drop that the firmware decided */
};

/* A record; `captured` bytes of the frame follow, and padding to 8 bytes. */
struct cap_record {
    uint32_t size;      /* of all of it in the ring */
    uint8_t point;      /* enum cap_point; CAP_POINTS: padding up to the ring's end */
    uint8_t reason;     /* enum hsr_drop, with CAP_DROP */
    uint8_t flags;      /* enum cap_flag */
    uint8_t worker;     /* who saw it; the NIC: 0xFF */
    uint64_t time;      /* NIC time, ns */
    uint64_t flow_id;   /* of its session, or what the NIC thinks it is; 0: none */
    uint32_t packet_id; /* the same at all points; 0: the firmware's own */
    uint32_t frame_len; /* bytes of the frame at this point */
    uint32_t captured;  /* of those, in the record */
    uint32_t context;   /* tenant context of its key */
    uint16_t port;      /* it came in by, at the transmitting side: it leaves by; 0xFFFF: none */
    uint16_t gso_size;  /* 0: one packet */
    uint32_t pad;
};
_Static_assert(sizeof(struct cap_record) == 48, "format");

/* Head of a ring. */
struct cap_ring {
    _Alignas(
        64) _Atomic uint64_t prod; /* bytes ever written; the producer's, and so are the counters */
    _Atomic uint64_t missed;       /* records that found no room */
    _Atomic uint64_t limited;      /* packets beyond the rate */
    _Alignas(64) _Atomic uint64_t cons; /* bytes ever read; the consumer's */
};

struct cap_area {
    int memfd;
    void *map;
    size_t size;
    uint32_t rings;
    uint64_t ring_bytes; /* of each, a power of two */
};

/* Consumer. `bytes` in all at most, but not less than 64 KiB a ring. 0 or -errno. */
int cap_area_create(struct cap_area *area, uint32_t rings, uint64_t bytes);
/* Producer: `memfd` stays the caller's. 0; -EINVAL: not sealed, or not laid out like one; or -errno. */
int cap_area_map(struct cap_area *area, int memfd);
void cap_area_close(struct cap_area *area);

/*
 * What the producers in other processes shall show (tap.h), `size` bytes of it: room for it is in the area. Who reads it
 * gets a copy, and checks that.
 */
#define CAP_SPEC_ROOM 8000u
void cap_area_put_spec(const struct cap_area *area, const void *spec, size_t size);
void cap_area_get_spec(const struct cap_area *area, void *spec, size_t size);

struct cap_ring *cap_area_ring(const struct cap_area *area, uint32_t ring);
uint8_t *cap_area_data(const struct cap_area *area, uint32_t ring);

/* Producer, or the one in charge of them: nothing more will come. Consumer: is that so? */
void cap_area_end(const struct cap_area *area);
bool cap_area_ended(const struct cap_area *area);

/*
 * Consumer: the next record of a ring, copied; its frame (at most CAP_SNAP_MAX bytes) to `frame`. 1; 0: there is none;
 * -EPROTO: the producer wrote what is no record, and the ring is empty now.
 */
int cap_area_read(struct cap_area *area, uint32_t ring, struct cap_record *record, uint8_t *frame);

#endif
