/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration of a replay: the user's, with every port turned into a pair of captures. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "replay.h"

static const char *input_of(const struct replay_options *o, const char *port)
{
    for (unsigned i = 0; i < o->inputs; i++)
        if (strcmp(o->port[i], port) == 0)
            return o->file[i];
    return NULL;
}

/* Files are opened here and named by descriptor: paths of any length fit the port's configuration. They stay open. */
static int become_capture(const struct replay_options *o, json_t *port, int out)
{
    static const char *const only_devices[] = {"netns", "queues", "offload"};
    const char *name = json_string_value(json_object_get(port, "name"));
    const char *input = name != NULL ? input_of(o, name) : NULL;

    for (unsigned i = 0; i < sizeof only_devices / sizeof only_devices[0]; i++)
        json_object_del(port, only_devices[i]);
    json_object_set_new(port, "type", json_string("pcap"));
    json_object_set_new(
        port, "args", json_sprintf("out=/proc/self/fd/%d/%s.pcap", out, name != NULL ? name : ""));
    json_object_del(port, "device");
    if (input == NULL)
        return REPLAY_OK;
    int fd = open(input, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        fprintf(stderr, "avs-replay: cannot read %s: %s\n", input, strerror(errno));
        return REPLAY_CAPTURE;
    }
    json_object_set_new(port, "device", json_sprintf("/proc/self/fd/%d", fd));
    return REPLAY_OK;
}

static int become_captures(const struct replay_options *o, json_t *document)
{
    int out = open(o->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    json_t *ports = json_object_get(document, "ports"), *port;
    size_t i;

    if (out < 0) {
        fprintf(stderr, "avs-replay: cannot open directory %s: %s\n", o->out, strerror(errno));
        return REPLAY_CAPTURE;
    }
    json_array_foreach (ports, i, port) {
        int rc = become_capture(o, port, out);

        if (rc != REPLAY_OK)
            return rc;
    }
    return REPLAY_OK;
}

static void override_options(const struct replay_options *o, json_t *document)
{
    json_t *options = json_object_get(document, "options");

    if (options == NULL) {
        options = json_object();
        json_object_set_new(document, "options", options);
    }
    if (o->workers > 0)
        json_object_set_new(options, "workers", json_integer(o->workers));
    if (o->vector > 0)
        json_object_set_new(options, "vector", json_integer(o->vector));
    if (o->slow)
        json_object_set_new(options, "fast_path", json_false());
}

static int unknown_inputs(const struct replay_options *o, const struct cfg *cfg)
{
    for (unsigned i = 0; i < o->inputs; i++) {
        bool known = false;

        for (uint32_t p = 0; p < cfg->ports; p++)
            known |= strcmp(cfg->port[p].name, o->port[i]) == 0;
        if (!known) {
            fprintf(stderr, "avs-replay: %s has no port '%s'\n", o->config, o->port[i]);
            return REPLAY_CONFIG;
        }
    }
    return REPLAY_OK;
}

int replay_load(const struct replay_options *o, struct cfg **cfg)
{
    struct cfg_error error = {.line = 0};
    struct cfg_lines *lines = NULL;
    json_t *document = NULL;
    int rc = REPLAY_OK;
    bool good = cfg_file_load(o->config, &document, &lines, &error) == 0 &&
                cfg_parse(document, NULL, cfg, &error) == 0;

    if (good) {
        rc = unknown_inputs(o, *cfg);
        cfg_free(*cfg);
        if (rc == REPLAY_OK)
            rc = become_captures(o, document);
        override_options(o, document);
        good = rc != REPLAY_OK || cfg_parse(document, NULL, cfg, &error) == 0;
    }
    if (!good) {
        cfg_error_print(stderr, "avs-replay", o->config, lines, &error);
        rc = REPLAY_CONFIG;
    }
    json_decref(document);
    cfg_lines_free(lines);
    return rc;
}
