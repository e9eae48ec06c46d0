/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control socket: JSON-RPC 2.0 over a UNIX stream socket, one request or response a line, on libevent.
 *
 * Roles by SO_PEERCRED: root and the daemon's own user are admin, members of the socket's group are operators (all
 * that changes no state, and `session flush`), everybody else may not connect (mode 0660). Limits: 16 MiB a request,
 * depth 32, 64 clients, 256 requests a client in flight; a client that does not read is closed when 32 MiB wait for
 * it. Half a request is waited for 30 s, and so is a client that takes nothing of its answers. Nothing here ever
 * blocks on a client.
 *
 * A change is validated, written and synced beside `state_path`, made the running one by the backend, then given its
 * name there, then answered. If it cannot be written, nothing changes. If only the last step fails, the change runs on
 * and the error's data says "applied": true. Each change raises the revision; config.apply with if_revision refuses
 * (ESTALE) a document that was made from another one.
 *
 * config.apply with confirm_s runs a document on trial: it is stored by config.confirm; without, what ran before comes
 * back after that time, or by config.revert at once. config.trial says how it stands. Other changes are refused (EBUSY)
 * meanwhile. The client need not stay.
 *
 * port.fd: the descriptor travels with the request's bytes; one that comes with another request is closed.
 *
 * Errors: JSON-RPC codes; data holds {"code": "EINVAL", "path": ..., "line": ..., "hint": ...}, of a rule also "type" (as
 * rte_flow names it) and "position" in its text.
 */
#ifndef CONTROL_SERVER_H
#define CONTROL_SERVER_H

#include <event2/event.h>

#include "control/backend.h"

struct ctl_server;

/* Listen at `path`, persist the document at `state_path` (NULL: do not). NULL with the reason in `error`. */
struct ctl_server *ctl_server_open(struct event_base *base, const char *path,
                                   const char *state_path, const struct ctl_backend *backend,
                                   struct cfg_error *error);
void ctl_server_close(struct ctl_server *server);

/* Validate, show or commit a document, as config.apply does; used for the file given at start, too. */
int ctl_apply(struct ctl_server *server, const json_t *document, struct cfg_error *error);

#endif
