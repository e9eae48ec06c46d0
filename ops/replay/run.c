/* SPDX-License-Identifier: Apache-2.0 */
/* The clock and the loop. */
#include <stdio.h>
#include <string.h>

#include "nic/ports/pcap.h"
#include "replay.h"

#define SECOND   UINT64_C(1000000000)
#define START    SECOND /* NIC time of the first frame: time 0 means "never" in places */
#define AGE_STEP 2000000u
#define WAIT_S   10u
#define STEP     100000u /* in which time goes on while workers of a limited rate are behind */

static struct nic_port *port_of(struct replay *r, uint32_t i)
{
    return nic_port(r->nic, fw_cfg(r->fw)->port[i].index);
}

/* A turn of a worker, when it has time left. */
static uint32_t poll_worker(struct replay *r, uint32_t w)
{
    struct dp_worker *worker = fw_worker(r->fw, w);
    uint64_t before = dp_counters(worker)->packets;
    uint32_t work;

    if (r->limited && r->budget[w] <= 0)
        return 0;
    work = dp_poll(worker);
    r->budget[w] -= (int64_t)((dp_counters(worker)->packets - before) * SECOND);
    return work;
}

/* One round of everybody; packets moved. */
static uint32_t poll_all(struct replay *r)
{
    uint32_t work = nic_poll(r->nic, r->now);

    for (uint32_t w = 0; w < fw_workers(r->fw); w++)
        work += poll_worker(r, w);
    return work;
}

static uint32_t sessions(struct replay *r)
{
    uint32_t used = 0;

    for (uint32_t w = 0; w < fw_workers(r->fw); w++)
        used += ses_stats(dp_sessions(fw_worker(r->fw, w)))->used;
    return used;
}

static uint32_t held(struct replay *r)
{
    uint32_t n = 0;

    for (uint32_t w = 0; w < fw_workers(r->fw); w++)
        n += dp_held(fw_worker(r->fw, w));
    return n;
}

static void settle(struct replay *r)
{
    while (poll_all(r) > 0)
        continue;
}

static uint64_t next_time(struct replay *r)
{
    uint64_t next = UINT64_MAX;

    for (uint32_t i = 0; i < fw_cfg(r->fw)->ports; i++) {
        uint64_t t = nic_pcap_next_time(port_of(r, i));

        if (t < next)
            next = t;
    }
    return next;
}

static void set_time(struct replay *r, uint64_t capture)
{
    for (uint32_t i = 0; i < fw_cfg(r->fw)->ports; i++)
        nic_pcap_set_now(port_of(r, i), capture);
    r->now = START + capture - r->first;
}

static int capture_errors(struct replay *r)
{
    for (uint32_t i = 0; i < fw_cfg(r->fw)->ports; i++) {
        const char *error = nic_pcap_error(port_of(r, i));

        if (error != NULL) {
            fprintf(stderr, "avs-replay: port %s: %s\n", fw_cfg(r->fw)->port[i].name, error);
            return REPLAY_CAPTURE;
        }
    }
    return REPLAY_OK;
}

/* Workers of a limited rate may do more, the longer the time that has gone by; what they do not use is lost. */
static void give_time(struct replay *r, uint64_t ns)
{
    int64_t most = (int64_t)(r->options->worker_rate * STEP + SECOND);

    for (uint32_t w = 0; w < fw_workers(r->fw); w++) {
        r->budget[w] += (int64_t)(r->options->worker_rate * (ns < SECOND ? ns : SECOND));
        if (r->budget[w] > most)
            r->budget[w] = most;
    }
}

/* What comes next: the time of a frame, or the next step while packets or frames wait for a worker. UINT64_MAX: nothing. */
static uint64_t next_event(struct replay *r, uint64_t last)
{
    uint64_t t = next_time(r);
    bool behind = r->limited && (nic_credit_out(r->nic) > 0 || t <= last);

    if (behind && (t <= last || t > last + STEP))
        return last + STEP;
    return t < last ? last
                    : t; /* captures are not always in order: what comes late comes at once */
}

static void set_patience(struct replay *r)
{
    for (uint32_t i = 0; i < fw_cfg(r->fw)->ports; i++)
        nic_pcap_patience(port_of(r, i), r->options->patience_ns);
}

int replay_apply(struct replay *r, const char *file)
{
    struct cfg_error error = {.line = 0};
    struct cfg *cfg;
    int rc = replay_load(r, file, fw_cfg(r->fw), &cfg);

    if (rc == REPLAY_OK && fw_apply(r->fw, cfg, &error) < 0) {
        fprintf(stderr, "avs-replay: %s: %s: %s\n", file, error.path, error.text);
        cfg_free(cfg);
        rc = REPLAY_CONFIG;
    }
    return rc;
}

/* Configurations whose time has come. */
static int apply_due(struct replay *r, uint64_t ns)
{
    const char *file;
    int rc = REPLAY_OK;

    while (rc == REPLAY_OK &&
           (file = replay_timed_due(&r->options->applies, &r->applies_done, ns)) != NULL)
        rc = replay_apply(r, file);
    return rc;
}

/* Has all been done that the command line gives a time for? */
static int all_done(const struct replay *r)
{
    const struct replay_timed *rules = &r->options->rules, *applies = &r->options->applies;
    const char *late = NULL;

    if (r->rules_done < rules->n)
        late = rules->text[r->rules_done];
    else if (r->applies_done < applies->n)
        late = applies->text[r->applies_done];
    if (late == NULL)
        return REPLAY_OK;
    fprintf(stderr, "avs-replay: '%s' would come after the last frame\n", late);
    return REPLAY_CONFIG;
}

