/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long packets take, by stage: the workers' histograms and the NIC's, in the order of a packet's way. Nothing is put back
 * to zero under those who write: figures are what was read less what had been there at the reset.
 */
#include <errno.h>
#include <stdlib.h>

#include "datapath/latency.h"
#include "internal.h"

/* Of metrics, ns: each four times the one before, and all of them beginnings of buckets. */
#define FIRST_BOUND 1024u
#define BOUNDS      11u

enum stage { TO_RING, TO_WORKER, FAST, SLOW, TX_RING, WITH_WORKER, WHOLE, STAGES };

static const struct {
    const char *name;
    bool nic;
    unsigned which; /* enum hsr_latency of the NIC's, enum dp_latency_stage of a worker's */
} stages[STAGES] = {
    [TO_RING] = {"to_ring", true, HSR_LATENCY_TO_RING},
    [TO_WORKER] = {"to_worker", false, DP_LATENCY_TO_WORKER},
    [FAST] = {"fast", false, DP_LATENCY_FAST},
    [SLOW] = {"slow", false, DP_LATENCY_SLOW},
    [TX_RING] = {"tx_ring", false, DP_LATENCY_TX_RING},
    [WITH_WORKER] = {"with_worker", true, HSR_LATENCY_WITH_WORKER},
    [WHOLE] = {"whole", true, HSR_LATENCY_WHOLE},
};

struct fw_latency {
    bool on;
    bool nic; /* it measures */
    struct dp_latency *worker[HSR_MAX_WORKERS];
    struct hist_counts base[HSR_MAX_WORKERS][STAGES]; /* as of the reset */
    struct hist_counts now[HSR_MAX_WORKERS][STAGES];  /* read last; the NIC's, last answered */
};

static int open_latency(struct fw *fw)
{
    struct fw_latency *l = calloc(1, sizeof *l);
    int rc = l == NULL ? -ENOMEM : 0;

    for (uint32_t w = 0; rc == 0 && w < fw->workers; w++)
        rc = dp_latency_open(&l->worker[w], fw_clock(fw));
    fw->latency = l;
    if (rc < 0)
        fw_latency_close(fw);
    return rc;
}

static void install(struct dp_worker *w, void *arg)
{
    dp_worker_time(w, arg);
}

static void time_workers(struct fw *fw, bool on)
{
    for (uint32_t w = 0; w < fw->workers; w++)
        dp_run(fw->worker[w], install, on ? fw->latency->worker[w] : NULL);
    fw->latency->on = on;
}

/* A NIC need not know of it. */
static int tell_nic(struct fw *fw, bool on)
{
    int rc = fw->nic_ops->latency_set != NULL ? fw->nic_ops->latency_set(fw->nic, on) : -EOPNOTSUPP;

    if (rc == 0)
        fw->latency->nic = true;
    return rc == -EOPNOTSUPP || rc == -EPERM ? 0 : rc;
}

/* Those of the NIC, which answers each with a message of its own: one that does not is asked no further. */
static void read_nic(struct fw *fw)
{
    struct fw_latency *l = fw->latency;

    if (!l->nic)
        return;
    for (uint32_t w = 0; w < fw->workers; w++) {
        for (unsigned s = 0; s < STAGES; s++) {
            struct hist_counts counts = {0};

            if (!stages[s].nic)
                continue;
            if (fw->nic_ops->latency_get(fw->nic, w, stages[s].which, &counts) < 0)
                return;
            l->now[w][s] = counts;
        }
    }
}

static void read_workers(struct fw *fw)
{
    struct fw_latency *l = fw->latency;

    for (uint32_t w = 0; w < fw->workers; w++) {
        for (unsigned s = 0; s < STAGES; s++) {
            if (stages[s].nic)
                continue;
            l->now[w][s] = (struct hist_counts){0};
            hist_read(dp_latency_hist(l->worker[w], (enum dp_latency_stage)stages[s].which),
                      &l->now[w][s]);
        }
    }
}

/* While nobody measures, the NIC's are those that it ended with. */
static void read_all(struct fw *fw)
{
    read_workers(fw);
    if (fw->latency->on)
        read_nic(fw);
}

static int turn_on(struct fw *fw)
{
    int rc = tell_nic(fw, true);

    if (rc == 0)
        time_workers(fw, true);
    return rc;
}

/* Also when it is off: a NIC that did not answer in time may measure all the same. */
static int turn_off(struct fw *fw)
{
    int rc = tell_nic(fw, false);

    if (rc == 0)
        read_nic(fw);
    time_workers(fw, false);
    return rc;
}

int fw_latency_set(struct fw *fw, bool on)
{
    int rc = fw->latency == NULL && on ? open_latency(fw) : 0;

    if (rc < 0 || fw->latency == NULL)
        return rc;
    if (!on)
        return turn_off(fw);
    return fw->latency->on ? 0 : turn_on(fw);
}

