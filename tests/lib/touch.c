/* SPDX-License-Identifier: Apache-2.0 */
#include "touch.h"

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>

#define LINE        64u
#define PAGE        4096u
#define LINES       65536u /* that can be noted, a power of two */
#define RANGES      512
#define AT_ONCE     4 /* pages that an instruction touches */
#define STACK       (1u << 20)
#define TRAP_FLAG   0x100 /* single step */
#define FAULT_WRITE 2     /* of the page fault's error code */

struct touch_range {
    uintptr_t begin, end;
};

/* All in a mapping of its own, which is never taken away. */
struct touch {
    uintptr_t skip, skip_end;
    struct touch_range range[RANGES];
    unsigned ranges;
    unsigned who;
    uintptr_t block, block_end; /* of the thread that waits */
    int over;                   /* 0: not begun, 1: begins, 2: the code is through */
    struct {
        uintptr_t page;
        bool written;
        uint64_t before[PAGE / sizeof(uint64_t)];
    } open[AT_ONCE];
    unsigned opens;
    bool full;
    void (*run)(void *arg);
    void *arg;
    struct sigaction was_segv, was_trap;
    struct touch_line line[LINES];
    uint8_t stack[STACK] __attribute__((aligned(PAGE)));
};

static _Thread_local struct touch *mine;

bool touch_can(void)
{
    return true;
}

static struct touch_line *find(struct touch *t, uintptr_t address)
{
    uintptr_t line = address & ~(uintptr_t)(LINE - 1);
    uint32_t at = (uint32_t)(line / LINE * UINT32_C(2654435761));

    for (uint32_t i = 0; i < LINES; i++) {
        struct touch_line *l = &t->line[(at + i) % LINES];

        if (l->address == 0)
            l->address = line;
        if (l->address == line)
            return l;
    }
    t->full = true;
    return &t->line[0];
}

static void protect(const struct touch *t, int rights)
{
    for (unsigned i = 0; i < t->ranges; i++)
        mprotect((void *)t->range[i].begin, t->range[i].end - t->range[i].begin, rights);
}

static bool is_taken(const struct touch *t, uintptr_t address)
{
    for (unsigned i = 0; i < t->ranges; i++)
        if (address >= t->range[i].begin && address < t->range[i].end)
            return true;
    return false;
}

/*
 * Word by word: while the code runs, libc's own memory is taken, which its copies and comparisons may read (to choose a way by size),
 * and a compiler makes calls of them out of plain loops.
 */
static void copy_page(uint64_t *to, const volatile uint64_t *page)
{
    for (unsigned i = 0; i < PAGE / sizeof *page; i++)
        to[i] = page[i];
}

static bool line_differs(const uint64_t *before, const volatile uint64_t *line)
{
    for (unsigned i = 0; i < LINE / sizeof *line; i++)
        if (before[i] != line[i])
            return true;
    return false;
}

/* An access: noted, and its page given back for the one instruction. */
static void on_fault(int number, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    struct touch *t = mine;
    uintptr_t address = (uintptr_t)info->si_addr;
    bool write = (u->uc_mcontext.gregs[REG_ERR] & FAULT_WRITE) != 0;

    if (t == NULL || t->opens == AT_ONCE || !is_taken(t, address)) {
        signal(number, SIG_DFL); /* a fault of its own: once more, and the process ends of it */
        return;
    }
    if (write)
        find(t, address)->writes[t->who]++;
    else
        find(t, address)->reads[t->who]++;
    uintptr_t page = address & ~(uintptr_t)(PAGE - 1);

    mprotect((void *)page, PAGE, PROT_READ | PROT_WRITE);
    t->open[t->opens].page = page;
    t->open[t->opens].written = write;
    if (write)
        copy_page(t->open[t->opens].before, (const volatile uint64_t *)page);
    t->opens++;
    u->uc_mcontext.gregs[REG_EFL] |= TRAP_FLAG;
}

/* The instruction is over. A write may have gone beyond the line that it began in. */
static void on_step(int number, siginfo_t *info, void *context)
{
    ucontext_t *u = context;
    struct touch *t = mine;

    (void)number;
    (void)info;
    for (unsigned i = 0; i < t->opens; i++) {
        uintptr_t page = t->open[i].page;

        for (unsigned at = 0; t->open[i].written && at < PAGE; at += LINE) {
            if (!line_differs(t->open[i].before + at / sizeof(uint64_t),
                              (const volatile uint64_t *)(page + at)))
                continue;
            struct touch_line *l = find(t, page + at);

            l->writes[t->who] += l->writes[t->who] == 0;
        }
        mprotect((void *)page, PAGE, PROT_NONE);
    }
    t->opens = 0;
    u->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
}

/* The range without what is ours or shall be left out: none of it, or a part at either end. */
static void add_range(struct touch *t, uintptr_t begin, uintptr_t end)
{
    const struct touch_range out[] = {
        {(uintptr_t)t, (uintptr_t)t + sizeof *t}, {t->skip, t->skip_end}, {t->block, t->block_end}};

    for (unsigned i = 0; i < sizeof out / sizeof out[0]; i++) {
        if (out[i].begin >= end || out[i].end <= begin)
            continue;
        if (out[i].begin > begin)
            add_range(t, begin, out[i].begin);
        if (out[i].end < end)
            add_range(t, out[i].end, end);
        return;
    }
    if (t->ranges == RANGES)
        t->full = true;
    else
        t->range[t->ranges++] = (struct touch_range){begin, end};
}

