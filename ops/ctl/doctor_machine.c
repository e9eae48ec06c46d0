/* SPDX-License-Identifier: Apache-2.0 */
/* What the machine has: memory, pages, devices; and with which rights a process runs. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"

/* The number behind a word at the begin of a line of a file in /proc, -1: not there. */
static int64_t proc_number(const char *path, const char *word, const char *format)
{
    FILE *f = fopen(path, "r");
    char line[256];
    int64_t number = -1;

    while (f && number < 0 && fgets(line, sizeof(line), f)) {
        if (strncmp(line, word, strlen(word)) == 0 &&
            sscanf(line + strlen(word), format, &number) != 1) {
            number = -1;
        }
    }
    if (f) {
        fclose(f);
    }
    return number;
}

static int64_t memory(const char *word)
{
    return proc_number("/proc/meminfo", word, " %" SCNd64);
}

static void check_memory(json_t *findings)
{
    int64_t mib = memory("MemAvailable:") / 1024, free_pages = memory("HugePages_Free:"),
            all = memory("HugePages_Total:"), kib = memory("Hugepagesize:");

    if (mib < 512) {
        finding(findings, PROBLEM, "memory", "free memory, or give the machine more",
                "%" PRId64 " MiB available", mib);
    } else {
        finding(findings, OK, "memory", NULL, "%" PRId64 " MiB available", mib);
    }
    if (all <= 0) {
        finding(findings, NOTE, "hugepages", "for more speed: sysctl vm.nr_hugepages=256",
                "none; ordinary pages are used");
    } else {
        finding(findings, OK, "hugepages", NULL, "%" PRId64 " free of %" PRId64 ", %" PRId64 " KiB",
                free_pages, all, kib);
    }
}

void doctor_machine(json_t *findings)
{
    check_memory(findings);
    if (access("/dev/net/tun", F_OK) == 0) {
        finding(findings, OK, "tap", NULL, "/dev/net/tun is there");
    } else {
        finding(findings, NOTE, "tap", "modprobe tun, where ports of type tap are wanted",
                "no /dev/net/tun");
    }
    if (sysconf(_SC_NPROCESSORS_ONLN) < 2) {
        finding(findings, NOTE, "processors", "workers want processors of their own",
                "one processor");
    }
}

void doctor_rights(json_t *findings, int64_t pid)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%" PRId64 "/status", pid);
    int64_t uid = proc_number(path, "Uid:", " %" SCNd64),
            seccomp = proc_number(path, "Seccomp:", " %" SCNd64),
            effective = proc_number(path, "CapEff:", " %" SCNx64);

    if (uid < 0) {
        finding(findings, NOTE, "rights", "ask on the daemon's own machine",
                "no process %" PRId64 " is seen here", pid);
    } else if (uid == 0 || effective != 0) {
        finding(findings, NOTE, "rights", "make a user for it: adduser --system --group avs",
                "the daemon keeps rights of root (uid %" PRId64 ", capabilities %" PRIx64 ")", uid,
                effective);
    } else {
        finding(findings, OK, "rights", NULL, "user %" PRId64 ", no capabilities", uid);
    }
    if (uid >= 0 && seccomp != 2) {
        finding(findings, NOTE, "seccomp", "start it with --seccomp on",
                "system calls are not limited");
    }
}