bool fw_latency_on(const struct fw *fw)
{
    return fw->latency != NULL && fw->latency->on;
}

void fw_latency_close(struct fw *fw)
{
    struct fw_latency *l = fw->latency;

    if (l == NULL)
        return;
    if (l->on) {
        tell_nic(fw, false);
        time_workers(fw, false);
    }
    for (uint32_t w = 0; w < fw->workers; w++)
        dp_latency_close(l->worker[w]);
    free(l);
    fw->latency = NULL;
}

void fw_latency_reset(struct fw *fw)
{
    if (fw->latency == NULL)
        return;
    read_all(fw);
    memcpy(fw->latency->base, fw->latency->now, sizeof fw->latency->base);
}

static json_t *stage_json(enum stage s, const struct hist_counts *c)
{
    uint64_t count = hist_count(c);
    json_t *o = json_object();

    json_object_set_new(o, "stage", json_string(stages[s].name));
    json_object_set_new(o, "by", json_string(stages[s].nic ? "nic" : "worker"));
    fw_put(o, "count", count);
    fw_put(o, "p50_ns", hist_percentile(c, 50));
    fw_put(o, "p90_ns", hist_percentile(c, 90));
    fw_put(o, "p99_ns", hist_percentile(c, 99));
    fw_put(o, "p999_ns", hist_percentile(c, 99.9));
    fw_put(o, "max_ns", c->max);
    fw_put(o, "mean_ns", count > 0 ? c->sum / count : 0);
    return o;
}

/* Since the reset, of one worker, also added to `sum`. */
static json_t *worker_json(const struct fw *fw, uint32_t worker, struct hist_counts sum[STAGES])
{
    const struct fw_latency *l = fw->latency;
    json_t *rows = json_array();

    for (unsigned s = 0; s < STAGES; s++) {
        struct hist_counts c = l->now[worker][s];

        if (stages[s].nic && !l->nic)
            continue;
        hist_subtract(&c, &l->base[worker][s]);
        hist_merge(&sum[s], &c);
        json_array_append_new(rows, stage_json((enum stage)s, &c));
    }
    return json_pack("{s:I, s:o}", "worker", (json_int_t)worker, "stages", rows);
}

/* All workers', and what they sum up to. */
static json_t *workers_json(struct fw *fw, struct hist_counts sum[STAGES])
{
    json_t *workers = json_array();

    if (fw->latency == NULL)
        return workers;
    read_all(fw);
    for (uint32_t w = 0; w < fw->workers; w++)
        json_array_append_new(workers, worker_json(fw, w, sum));
    return workers;
}

json_t *fw_latency(struct fw *fw)
{
    struct hist_counts *sum = calloc(STAGES, sizeof *sum);
    bool nic = fw->latency == NULL || fw->latency->nic;
    json_t *rows = json_array(), *workers;

    if (sum == NULL) {
        json_decref(rows);
        return NULL;
    }
    workers = workers_json(fw, sum);
    for (unsigned s = 0; s < STAGES; s++)
        if (nic || !stages[s].nic)
            json_array_append_new(rows, stage_json((enum stage)s, &sum[s]));
    free(sum);
    return json_pack("{s:b, s:b, s:o, s:o}", "on", fw_latency_on(fw), "nic", nic, "stages", rows,
                     "workers", workers);
}

static json_t *metric_json(enum stage s, const struct hist_counts *c)
{
    json_t *o = json_object(), *below = json_array();
    uint32_t bucket = 0;
    uint64_t n = 0;

    for (uint32_t i = 0; i < BOUNDS; i++) {
        uint32_t bound = FIRST_BOUND << 2 * i;

        for (; bucket < hist_bucket(bound); bucket++)
            n += c->bucket[bucket];
        json_array_append_new(below, json_pack("[I, I]", (json_int_t)bound, (json_int_t)n));
    }
    json_object_set_new(o, "stage", json_string(stages[s].name));
    json_object_set_new(o, "by", json_string(stages[s].nic ? "nic" : "worker"));
    fw_put(o, "count", hist_count(c));
    fw_put(o, "sum_ns", c->sum);
    json_object_set_new(o, "below", below);
    return o;
}

json_t *fw_latency_metrics(struct fw *fw)
{
    json_t *rows;

    if (fw->latency == NULL)
        return NULL;
    read_all(fw);
    rows = json_array();
    for (unsigned s = 0; s < STAGES; s++) {
        struct hist_counts sum = {0};

        if (stages[s].nic && !fw->latency->nic)
            continue;
        for (uint32_t w = 0; w < fw->workers; w++)
            hist_merge(&sum, &fw->latency->now[w][s]);
        json_array_append_new(rows, metric_json((enum stage)s, &sum));
    }
    return rows;
}
