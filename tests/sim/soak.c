/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One card for many hours of its own time: conversations come and go, addresses are translated, datagrams arrive in fragments, rules,
 * public addresses and ports change, and every packet's fate is known. Every two minutes all is quiet until the last session
 * has aged: then nothing may be held any more, and the process may not have grown since it was warm.
 */
#include <dirent.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_malloc.h>

#include "sim.h"

#define CYCLE    (120 * SIM_SECOND) /* of the card's time, at least */
#define ROUNDS   8u                 /* of a cycle */
#define STEPS    1500u              /* of a round */
#define PATIENCE 120u               /* seconds of ours that a cycle may take */
#define WARM     8u                 /* of so many parts of all cycles, the first one; at least... */
#define LEAST    8u                 /* ...so many cycles */
#define TOUCHED  90u /* cycles after which all memory has been touched that there is */
#define SLACK \
    (UINT64_C(1) << 20) /* bytes: configurations differ in size, and an allocator keeps some */

/* Of the sanitizers, where there are any: their allocator keeps what is freed, and they look for leaks themselves. */
extern void __sanitizer_set_death_callback(void (*call)(void)) __attribute__((weak));

/* What the process has. */
struct sizes {
    uint64_t heap, dpdk, mapped, resident, files;
};

static void look_at_memory(struct sizes *now)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    unsigned long mapped = 0, pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");

    if (f == NULL || fscanf(f, "%lu %lu", &mapped, &pages) != 2)
        mapped = pages = 0;
    if (f != NULL)
        fclose(f);
    now->mapped = mapped * page;
    now->resident = pages * page;
}

static uint64_t open_files(void)
{
    DIR *d = opendir("/proc/self/fd");
    uint64_t n = 0;

    while (d != NULL && readdir(d) != NULL)
        n++;
    if (d != NULL)
        closedir(d);
    return n;
}

static struct sizes look(void)
{
    struct rte_malloc_socket_stats dpdk = {0};
    struct mallinfo2 heap = mallinfo2();
    struct sizes now;

    look_at_memory(&now);
    if (rte_malloc_get_socket_stats(0, &dpdk) < 0)
        dpdk.heap_allocsz_bytes = 0;
    now.heap = heap.uordblks + heap.hblkhd;
    now.dpdk = dpdk.heap_allocsz_bytes;
    now.files = open_files();
    return now;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static void grow(struct sizes *most, const struct sizes *now)
{
    most->heap = larger(most->heap, now->heap);
    most->dpdk = larger(most->dpdk, now->dpdk);
    most->mapped = larger(most->mapped, now->mapped);
    most->resident = larger(most->resident, now->resident);
    most->files = larger(most->files, now->files);
}

static void flat(const struct sim *s, const char *what, uint64_t warm, uint64_t now, uint64_t slack)
{
    if (now > warm + slack)
        sim_finding(s, "%s: %" PRIu64 " now, %" PRIu64 " when warm", what, now, warm);
}

static void check_sizes(const struct sim *s, const struct sizes *warm, const struct sizes *now,
                        bool touched)
{
    flat(s, "descriptors", warm->files, now->files, 0);
    if (__sanitizer_set_death_callback != NULL)
        return;
    flat(s, "bytes of heap", warm->heap, now->heap, SLACK);
    flat(s, "bytes of DPDK's heap", warm->dpdk, now->dpdk, SLACK);
    flat(s, "bytes mapped", warm->mapped, now->mapped, SLACK);
    if (touched)
        flat(s, "bytes resident", warm->resident, now->resident, SLACK);
}

/* Nothing is under way and no session lives: numbers and ports may be used again. */
static void renew(struct sim *s)
{
    s->packets = s->first = 0;
    if (s->next_port < 40000)
        return;
    s->next_port = 1024;
    s->seens = 0;
    memset(s->seen, 0, sizeof s->seen);
    memset(s->flow, 0, sizeof s->flow);
}

static void one_round(struct sim *s, uint64_t until)
{
    struct draw *d = &s->draw;

    for (unsigned i = 0; i < STEPS; i++, s->step++) {
        sim_step(s);
        if (draw_below(d, 500) == 0)
            sim_change(s);
        if (draw_below(d, 300) == 0)
            sim_quiet(s);
    }
    sim_quiet(s);
    sim_plant_step(s);
    if (s->bench.now < until)
        sim_pass_time(s, until - s->bench.now);
}

/* After the last round more time passes than any session has. */
static void cycle(struct sim *s)
{
    uint64_t start = s->bench.now, each = (CYCLE - 2 * SIM_IDLE) / ROUNDS;

    alarm(PATIENCE);
    for (unsigned i = 1; i <= ROUNDS; i++)
        one_round(s, start + i * each);
    sim_pass_time(s, 2 * SIM_IDLE);
    sim_look_for_leaks(s);
    renew(s);
}

static void tell(const struct sim *s, const struct sizes *now)
{
    fprintf(stderr,
            "sim: %.1f h: %u conversations, %" PRIu64 " packets sent, %" PRIu64 " arrived, %" PRIu64
            " changes; %" PRIu64 " KiB of heap, %" PRIu64 " KiB of DPDK's, %" PRIu64
            " KiB resident, %" PRIu64 " descriptors\n",
            (double)(s->bench.now - BENCH_START) / (3600.0 * (double)SIM_SECOND), s->births,
            s->sent, s->arrived, s->changes, now->heap >> 10, now->dpdk >> 10, now->resident >> 10,
            now->files);
}

void sim_soak(struct sim *s)
{
    uint64_t hours = s->options->soak, done = 0;
    uint64_t cycles = hours * 3600 * SIM_SECOND / CYCLE;
    uint64_t warmth = larger(cycles / WARM, LEAST);
    struct sizes warm = {0}, now = {0};

    sim_draw_world(s);
    sim_open(s);
    for (; done < cycles; done++) {
        cycle(s);
        now = look();
        if (done < warmth)
            grow(&warm, &now);
        else
            check_sizes(s, &warm, &now, warmth >= TOUCHED);
        if (done + 1 == warmth || (done + 1) % (cycles / 12 + 1) == 0)
            tell(s, &now);
    }
    sim_close(s);
    tell(s, &now);
}
