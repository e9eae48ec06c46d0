/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's parts:
 *   listen.c          the socket and its name
 *   server.c          who may connect
 *   server_client.c   bytes of one client: lines in, lines out, limits; no JSON
 *   rpc.c             one line: envelope, method, role, errors; no sockets
 *   methods*.c        what the methods do
 *   audit.c           who changed what, into the log
 *   confirm.c         changes that undo themselves
 *   server_store.c    the document on disk
 */
#ifndef CONTROL_SERVER_INTERNAL_H
#define CONTROL_SERVER_INTERNAL_H

#include <event2/buffer.h>
#include <stdbool.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "control/server.h"

enum ctl_role { CTL_NOBODY, CTL_OPERATOR, CTL_ADMIN };

struct ctl_limits {
    size_t request;       /* bytes of a line */
    size_t output;        /* bytes waiting for a client */
    unsigned depth;       /* of brackets */
    unsigned clients;     /* connected */
    unsigned in_flight;   /* answers waiting for a client before its next request is looked at */
    struct timeval half;  /* from a request's first byte to its newline */
    struct timeval stall; /* without a byte taken by a client that has answers waiting */
};

struct ctl_client {
    LIST_ENTRY(ctl_client) link;
    struct ctl_server *server;
    int fd;
    enum ctl_role role;
    uid_t uid;
    pid_t pid; /* when it connected */
    /* Received and not yet processed; a newline, if any, is at or after `scanned`. */
    char *in;
    size_t in_used, in_size, scanned;
    struct evbuffer *out;
    unsigned in_flight;
    int passed_fd;  /* -1: none */
    int capture;    /* that it has started, and ends with it; -1: none */
    bool more;      /* whole lines may be left in `in` */
    bool eof;       /* nothing more will come */
    bool last_word; /* closed once `out` is empty */
    struct event *readable, *writable, *half, *stall;
};

/* A document that runs on trial, see confirm.c. */
struct ctl_trial {
    json_t *confirmed; /* the one to return to; NULL: none is on trial */
    uint64_t deadline; /* by the server's clock */
    struct event *timer;
    char failure[256]; /* why returning failed last, or "" */
};

struct ctl_server {
    struct event_base *base;
    const struct ctl_backend *backend;
    char *path, *state_path;
    struct stat socket_stat; /* of the name we bound */
    int fd;
    int spare_fd; /* given up to accept, and turn away, when descriptors run out */
    struct event *acceptable;
    LIST_HEAD(, ctl_client) clients;
    unsigned client_count;
    uint64_t revision;
    struct ctl_trial trial;
    struct ctl_limits limits;
    /* Credentials of a connected socket; tests have their own. 0 or -1. */
    int (*credentials)(int fd, struct ucred *cred);
    /* Nanoseconds that pass evenly; tests have their own. */
    uint64_t (*clock)(void);
};

/* Takes over `fd`. NULL (and fd closed) when out of memory. */
struct ctl_client *ctl_client_open(struct ctl_server *server, int fd, enum ctl_role role, uid_t uid,
                                   pid_t pid);
void ctl_client_close(struct ctl_client *client);

/* A request being answered. */
struct ctl_call {
    struct ctl_server *server;
    enum ctl_role role;
    uid_t uid;
    pid_t pid;
    int *passed_fd;       /* taken over by setting it to -1 */
    int *capture;         /* of the connection, -1: none */
    const json_t *params; /* object, or NULL */
    json_t *result;
    struct cfg_error error; /* with a negative return */
    struct ctl_rule_error
        rule_error;   /* with a negative return of a rule's method; its type is NULL else */
    const char *hint; /* static text, or NULL */
    bool applied;     /* failed, and yet the running state has changed */
};

struct ctl_method {
    const char *name;
    enum ctl_role role;
    const char *params; /* their names, separated by blanks */
    /* 0 and call->result (NULL is {}), or a negative errno and call->error. */
    int (*run)(struct ctl_call *call);
    bool audited; /* changes something, or shows tenants' packets: a line in the audit log */
};

const struct ctl_method *ctl_method_find(const char *name);

/* A line in the log if the request asked for a change, which it got if `error` is 0. False: it did not ask for one. */
bool ctl_audit(const struct ctl_call *call, const struct ctl_method *method, int error);

