/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration of a replay: the user's, with every port turned into a pair of captures. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "replay.h"

/* Number of a port's input, REPLAY_INPUTS: it has none. */
static unsigned input_of(const struct replay_options *o, const char *port)
{
    for (unsigned i = 0; port != NULL && i < o->inputs; i++)
        if (strcmp(o->port[i], port) == 0)
            return i;
    return REPLAY_INPUTS;
}

/*
 * Files are opened here, once, and named by descriptor: paths of any length fit the port's configuration, and in the next
 * one the port is the same. They stay open.
 */
static int open_once(int *fd, const char *path, int flags)
{
    if (*fd == 0)
        *fd = open(path, O_RDONLY | O_CLOEXEC | flags);
    return *fd;
}

static int become_capture(struct replay *r, json_t *port)
{
    static const char *const only_devices[] = {"netns", "queues", "offload"};
    const char *name = json_string_value(json_object_get(port, "name"));
    unsigned input = input_of(r->options, name);

    for (unsigned i = 0; i < sizeof only_devices / sizeof only_devices[0]; i++)
        json_object_del(port, only_devices[i]);
    json_object_set_new(port, "type", json_string("pcap"));
    json_object_set_new(
        port, "args",
        json_sprintf("out=/proc/self/fd/%d/%s.pcap", r->out_fd, name != NULL ? name : ""));
    json_object_del(port, "device");
    if (input == REPLAY_INPUTS)
        return REPLAY_OK;
    const char *file = r->options->file[input];
    int fd = open_once(&r->input_fd[input], file, 0);

    if (fd < 0) {
        fprintf(stderr, "avs-replay: cannot read %s: %s\n", file, strerror(errno));
        return REPLAY_CAPTURE;
    }
    json_object_set_new(port, "device", json_sprintf("/proc/self/fd/%d", fd));
    return REPLAY_OK;
}

static int become_captures(struct replay *r, json_t *document)
{
    json_t *ports = json_object_get(document, "ports"), *port;
    size_t i;

    if (open_once(&r->out_fd, r->options->out, O_DIRECTORY) < 0) {
        fprintf(stderr, "avs-replay: cannot open directory %s: %s\n", r->options->out,
                strerror(errno));
        return REPLAY_CAPTURE;
    }
    json_array_foreach (ports, i, port) {
        int rc = become_capture(r, port);

        if (rc != REPLAY_OK)
            return rc;
    }
    return REPLAY_OK;
}

static void override_options(struct replay *r, json_t *document)
{
    const struct replay_options *o = r->options;
    json_t *options = json_object_get(document, "options");

    if (options == NULL) {
        options = json_object();
        json_object_set_new(document, "options", options);
    }
    if (r->workers > 0)
        json_object_set_new(options, "workers", json_integer(r->workers));
    if (o->sets.n > 0) { /* fixed by the first one */
        json_int_t workers = json_integer_value(json_object_get(options, "workers"));

        if (r->workers_max == 0)
            r->workers_max = replay_most_workers(&o->sets, (unsigned)workers);
        json_object_set_new(options, "workers_max", json_integer(r->workers_max));
    }
    if (o->vector > 0)
        json_object_set_new(options, "vector", json_integer(o->vector));
    if (o->slow)
        json_object_set_new(options, "fast_path", json_false());
}

static int unknown_inputs(const struct replay_options *o, const char *file, const struct cfg *cfg)
{
    for (unsigned i = 0; i < o->inputs; i++) {
        bool known = false;

        for (uint32_t p = 0; p < cfg->ports; p++)
            known |= strcmp(cfg->port[p].name, o->port[i]) == 0;
        if (!known) {
            fprintf(stderr, "avs-replay: %s has no port '%s'\n", file, o->port[i]);
            return REPLAY_CONFIG;
        }
    }
    return REPLAY_OK;
}

int replay_load(struct replay *r, const char *file, const struct cfg *old, struct cfg **cfg)
{
    struct cfg_error error = {.line = 0};
    struct cfg_lines *lines = NULL;
    json_t *document = NULL;
    int rc = REPLAY_OK;
    bool good = cfg_file_load(file, &document, &lines, &error) == 0 &&
                cfg_parse(document, old, cfg, &error) == 0;

    if (good) {
        rc = unknown_inputs(r->options, file, *cfg);
        cfg_free(*cfg);
        if (rc == REPLAY_OK)
            rc = become_captures(r, document);
        override_options(r, document);
        good = rc != REPLAY_OK || cfg_parse(document, old, cfg, &error) == 0;
    }
    r->file = file;
    if (!good) {
        cfg_error_print(stderr, "avs-replay", file, lines, &error);
        rc = REPLAY_CONFIG;
    }
    json_decref(document);
    cfg_lines_free(lines);
    return rc;
}
