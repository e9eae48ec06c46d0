/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ring-crossing: how long a packet's way over the HS-ring and back takes between two cores, without anything done to it.
 *
 * One thread plays the hardware: it writes metadata and headers into a slot, as DMA would, pushes the entry, and waits for
 * it on the tx ring. The other plays the firmware: it takes the entry, reads metadata and headers, writes tx metadata, pushes.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hsring/region.h"
#include "order.h"

#define ROUNDS  200000
#define WARM    20000
#define HEADERS 64

static struct hsr_region region;
static _Atomic bool stop;
static int cpus[2];           /* hardware, firmware */
static uint32_t took[ROUNDS]; /* ns of each packet */

static uint64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void pin(int cpu)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    CPU_SET((unsigned)cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) < 0)
        fprintf(stderr, "ring-crossing: cannot pin to CPU %d\n", cpu);
}

/* A packet in the firmware's hands. */
static void answer(uint32_t entry, struct hsr_ring *tx)
{
    uint8_t *slot = hsr_slot(&region.view, hsr_entry_slot(entry));
    struct hsr_tx_meta meta = {.egress_port = 1};
    struct hsr_rx_meta seen;
    uint8_t headers[HEADERS];

    memcpy(&seen, slot, HSR_CACHE_LINE);
    memcpy(headers, slot + HSR_SLOT_FRAME, sizeof headers);
    __asm__ volatile("" : : "r"(headers) : "memory");
    meta.frame_len = seen.frame_len;
    meta.rx_seq = seen.rx_seq;
    memcpy(slot, &meta, sizeof meta);
    hsr_ring_push(tx, &entry, 1);
}

static void *firmware(void *arg)
{
    struct hsr_ring rx, tx;
    uint32_t entry;

    (void)arg;
    pin(cpus[1]);
    hsr_view_ring(&region.view, 0, HSR_RING_RX, &rx, -1);
    hsr_view_ring(&region.view, 0, HSR_RING_TX, &tx, -1);
    while (!atomic_load_explicit(&stop, memory_order_relaxed))
        if (hsr_ring_pop(&rx, &entry, 1) == 1)
            answer(entry, &tx);
    return NULL;
}

/* Every packet's time; false: one came back as another. */
static bool hardware(void)
{
    struct hsr_ring rx, tx;
    struct hsr_rx_meta meta = {.frame_len = HEADERS, .vec_len = 1};
    uint8_t headers[HEADERS] = {0};

    hsr_view_ring(&region.view, 0, HSR_RING_RX, &rx, -1);
    hsr_view_ring(&region.view, 0, HSR_RING_TX, &tx, -1);
    for (uint32_t i = 0; i < WARM + ROUNDS; i++) {
        uint32_t slot = i % region.view.classes[0].count, entry = hsr_entry(slot, HSR_KIND_PACKET),
                 back;
        uint8_t *at = hsr_slot(&region.view, slot);
        struct hsr_tx_meta done;
        uint64_t start = now_ns();

        meta.rx_seq = i;
        memcpy(at, &meta, sizeof meta);
        memcpy(at + HSR_SLOT_FRAME, headers, sizeof headers);
        hsr_ring_push(&rx, &entry, 1);
        while (hsr_ring_pop(&tx, &back, 1) == 0)
            ;
        memcpy(&done, at, sizeof done);
        memcpy(headers, at + HSR_SLOT_FRAME, sizeof headers);
        if (back != entry || done.rx_seq != i)
            return false;
        if (i >= WARM)
            took[i - WARM] = (uint32_t)(now_ns() - start);
    }
    return true;
}

int main(int argc, char **argv)
{
    struct hsr_geometry g;
    pthread_t thread;

    if (argc != 3) {
        fputs("usage: ring-crossing CPU-OF-HARDWARE CPU-OF-FIRMWARE\n", stderr);
        return 2;
    }
    cpus[0] = atoi(argv[1]);
    cpus[1] = atoi(argv[2]);
    hsr_geometry_default(&g, 1);
    if (hsr_region_create(&region, &g, false) < 0)
        return 1;
    hsr_region_reset(&region, 1, 0);
    if (pthread_create(&thread, NULL, firmware, NULL) != 0)
        return 1;
    pin(cpus[0]);
    bool good = hardware();

    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    qsort(took, ROUNDS, sizeof *took, bench_by_u32);
    printf("{\"packets\": %d, \"p10_ns\": %u, \"p50_ns\": %u, \"p90_ns\": %u, \"p99_ns\": %u, "
           "\"ok\": %s}\n",
           ROUNDS, took[ROUNDS / 10], took[ROUNDS / 2], took[ROUNDS / 10 * 9],
           took[ROUNDS / 100 * 99], good ? "true" : "false");
    hsr_region_close(&region);
    return good ? 0 : 1;
}
