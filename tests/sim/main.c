/* SPDX-License-Identifier: Apache-2.0 */
/* The seeds, one after the other, and what to say of one that fails. */
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "crowd.h"
#include "sim.h"

#define SEEDS   200
#define FOREVER 600 /* seconds; a seed takes milliseconds */

static struct sim_options options;
static struct sim sim;
static uint64_t done;

/* Of the sanitizers, where there are any. */
extern void __sanitizer_set_death_callback(void (*call)(void)) __attribute__((weak));

static const char *const fault_name[SIM_FAULTS] = {
    [SIM_F_LOSE] = "lose",   [SIM_F_DOUBLE] = "double", [SIM_F_LATE] = "late",
    [SIM_F_HINTS] = "hints", [SIM_F_STALE] = "stale",   [SIM_F_NOISE] = "noise",
    [SIM_F_INDEX] = "index", [SIM_F_BELL] = "bell",     [SIM_F_CRASH] = "crash",
    [SIM_F_TIGHT] = "tight", [SIM_F_CLOCK] = "clock",   [SIM_F_STOP] = "stop"};

static char again[256]; /* the line that repeats the seed at hand */

static void note_seed(void)
{
    char steps[40] = "";

    if (options.steps > 0)
        snprintf(steps, sizeof steps, " --steps %" PRIu64, options.steps);
    if (options.soak > 0)
        snprintf(steps, sizeof steps, " --soak %" PRIu64, options.soak);
    snprintf(again, sizeof again, "sim: again: ./run sim --seed %" PRIu64 "%s%s%s%s\n", sim.seed,
             steps, options.no_faults ? " --no-faults" : "",
             options.plant != NULL ? " --plant " : "", options.plant != NULL ? options.plant : "");
}

/* Also from a signal's handler. */
static void tell_seed(void)
{
    if (write(STDERR_FILENO, again, strlen(again)) < 0)
        return;
}

void sim_finding(const struct sim *s, const char *format, ...)
{
    va_list args;

    fprintf(stderr, "sim: seed %" PRIu64 ", step %u, at %" PRIu64 " ns, faults:", s->seed, s->step,
            s->bench.now - BENCH_START);
    for (unsigned i = 0; i < SIM_FAULTS; i++)
        if (sim_has(s, (enum sim_fault)i))
            fprintf(stderr, " %s", fault_name[i]);
    fprintf(stderr, "%s: ", s->faults == 0 ? " none" : "");
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    tell_seed();
    _exit(1);
}

void sim_trace(const struct sim *s, const char *format, ...)
{
    va_list args;

    if (!options.trace)
        return;
    fprintf(stderr, "%12" PRIu64 " ", s->bench.now - BENCH_START);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

static void on_signal(int signal)
{
    (void)signal;
    tell_seed();
    _exit(1);
}

static const char help[] =
    "usage: sim [OPTION...] [SEEDS]      (default: 200, or one with --seed)\n\n"
    "  --seed N       the first seed (default: 1)\n"
    "  --seconds N    as many seeds as there is time for\n"
    "  --steps N      steps of each seed, in place of what it draws\n"
    "  --soak HOURS   one card for so many hours of its own time: nothing grows, nothing is kept\n"
    "  --no-faults    nothing goes wrong, and every packet's fate is known\n"
    "  --plant NAME   with a defect that the checks must find; '--plant list' names them\n"
    "  --digest       a line for each seed: what it came to\n"
    "  --trace        a line for all that happens\n"
    "  --scenario NAME  a flood in place of seeds; '--scenario list' names them\n\n"
    "Ends with 0, or with 1 at the first finding: what is wrong, and the line to see it again.\n";

static int usage(const char *word)
{
    fprintf(stderr, "sim: '%s' is no option, or lacks its value; './run sim --help' lists them\n",
            word);
    return 2;
}

static bool number(const char *text, uint64_t *n)
{
    char *end;

    if (text == NULL || *text < '0' || *text > '9')
        return false;
    *n = strtoull(text, &end, 10);
    return *end == '\0';
}

/* An option with a number behind it; false: it is another, or lacks it. */
static bool numeric(const char *word, const char *value, uint64_t *n)
{
    uint64_t *to = strcmp(word, "--seed") == 0      ? &options.seed
                   : strcmp(word, "--seconds") == 0 ? &options.seconds
                   : strcmp(word, "--steps") == 0   ? &options.steps
                   : strcmp(word, "--soak") == 0    ? &options.soak
                                                    : NULL;

    return to != NULL && number(value, n) && (*to = *n) == *n;
}

static int read_options(char **argv)
{
    uint64_t n = 0;

    for (argv++; *argv != NULL; argv++) {
        const char *word = *argv;

        if (strcmp(word, "--no-faults") == 0)
            options.no_faults = true;
        else if (strcmp(word, "--digest") == 0)
            options.digest = true;
        else if (strcmp(word, "--trace") == 0)
            options.trace = true;
        else if (numeric(word, argv[1], &n))
            argv++;
        else if (strcmp(word, "--plant") == 0 && argv[1] != NULL && sim_plant_known(argv[1]))
            options.plant = *++argv;
        else if (number(word, &n))
            options.seeds = n;
        else
            return usage(word);
    }
    if (options.seeds == 0)
        options.seeds = options.seed != 0 || options.soak > 0 ? 1 : SEEDS;
    if (options.seed == 0)
        options.seed = 1;
    return 0;
}

static uint64_t seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec;
}

