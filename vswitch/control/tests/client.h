/* SPDX-License-Identifier: Apache-2.0 */
/* Server, fake backend and clients in one thread: a client's wait turns the server's loop. */
#ifndef CONTROL_TEST_CLIENT_H
#define CONTROL_TEST_CLIENT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "control/server.h"
#include "fake.h"
#include "server_internal.h"

extern struct event_base *base;
extern struct ctl_server *server;
extern struct fake fake;
extern char directory[], socket_path[64], state_path[64];

int setup(void **state);
int teardown(void **state); /* fails on a descriptor that was left open */

int dial(void);
void turn(void); /* the server's loop, once */
void send_text(int fd, const char *text);
void send_with_fd(int fd, const char *text, int passed);
/* Next line, without its newline; "" at the end. Valid until the next call. */
const char *next_line(int fd);
/* One request and its answer: new reference. */
json_t *ask(int fd, const char *text);
/* ask() on a connection of its own; the code of the error's data, or "ok". */
const char *outcome(const char *text);
size_t open_descriptors(void);

#endif
