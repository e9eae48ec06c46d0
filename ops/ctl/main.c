/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

#define DEFAULT_SOCKET "/run/avs/avsd.sock"

int main(int argc, char **argv)
{
    const char *socket = getenv("AVS_SOCKET");
    struct ctl ctl = {
        .socket = socket && *socket ? socket : DEFAULT_SOCKET,
        .timeout_ms = 30000,
        .passed_fd = -1,
    };

    if (argc > 1 && strcmp(argv[1], "__complete") == 0) {
        return complete(&ctl, argc - 2, argv + 2);
    }
    int code = parse_arguments(&ctl, argc, argv);
    if (code) {
        return code;
    }
    if (ctl.help) {
        code = print_help(&ctl);
    } else if (!ctl.command) {
        print_overview();
        code = EXIT_USAGE;
    } else {
        code = ctl.command->run(&ctl);
    }
    /* A full disk behind the output is an error, too. */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("avs-ctl: cannot write the output\n", stderr);
        code = code ? code : EXIT_FAILED;
    }
    return code;
}
