/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NIC and firmware on a bench: embedded, in one thread, on a clock the test moves, every port a ring of frames.
 *
 *     bench_open(&b, &(struct bench_config){0}, yaml)
 *     bench_push(&b, "a", &frame);  bench_run(&b);  bench_pop(&b, "b", &frame)
 *     bench_close(&b)
 *
 * A port of the YAML has `type: ring` and its own name as the ring's. bench_run() goes on until nothing moves.
 * bench_close() lets every session expire, then asserts what every test must leave behind: each port's ledger and their
 * sum balance, the record of every session that lived was whole, nothing is in flight, no slot is out, no credit taken, no session,
 * program or template is left, no frame unread.
 * Failures are cmocka's.
 */
#ifndef BENCH_FW_H
#define BENCH_FW_H

#include "firmware/firmware.h"
#include "frames.h"
#include "nic/ports/ring.h"

#define BENCH_PORTS 32
#define BENCH_START UINT64_C(1000000000)

struct bench;

struct bench_config {
    uint32_t max_vector; /* 0: 16 */
    uint32_t ring_entries;
    uint32_t single_slots; /* 0: 2048 */
    uint32_t ring_sets;    /* more than workers, as avs-nic has them; 0: as many */
    bool no_flow_index;
    bool slice; /* payloads stay in the NIC; also with AVS_TEST_SLICE in the environment */
    void (*start)(
        struct bench
            *b); /* starts threads for NIC and workers, before the first apply; NULL: none */
    const struct fw_nic_ops *nic_ops; /* NULL: fw_nic_embedded */
    bool arena; /* sessions lie in memory that outlives the firmware: bench_crash() */
    bool may_leave_frames;
    bool may_be_broken; /* rings were corrupted on purpose: slots and quota need not come home */
    /* For what lies between NIC and firmware (tests/sim); each may be NULL. */
    void (*shape)(struct bench *b, struct nic_config *nic); /* of the NIC, before it is opened */
    const struct hsr_view *(*between)(
        struct bench *b);              /* what a firmware sees, in place of the region */
    uint32_t (*turn)(struct bench *b); /* in each turn of bench_run(); what it moved */
    void *arg;                         /* theirs */
};

struct bench {
    struct bench_config config;
    struct nic *nic;
    struct fw *fw;
    int memfd; /* of the arena, -1: none */
    struct fw_arena *arena;
    uint64_t now;
    bool explains; /* bench_explain.h */
    uint32_t names;
    struct bench_name {
        char name[CFG_NAME];
        uint16_t index;
        uint64_t popped; /* frames */
        struct nic_ring *ring;
    } port[BENCH_PORTS];
};

void bench_open(struct bench *b, const struct bench_config *config, const char *yaml);
void bench_close(struct bench *b);

/*
 * The firmware is gone without a word, with what was in its hands; bench_apply() starts the next one, which finds the
 * arena. bench_restart() does both and asserts that the configuration is good.
 */
void bench_crash(struct bench *b);
void bench_restart(struct bench *b, const char *yaml);
/* The arena's memory, `size` bytes of it. Between bench_crash() and bench_apply(), unmapped by the caller. */
uint8_t *bench_arena(struct bench *b, size_t *size);

/* Apply another configuration; the result of fw_apply(), or of reading it. */
int bench_apply(struct bench *b, const char *yaml, struct cfg_error *error);

void bench_push(struct bench *b, const char *port, const struct fr *frame);
/* The next frame sent by a port; false when there is none. */
bool bench_pop(struct bench *b, const char *port, struct fr *frame);
/* Assert that nothing waits on any port. */
void bench_quiet(struct bench *b);

/* Until nothing moves. */
void bench_run(struct bench *b);
/* Time goes by, in steps that ageing notices. */
void bench_sleep(struct bench *b, uint64_t ns);
/* The longest idle time goes by. */
void bench_age(struct bench *b);

uint16_t bench_index(const struct bench *b, const char *port);
/* Drops of packets that this port brought in, by reason; all of them with HSR_DROP_NONE. */
uint64_t bench_drops(struct bench *b, const char *port, enum hsr_drop reason);
uint32_t bench_sessions(struct bench *b);
/* Packets that wait in the firmware. */
uint32_t bench_held(struct bench *b);
/* Programs and templates in use. */
uint32_t bench_actions(struct bench *b);
struct dp_counters bench_counters(struct bench *b);

/* Push one frame, run, and assert that it was dropped under this reason and that nothing left. */
void bench_refused(struct bench *b, const char *port, const struct fr *frame, enum hsr_drop reason);
/* Push one frame, run, and pop the one that must leave by `out`. */
void bench_passes(struct bench *b, const char *port, const struct fr *frame, const char *out,
                  struct fr *got);

#endif
