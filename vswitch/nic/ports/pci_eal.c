/* SPDX-License-Identifier: Apache-2.0 */
#include "nic/eal.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <rte_config.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EAL_MIN_HUGE_MB = 64 };

/* Megabytes of free pages of one size, by the name of its folder ("hugepages-2048kB"). */
static unsigned long long free_mb(const char *folder)
{
    unsigned long long kb = 0;
    unsigned long long pages = 0;
    char path[320];
    FILE *file;

    if (sscanf(folder, "hugepages-%llukB", &kb) != 1)
        return 0;
    snprintf(path, sizeof path, "/sys/kernel/mm/hugepages/%.200s/free_hugepages", folder);
    file = fopen(path, "re");
    if (!file)
        return 0;
    if (fscanf(file, "%llu", &pages) != 1)
        pages = 0;
    fclose(file);
    return pages * kb / 1024;
}

static bool huge_pages_free(void)
{
    DIR *dir = opendir("/sys/kernel/mm/hugepages");
    unsigned long long mb = 0;
    const struct dirent *entry;

    if (!dir)
        return false;
    while ((entry = readdir(dir)))
        mb += free_mb(entry->d_name);
    closedir(dir);
    return mb >= EAL_MIN_HUGE_MB;
}

static unsigned first_cpu(const cpu_set_t *cpus)
{
    unsigned cpu = 0;

    while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, cpus))
        cpu++;
    return cpu;
}

/* The arguments; EAL permutes the array and keeps pointers into it, so that both outlive this call. */
static int eal_start(unsigned cpu, unsigned options)
{
    static char prefix[48], lcore[16];
    static char *argv[20];
    int argc = 0;

    snprintf(prefix, sizeof prefix, "--file-prefix=avs-%ld", (long)getpid());
    snprintf(lcore, sizeof lcore, "%u", cpu);
    argv[argc++] = "avs";
    argv[argc++] = "-l";
    argv[argc++] = lcore;
    if (!(options & NIC_EAL_TELEMETRY))
        argv[argc++] = "--no-telemetry";
    argv[argc++] = "--log-level=error";
    /* An address that no network device has: devices are probed only when a port asks. */
    argv[argc++] = "-a";
    argv[argc++] = "0000:00:00.0";
    argv[argc++] = prefix;
    /* In-memory excludes no-huge (the latter means legacy memory). */
    if (!(options & NIC_EAL_PLAIN) && huge_pages_free()) {
        argv[argc++] = "--in-memory";
    } else {
        argv[argc++] = "--no-huge";
        argv[argc++] = "-m";
        argv[argc++] = "256";
        argv[argc++] = "--no-shconf";
    }
    return rte_eal_init(argc, argv);
}

static bool beside; /* is DPDK's folder in one of ours? */

void nic_eal_beside(const char *file)
{
    char copy[PATH_MAX];

    if (strlen(file) >= sizeof copy)
        return;
    memcpy(copy, file, strlen(file) + 1);
    beside = setenv("RUNTIME_DIRECTORY", dirname(copy), 1) == 0;
}

/* DPDK's folder: empty without shared configuration, and then it would stay for ever. */
static void remove_folder(void)
{
    char copy[PATH_MAX];

    (void)rmdir(rte_eal_get_runtime_dir());
    snprintf(copy, sizeof copy, "%s", rte_eal_get_runtime_dir());
    if (beside)
        (void)rmdir(dirname(copy));
}

const char *nic_eal_telemetry_path(char path[NIC_WHY])
{
    snprintf(path, NIC_WHY, "%s/dpdk_telemetry.v2", rte_eal_get_runtime_dir());
    return path;
}

/* Each of the folder has two names or three; the second time it is there already. */
void nic_eal_load(void)
{
    DIR *dir = opendir(RTE_EAL_PMD_PATH);
    const struct dirent *entry;
    char path[sizeof RTE_EAL_PMD_PATH + sizeof entry->d_name];

    if (dir == NULL)
        return;
    while ((entry = readdir(dir)) != NULL) {
        const char *suffix = strrchr(entry->d_name, '.');

        if (suffix == NULL || strcmp(suffix, ".so") != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", RTE_EAL_PMD_PATH, entry->d_name);
        (void)dlopen(path, RTLD_NOW); /* for good; what fails, DPDK names when it starts */
    }
    closedir(dir);
}

int nic_eal_init(unsigned options, char why[NIC_WHY])
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static bool running;
    cpu_set_t cpus;
    int rc = 0;

    pthread_mutex_lock(&lock);
    if (!running) {
        /* EAL pins the thread that starts it. */
        bool restore = !pthread_getaffinity_np(pthread_self(), sizeof cpus, &cpus);

        /* Handlers run last first: this one behind EAL's own, which takes its socket away. */
        if (options & NIC_EAL_TELEMETRY)
            (void)atexit(remove_folder);
        if (eal_start(restore ? first_cpu(&cpus) : 0, options) < 0 && rte_errno != EALREADY) {
            rc = -(rte_errno ? rte_errno : EIO);
            snprintf(why, NIC_WHY, "DPDK does not start: %s", rte_strerror(-rc));
        }
        running = !rc;
        if (running && !(options & NIC_EAL_TELEMETRY))
            remove_folder();
        if (restore)
            (void)pthread_setaffinity_np(pthread_self(), sizeof cpus, &cpus);
    }
    pthread_mutex_unlock(&lock);
    return rc;
}
