/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/eal.h"

#include <errno.h>
#include <pthread.h>
#include <rte_telemetry.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define WAIT_S   5
#define KEY_ROOM 96

/* Between the thread of the loop and those of DPDK. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* on CLOCK_MONOTONIC */
    bool open;
    int bell; /* eventfd: somebody asks */
    struct event *rung;
    struct tm_source source;
    uint64_t asked;    /* requests so far */
    uint64_t answered; /* of them, those that the snapshot is newer than */
    json_t *snapshot;
} eal = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* --- the loop's side ---------------------------------------------------------------------------------------------- */

static void on_bell(evutil_socket_t fd, short what, void *arg)
{
    uint64_t count;

    (void)what;
    (void)arg;
    if (read(fd, &count, sizeof count) < 0)
        return;
    pthread_mutex_lock(&eal.lock);
    uint64_t asked = eal.asked;
    pthread_mutex_unlock(&eal.lock);

    json_t *snapshot = eal.source.snapshot(eal.source.arg);

    pthread_mutex_lock(&eal.lock);
    json_t *old = eal.snapshot;

    eal.snapshot = snapshot;
    eal.answered = asked;
    pthread_cond_broadcast(&eal.changed);
    pthread_mutex_unlock(&eal.lock);
    json_decref(old);
}

/* --- DPDK's side -------------------------------------------------------------------------------------------------- */

/* A snapshot of after this call: a new reference, or NULL when the loop does not answer. */
static json_t *ask(void)
{
    const uint64_t one = 1;
    struct timespec until;
    json_t *snapshot = NULL;
    int rc = 0;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += WAIT_S;
    pthread_mutex_lock(&eal.lock);
    uint64_t mine = ++eal.asked;

    if (eal.open && write(eal.bell, &one, sizeof one) == sizeof one) {
        while (eal.open && eal.answered < mine && rc == 0)
            rc = pthread_cond_timedwait(&eal.changed, &eal.lock, &until);
        if (eal.open && eal.answered >= mine)
            snapshot = json_incref(eal.snapshot);
    }
    pthread_mutex_unlock(&eal.lock);
    return snapshot;
}

