/* SPDX-License-Identifier: Apache-2.0 */
#include "firmware/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "action/store.h"
#include "hsring/hash.h"
#include "session/table.h"

#define ARENA_MAGIC  UINT64_C(0x314E455241535641) /* "AVSAREN1" */
#define ARENA_PAGE   UINT64_C(4096)
#define SEALS_NEEDED (F_SEAL_SHRINK | F_SEAL_GROW)

enum { SESSIONS, KEYS6, PROGRAMS, TEMPLATES, SECTIONS };

static const char *const section_name[SECTIONS] = {"sessions", "keys6", "programs", "templates"};

/* What the program and its options tell, and never changes. Fixed width, no padding: compared as bytes. */
struct identity {
    uint64_t magic;
    uint32_t layout;
    uint32_t head_size;
    uint16_t abi_major, abi_minor;
    uint32_t workers; /* there is room for */
    uint32_t used;    /* that may run: others have other homes for the same sessions */
    uint32_t sessions;
    uint32_t session_size, record_size;
    uint32_t ports, contexts;
    uint64_t size;
    uint64_t section[SECTIONS]; /* bytes of each, a worker */
    uint64_t hash; /* of something under the secret, 0 with one worker: other homes, too */
};

_Static_assert(sizeof(struct identity) == 96, "no padding");

struct head {
    struct identity is;
    char port[HSR_MAX_PORTS][CFG_NAME];
    char vpc[CFG_CONTEXTS + 1][CFG_NAME];
};

struct fw_arena {
    struct head *head; /* the mapping's begin */
    struct identity is;
    int fd;
    bool live;
    char emptied[64];
    struct of_worker {
        struct fw_arena *arena;
        uint32_t worker;
        struct ses_memory memory;
    } of[HSR_MAX_WORKERS];
};

static uint64_t page_up(uint64_t size)
{
    return (size + ARENA_PAGE - 1) / ARENA_PAGE * ARENA_PAGE;
}

static uint64_t section_size(unsigned section, uint32_t sessions)
{
    switch (section) {
    case SESSIONS:
        return (uint64_t)sessions * sizeof(struct session);
    case KEYS6:
        return (uint64_t)sessions * SES_KEY6_BYTES;
    case PROGRAMS:
        return (uint64_t)act_store_programs(sessions) * sizeof(union act_record);
    default:
        return (uint64_t)act_store_templates(sessions) * sizeof(union act_record);
    }
}

/* From a worker's first section to the next worker's. */
static uint64_t worker_size(uint32_t sessions)
{
    uint64_t size = 0;

    for (unsigned s = 0; s < SECTIONS; s++)
        size += page_up(section_size(s, sessions));
    return size;
}

uint64_t fw_arena_size(uint32_t workers, uint32_t sessions)
{
    return page_up(sizeof(struct head)) + workers * worker_size(sessions);
}

/* Tells secrets apart and gives none away. */
static uint64_t mark_of(const uint8_t secret[HSR_HASH_SECRET])
{
    const struct hsr_key any = {.w = {ARENA_MAGIC, ~ARENA_MAGIC}};
    struct hsr_hash hash;

    hsr_hash_init(&hash, secret);
    uint64_t mark = hsr_hash_key(&hash, &any);

    explicit_bzero(&hash, sizeof hash);
    return mark;
}

static void describe(struct identity *is, const struct fw_arena_config *config)
{
    uint32_t sessions = config->sessions;

    is->magic = ARENA_MAGIC;
    is->layout = FW_ARENA_LAYOUT;
    is->head_size = sizeof(struct head);
    is->abi_major = HSR_ABI_MAJOR;
    is->abi_minor = HSR_ABI_MINOR;
    is->workers = config->workers;
    is->used = config->used;
    is->sessions = sessions;
    is->session_size = sizeof(struct session);
    is->record_size = sizeof(union act_record);
    is->ports = HSR_MAX_PORTS;
    is->contexts = CFG_CONTEXTS + 1;
    is->size = fw_arena_size(config->workers, sessions);
    is->hash = config->used > 1 ? mark_of(config->hash_secret) : 0;
    for (unsigned s = 0; s < SECTIONS; s++)
        is->section[s] = section_size(s, sessions);
}

/* ---- records ---- */

