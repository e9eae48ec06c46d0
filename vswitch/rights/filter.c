/* SPDX-License-Identifier: Apache-2.0 */
#include "rights/filter.h"

#include <dlfcn.h>
#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lists.h"

static enum { ON, LOG, OFF } mode;
static _Thread_local enum rights_list own =
    RIGHTS_CONTROL; /* list of this thread, for the last word */

bool rights_filter_mode(const char *text)
{
    static const char *const name[] = {[ON] = "on", [LOG] = "log", [OFF] = "off"};

    for (unsigned i = ON; i <= OFF; i++) {
        if (strcmp(text, name[i]) == 0) {
            mode = i;
            return true;
        }
    }
    return false;
}

bool rights_filter_option(const char *program, const char *text)
{
    bool ok = rights_filter_mode(text);

    if (!ok)
        fprintf(stderr, "%s: --seccomp wants on, log or off, not '%s'\n", program, text);
    return ok;
}

const char *rights_list_name(enum rights_list list)
{
    static const char *const name[RIGHTS_LISTS] = {[RIGHTS_CONTROL] = "control",
                                                   [RIGHTS_WORKER] = "worker",
                                                   [RIGHTS_NIC] = "nic",
                                                   [RIGHTS_HELPER] = "helper"};

    return (unsigned)list < RIGHTS_LISTS && name[list] != NULL ? name[list] : "?";
}

static size_t put(char *line, size_t at, const char *text)
{
    while (*text != '\0')
        line[at++] = *text++;
    return at;
}

/* A line in which the number of the call stands, made without the C library's help. */
static size_t last_word(char line[160], int call)
{
    char digit[12];
    size_t n = 0, at = put(line, 0, "system call ");

    do {
        digit[n++] = (char)('0' + call % 10);
        call /= 10;
    } while (call > 0);
    while (n > 0)
        line[at++] = digit[--n];
    at = put(line, at, " is not on the list of ");
    at = put(line, at, rights_list_name(own));
    return put(line, at, " threads: ended (scmp_sys_resolver names it; docs/security.md)\n");
}

/* While its own signal is blocked, a second one cannot be caught: the process ends by it, with a core. */
static void on_violation(int signal, siginfo_t *info, void *context)
{
    char line[160];

    (void)signal;
    (void)context;
    ssize_t ignored = write(STDERR_FILENO, line, last_word(line, info->si_syscall));

    (void)ignored;
    for (;;)
        syscall(info->si_syscall, -1, -1, -1, -1, -1, -1);
}

static int catch_violations(void)
{
    struct sigaction action = {.sa_sigaction = on_violation, .sa_flags = SA_SIGINFO};

    return sigaction(SIGSYS, &action, NULL) < 0 ? -errno : 0;
}

/* What the C library loads at the end of a thread, or ends the process where it cannot. */
static void load_unwinder(void)
{
    (void)dlopen("libgcc_s.so.1", RTLD_NOW);
}

static int load(enum rights_list list, bool opens_ports)
{
    scmp_filter_ctx f = seccomp_init(mode == LOG ? SCMP_ACT_LOG : SCMP_ACT_TRAP);
    int rc = f == NULL ? -ENOMEM : 0;

    if (rc == 0)
        rc = seccomp_attr_set(f, SCMP_FLTATR_CTL_NNP, 0); /* rights_drop() has done it */
    if (rc == 0)
        rc = seccomp_attr_set(f, SCMP_FLTATR_CTL_TSYNC, list == RIGHTS_CONTROL);
    /* No slower memory for this: nothing runs here that somebody else wrote. */
    if (rc == 0)
        rc = seccomp_attr_set(f, SCMP_FLTATR_CTL_SSB, 1);
    if (rc == 0)
        rc = seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    if (rc == 0)
        rc = rights_list_fill(f, list, opens_ports);
    if (rc == 0)
        rc = seccomp_load(f);
    seccomp_release(f);
    return rc;
}

int rights_filter(const struct rights *rights, enum rights_list list, char why[RIGHTS_WHY])
{
    if (mode == OFF)
        return 0;
    /* A thread has inherited the handler, and its own list forbids to set it. */
    int rc = list == RIGHTS_CONTROL || list == RIGHTS_HELPER ? catch_violations() : 0;

    if (list == RIGHTS_CONTROL)
        load_unwinder();
    if (rc == 0) {
        own = list;
        rc = load(list, rights->stay || (!rights->become && rights_effective() != 0));
    }
    if (rc == 0)
        return 0;
    snprintf(why, RIGHTS_WHY,
             "cannot limit the system calls of %s threads: %s (--seccomp off goes without)",
             rights_list_name(list), strerror(-rc));
    return rc;
}
