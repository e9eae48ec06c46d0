/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench_explain.h"
#include "nic/eal.h"
#include "seen.h"

#define SECOND   UINT64_C(1000000000)
#define RING     (4u << 20)
#define AGE_STEP 2000000u

static struct cfg *parse(const json_t *document, const struct cfg *old, struct cfg_error *error)
{
    struct cfg *cfg = NULL;

    return cfg_parse(document, old, &cfg, error) < 0 ? NULL : cfg;
}

static struct bench_name *find(const struct bench *b, const char *name)
{
    for (uint32_t i = 0; i < b->names; i++)
        if (strcmp(b->port[i].name, name) == 0)
            return (struct bench_name *)&b->port[i];
    return NULL;
}

/* A ring for every port there ever was. */
static void make_rings(struct bench *b, const struct cfg *cfg)
{
    for (uint32_t i = 0; i < cfg->ports; i++) {
        struct bench_name *n = find(b, cfg->port[i].name);

        if (n == NULL) {
            assert_true(b->names < BENCH_PORTS);
            n = &b->port[b->names++];
            snprintf(n->name, sizeof n->name, "%s", cfg->port[i].name);
            n->ring = nic_ring_new(n->name, RING);
            assert_non_null(n->ring);
        }
        n->index = cfg->port[i].index;
    }
}

static void open_nic(struct bench *b, const struct cfg_options *options)
{
    struct nic_config nic;
    char why[NIC_WHY] = "";

    nic_config_repeatable(&nic,
                          b->config.ring_sets ? b->config.ring_sets : cfg_workers_max(options));
    nic.geometry.runs[0] = b->config.single_slots != 0 ? b->config.single_slots : 2048;
    nic.geometry.runs[1] = 64;
    nic.geometry.runs[2] = 16;
    if (b->config.ring_entries != 0)
        nic.geometry.ring_entries = b->config.ring_entries;
    if (b->config.max_vector != 0)
        nic.max_vector = b->config.max_vector;
    nic.use_fit = !b->config.no_flow_index;
    nic.slice = b->config.slice || getenv("AVS_TEST_SLICE") != NULL;
    if (b->config.shape != NULL)
        b->config.shape(b, &nic);
    assert_int_equal(nic_open(&b->nic, &nic, why), 0);
    assert_int_equal(nic_steer(b->nic, cfg_workers_max(options)), 0);
}