static void *get(void *arg, const char *name, size_t size)
{
    const struct of_worker *of = arg;
    const struct identity *is = &of->arena->is;
    uint64_t at = page_up(sizeof(struct head)) + of->worker * worker_size(is->sessions);

    for (unsigned s = 0; s < SECTIONS; s++) {
        if (strcmp(section_name[s], name) == 0) {
            errno = EINVAL;
            return size == is->section[s] ? (uint8_t *)of->arena->head + at : NULL;
        }
        at += page_up(is->section[s]);
    }
    errno = EINVAL;
    return NULL;
}

/* It outlives whoever asked for it. */
static void put(void *arg, void *memory, size_t size)
{
    (void)arg;
    (void)memory;
    (void)size;
}

const struct ses_memory *fw_arena_memory(struct fw_arena *a, uint32_t worker)
{
    return &a->of[worker].memory;
}

/* ---- open and close ---- */

static int map(struct fw_arena *a, char why[NIC_WHY])
{
    int seals = fcntl(a->fd, F_GET_SEALS);
    struct stat st;

    if (seals < 0 || (seals & SEALS_NEEDED) != SEALS_NEEDED || fstat(a->fd, &st) < 0 ||
        st.st_size < 0 || (uint64_t)st.st_size != a->is.size) {
        snprintf(why, NIC_WHY,
                 "the memory that the NIC keeps for sessions is not what was asked "
                 "for: another size, or one that may change");
        return -EPROTO;
    }
    void *memory =
        mmap(NULL, a->is.size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, a->fd, 0);

    if (memory == MAP_FAILED) {
        int error = errno;

        snprintf(why, NIC_WHY, "cannot map the memory that the NIC keeps for sessions: %s",
                 strerror(error));
        return error > 0 ? -error : -EIO;
    }
    a->head = memory;
    return 0;
}

/* Why this is no arena of ours; NULL: it is, or it is new. */
static const char *misfit(const struct identity *was, const struct identity *is)
{
    if (was->magic != is->magic)
        return was->magic == 0 ? NULL : "it is no arena";
    if (was->layout != is->layout)
        return "its layout is another version's";
    if (was->abi_major != is->abi_major || was->abi_minor != is->abi_minor)
        return "it is of another ABI";
    if (was->used != is->used || was->workers != is->workers)
        return "the number of workers has changed";
    if (was->sessions != is->sessions)
        return "the number of sessions has changed";
    return was->hash != is->hash ? "the NIC hashes with another secret"
                                 : "its records have other sizes";
}

/* Zeroes, and the head. The magic comes last: an arena that was not made to the end is none. */
static int make(struct fw_arena *a, char why[NIC_WHY])
{
    if (fallocate(a->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, (off_t)a->is.size) < 0) {
        snprintf(why, NIC_WHY, "cannot empty the memory that the NIC keeps for sessions: %s",
                 strerror(errno));
        return -errno;
    }
    struct identity is = a->is;

    is.magic = 0;
    a->head->is = is;
    atomic_signal_fence(memory_order_seq_cst);
    a->head->is.magic = a->is.magic;
    return 0;
}

static int look(struct fw_arena *a, char why[NIC_WHY])
{
    const struct identity was = a->head->is;

    a->emptied[0] = '\0';
    a->live = memcmp(&was, &a->is, sizeof was) == 0;
    if (a->live)
        return 0;
    const char *reason = misfit(&was, &a->is);

    snprintf(a->emptied, sizeof a->emptied, "%s", reason != NULL ? reason : "");
    return make(a, why);
}

int fw_arena_renew(struct fw_arena *a, const uint8_t hash_secret[HSR_HASH_SECRET],
                   char why[NIC_WHY])
{
    if (a->is.used > 1)
        a->is.hash = mark_of(hash_secret);
    return look(a, why);
}

int fw_arena_open(struct fw_arena **out, int fd, const struct fw_arena_config *config,
                  char why[NIC_WHY])
{
    struct fw_arena *a = calloc(1, sizeof *a);

    if (a == NULL) {
        close(fd);
        snprintf(why, NIC_WHY, "out of memory");
        return -ENOMEM;
    }
    a->fd = fd;
    describe(&a->is, config);
    for (uint32_t w = 0; w < config->workers; w++)
        a->of[w] = (struct of_worker){
            .arena = a, .worker = w, .memory = {.get = get, .put = put, .arg = &a->of[w]}};
    int rc = map(a, why);

    if (rc == 0)
        rc = look(a, why);
    if (rc < 0) {
        fw_arena_close(a);
        return rc;
    }
    *out = a;
    return 0;
}

void fw_arena_close(struct fw_arena *a)
{
    if (a == NULL)
        return;
    if (a->head != NULL)
        munmap(a->head, a->is.size);
    close(a->fd);
    free(a);
}

