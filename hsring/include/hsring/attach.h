/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attach socket: SOCK_SEQPACKET, fixed-size messages of abi.h (hsr_msg_*), descriptors by SCM_RIGHTS.
 *
 * One connection is one firmware. It says HELLO and gets WELCOME with the region and the doorbells, then sends
 * requests, each answered by a REPLY, one at a time. The connection is the sign of life: when it ends, the NIC takes
 * back every slot, resets the rings, and the next HELLO gets the region anew (re-attach). A peer of another ABI major,
 * or that needs a feature we lack, is refused with EPROTO and a text that names both versions. A message of the wrong
 * size, type or magic, and descriptors nobody asked for, end the connection; received descriptors are always closed
 * or handed on, never leaked.
 *
 * Threads: one thread a connection. No function here blocks longer than its timeout.
 */
#ifndef HSRING_ATTACH_H
#define HSRING_ATTACH_H

#include <stddef.h>
#include <stdint.h>

#include "hsring/abi.h"
#include "hsring/region.h"

#define HSR_ATTACH_FDS (1 + 2 * HSR_MAX_WORKERS)

/* Any message, large enough for each. */
union hsr_msg {
    struct hsr_msg_hdr hdr;
    struct hsr_msg_hello hello;
    struct hsr_msg_welcome welcome;
    struct hsr_msg_reply reply;
    struct hsr_msg_port port;
    struct hsr_msg_context context;
    struct hsr_msg_vtep vtep;
    struct hsr_msg_public public;
    struct hsr_msg_rule rule;
    struct hsr_msg_rule_ref rule_ref;
    struct hsr_msg_rule_state rule_state;
    struct hsr_msg_meter meter;
    struct hsr_msg_arena arena;
    struct hsr_msg_hash hash;
    struct hsr_msg_reta reta;
    struct hsr_msg_owner owner;
    struct hsr_msg_group group;
    struct hsr_msg_capture capture;
    struct hsr_msg_latency_set latency_set;
    struct hsr_msg_latency_get latency_get;
    struct hsr_msg_latency latency;
};

/* Longest wait of hsr_attach_open() for its WELCOME. */
#define HSR_ATTACH_TIMEOUT_MS 2000

/* Zero a message and fill in its head: magic, type, the size that goes with it, sequence. */
void hsr_msg_init(union hsr_msg *msg, uint16_t type, uint32_t seq);

/* Send one message with `n` descriptors (they stay the caller's). Never waits. 0 or a negative errno. */
int hsr_msg_send(int sock, const union hsr_msg *msg, const int *fds, unsigned n);

/*
 * Receive one message and up to *n descriptors (close-on-exec, the caller's from then on; *n becomes their count).
 * Never waits. 1: got one; 0: the peer closed; -EAGAIN: nothing there; -EPROTO: malformed, or not the descriptors
 * its type calls for: a region and two doorbells a worker with WELCOME, one with PORT_ADD and has_fd, ARENA_PUT and
 * ARENA, else none
 * (they are closed). Strings in the message are NUL-terminated on return.
 */
int hsr_msg_recv(int sock, union hsr_msg *msg, int *fds, unsigned *n);

/* Answer request `req` with a status (0 or an errno) and a printf text. */
int hsr_msg_reply(int sock, const struct hsr_msg_hdr *req, uint32_t status, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * Listen at `path` (an old socket there that nobody serves is replaced), mode 0600. A non-blocking descriptor (poll
 * it, then accept4() with SOCK_CLOEXEC) or negative errno: -EADDRINUSE when the path is served or no socket.
 */
int hsr_attach_listen(const char *path);

/* What a firmware holds after a successful attach. */
struct hsr_attach {
    int sock;
    struct hsr_region region;
    int rx_doorbell[HSR_MAX_WORKERS]; /* the NIC rings, we wait */
    int tx_doorbell[HSR_MAX_WORKERS]; /* we ring, the NIC waits */
    uint32_t workers;
    uint32_t seq;
    uint64_t features; /* enum feature, of the NIC */
};

/*
 * Firmware: connect to `path`, say HELLO for `workers` ring sets and map what comes back. 0, or a negative errno with
 * a text for people in `why`.
 */
int hsr_attach_open(struct hsr_attach *at, const char *path, uint32_t workers, const char *name,
                    char why[256]);

/* The same beside a firmware that is there, as the second one: see HSR_FEATURE_SECOND. */
int hsr_attach_open_second(struct hsr_attach *at, const char *path, uint32_t workers,
                           const char *name, char why[256]);

/*
 * Firmware: send a request (its head is filled in here) and wait at most `timeout_ms` for the reply. 0 or -errno, with a
 * text in `why` when it is a REPLY's or our own. A request that is answered by RULE_STATE or LATENCY gets that in *msg, whose
 * type tells it from a failure on the way: then it is still the request's.
 */
int hsr_attach_request(struct hsr_attach *at, union hsr_msg *msg, uint16_t type, int fd,
                       int timeout_ms, char why[256]);

/*
 * Firmware: the memory of `size` bytes that the NIC keeps under this name, for what is to outlive the firmware. *fd becomes
 * its memfd, the caller's; *kept: it is as a former firmware left it, else all zero. One of another size or layout is
 * let go, and a new one made.
 */
int hsr_attach_arena(struct hsr_attach *at, const char *name, uint64_t size, uint32_t layout,
                     int *fd, bool *kept, char why[256]);
/* Give the NIC such a memory to keep, of a NIC that is gone; `fd` stays the caller's. */
int hsr_attach_arena_put(struct hsr_attach *at, const char *name, uint64_t size, uint32_t layout,
                         int fd, char why[256]);

/*
 * Firmware: let the NIC hash with this secret, so that flows come to the workers that have their sessions. Before START, and
 * before anything is made of at->region, whose copy of the secret changes with it.
 */
int hsr_attach_hash(struct hsr_attach *at, const uint8_t secret[48], char why[256]);

void hsr_attach_close(struct hsr_attach *at);

#endif
