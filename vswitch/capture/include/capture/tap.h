/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A thread's end of the captures that run: which packets it shows, and into which ring.
 *
 *     control thread:  cap_tap_open(&tap, spec, area, ring, clock) ; hand it to the thread ; ... take it back ; cap_tap_close(tap)
 *     the thread:      record = cap_see(tap, &seen) ; ... ; cap_publish(tap)
 *
 * A packet is shown from the first point on at which the filter matches what it is there, and from then on at each point,
 * by its packet id, whatever it is rewritten to: a filter on a guest's address finds the packet behind NAT and in its tunnel
 * too. The thread never waits, allocates or makes a system call here.
 */
#ifndef CAPTURE_TAP_H
#define CAPTURE_TAP_H

#include "capture/area.h"

#define CAP_PROGRAM 512 /* instructions of a filter */
#define CAP_ANY     UINT32_MAX
#define CAP_TAPS    4 /* captures at a time */

/* An instruction of the classic BPF (struct bpf_insn), in a layout of our own: it goes between processes. */
struct cap_insn {
    uint16_t code;
    uint8_t jt, jf;
    uint32_t k;
};

/* What to show. Goes between processes as it is. */
struct cap_spec {
    uint32_t points;    /* a bit for each cap_point */
    uint32_t port;      /* index, or CAP_ANY: in or out, where it was at the first match */
    uint32_t context;   /* tenant context, or CAP_ANY */
    uint32_t snap;      /* bytes of a frame at most, 1..CAP_SNAP_MAX */
    uint32_t rate;      /* new packets a second and thread at most, 0: no limit */
    uint32_t drop_only; /* nothing but packets that are dropped, where they are */
    uint32_t insns;     /* 0: every packet */
    struct cap_insn insn[CAP_PROGRAM];
};

_Static_assert(sizeof(struct cap_spec) <= CAP_SPEC_ROOM, "goes through the area");

struct cap_tap;

/*
 * `spec` is copied, and checked: it may come from another process. `ring` is the thread's own in the area, which stays the
 * caller's until the tap is closed. 0, -EINVAL or -ENOMEM.
 */
int cap_tap_open(struct cap_tap **out, const struct cap_spec *spec, const struct cap_area *area,
                 uint32_t ring);
void cap_tap_close(struct cap_tap *tap);

/* A packet at a point. */
struct cap_seen {
    enum cap_point point;
    const uint8_t *frame; /* `here` bytes of it */
    uint32_t here, frame_len;
    uint32_t
        inner; /* Ethernet header behind a tunnel's, from the frame's start; 0: there is none */
    uint32_t packet_id;
    uint64_t flow_id;
    uint64_t time; /* NIC time, ns */
    uint32_t context;
    uint16_t port, gso_size;
    uint8_t reason, flags, worker;
};

/* Is this one of its points? */
bool cap_shows(const struct cap_tap *tap, enum cap_point point);
/* Its record, which may be changed until cap_publish(); NULL: it is not shown. */
struct cap_record *cap_see(struct cap_tap *tap, const struct cap_seen *seen);
/* All records since the last time may be read now. */
void cap_publish(struct cap_tap *tap);

/* The captures of one thread. */
struct cap_taps {
    uint32_t n;
    struct cap_tap *tap[CAP_TAPS];
};

void cap_see_all(const struct cap_taps *taps, const struct cap_seen *seen);
void cap_publish_all(const struct cap_taps *taps);

#endif
