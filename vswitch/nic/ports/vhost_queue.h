/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtqueue as its device sees it, without the memory's owner being believed: the guest may write anything into rings, descriptors
 * and tables, at any time. A descriptor is copied out of guest memory once, and the copy is checked and used; an address is
 * translated by the table of regions, with its length; a chain is bounded. What is wrong with a chain makes the chain bad, and it is given back
 * unused; what is wrong with the ring itself (an index that jumps, a chain without an end) stops the queue, as nothing that follows
 * could be believed.
 *
 *     vh_chain_init(&c)  ->  vh_take() once or, for a frame in several buffers, again  ->  vh_done() or vh_untake()
 *     ... vh_publish(), then vh_wants_call()
 *
 * One thread at a time. No system calls: the descriptors of the events are the caller's.
 */
#ifndef PORTS_VHOST_QUEUE_H
#define PORTS_VHOST_QUEUE_H

#include <linux/virtio_ring.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VH_REGIONS 8   /* of a guest's memory; what rte_vhost has */
#define VH_PIECES  256 /* descriptors of one frame: 64 KiB in buffers of 256 bytes */
#define VH_HEADS   128 /* chains of one frame, with merged buffers */

struct vh_mem {
    uint32_t regions;
    struct vh_region {
        uint64_t gpa, size;
        uint8_t *at;
    } region[VH_REGIONS];
};

/* Guest memory from `gpa` on in one piece of *len bytes at most, *len is what there is; NULL: nobody's. */
static inline uint8_t *vh_at(const struct vh_mem *mem, uint64_t gpa, uint64_t *len)
{
    for (uint32_t i = 0; i < mem->regions; i++) {
        const struct vh_region *r = &mem->region[i];

        if (gpa - r->gpa < r->size) {
            uint64_t off = gpa - r->gpa;

            if (*len > r->size - off)
                *len = r->size - off;
            return r->at + off;
        }
    }
    return NULL;
}

/* Why a queue was stopped. */
enum vh_stop {
    VH_RUNS = 0,
    VH_STOP_INDEX,  /* the guest's index is more than a ring ahead of ours */
    VH_STOP_HEAD,   /* it made a descriptor available that there is not */
    VH_STOP_CHAIN,  /* a chain of a packed ring has more than VH_PIECES descriptors, or no end */
    VH_STOP_MEMORY, /* some of the guest's memory is gone; the port's word, not the ring's */
};

struct vh_queue {
    bool on;     /* there are rings, and they are enabled */
    bool packed; /* these have ... */
    bool events; /* VIRTIO_RING_F_EVENT_IDX */
    bool tables; /* VIRTIO_RING_F_INDIRECT_DESC */
    bool kicks;  /* the guest was told to say when it adds something */
    uint16_t size;
    union {
        struct vring_desc *desc;
        struct vring_packed_desc *packed_desc;
    };
    union {
        struct vring_avail *avail;
        struct vring_packed_desc_event *driver_event;
    };
    union {
        struct vring_used *used;
        struct vring_packed_desc_event *device_event;
    };
    uint16_t
        next; /* where the next chain is: an index that wraps at 65,536, in a packed ring a place */
    uint16_t done;             /* where the next used one is told, likewise */
    bool next_wrap, done_wrap; /* of a packed ring: its lap */
    uint16_t told; /* `done` when the guest was called last, or did not want to be ... */
    bool news;     /* and more was told since */
    bool owed;     /* a call: who was here before may have been killed before he made it */
    enum vh_stop stop;
    bool stop_told;
    uint64_t bad; /* chains given back unused */
};

/* Descriptors that hold one frame, or are to hold it. */
struct vh_chain {
    bool bad; /* outside of the contract */
    uint32_t heads, pieces;
    uint64_t bytes; /* of the pieces */
    uint16_t next;  /* of the queue before the first was taken */
    bool next_wrap;
    struct vh_head {
        uint16_t id;    /* what the guest calls it */
        uint16_t slots; /* descriptors it takes in a packed ring */
        uint32_t room;
    } head[VH_HEADS];
    struct vh_piece {
        uint64_t gpa;
        uint8_t
            *at; /* in our memory; NULL: it has no bytes, or goes over the border of two regions */
        uint32_t len;
    } piece[VH_PIECES]; /* all of them in guest memory */
};

