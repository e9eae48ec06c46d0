/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a process may do, and how it gives that up.
 *
 *     struct rights r;
 *     rights_choose(&r, user_option, why);      who to be; needs nothing
 *     rights_directory(&r, socket_path, why);   while we still may: where that one will make files
 *     rights_drop(&r, 0, why);                  be that one, without capabilities, for ever
 *     rights_filter(&r, RIGHTS_CONTROL, why);   (filter.h) and system calls from a list only
 *
 * Errors: 0 or a negative errno with a text that says what to do in `why`. Before other threads are started.
 */
#ifndef RIGHTS_RIGHTS_H
#define RIGHTS_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define RIGHTS_WHY  256
#define RIGHTS_USER "avs" /* whom root becomes if nobody says otherwise */

/* Capabilities of ports of the kernel (linux/capability.h), as bits: interfaces, packet sockets, network namespaces. */
#define RIGHTS_PORTS (UINT64_C(1) << 12 | UINT64_C(1) << 13 | UINT64_C(1) << 21)

struct rights {
    char user[40];
    uid_t uid;
    gid_t gid;
    bool become; /* we are root and shall be another */
    bool stay;   /* root that stays root, with all it may do */
};

/*
 * Who to be. `wanted` is the name of a user, "root" for no change, or NULL: RIGHTS_USER where there is one. Who is not root can
 * only stay what he is. Root that stays root though nobody asked for it is warned of in the log.
 */
int rights_choose(struct rights *r, const char *wanted, char why[RIGHTS_WHY]);

/* Is there something to give up: another user to be, or capabilities that systemd gave? */
bool rights_to_drop(const struct rights *r);

/*
 * Who becomes a user needs a directory of that user's for `file`: it is made, 0750, if it is not there; an error if the user could
 * make no file in it.
 */
int rights_directory(const struct rights *r, const char *file, char why[RIGHTS_WHY]);

/*
 * Be the user; keep of the capabilities those in `keep` that there are; never get another one (no_new_privs). Who stays root keeps
 * all capabilities.
 */
int rights_drop(const struct rights *r, uint64_t keep, char why[RIGHTS_WHY]);

/* Capabilities that may be used now. */
uint64_t rights_effective(void);

#endif
