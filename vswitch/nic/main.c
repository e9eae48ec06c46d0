/* SPDX-License-Identifier: Apache-2.0 */
/* avs-nic: the fixed-function hardware as a process of its own. */
#include <errno.h>
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "hsring/idle.h"
#include "log/log.h"
#include "nic/eal.h"
#include "nic/helper.h"
#include "nic/serve.h"
#include "rights/filter.h"

AVS_LOG_MODULE(log_nic, "nic");

static const char usage[] =
    "usage: avs-nic [options]\n"
    "\n"
    "The software NIC: ports, Pre- and Post-Processor, HS-rings. A firmware (avsd --nic=SOCKET) "
    "attaches to it.\n"
    "\n"
    "  -s, --socket PATH    attach socket (default /run/avs/nic.sock)\n"
    "      --workers N      ring sets, so workers a firmware may have, 1..16 (default 2)\n"
    "      --vector N       largest vector, 1..16 (default 16)\n"
    "      --slice WHAT     on, off (default): payloads stay in the NIC while the firmware has the "
    "headers;\n"
    "                       on:US: and are given up after US microseconds (default 50000)\n"
    "      --flow-index N   entries of the flow index, a power of two, 1024..16777216 (default "
    "65536: what a\n"
    "                       chip holds)\n"
    "      --cpu N          run the poll thread on this CPU\n"
    "      --user NAME      whom root becomes after start (default avs, if there is one; root: no "
    "change)\n"
    "      --seccomp WHAT   on (default), off, or log: system calls that are not on the list end "
    "the "
    "process, or are\n"
    "                       only logged by the kernel\n"
    "      --log-json       log as JSON lines\n"
    "      --version\n"
    "  -h, --help\n"
    "\n"
    "example: avs-nic --socket /run/avs/nic.sock &  avsd --nic=/run/avs/nic.sock -c config.yaml\n";

#define WAIT_US 10000u

struct poller {
    struct nic *nic;
    const struct rights *rights;
    int cpu;
    _Atomic bool stop;
};

static uint64_t clock_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void *poll_loop(void *arg)
{
    struct poller *p = arg;
    struct hsr_idle idle = {0};
    char why[NIC_WHY];

    if (p->cpu >= 0) {
        cpu_set_t set;

        CPU_ZERO(&set);
        CPU_SET((unsigned)p->cpu, &set);
        pthread_setaffinity_np(pthread_self(), sizeof set, &set);
    }
    if (rights_filter(p->rights, RIGHTS_NIC, why) < 0) {
        fprintf(stderr, "avs-nic: %s\n", why);
        abort();
    }
    while (!atomic_load_explicit(&p->stop, memory_order_relaxed)) {
        uint64_t now = clock_ns();

        if (!hsr_idle_spin(&idle, now, nic_poll(p->nic, now) > 0))
            nic_wait(p->nic, WAIT_US);
    }
    return NULL;
}

struct arguments {
    const char *socket;
    uint32_t workers;
    uint32_t vector;
    int cpu;
    const char *slice;
    const char *flow_index;
    const char *user;
};

static bool number(const char *text, int lo, int hi, int *value)
{
    char *end;
    long n = strtol(text, &end, 10);

    if (*text == '\0' || *end != '\0' || n < lo || n > hi) {
        fprintf(stderr, "avs-nic: '%s' is not a number from %d to %d\n", text, lo, hi);
        return false;
    }
    *value = (int)n;
    return true;
}

static bool parse(int argc, char **argv, struct arguments *a)
{
    static const struct option options[] = {
        {"socket", required_argument, NULL, 's'}, {"workers", required_argument, NULL, 'w'},
        {"vector", required_argument, NULL, 'v'}, {"cpu", required_argument, NULL, 'c'},
        {"log-json", no_argument, NULL, 'j'},     {"version", no_argument, NULL, 'V'},
        {"slice", required_argument, NULL, 'S'},  {"flow-index", required_argument, NULL, 'i'},
        {"user", required_argument, NULL, 'u'},   {"seccomp", required_argument, NULL, 'F'},
        {"help", no_argument, NULL, 'h'},         {0}};
    int option, n;

    while ((option = getopt_long(argc, argv, "s:h", options, NULL)) != -1) {
        if (option == 's')
            a->socket = optarg;
        else if (option == 'S')
            a->slice = optarg;
        else if (option == 'i')
            a->flow_index = optarg;
        else if (option == 'u')
            a->user = optarg;
        else if (option == 'F' && rights_filter_option("avs-nic", optarg))
            continue;
        else if (option == 'w' && number(optarg, 1, HSR_MAX_WORKERS, &n))
            a->workers = (uint32_t)n;
        else if (option == 'v' && number(optarg, 1, HSR_MAX_VECTOR, &n))
            a->vector = (uint32_t)n;
        else if (option == 'c' && number(optarg, 0, CPU_SETSIZE - 1, &n))
            a->cpu = n;
        else if (option == 'j')
            avs_log_json(true);
        else if (option == 'V' || option == 'h') {
            if (option == 'V')
                printf("avs-nic %s, ABI %d.%d\n", AVS_VERSION, HSR_ABI_MAJOR, HSR_ABI_MINOR);
            else
                fputs(usage, stdout);
            exit(0);
        } else
            return false;
    }
    return optind == argc;
}