static void one(uint64_t seed)
{
    memset(&sim, 0, sizeof sim);
    sim.options = &options;
    sim.seed = seed;
    sim.draw.state = seed;
    note_seed();
    alarm(FOREVER);
    if (options.soak > 0)
        sim_soak(&sim);
    else
        sim_run(&sim);
    done++;
}

struct totals {
    uint64_t sent, arrived, drops, changes, crashes, hits, planted;
};

static void add(struct totals *t)
{
    t->sent += sim.sent;
    t->arrived += sim.arrived;
    t->drops += sim.sure_drops;
    t->changes += sim.changes;
    t->crashes += sim.crashes;
    t->hits += sim.hits;
    t->planted += sim.planted;
}

static void tell(FILE *f, const struct totals *t, uint64_t time)
{
    fprintf(f,
            "sim: %" PRIu64 " seeds in %" PRIu64 " s: %" PRIu64 " packets sent, %" PRIu64
            " arrived, %" PRIu64 " dropped as foreseen; %" PRIu64 " changes, %" PRIu64
            " crashes, %" PRIu64 " faults%s\n",
            done, time, t->sent, t->arrived, t->drops, t->changes, t->crashes, t->hits,
            options.plant != NULL ? " (planted)" : "");
    fflush(f);
}

/* cmocka, for what the bench asserts. */
static void seeds(void **state)
{
    uint64_t start = seconds(), told = start;
    struct totals t = {0};

    (void)state;
    for (uint64_t i = 0;
         options.seconds > 0 ? seconds() - start < options.seconds : i < options.seeds; i++) {
        one(options.seed + i);
        add(&t);
        if (options.digest)
            fprintf(stderr, "seed %" PRIu64 ": %016" PRIx64 "\n", sim.seed, sim.digest);
        if (seconds() - told >= 10) {
            told = seconds();
            tell(stderr, &t, told - start);
        }
    }
    tell(stderr, &t, seconds() - start);
}

static const struct crowd_scenario *scenario;

static void scene(void **state)
{
    (void)state;
    if (crowd_run(scenario) != 0)
        fail();
}

static int overload(const char *name)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(scene)};

    if (strcmp(name, "list") == 0) {
        crowd_list(stdout);
        return 0;
    }
    scenario = crowd_scenario(name);
    if (scenario == NULL)
        return usage("--scenario");
    if (freopen("/dev/null", "w", stdout) == NULL)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(seeds)};
    static const int fatal[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM};
    int rc;

    if (argc == 2 && strcmp(argv[1], "--help") == 0)
        return fputs(help, stdout) < 0;
    if (argc == 3 && strcmp(argv[1], "--scenario") == 0)
        return overload(argv[2]);
    if (argc == 3 && strcmp(argv[1], "--plant") == 0 && strcmp(argv[2], "list") == 0)
        return sim_plant_list(stdout);
    rc = read_options(argv);
    if (rc != 0)
        return rc;
    if (__sanitizer_set_death_callback != NULL)
        __sanitizer_set_death_callback(tell_seed);
    for (unsigned i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
        signal(fatal[i], on_signal);
    if (freopen("/dev/null", "w", stdout) == NULL) /* what cmocka says of itself */
        return 1;
    rc = cmocka_run_group_tests(tests, NULL, NULL);
    if (rc != 0)
        tell_seed();
    return rc;
}