static void open_arena(struct bench *b, const struct cfg_options *options)
{
    uint32_t workers = nic_region(b->nic)->view.workers;
    const struct fw_arena_config config = {.workers = workers,
                                           .used = cfg_workers_max(options),
                                           .sessions = options->sessions,
                                           .hash_secret = nic_region(b->nic)->view.hash_secret};
    char why[NIC_WHY] = "";

    if (b->memfd < 0) {
        b->memfd = memfd_create("arena", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        assert_true(b->memfd >= 0);
        assert_int_equal(ftruncate(b->memfd, (off_t)fw_arena_size(workers, options->sessions)), 0);
        assert_int_equal(fcntl(b->memfd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
    }
    assert_int_equal(fw_arena_open(&b->arena, dup(b->memfd), &config, why), 0);
}

static void open_fw(struct bench *b, const struct cfg_options *options)
{
    struct fw_config fw = {.nic_ops =
                               b->config.nic_ops != NULL ? b->config.nic_ops : &fw_nic_embedded,
                           .options = options,
                           .threaded = b->config.start != NULL,
                           .arena = b->arena};
    char why[NIC_WHY] = "";

    fw.view = b->config.between != NULL ? b->config.between(b) : &nic_region(b->nic)->view;
    fw.nic = b->nic;
    for (uint32_t w = 0; w < cfg_workers_max(options); w++) {
        fw.rx_doorbell[w] = nic_rx_doorbell(b->nic, w);
        fw.tx_doorbell[w] = nic_tx_doorbell(b->nic, w);
    }
    assert_int_equal(fw_open(&b->fw, &fw, why), 0);
}

/* NIC and firmware, as far as they are not there, for a configuration whose options are these; its names of before. */
static struct cfg *open_both(struct bench *b, const struct cfg_options *options)
{
    struct cfg *names = NULL;

    if (b->nic == NULL)
        open_nic(b, options);
    if (b->config.arena) {
        open_arena(b, options);
        names = fw_arena_names(b->arena);
        assert_non_null(names);
    }
    open_fw(b, options);
    if (b->config.start != NULL)
        b->config.start(b);
    return names;
}

/* The document's, `fw` there or not. */
static struct cfg *configure(struct bench *b, const json_t *document, struct cfg_error *error)
{
    struct cfg *names, *cfg;

    if (b->fw != NULL)
        return parse(document, fw_cfg(b->fw), error);
    cfg = parse(document, NULL, error);
    if (cfg == NULL)
        return NULL;
    names = open_both(b, &cfg->options);
    if (names == NULL)
        return cfg;
    cfg_free(cfg);
    cfg = parse(document, names, error);
    cfg_free(names);
    return cfg;
}

int bench_apply(struct bench *b, const char *yaml, struct cfg_error *error)
{
    struct cfg_error own;
    struct cfg_lines *lines = NULL;
    json_t *document = NULL;
    struct cfg *cfg;
    int rc;

    error = error != NULL ? error : &own;
    if (cfg_yaml_load(yaml, strlen(yaml), &document, &lines, error) < 0)
        return -EINVAL;
    cfg_lines_free(lines);
    cfg = configure(b, document, error);
    json_decref(document);
    if (cfg == NULL)
        return -EINVAL;
    make_rings(b, cfg);
    rc = fw_apply(b->fw, cfg, error);
    if (rc < 0)
        cfg_free(cfg);
    return rc;
}

static void must_apply(struct bench *b, const char *yaml)
{
    struct cfg_error error = {.line = 0};

    if (bench_apply(b, yaml, &error) < 0)
        fail_msg("%s: %s (line %d)", error.path, error.text, error.line);
}

void bench_crash(struct bench *b)
{
    uint32_t instance = nic_region(b->nic)->view.instance;

    fw_close(b->fw);
    fw_arena_close(b->arena);
    b->fw = NULL;
    b->arena = NULL;
    nic_reset(b->nic, instance % 255 + 1);
    for (uint32_t i = 0; i < b->names; i++)
        nic_port_del(b->nic, b->port[i].index);
    nic_poll(b->nic, b->now);
}

void bench_restart(struct bench *b, const char *yaml)
{
    bench_crash(b);
    must_apply(b, yaml);
}

uint8_t *bench_arena(struct bench *b, size_t *size)
{
    struct stat st;

    assert_int_equal(fstat(b->memfd, &st), 0);
    *size = (size_t)st.st_size;
    uint8_t *map = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_SHARED, b->memfd, 0);

    assert_ptr_not_equal(map, MAP_FAILED);
    return map;
}

void bench_open(struct bench *b, const struct bench_config *config, const char *yaml)
{
    char why[NIC_WHY];

    memset(b, 0, sizeof *b);
    b->config = *config;
    b->now = BENCH_START;
    b->memfd = -1;
    b->explains = getenv("AVS_TEST_EXPLAIN") != NULL && config->start == NULL &&
                  config->nic_ops == NULL && !config->may_be_broken;
    assert_int_equal(nic_eal_init(NIC_EAL_PLAIN, why), 0);
    must_apply(b, yaml);
}

uint16_t bench_index(const struct bench *b, const char *port)
{
    const struct bench_name *n = find(b, port);

    assert_non_null(n);
    return n->index;
}

void bench_push(struct bench *b, const char *port, const struct fr *frame)
{
    struct bench_name *n = find(b, port);

    assert_non_null(n);
    if (b->explains)
        bench_explain_push(b, port, frame);
    assert_true(nic_ring_push(n->ring, frame->b, frame->len, &frame->vnet));
}

bool bench_pop(struct bench *b, const char *port, struct fr *frame)
{
    struct bench_name *n = find(b, port);

    assert_non_null(n);
    int64_t len = nic_ring_pop(n->ring, frame->b, sizeof frame->b, &frame->vnet);

    frame->len = len < 0 ? 0 : (uint32_t)len;
    n->popped += len >= 0;
    if (b->explains && len >= 0)
        bench_explain_pop(b, port, frame);
    return len >= 0;
}

void bench_quiet(struct bench *b)
{
    static struct fr f;

    for (uint32_t i = 0; i < b->names; i++) {
        if (bench_pop(b, b->port[i].name, &f))
            fail_msg("port %s sent a frame of %u bytes that nobody expected", b->port[i].name,
                     f.len);
    }
}

void bench_run(struct bench *b)
{
    uint32_t work;

    do {
        work = nic_poll(b->nic, b->now);
        if (b->config.turn != NULL)
            work += b->config.turn(b);
        for (uint32_t w = 0; w < fw_workers(b->fw); w++)
            work += dp_poll(fw_worker(b->fw, w));
        if (b->config.turn != NULL)
            work += b->config.turn(b);
    } while (work > 0);
    if (b->explains)
        bench_explain_ran(b);
}

void bench_sleep(struct bench *b, uint64_t ns)
{
    uint64_t end = b->now + ns;

    while (b->now < end) {
        b->now += end - b->now < SECOND ? end - b->now : SECOND;
        bench_run(b);
    }
    for (uint32_t before = UINT32_MAX; bench_sessions(b) < before;) {
        before = bench_sessions(b);
        b->now += AGE_STEP;
        bench_run(b);
    }
}

uint32_t bench_held(struct bench *b)
{
    uint32_t n = 0;

    for (uint32_t w = 0; w < fw_workers(b->fw); w++)
        n += dp_held(fw_worker(b->fw, w));
    return n;
}

void bench_age(struct bench *b)
{
    for (uint32_t s = 0; s < 4000 && bench_sessions(b) + bench_held(b) > 0; s++)
        bench_sleep(b, SECOND);
}

uint64_t bench_drops(struct bench *b, const char *port, enum hsr_drop reason)
{
    const struct hsr_port_stats *s = &nic_region(b->nic)->view.stats[bench_index(b, port)];

    fw_sync(b->fw);
    return reason == HSR_DROP_NONE ? s->pre_drops + s->post_drops : s->drops[reason];
}

uint32_t bench_sessions(struct bench *b)
{
    uint32_t n = 0;

    for (uint32_t w = 0; w < fw_workers(b->fw); w++)
        n += ses_stats(dp_sessions(fw_worker(b->fw, w)))->used;
    return n;
}

uint32_t bench_actions(struct bench *b)
{
    uint32_t n = 0;

    for (uint32_t w = 0; w < fw_workers(b->fw); w++) {
        const struct act_store *actions = dp_actions(fw_worker(b->fw, w));

        n += actions->programs.used + actions->templates.used;
    }
    return n;
}

struct dp_counters bench_counters(struct bench *b)
{
    struct dp_counters sum = {0};

    for (uint32_t w = 0; w < fw_workers(b->fw); w++) {
        const struct dp_counters *c = dp_counters(fw_worker(b->fw, w));

        sum.bursts += c->bursts;
        sum.vectors += c->vectors;
        sum.packets += c->packets;
        sum.hits_flow_id += c->hits_flow_id;
        sum.hits_table += c->hits_table;
        sum.slow += c->slow;
        sum.stale_flow_id += c->stale_flow_id;
        sum.revalidated += c->revalidated;
        sum.bad_entry += c->bad_entry;
        sum.handed_in += c->handed_in;
        sum.handed_out += c->handed_out;
        sum.fit_inserts += c->fit_inserts;
        sum.fit_deletes += c->fit_deletes;
        sum.icmp_errors += c->icmp_errors;
        sum.icmp_limited += c->icmp_limited;
    }
    return sum;
}

void bench_refused(struct bench *b, const char *port, const struct fr *frame, enum hsr_drop reason)
{
    uint64_t before = bench_drops(b, port, reason), all = bench_drops(b, port, HSR_DROP_NONE);

    bench_push(b, port, frame);
    bench_run(b);
    if (bench_drops(b, port, reason) != before + 1) {
        for (unsigned r = 1; r < HSR_DROP_COUNT; r++) {
            if (bench_drops(b, port, (enum hsr_drop)r) > 0)
                print_message("port %s: reason %u, %u packets\n", port, r,
                              (unsigned)bench_drops(b, port, (enum hsr_drop)r));
        }
    }
    assert_int_equal(bench_drops(b, port, reason), before + 1);
    assert_int_equal(bench_drops(b, port, HSR_DROP_NONE), all + 1);
    bench_quiet(b);
}

void bench_passes(struct bench *b, const char *port, const struct fr *frame, const char *out,
                  struct fr *got)
{
    bench_push(b, port, frame);
    bench_run(b);
    if (!bench_pop(b, out, got)) {
        for (unsigned r = 1; r < HSR_DROP_COUNT; r++) {
            if (bench_drops(b, port, (enum hsr_drop)r) > 0)
                print_message("port %s: reason %u, %u packets\n", port, r,
                              (unsigned)bench_drops(b, port, (enum hsr_drop)r));
        }
        fail_msg("nothing left by port %s", out);
    }
}

/* Is there a frame nobody read? Its port, or NULL. */
static const char *unread(struct bench *b)
{
    static struct fr f;

    for (uint32_t i = 0; i < b->names; i++)
        if (bench_pop(b, b->port[i].name, &f))
            return b->port[i].name;
    return NULL;
}

/* The first port whose ledger does not add up, or -1. */
static int unbalanced(struct bench *b, struct fw_balance *balance)
{
    fw_sync(b->fw);
    for (uint16_t p = 0; p < HSR_MAX_PORTS; p++) {
        *balance = fw_balance(b->fw, p);
        if (!balance->settled)
            return p;
    }
    *balance = fw_balance_total(b->fw);
    return balance->settled ? -1 : HSR_MAX_PORTS;
}

/* Sessions whose record a later process would not take. */
static uint32_t unsealed(struct bench *b)
{
    uint32_t n = 0;

    for (uint32_t w = 0; w < fw_workers(b->fw); w++) {
        struct ses_table *t = dp_sessions(fw_worker(b->fw, w));
        uint32_t cursor = 0;

        for (struct session *s; (s = ses_walk(t, &cursor)) != NULL;)
            n += !ses_sealed(t, s);
    }
    return n;
}

/* Everything is closed before anything is asserted: the next test wants the names. */
void bench_close(struct bench *b)
{
    const char *frame = NULL;
    struct fw_balance balance = {0};
    struct nic_faults faults;
    uint32_t broken, sessions, actions, slots, credit, cells;
    int port;

    bench_run(b);
    if (b->explains)
        bench_explain_close(b);
    b->explains = false;
    if (!b->config.may_leave_frames)
        frame = unread(b);
    broken = unsealed(b);
    bench_age(b);
    sessions = bench_sessions(b);
    actions = bench_actions(b);
    slots = nic_slots_out(b->nic);
    credit = nic_credit_out(b->nic);
    cells = nic_cells_out(b->nic);
    faults = nic_faults(b->nic);
    port = unbalanced(b, &balance);
    if (!b->config.may_be_broken) /* there a hand of the test's wrote reasons, too */
        seen_note(nic_region(b->nic)->view.stats);
    fw_close(b->fw);
    fw_arena_close(b->arena);
    if (b->memfd >= 0)
        close(b->memfd);
    nic_close(b->nic);
    for (uint32_t i = 0; i < b->names; i++)
        nic_ring_free(b->port[i].ring);
    if (b->config.may_be_broken)
        return;
    if (frame != NULL)
        fail_msg("port %s sent a frame that nobody expected", frame);
    assert_int_equal(broken, 0);
    assert_int_equal(sessions, 0);
    assert_int_equal(actions, 0);
    assert_int_equal(slots, 0);
    assert_int_equal(credit, 0);
    assert_int_equal(cells, 0);
    assert_int_equal(faults.bad_entry, 0);
    assert_int_equal(faults.lost_completion, 0);
    if (port >= 0)
        fail_msg("port %d: pre %d fw %d post %d in flight %d", port, (int)balance.pre,
                 (int)balance.fw, (int)balance.post, (int)balance.in_flight);
}
