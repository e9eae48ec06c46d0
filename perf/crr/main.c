/* SPDX-License-Identifier: Apache-2.0 */
/* Options of avs-crr. */
#include <arpa/inet.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../number.h"
#include "crr.h"

static const char usage[] =
    "usage: avs-crr --listen ADDRESS [options]\n"
    "       avs-crr --connect ADDRESS [options]\n"
    "\n"
    "TCP connections of one request and one response each: how many a second, and how long they "
    "take.\n"
    "\n"
    "      --port N        default 7100\n"
    "      --request N     bytes, 1..65536 (default 1); the same on both sides\n"
    "      --response N\n"
    "      --at-once N     connections under way, 1..1024 (default 1)\n"
    "      --seconds S     measured time (default 2)\n"
    "      --warmup S      before that (default 0.5)\n"
    "  -h, --help\n"
    "\n"
    "The client prints a line of JSON. Times are from the call of connect() until the server's end "
    "was read.\n"
    "exit codes: 0 measured (\"ok\" is false if connections failed), 1 failed, 2 usage\n"
    "\n"
    "example: avs-crr --listen 10.0.0.2 &  avs-crr --connect 10.0.0.2 --at-once 32\n";

static bool take(struct crr_options *o, int option, const char *text, bool *listens)
{
    uint32_t port;

    switch (option) {
    case 'l':
    case 'c':
        *listens = option == 'l';
        return inet_pton(AF_INET, text, &o->address.sin_addr) == 1;
    case 'p':
        if (!bench_whole(text, 1, 65535, &port))
            return false;
        o->address.sin_port = htons((uint16_t)port);
        return true;
    case 'q':
        return bench_whole(text, 1, CRR_MOST_BYTES, &o->request);
    case 'r':
        return bench_whole(text, 1, CRR_MOST_BYTES, &o->response);
    case 'n':
        return bench_whole(text, 1, 1024, &o->at_once);
    case 's':
        return bench_number(text, 0.01, 3600, &o->seconds);
    case 'w':
        return bench_number(text, 0, 3600, &o->warmup);
    default:
        return false;
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"listen", required_argument, NULL, 'l'},   {"connect", required_argument, NULL, 'c'},
        {"port", required_argument, NULL, 'p'},     {"request", required_argument, NULL, 'q'},
        {"response", required_argument, NULL, 'r'}, {"at-once", required_argument, NULL, 'n'},
        {"seconds", required_argument, NULL, 's'},  {"warmup", required_argument, NULL, 'w'},
        {"help", no_argument, NULL, 'h'},           {NULL, 0, NULL, 0}};
    struct crr_options o = {.address = {.sin_family = AF_INET, .sin_port = htons(7100)},
                            .request = 1,
                            .response = 1,
                            .at_once = 1,
                            .seconds = 2,
                            .warmup = 0.5};
    bool listens = false;
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return 0;
        }
        if (!take(&o, option, optarg, &listens)) {
            fputs(usage, stderr);
            return 2;
        }
    }
    if (o.address.sin_addr.s_addr == 0 || optind < argc) {
        fputs(usage, stderr);
        return 2;
    }
    return listens ? crr_serve(&o) : crr_ask(&o);
}
