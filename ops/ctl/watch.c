/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "ctl.h"

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

/* False: q was pressed. Without a terminal to read keys from it only sleeps. */
static bool pause_for(int ms, bool keys)
{
    struct pollfd p = {.fd = keys ? STDIN_FILENO : -1, .events = POLLIN};
    char key;

    if (poll(&p, 1, ms) > 0 && read(STDIN_FILENO, &key, 1) == 1 && (key == 'q' || key == 'Q')) {
        return false;
    }
    return !interrupted;
}

static int rounds(struct ctl *ctl, int (*round)(struct ctl *ctl, json_t **memory), int ms,
                  long count, bool keys)
{
    bool screen = isatty(STDOUT_FILENO) && !ctl->json;
    json_t *memory = NULL;
    int code;

    for (long i = 0;; i++) {
        fputs(screen ? "\033[H\033[J" : (i > 0 && !ctl->json ? "\n" : ""), stdout);
        code = round(ctl, &memory);
        fflush(stdout);
        if (code || (count && i + 1 == count) || !pause_for(ms, keys)) {
            break;
        }
    }
    json_decref(memory);
    return code;
}

int watch(struct ctl *ctl, int (*round)(struct ctl *ctl, json_t **memory))
{
    const char *text = option_value(ctl, "watch");
    struct sigaction action = {.sa_handler = on_interrupt};
    struct termios saved, raw;
    long count;
    char *end = NULL;

    if (!option_number(ctl, "count", 1, 1000000000, 0, &count)) {
        return EXIT_USAGE;
    }
    double seconds = text && *text ? strtod(text, &end) : 1;
    if ((end && *end) || !(seconds >= 0.01 && seconds <= 86400)) {
        return fail(ctl, EXIT_USAGE, "EINVAL", NULL, "--watch is a number of seconds, not '%s'",
                    text);
    }
    if (!text && count == 0) {
        count = 1;
    }
    bool keys = count != 1 && isatty(STDIN_FILENO) && tcgetattr(STDIN_FILENO, &saved) == 0;
    if (keys) {
        raw = saved;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    if (count != 1) {
        sigaction(SIGINT, &action, NULL);
        sigaction(SIGTERM, &action, NULL);
    }
    int code = rounds(ctl, round, (int)(seconds * 1000), count, keys);
    if (keys) {
        tcsetattr(STDIN_FILENO, TCSANOW, &saved);
    }
    return code;
}