/* Members of an object, those of objects in it as "outer_inner"; lists are left out. */
static int put_members(struct rte_tel_data *d, const char *prefix, json_t *object)
{
    const char *name;
    json_t *value;
    char key[KEY_ROOM];
    int rc = 0;

    json_object_foreach (object, name, value) {
        snprintf(key, sizeof key, "%s%s%s", prefix, *prefix != '\0' ? "_" : "", name);
        if (json_is_object(value))
            rc = put_members(d, key, value);
        else if (json_is_string(value))
            rc = rte_tel_data_add_dict_string(d, key, json_string_value(value));
        else if (json_is_boolean(value))
            rc = rte_tel_data_add_dict_int(d, key, json_is_true(value));
        else if (json_is_integer(value))
            rc = rte_tel_data_add_dict_u64(d, key, (uint64_t)json_integer_value(value));
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* What a command shows of the snapshot; `stats` is a member of it. 0 or a negative errno. */
typedef int (*show_fn)(json_t *snapshot, json_t *stats, const char *params, struct rte_tel_data *d);

static int show(show_fn f, const char *params, struct rte_tel_data *d)
{
    json_t *snapshot = ask();

    if (snapshot == NULL)
        return -EAGAIN;
    rte_tel_data_start_dict(d);
    int rc = f(snapshot, json_object_get(snapshot, "stats"), params, d);

    json_decref(snapshot);
    return rc;
}

static int show_stats(json_t *snapshot, json_t *stats, const char *params, struct rte_tel_data *d)
{
    (void)params;
    int rc = put_members(d, "", json_object_get(snapshot, "version"));

    return rc < 0 ? rc : put_members(d, "conservation", json_object_get(stats, "conservation"));
}

/* The object of a list whose `key` is this text. */
static json_t *find(const json_t *list, const char *key, const char *text)
{
    json_t *object;
    size_t i;

    json_array_foreach (list, i, object) {
        const char *name = json_string_value(json_object_get(object, key));

        if (name != NULL && strcmp(name, text) == 0)
            return object;
    }
    return NULL;
}

static int show_port(json_t *snapshot, json_t *stats, const char *params, struct rte_tel_data *d)
{
    (void)snapshot;
    json_t *port = params != NULL ? find(json_object_get(stats, "ports"), "name", params) : NULL;

    return port != NULL ? put_members(d, "", port) : -ENOENT;
}

static int show_drops(json_t *snapshot, json_t *stats, const char *params, struct rte_tel_data *d)
{
    const char *list = params != NULL ? "drops" : "drop_totals";
    const json_t *drop;
    size_t i;
    int rc = 0;

    if (params != NULL && find(json_object_get(stats, "ports"), "name", params) == NULL)
        return -ENOENT;
    json_array_foreach (json_object_get(snapshot, list), i, drop) {
        const char *port = json_string_value(json_object_get(drop, "port"));

        if (params != NULL && (port == NULL || strcmp(port, params) != 0))
            continue;
        rc = rte_tel_data_add_dict_u64(
            d, json_string_value(json_object_get(drop, "reason")),
            (uint64_t)json_integer_value(json_object_get(drop, "packets")));
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int show_sessions(json_t *snapshot, json_t *stats, const char *params,
                         struct rte_tel_data *d)
{
    (void)snapshot;
    (void)params;
    return put_members(d, "", json_object_get(stats, "sessions"));
}

static int put_worker(struct rte_tel_data *d, json_t *worker)
{
    struct rte_tel_data *inner = rte_tel_data_alloc();
    char number[16];

    if (inner == NULL)
        return -ENOMEM;
    snprintf(number, sizeof number, "%d",
             (int)json_integer_value(json_object_get(worker, "worker")));
    rte_tel_data_start_dict(inner);
    int rc = put_members(inner, "", worker);

    if (rc < 0)
        rte_tel_data_free(inner);
    else
        rc = rte_tel_data_add_dict_container(d, number, inner, 0);
    return rc;
}

static int show_workers(json_t *snapshot, json_t *stats, const char *params, struct rte_tel_data *d)
{
    const json_t *list = json_object_get(stats, "workers");
    json_t *worker;
    size_t i;
    int rc = 0;

    (void)snapshot;
    if (params != NULL) {
        char *end;
        unsigned long number = strtoul(params, &end, 10);

        worker = *end == '\0' && end != params ? json_array_get(list, number) : NULL;
        return worker != NULL ? put_members(d, "", worker) : -ENOENT;
    }
    json_array_foreach (list, i, worker)
        rc = rc < 0 ? rc : put_worker(d, worker);
    return rc;
}

static int show_gauges(json_t *snapshot, json_t *stats, const char *params, struct rte_tel_data *d)
{
    (void)snapshot;
    (void)params;
    return put_members(d, "", json_object_get(stats, "nic"));
}

/* DPDK gives its callbacks no argument but the command: one function each. */
#define COMMAND(name)                                                                     \
    static int on_##name(const char *command, const char *params, struct rte_tel_data *d) \
    {                                                                                     \
        (void)command;                                                                    \
        return show(show_##name, params, d);                                              \
    }
COMMAND(stats)
COMMAND(port)
COMMAND(drops)
COMMAND(sessions)
COMMAND(workers)
COMMAND(gauges)

static const struct {
    const char *command;
    telemetry_cb run;
    const char *help;
} commands[] = {
    {"/avs/stats", on_stats, "Versions and the conservation equation. No parameter"},
    {"/avs/port", on_port, "Counters of a port. Parameter: its name"},
    {"/avs/drops", on_drops,
     "Dropped packets by reason. Parameter: a port's name, or none for all"},
    {"/avs/sessions", on_sessions, "The session tables. No parameter"},
    {"/avs/workers", on_workers, "Counters of the workers. Parameter: a number, or none for all"},
    {"/avs/gauges", on_gauges, "What the NIC measures. No parameter"},
};

/* --- life --------------------------------------------------------------------------------------------------------- */

static int register_commands(void)
{
    static bool registered;

    for (size_t i = 0; !registered && i < sizeof commands / sizeof commands[0]; i++) {
        int rc = rte_telemetry_register_cmd(commands[i].command, commands[i].run, commands[i].help);

        if (rc < 0)
            return rc;
    }
    registered = true;
    return 0;
}

static int open_bell(struct event_base *base)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&eal.changed, &monotonic);
    pthread_condattr_destroy(&monotonic);
    eal.bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (eal.bell < 0)
        return -errno;
    eal.rung = event_new(base, eal.bell, EV_READ | EV_PERSIST, on_bell, NULL);
    if (eal.rung == NULL || event_add(eal.rung, NULL) != 0)
        return -ENOMEM;
    return 0;
}

int tm_eal_open(struct event_base *base, const struct tm_source *source)
{
    if (eal.open)
        return -EEXIST;
    eal.source = *source;
    eal.asked = eal.answered = 0;
    int rc = open_bell(base);

    pthread_mutex_lock(&eal.lock);
    eal.open = true;
    pthread_mutex_unlock(&eal.lock);
    rc = rc < 0 ? rc : register_commands();
    if (rc < 0)
        tm_eal_close();
    return rc;
}

void tm_eal_close(void)
{
    if (!eal.open)
        return;
    pthread_mutex_lock(&eal.lock);
    eal.open = false;
    pthread_cond_broadcast(&eal.changed);
    json_decref(eal.snapshot);
    eal.snapshot = NULL;
    pthread_mutex_unlock(&eal.lock);
    if (eal.rung != NULL)
        event_free(eal.rung);
    if (eal.bell >= 0)
        close(eal.bell);
}
