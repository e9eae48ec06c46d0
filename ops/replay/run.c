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

static struct nic_port *port_of(struct replay *r, uint32_t i)
{
    return nic_port(r->nic, fw_cfg(r->fw)->port[i].index);
}

/* One round of everybody; packets moved. */
static uint32_t poll_all(struct replay *r)
{
    uint32_t work = nic_poll(r->nic, r->now);

    for (uint32_t w = 0; w < fw_workers(r->fw); w++)
        work += dp_poll(fw_worker(r->fw, w));
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

static int play(struct replay *r)
{
    uint64_t t = next_time(r);
    uint64_t last = 0;
    int rc;

    r->first = t == UINT64_MAX ? 0 : t;
    for (; t != UINT64_MAX; t = next_time(r)) {
        if (t < last) /* captures are not always in order: what comes late comes at once */
            t = last;
        rc = replay_create_rules(r, t - r->first);
        if (rc != REPLAY_OK)
            return rc;
        last = t + r->options->quantum_ns;
        set_time(r, last);
        settle(r);
        if (sessions(r) > r->sessions_high)
            r->sessions_high = sessions(r);
    }
    if (r->rules_done < r->options->rules) {
        fprintf(stderr, "avs-replay: rule '%s' would come after the last frame\n",
                r->options->rule[r->rules_done]);
        return REPLAY_CONFIG;
    }
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

    nic_config_repeatable(&nic, options->workers);
    nic.max_vector = options->vector;
    nic.use_fit = !r->options->no_flow_index;
    if (r->options->slice != NULL)
        nic_config_slice(&nic, r->options->slice);
    int rc = nic_open(&r->nic, &nic, why);

    if (rc < 0)
        return rc;
    fw.view = &nic_region(r->nic)->view;
    fw.nic = r->nic;
    for (uint32_t w = 0; w < options->workers; w++) {
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
