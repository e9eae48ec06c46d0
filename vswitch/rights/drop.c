/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <grp.h>
#include <libgen.h>
#include <limits.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "log/log.h"
#include "rights/rights.h"

AVS_LOG_MODULE(log_rights, "rights");

_Static_assert(RIGHTS_PORTS == (UINT64_C(1) << CAP_NET_ADMIN | UINT64_C(1) << CAP_NET_RAW |
                                UINT64_C(1) << CAP_SYS_ADMIN),
               "capabilities of ports");

static int fail(const char *doing, char why[RIGHTS_WHY])
{
    int rc = -errno;

    snprintf(why, RIGHTS_WHY, "cannot %s: %s", doing, strerror(-rc));
    return rc;
}

/* ---- whom to be ---- */

static void stay(struct rights *r, bool asked)
{
    const struct passwd *me = getpwuid(geteuid());

    r->uid = geteuid();
    r->gid = getegid();
    r->stay = r->uid == 0;
    if (me != NULL)
        snprintf(r->user, sizeof r->user, "%s", me->pw_name);
    else
        snprintf(r->user, sizeof r->user, "%ld", (long)r->uid);
    if (r->stay && !asked) {
        AVS_LOG(log_rights, AVS_LOG_WARN,
                "stays root: make a user (adduser --system --group " RIGHTS_USER
                "), or say --user root");
    }
}

int rights_choose(struct rights *r, const char *wanted, char why[RIGHTS_WHY])
{
    const struct passwd *user = getpwnam(wanted != NULL ? wanted : RIGHTS_USER);

    *r = (struct rights){.become = false};
    if (wanted != NULL && user == NULL) {
        snprintf(why, RIGHTS_WHY, "no user %.100s (make one: adduser --system --group %.100s)",
                 wanted, wanted);
        return -ENOENT;
    }
    if (user == NULL || user->pw_uid == geteuid() || (geteuid() != 0 && wanted == NULL)) {
        stay(r, wanted != NULL);
        return 0;
    }
    if (geteuid() != 0) {
        snprintf(why, RIGHTS_WHY, "only root can become user %.100s: start without --user", wanted);
        return -EPERM;
    }
    if (strlen(user->pw_name) >= sizeof r->user) {
        snprintf(why, RIGHTS_WHY, "user %.100s: at most %zu characters", wanted,
                 sizeof r->user - 1);
        return -ENAMETOOLONG;
    }
    snprintf(r->user, sizeof r->user, "%s", user->pw_name);
    r->uid = user->pw_uid;
    r->gid = user->pw_gid;
    r->become = true;
    return 0;
}

bool rights_to_drop(const struct rights *r)
{
    return r->become || (!r->stay && rights_effective() != 0);
}

/* ---- where files will be made ---- */

static bool may_write(const struct rights *r, const struct stat *st)
{
    if (st->st_uid == r->uid)
        return (st->st_mode & 0300) == 0300;
    if (st->st_gid == r->gid)
        return (st->st_mode & 0030) == 0030;
    return (st->st_mode & 0003) == 0003;
}

int rights_directory(const struct rights *r, const char *file, char why[RIGHTS_WHY])
{
    char copy[PATH_MAX];
    struct stat st;

    if (strlen(file) >= sizeof copy)
        return 0; /* whoever opens it says so */
    memcpy(copy, file, strlen(file) + 1);
    const char *directory = dirname(copy);

    if (!r->become)
        return 0;
    if (mkdir(directory, 0750) == 0 && chown(directory, r->uid, r->gid) < 0)
        return fail("give a new directory to the user", why);
    if (stat(directory, &st) < 0 || may_write(r, &st))
        return 0;
    snprintf(
        why, RIGHTS_WHY,
        "user %s may make no file in %.120s: give it to that user (chown), or start with --user "
        "root",
        r->user, directory);
    return -EACCES;
}

/* ---- capabilities ---- */

static int get_capabilities(struct __user_cap_data_struct data[2])
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};

    memset(data, 0, 2 * sizeof *data);
    return (int)syscall(SYS_capget, &head, data);
}

static int set_capabilities(uint64_t keep)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];

    if (get_capabilities(data) < 0)
        return -1;
    for (unsigned i = 0; i < 2; i++) {
        data[i].permitted &= (uint32_t)(keep >> 32 * i);
        data[i].effective = data[i].permitted;
        data[i].inheritable = 0;
    }
    return (int)syscall(SYS_capset, &head, data);
}

uint64_t rights_effective(void)
{
    struct __user_cap_data_struct data[2];

    if (get_capabilities(data) < 0)
        return 0;
    return data[0].effective | (uint64_t)data[1].effective << 32;
}

/* Without CAP_SETPCAP the set stays what it is: no_new_privs keeps us from it as well. */
static void shrink_bounding_set(uint64_t keep)
{
    for (unsigned cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
        if ((keep >> cap & 1) == 0)
            (void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

static int become(const struct rights *r, char why[RIGHTS_WHY])
{
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
        return fail("keep capabilities", why);
    if (initgroups(r->user, r->gid) < 0)
        return fail("take the user's groups", why);
    if (setresgid(r->gid, r->gid, r->gid) < 0)
        return fail("take the user's group", why);
    if (setresuid(r->uid, r->uid, r->uid) < 0)
        return fail("become the user", why);
    return 0;
}

int rights_drop(const struct rights *r, uint64_t keep, char why[RIGHTS_WHY])
{
    if (r->stay)
        return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? fail("give up new privileges", why) : 0;
    shrink_bounding_set(keep);
    int rc = r->become ? become(r, why) : 0;

    if (rc < 0)
        return rc;
    if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
        return fail("clear ambient capabilities", why);
    if (set_capabilities(keep) < 0)
        return fail("drop capabilities", why);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return fail("give up new privileges", why);
    if (r->become && setuid(0) == 0) {
        snprintf(why, RIGHTS_WHY, "root could be taken back: not going on like this");
        return -EPERM;
    }
    /* A core when we fail is worth having; secrets and packets are not in it. */
    return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0 ? fail("allow core dumps", why) : 0;
}