/* Who we are from here on. The helper is forked before there is anything that it need not have. */
static int give_up_rights(struct rights *rights, const struct arguments *a, char why[NIC_WHY])
{
    int rc = rights_choose(rights, a->user, why);

    if (rc < 0)
        return rc;
    if (!rights->stay)
        nic_eal_beside(a->socket);
    rc = rights_directory(rights, a->socket, why);
    if (rc == 0)
        rc = nic_helper_start(rights, why);
    return rc == 0 ? rights_drop(rights, 0, why) : rc;
}

static int serve(struct nic *nic, const struct rights *rights, const struct arguments *a)
{
    struct poller poller = {.nic = nic, .rights = rights, .cpu = a->cpu};
    struct nic_serve *server;
    char why[NIC_WHY];
    sigset_t signals;
    pthread_t thread;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    int stop = signalfd(-1, &signals, SFD_CLOEXEC);

    if (stop < 0 || nic_serve_open(&server, nic, a->socket, why) < 0) {
        fprintf(stderr, "avs-nic: %s\n", stop < 0 ? strerror(errno) : why);
        return 1;
    }
    nic_threaded(nic, true);
    if (pthread_create(&thread, NULL, poll_loop, &poller) != 0) {
        fprintf(stderr, "avs-nic: cannot start the poll thread\n");
        nic_serve_close(server);
        return 1;
    }
    AVS_LOG(log_nic, AVS_LOG_INFO, "ready", avs_log_str("socket", a->socket),
            avs_log_u64("workers", a->workers), avs_log_str("user", rights->user));
    nic_serve_run(server, stop);
    nic_serve_close(server);
    atomic_store(&poller.stop, true);
    pthread_join(thread, NULL);
    nic_threaded(nic, false);
    close(stop);
    return 0;
}

int main(int argc, char **argv)
{
    struct arguments a = {.socket = "/run/avs/nic.sock",
                          .workers = 2,
                          .vector = HSR_MAX_VECTOR,
                          .cpu = -1,
                          .slice = "off"};
    struct nic_config config;
    struct rights rights;
    struct nic *nic = NULL;
    char why[NIC_WHY];
    int rc;

    if (!parse(argc, argv, &a)) {
        fputs("try avs-nic --help\n", stderr);
        return 2;
    }
    nic_config_default(&config, a.workers);
    config.shared = true;
    config.clock = clock_ns;
    config.max_vector = a.vector;
    if (a.flow_index != NULL && !nic_config_flow_index(&config, a.flow_index)) {
        fprintf(stderr, "avs-nic: --flow-index wants a power of two, %u..%u, not '%s'\n",
                NIC_FLOW_INDEX_MIN, NIC_FLOW_INDEX_MAX, a.flow_index);
        return 2;
    }
    if (!nic_config_slice(&config, a.slice)) {
        fprintf(stderr, "avs-nic: --slice wants on, on:MICROSECONDS or off, not '%s'\n", a.slice);
        return 2;
    }
    rc = give_up_rights(&rights, &a, why);
    if (rc == 0)
        rc = nic_open(&nic, &config, why);
    explicit_bzero(config.geometry.hash_secret, sizeof config.geometry.hash_secret);
    if (rc < 0) {
        fprintf(stderr, "avs-nic: %s\n", why);
        nic_helper_stop();
        return 1;
    }
    nic_eal_load();
    if (rights_filter(&rights, RIGHTS_CONTROL, why) < 0) {
        fprintf(stderr, "avs-nic: %s\n", why);
        rc = 1;
    } else {
        rc = serve(nic, &rights, &a);
    }
    nic_close(nic);
    nic_helper_stop();
    return rc;
}