/* Who asks, and what belongs to the connection (see ctl_call). */
struct ctl_peer {
    enum ctl_role role;
    uid_t uid;
    pid_t pid;
    int *passed_fd, *capture;
};

/* Answer to one line without its newline: malloc'ed, with a newline, *size bytes; NULL when none is due. */
char *ctl_rpc(struct ctl_server *server, const struct ctl_peer *peer, const char *line,
              size_t length, size_t *size);
/* Text of an error outside of any request, as ctl_rpc() gives it. */
char *ctl_rpc_error(int code, int error, const char *message, size_t *size);

/* Message of call->error; gives `error` back, negative. */
__attribute__((format(printf, 3, 4))) int ctl_fail(struct ctl_call *call, int error,
                                                   const char *format, ...);
/* JSON text; null for "", NULL and what is not UTF-8. */
json_t *ctl_text_or_null(const char *text);
/* Text member of params, or NULL. */
const char *ctl_param_text(const struct ctl_call *call, const char *name);
int ctl_param_int(struct ctl_call *call, const char *name, int64_t low, int64_t high,
                  int64_t *value);
int ctl_param_bool(struct ctl_call *call, const char *name, bool *value);

int ctl_method_config_apply(struct ctl_call *call);
int ctl_method_config_get(struct ctl_call *call);
int ctl_method_config_settled(struct ctl_call *call);
int ctl_method_config_confirm(struct ctl_call *call);
int ctl_method_config_revert(struct ctl_call *call);
int ctl_method_config_trial(struct ctl_call *call);
int ctl_method_workers_set(struct ctl_call *call);
int ctl_method_object_add(struct ctl_call *call);
int ctl_method_object_remove(struct ctl_call *call);
int ctl_method_object_list(struct ctl_call *call);
int ctl_method_schema_get(struct ctl_call *call);
int ctl_method_session_list(struct ctl_call *call);
int ctl_method_session_show(struct ctl_call *call);
int ctl_method_session_flush(struct ctl_call *call);
int ctl_method_flow_validate(struct ctl_call *call);
int ctl_method_flow_create(struct ctl_call *call);
int ctl_method_flow_destroy(struct ctl_call *call);
int ctl_method_flow_query(struct ctl_call *call);
int ctl_method_flow_list(struct ctl_call *call);
int ctl_method_flow_flush(struct ctl_call *call);
int ctl_method_meter_create(struct ctl_call *call);
int ctl_method_meter_delete(struct ctl_call *call);
int ctl_method_meter_list(struct ctl_call *call);
int ctl_method_explain(struct ctl_call *call);
int ctl_method_capture_start(struct ctl_call *call);
int ctl_method_latency_get(struct ctl_call *call);
int ctl_method_latency_set(struct ctl_call *call);
int ctl_method_latency_reset(struct ctl_call *call);

struct ctl_change {
    bool dry_run;
    int64_t if_revision; /* -1: any */
    int64_t confirm_s;   /* on trial for so long; 0: at once for good */
    json_t *changes;     /* out: array */
    bool applied;        /* out, as in ctl_call */
};

/* Validate `document` and, unless dry_run, make it the running and the stored one. */
int ctl_commit(struct ctl_server *server, const json_t *document, struct ctl_change *change,
               struct cfg_error *error);
/* Running document, or the empty one: new reference. */
json_t *ctl_document(const struct ctl_server *server);

#define CTL_CONFIRM_MAX_S 86400
uint64_t ctl_clock(void);
/* 0 or -ENOMEM. */
int ctl_trial_open(struct ctl_server *server);
void ctl_trial_close(struct ctl_server *server);
/* What runs since now is on trial, `before` ran until now; a trial that is on already begins anew. */
void ctl_trial_begin(struct ctl_server *server, json_t *before, uint64_t seconds);
/* -EBUSY when a document is on trial, with the reason. */
int ctl_trial_refuse(const struct ctl_server *server, struct cfg_error *error);

/*
 * Storing in two steps, so that a full disk is found before anything is changed: prepare writes and syncs a file
 * beside `path`, finish gives it the name. 0 or a negative errno.
 */
int ctl_store_prepare(const char *path, const json_t *document);
int ctl_store_finish(const char *path);
void ctl_store_abort(const char *path);

#endif