static int play(struct replay *r)
{
    uint64_t t = next_time(r);
    uint64_t last = 0;
    int rc;

    r->first = t == UINT64_MAX ? 0 : t;
    r->limited = r->options->worker_rate != 0;
    set_patience(r);
    for (; t != UINT64_MAX; t = next_event(r, last)) {
        rc = apply_due(r, t - r->first);
        if (rc == REPLAY_OK)
            rc = replay_create_rules(r, t - r->first);
        if (rc != REPLAY_OK)
            return rc;
        give_time(r, t + r->options->quantum_ns - last);
        last = t + r->options->quantum_ns;
        set_time(r, last);
        rc = replay_set_workers(r, t - r->first);
        if (rc != REPLAY_OK)
            return rc;
        settle(r);
        if (sessions(r) > r->sessions_high)
            r->sessions_high = sessions(r);
    }
    r->limited = false;
    rc = all_done(r);
    if (rc != REPLAY_OK)
        return rc;
    return capture_errors(r);
}

static uint32_t longest(const struct ses_timeouts *t)
{
    const uint32_t all[] = {
        t->tcp_embryonic, t->tcp_established, t->tcp_half_closed, t->tcp_closing, t->tcp_time_wait,
        t->tcp_reset,     t->udp_single,      t->udp_stream,      t->icmp,        t->other};
    uint32_t max = 0;

    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i] > max)
            max = all[i];
    return max;
}

/* Second by second until the longest time-out has passed; within one, until nothing more expires. */
static void age(struct replay *r)
{
    uint32_t seconds = longest(&fw_cfg(r->fw)->options.timeouts) + 2;

    for (uint32_t s = 0; s <= seconds && sessions(r) > 0; s++) {
        uint32_t before;

        r->now += SECOND;
        do {
            before = sessions(r);
            r->now += AGE_STEP;
            settle(r);
        } while (sessions(r) < before);
    }
    settle(r);
}

/* Packets that wait for something that does not come do so for seconds at most. */
static void wait_for_held(struct replay *r)
{
    for (uint32_t s = 0; s < WAIT_S && held(r) > 0; s++) {
        r->now += SECOND;
        settle(r);
    }
}

static void look_at_actions(struct replay *r, const struct act_store *actions)
{
    r->leaked_programs += actions->programs.used;
    r->leaked_templates += actions->templates.used;
}

/* Frames that a port's guest or network lost, waiting for credit. */
uint64_t replay_missed(struct replay *r, uint16_t index)
{
    struct nic_port *port = nic_port(r->nic, index);

    return port != NULL ? nic_pcap_missed(port) : 0;
}

static void look_for_leaks(struct replay *r)
{
    r->leaked_slots = nic_slots_out(r->nic);
    r->leaked_credit = nic_credit_out(r->nic);
    r->leaked_cells = nic_cells_out(r->nic);
    for (uint32_t w = 0; w < fw_workers(r->fw); w++) {
        r->corrupt |=
            dp_corrupt(fw_worker(r->fw, w)) || dp_counters(fw_worker(r->fw, w))->bad_entry > 0;
        if (!r->options->no_ageing)
            look_at_actions(r, dp_actions(fw_worker(r->fw, w)));
    }
    if (!r->options->no_ageing)
        r->leaked_sessions = sessions(r);
}

static int open_both(struct replay *r, const struct cfg_options *options, char why[NIC_WHY])
{
    struct nic_config nic;
    struct fw_config fw = {.nic_ops = &fw_nic_embedded, .options = options};

    nic_config_repeatable(&nic, cfg_workers_max(options));
    nic.max_vector = options->vector;
    nic.use_fit = !r->options->no_flow_index;
    if (r->options->slice != NULL)
        nic_config_slice(&nic, r->options->slice);
    int rc = nic_open(&r->nic, &nic, why);

    if (rc < 0)
        return rc;
    fw.view = &nic_region(r->nic)->view;
    fw.nic = r->nic;
    for (uint32_t w = 0; w < cfg_workers_max(options); w++) {
        fw.rx_doorbell[w] = nic_rx_doorbell(r->nic, w);
        fw.tx_doorbell[w] = nic_tx_doorbell(r->nic, w);
    }
    return fw_open(&r->fw, &fw, why);
}

int replay_run(struct replay *r, struct cfg *cfg)
{
    struct cfg_error error = {.line = 0};
    char why[NIC_WHY];
    int rc;

    if (open_both(r, &cfg->options, why) < 0) {
        fprintf(stderr, "avs-replay: %s\n", why);
        cfg_free(cfg);
        return REPLAY_BROKEN;
    }
    r->now = START;
    if (fw_apply(r->fw, cfg, &error) < 0) {
        fprintf(stderr, "avs-replay: %s: %s\n", error.path, error.text);
        cfg_free(cfg);
        return REPLAY_CAPTURE;
    }
    rc = replay_set_meters(r);
    if (rc == REPLAY_OK)
        rc = replay_create_rules(r, 0);
    if (rc == REPLAY_OK)
        rc = play(r);
    if (rc != REPLAY_OK)
        return rc;
    wait_for_held(r);
    if (!r->options->no_ageing)
        age(r);
    look_for_leaks(r);
    return rc;
}

void replay_close(struct replay *r)
{
    fw_close(r->fw);
    nic_close(r->nic);
}