static void find_ranges(struct touch *t)
{
    FILE *f = fopen("/proc/self/maps", "re");
    char text[512];

    t->ranges = 0;
    t->full |= f == NULL;
    while (f != NULL && fgets(text, sizeof text, f) != NULL) {
        unsigned long begin, end;
        char rights[5];

        if (sscanf(text, "%lx-%lx %4s", &begin, &end, rights) == 3 && rights[1] == 'w' &&
            strstr(text, "[stack]") == NULL)
            add_range(t, begin, end);
    }
    if (f != NULL)
        fclose(f);
}

struct touch *touch_open(const void *skip, size_t size)
{
    struct touch *t =
        mmap(NULL, sizeof *t, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (t == MAP_FAILED)
        return NULL;
    t->skip = ((uintptr_t)skip + PAGE - 1) & ~(uintptr_t)(PAGE - 1);
    t->skip_end = ((uintptr_t)skip + size) & ~(uintptr_t)(PAGE - 1);
    return t;
}

void touch_close(struct touch *t)
{
    munmap(t, sizeof *t);
}

/* Without libc, and so without any memory but the word. */
static void futex(int *word, int what, int value)
{
    long rc;

    __asm__ volatile("mov %5, %%r10\n\tsyscall"
                     : "=a"(rc)
                     : "a"(SYS_futex), "D"(word), "S"(what), "d"(value), "r"(0L)
                     : "r10", "rcx", "r11", "memory");
}

static void *run_watched(void *arg)
{
    struct touch *t = arg;

    mine = t;
    find_ranges(t);
    while (__atomic_load_n(&t->over, __ATOMIC_ACQUIRE) == 0)
        futex(&t->over, FUTEX_WAIT, 0);
    protect(t, PROT_NONE);
    t->run(t->arg);
    protect(t, PROT_READ | PROT_WRITE);
    __atomic_store_n(&t->over, 2, __ATOMIC_RELEASE);
    futex(&t->over, FUTEX_WAKE, 1);
    return NULL;
}

/* Meanwhile this thread has nothing but its stack and its block. */
static void let_run(struct touch *t)
{
    __atomic_store_n(&t->over, 1, __ATOMIC_RELEASE);
    futex(&t->over, FUTEX_WAKE, 1);
    while (__atomic_load_n(&t->over, __ATOMIC_ACQUIRE) == 1)
        futex(&t->over, FUTEX_WAIT, 1);
}

bool touch_run(struct touch *t, unsigned who, void (*run)(void *arg), void *arg)
{
    struct sigaction fault = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    struct sigaction step = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO};
    pthread_attr_t attributes;
    pthread_t thread;
    int rc;

    t->who = who;
    t->run = run;
    t->arg = arg;
    t->over = 0;
    t->block = (uintptr_t)__builtin_thread_pointer() & ~(uintptr_t)(PAGE - 1);
    t->block_end = t->block + 2 * PAGE;
    sigaction(SIGSEGV, &fault, &t->was_segv);
    sigaction(SIGTRAP, &step, &t->was_trap);
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, t->stack, sizeof t->stack);
    rc = pthread_create(&thread, &attributes, run_watched, t);
    if (rc == 0) {
        let_run(t);
        pthread_join(thread, NULL);
    }
    pthread_attr_destroy(&attributes);
    sigaction(SIGSEGV, &t->was_segv, NULL);
    sigaction(SIGTRAP, &t->was_trap, NULL);
    return rc == 0 && !t->full;
}

static bool touched(const struct touch_line *l, unsigned who)
{
    return l->reads[who] + l->writes[who] > 0;
}

uint32_t touch_lines(const struct touch *t, unsigned who)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < LINES; i++)
        n += touched(&t->line[i], who);
    return n;
}

uint32_t touch_shared(const struct touch *t, struct touch_line *shared, uint32_t most)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < LINES; i++) {
        const struct touch_line *l = &t->line[i];

        if (!touched(l, 0) || !touched(l, 1) || l->writes[0] + l->writes[1] == 0)
            continue;
        if (n < most)
            shared[n] = *l;
        n++;
    }
    return n;
}

#else

bool touch_can(void)
{
    return false;
}

struct touch *touch_open(const void *skip, size_t size)
{
    (void)skip;
    (void)size;
    return NULL;
}

void touch_close(struct touch *t)
{
    (void)t;
}

bool touch_run(struct touch *t, unsigned who, void (*run)(void *arg), void *arg)
{
    (void)t;
    (void)who;
    (void)run;
    (void)arg;
    return false;
}

uint32_t touch_lines(const struct touch *t, unsigned who)
{
    (void)t;
    (void)who;
    return 0;
}

uint32_t touch_shared(const struct touch *t, struct touch_line *shared, uint32_t most)
{
    (void)t;
    (void)shared;
    (void)most;
    return 0;
}

#endif
