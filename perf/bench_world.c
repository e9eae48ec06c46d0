/* SPDX-License-Identifier: Apache-2.0 */
/* NIC and firmware under a configuration, and the clocks. */
#include "bench_world.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#include "nic/eal.h"

#define NS_PER_S UINT64_C(1000000000)

uint64_t bench_cycles(void)
{
#if defined(__x86_64__)
    return __rdtsc();
#elif defined(__aarch64__)
    uint64_t count;

    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(count));
    return count;
#else
#error "no cycle counter known for this architecture"
#endif
}

static uint64_t read_clock(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec;
}

uint64_t bench_clock_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t bench_cpu_ns(void)
{
    return read_clock(CLOCK_THREAD_CPUTIME_ID);
}

double bench_cycle_rate(void)
{
    struct timespec pause = {.tv_nsec = 20000000};
    uint64_t ns = bench_clock_ns(), cycles = bench_cycles();

    nanosleep(&pause, NULL);
    return (double)(bench_cycles() - cycles) * 1e9 / (double)(bench_clock_ns() - ns);
}

/* /proc/stat counts it in hundredths of a second. */
uint64_t bench_steal_ms(void)
{
    unsigned long long steal = 0;
    FILE *f = fopen("/proc/stat", "re");

    if (f == NULL)
        return 0;
    if (fscanf(f, "cpu %*u %*u %*u %*u %*u %*u %*u %llu", &steal) != 1)
        steal = 0;
    fclose(f);
    return steal * 10;
}

struct cfg *bench_configuration(const char *text)
{
    struct cfg_error error = {.line = 0};
    struct cfg_lines *lines = NULL;
    json_t *document = NULL;
    struct cfg *cfg = NULL;

    if (cfg_yaml_load(text, strlen(text), &document, &lines, &error) < 0 ||
        cfg_parse(document, NULL, &cfg, &error) < 0)
        fprintf(stderr, "%s: line %d: %s: %s\n", program_invocation_short_name, error.line,
                error.path, error.text);
    json_decref(document);
    cfg_lines_free(lines);
    return cfg;
}

void bench_pin(int cpu)
{
    cpu_set_t set;

    if (cpu < 0)
        return;
    CPU_ZERO(&set);
    CPU_SET((unsigned)cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) < 0)
        fprintf(stderr, "%s: cannot pin to CPU %d: running unpinned\n",
                program_invocation_short_name, cpu);
}

static int open_both(struct bench_world *w, const struct cfg_options *options, char why[NIC_WHY])
{
    struct nic_config nic;
    struct fw_config fw = {.nic_ops = &fw_nic_embedded,
                           .options = options,
                           .clock = bench_clock_ns}; /* as avsd has it */

    nic_config_repeatable(&nic, cfg_workers_max(options));
    nic.max_vector = options->vector;
    nic.use_fit = w->flow_index;
    if (w->flow_entries != NULL)
        nic_config_flow_index(&nic, w->flow_entries);
    nic.slice = w->slice;
    nic.clock = bench_clock_ns;
    nic.slice_timeout_ns =
        10 * NS_PER_S; /* who takes the core away from us shall not cost packets */
    int rc = nic_open(&w->nic, &nic, why);

    if (rc < 0)
        return rc;
    fw.view = &nic_region(w->nic)->view;
    fw.nic = w->nic;
    for (uint32_t i = 0; i < cfg_workers_max(options); i++) {
        fw.rx_doorbell[i] = nic_rx_doorbell(w->nic, i);
        fw.tx_doorbell[i] = nic_tx_doorbell(w->nic, i);
    }
    return fw_open(&w->fw, &fw, why);
}

int bench_world_open(struct bench_world *w)
{
    struct cfg_error error = {.line = 0};
    char why[NIC_WHY] = "";
    struct cfg *cfg = bench_configuration(w->text);

    if (cfg == NULL)
        return 1;
    bench_pin(w->cpu);
    if (nic_eal_init(NIC_EAL_PLAIN, why) < 0 || open_both(w, &cfg->options, why) < 0) {
        fprintf(stderr, "%s: %s\n", program_invocation_short_name, why);
        cfg_free(cfg);
        return 1;
    }
    if (fw_apply(w->fw, cfg, &error) < 0) {
        fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, error.path, error.text);
        cfg_free(cfg);
        return 1;
    }
    return 0;
}

void bench_world_close(struct bench_world *w)
{
    fw_close(w->fw);
    nic_close(w->nic);
}
