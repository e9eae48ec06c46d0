/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Control messages: lines of JSON-RPC to the server's methods, before a backend that keeps the document and rules alone. Each
 * line gets one answer that is JSON and has a result or an error with a code; an operator changes nothing; no descriptor is
 * left open.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "control/server.h"
#include "fake.h"
#include "fuzz.h"
#include "log/log.h"
#include "server_internal.h"

enum { SUCCEEDED, FAILED, NOT_JSON, APPLIED, REFUSED_ROLE, ON_TRIAL, RULE, NOTIFICATION, LISTED };
const char *const fuzz_depths[] = {"a request succeeded",
                                   "one failed with a code",
                                   "not JSON",
                                   "a document applied",
                                   "an operator refused",
                                   "a document on trial",
                                   "a rule made",
                                   "a notification",
                                   "objects listed",
                                   NULL};

#define LINES 16

static struct fake fake;
static struct ctl_server *server;

static char *document(void)
{
    json_t *d = ctl_document(server);
    char *text = json_dumps(d, JSON_SORT_KEYS);

    json_decref(d);
    return text;
}

static void check_answer(const char *text, size_t size)
{
    json_t *answer, *error;

    FUZZ_MUST(size == strlen(text) && text[size - 1] == '\n');
    FUZZ_MUST(strchr(text, '\n') == text + size - 1);
    answer = json_loadb(text, size, 0, NULL);
    FUZZ_MUST(json_is_object(answer));
    error = json_object_get(answer, "error");
    FUZZ_MUST((error != NULL) != (json_object_get(answer, "result") != NULL));
    if (error == NULL) {
        fuzz_reached(SUCCEEDED);
        if (json_is_array(json_object_get(json_object_get(answer, "result"), "objects")))
            fuzz_reached(LISTED);
    } else {
        const char *code =
            json_string_value(json_object_get(json_object_get(error, "data"), "code"));

        FUZZ_MUST(json_is_integer(json_object_get(error, "code")) && code != NULL);
        fuzz_reached(FAILED);
        if (strcmp(code, "EACCES") == 0)
            fuzz_reached(REFUSED_ROLE);
        if (json_integer_value(json_object_get(error, "code")) == -32700)
            fuzz_reached(NOT_JSON);
    }
    json_decref(answer);
}

static void line(const char *text, size_t length, enum ctl_role role)
{
    int passed = eventfd(0, EFD_CLOEXEC), capture = -1;
    struct ctl_peer peer = {.role = role, .uid = 1, .passed_fd = &passed, .capture = &capture};
    char *before = document(), *after;
    size_t size = 0;
    char *answer = ctl_rpc(server, &peer, text, length, &size);

    after = document();
    if (role == CTL_OPERATOR)
        FUZZ_MUST(strcmp(before, after) == 0);
    if (strcmp(before, after) != 0)
        fuzz_reached(APPLIED);
    if (server->trial.confirmed != NULL)
        fuzz_reached(ON_TRIAL);
    if (json_array_size(fake.rules) > 0 || json_object_size(fake.rules) > 0)
        fuzz_reached(RULE);
    if (answer == NULL)
        fuzz_reached(NOTIFICATION);
    else
        check_answer(answer, size);
    free(answer);
    free(before);
    free(after);
    if (passed >= 0)
        close(passed);
    if (capture >= 0)
        fake.backend.capture_stop(&fake, (uint32_t)capture);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct event_base *base;
    char path[] = "/tmp/fuzz-control-XXXXXX/s", *slash = strrchr(path, '/');
    struct fuzz_input in = {data, size};
    struct cfg_error error;
    uint8_t how = fuzz_8(&in);
    int lowest;

    avs_log_set("*", AVS_LOG_ERROR);
    if (base == NULL)
        base = event_base_new();
    lowest = fuzz_free_descriptor();
    *slash = '\0';
    FUZZ_MUST(mkdtemp(path) != NULL);
    *slash = '/';
    fake_init(&fake);
    server = ctl_server_open(base, path, NULL, &fake.backend, &error);
    FUZZ_MUST(server != NULL);
    for (unsigned i = 0; i < LINES && in.n > 0; i++) {
        const uint8_t *end = memchr(in.p, '\n', in.n);
        size_t n = end != NULL ? (size_t)(end - in.p) : in.n;

        line((const char *)in.p, n, how >> (i % 8) & 1 ? CTL_OPERATOR : CTL_ADMIN);
        in.p += n + (end != NULL);
        in.n -= n + (end != NULL);
    }
    ctl_server_close(server);
    FUZZ_MUST(fake.captures == 0);
    fake_fini(&fake);
    *slash = '\0';
    FUZZ_MUST(rmdir(path) == 0);
    FUZZ_MUST(fuzz_free_descriptor() == lowest);
    return 0;
}