bool fw_arena_live(const struct fw_arena *a)
{
    return a->live;
}

const char *fw_arena_emptied(const struct fw_arena *a)
{
    return a->emptied;
}

uint64_t fw_arena_bytes(const struct fw_arena *a)
{
    return a->is.size;
}

int fw_arena_fd(const struct fw_arena *a)
{
    return a->fd;
}

/* ---- names ---- */

/* A name that stands there may have lost its end. */
static void read_name(char to[CFG_NAME], const char from[CFG_NAME])
{
    memcpy(to, from, CFG_NAME);
    to[CFG_NAME - 1] = '\0';
}

static bool name_is(const char there[CFG_NAME], const char *name)
{
    char copy[CFG_NAME];

    read_name(copy, there);
    return copy[0] != '\0' && strcmp(copy, name) == 0;
}

/* A process that ends in the middle of it leaves no name at all: the first letter goes first and comes last. */
static void write_name(char there[CFG_NAME], const char *name)
{
    if (name_is(there, name))
        return;
    there[0] = '\0';
    atomic_signal_fence(memory_order_seq_cst);
    if (name[0] == '\0')
        return;
    strncpy(there + 1, name + 1, CFG_NAME - 1);
    atomic_signal_fence(memory_order_seq_cst);
    there[0] = name[0];
}

bool fw_arena_port_is(const struct fw_arena *a, uint16_t index, const char *name)
{
    return index < HSR_MAX_PORTS && name_is(a->head->port[index], name);
}

bool fw_arena_vpc_is(const struct fw_arena *a, uint32_t context, const char *name)
{
    return context <= CFG_CONTEXTS && name_is(a->head->vpc[context], name);
}

struct cfg *fw_arena_names(const struct fw_arena *a)
{
    struct cfg *c = calloc(1, sizeof *c);

    if (c == NULL)
        return NULL;
    c->port = calloc(HSR_MAX_PORTS, sizeof *c->port);
    c->vpc = calloc(CFG_CONTEXTS, sizeof *c->vpc);
    if (c->port == NULL || c->vpc == NULL) {
        cfg_free(c);
        return NULL;
    }
    for (uint32_t i = 0; i < HSR_MAX_PORTS; i++) {
        read_name(c->port[c->ports].name, a->head->port[i]);
        c->port[c->ports].index = (uint16_t)i;
        c->ports += c->port[c->ports].name[0] != '\0';
    }
    for (uint32_t context = 1; context <= CFG_CONTEXTS; context++) {
        struct cfg_vpc *v = &c->vpc[c->vpcs];

        read_name(v->name, a->head->vpc[context]);
        v->context = context;
        c->vpcs += v->name[0] != '\0';
    }
    return c;
}

/* Names by index and by context, as a configuration has them. */
struct names {
    const char *port[HSR_MAX_PORTS], *vpc[CFG_CONTEXTS + 1];
};

static struct names *names_of(const struct cfg *cfg)
{
    struct names *n = calloc(1, sizeof *n);

    for (uint32_t i = 0; n != NULL && i < cfg->ports; i++)
        n->port[cfg->port[i].index] = cfg->port[i].name;
    for (uint32_t i = 0; n != NULL && i < cfg->vpcs; i++)
        n->vpc[cfg->vpc[i].context] = cfg->vpc[i].name;
    return n;
}

/* Under a name of before there may be sessions: none follows it at once. */
static void change_name(char there[CFG_NAME], const char *name, bool settled)
{
    const char *now = name != NULL ? name : "";

    if (settled || there[0] == '\0' || name_is(there, now))
        write_name(there, now);
    else
        write_name(there, "");
}

static void change_names(struct fw_arena *a, const struct cfg *cfg, bool settled)
{
    struct names *n = names_of(cfg);

    if (n == NULL) { /* what is not named is not adopted */
        memset(a->head->port, 0, sizeof a->head->port);
        memset(a->head->vpc, 0, sizeof a->head->vpc);
        return;
    }
    for (uint32_t i = 0; i < HSR_MAX_PORTS; i++)
        change_name(a->head->port[i], n->port[i], settled);
    for (uint32_t context = 0; context <= CFG_CONTEXTS; context++)
        change_name(a->head->vpc[context], n->vpc[context], settled);
    free(n);
}

void fw_arena_before(struct fw_arena *a, const struct cfg *cfg)
{
    change_names(a, cfg, false);
}

void fw_arena_settle(struct fw_arena *a, const struct cfg *cfg)
{
    change_names(a, cfg, true);
    a->live = false;
}
