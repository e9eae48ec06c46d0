/* SPDX-License-Identifier: Apache-2.0 */
/* ctl-fake SOCKET [STATE]: the server before the fake backend, until standard input ends. Says "ready". */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "control/server.h"
#include "fake.h"

static void on_input(evutil_socket_t fd, short what, void *arg)
{
    char text[64];

    (void)what;
    if (read(fd, text, sizeof(text)) <= 0) {
        event_base_loopbreak(arg);
    }
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
    (void)number;
    (void)what;
    event_base_loopbreak(arg);
}

int main(int argc, char **argv)
{
    struct cfg_error error;
    struct fake fake;

    if (argc < 2) {
        fputs("ctl-fake SOCKET [STATE]\n", stderr);
        return 2;
    }
    /* Only files can always be watched by poll, not by epoll: a script may give /dev/null. */
    struct event_config *how = event_config_new();
    event_config_require_features(how, EV_FEATURE_FDS);
    struct event_base *base = event_base_new_with_config(how);
    event_config_free(how);
    fake_init(&fake);
    struct ctl_server *server =
        ctl_server_open(base, argv[1], argc > 2 ? argv[2] : NULL, &fake.backend, &error);
    if (!server) {
        fprintf(stderr, "ctl-fake: %s\n", error.text);
        fake_fini(&fake);
        event_base_free(base);
        return 1;
    }
    struct event *input = event_new(base, STDIN_FILENO, EV_READ | EV_PERSIST, on_input, base);
    struct event *term = evsignal_new(base, SIGTERM, on_signal, base);
    event_add(input, NULL);
    event_add(term, NULL);
    puts("ready");
    fflush(stdout);
    event_base_dispatch(base);
    event_free(input);
    event_free(term);
    ctl_server_close(server);
    fake_fini(&fake);
    event_base_free(base);
    return 0;
}