static inline void vh_chain_init(struct vh_chain *c)
{
    c->bad = false;
    c->heads = c->pieces = 0;
    c->bytes = 0;
}

/*
 * Add the next chain that the guest has made available: of buffers it lets us write, or of such to be read. 1: it was added (and c->bad says
 * whether it can be used), 0: there is none, or no room for it in `c`, -1: the queue is stopped.
 */
int vh_take(struct vh_queue *q, const struct vh_mem *mem, bool writable, struct vh_chain *c);

/* As if those in `c` had not been taken. */
void vh_untake(struct vh_queue *q, const struct vh_chain *c);

/* Those in `c` go back to the guest, with the first `bytes` bytes of them written. It sees that when vh_publish() returns. */
void vh_done(struct vh_queue *q, const struct vh_chain *c, uint32_t bytes);
void vh_publish(struct vh_queue *q);

/* Does the guest want to be called for what was published since the last time it was asked? */
bool vh_wants_call(struct vh_queue *q);

/*
 * Whether the guest is to say when it makes something available. True: so far it has said nothing, and something is there by now.
 */
bool vh_kicks(struct vh_queue *q, bool on);

/* A queue begins: no kicks, whatever stands in its rings. */
void vh_quiet(struct vh_queue *q);

/* Is there anything? */
bool vh_waits(const struct vh_queue *q);

/*
 * Where the device stands that had a packed ring before, as the ring itself shows it, for one that was killed could not say. False: it shows
 * none, as with devices that leave a chain's further descriptors alone. (Of a split ring, the used index says it.)
 */
bool vh_packed_find(struct vh_queue *q);

/* Do the rings lie in guest memory as they must? For the host's addresses of them. */
bool vh_queue_fits(const struct vh_queue *q, const struct vh_mem *mem);

/* Copy between a chain and our memory, from byte `at` of the chain on; false: it has not so many. */
struct vh_cursor {
    uint32_t piece;
    uint32_t off;
};
bool vh_read(const struct vh_mem *mem, const struct vh_chain *c, struct vh_cursor *at, void *to,
             uint32_t len);
bool vh_write(const struct vh_mem *mem, const struct vh_chain *c, struct vh_cursor *at,
              const void *from, uint32_t len);

/* --- for the files of the two kinds of ring ---------------------------------------------------------------------------- */

/* One more buffer of a chain; a bad one, which may lead out of guest memory, is noted. */
void vh_add_piece(const struct vh_mem *mem, struct vh_chain *c, uint64_t gpa, uint32_t len,
                  bool fits_direction);

/* Entry `i` of a table of descriptors in guest memory, copied; false: it is outside. */
bool vh_table_entry(const struct vh_mem *mem, uint64_t table, uint32_t i, void *entry);

int vh_split_take(struct vh_queue *q, const struct vh_mem *mem, bool writable, struct vh_chain *c);
int vh_packed_take(struct vh_queue *q, const struct vh_mem *mem, bool writable, struct vh_chain *c);
void vh_split_done(struct vh_queue *q, const struct vh_chain *c, const uint32_t *bytes);
void vh_packed_done(struct vh_queue *q, const struct vh_chain *c, const uint32_t *bytes);
void vh_split_publish(struct vh_queue *q);
bool vh_split_wants_call(struct vh_queue *q);
bool vh_packed_wants_call(struct vh_queue *q);
void vh_split_kicks(struct vh_queue *q, bool on);
void vh_packed_kicks(struct vh_queue *q, bool on);
bool vh_split_waits(const struct vh_queue *q);
bool vh_packed_waits(const struct vh_queue *q);

#endif
