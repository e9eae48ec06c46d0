/* SPDX-License-Identifier: Apache-2.0 */
/* avs-ctl explain: what would become of a packet. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "pcapfile.h"

/* The rows that say something, as stage, verdict, why. */
static void print_stages(const json_t *stages)
{
    static const char *const columns[] = {"stage", "verdict", "why", NULL};

    print_table(stages, columns);
}

static void print_frames(const json_t *frames)
{
    const json_t *f;
    size_t i;

    json_array_foreach (frames, i, f) {
        const char *hex = text_of(f, "hex");

        if (*hex) {
            printf("\n%s, %lld bytes%s:\n", text_of(f, "port"),
                   (long long)json_integer_value(json_object_get(f, "bytes")),
                   json_is_true(json_object_get(f, "made_by_avsd")) ? ", made by avsd" : "");
        }
        for (size_t at = 0; at < strlen(hex); at += 32) {
            printf("  %04zx  %.32s\n", at / 2, hex + at);
        }
    }
}

/* How many frames leave, of the packet or made for it. */
static size_t count(const json_t *answer, bool made)
{
    const json_t *f;
    size_t i, n = 0;

    json_array_foreach (json_object_get(answer, "frames"), i, f) {
        n += json_is_true(json_object_get(f, "made_by_avsd")) == made;
    }
    return n;
}

static void print_outcome(const json_t *a)
{
    const char *outcome = text_of(a, "outcome");
    size_t frames = count(a, false), made = count(a, true);

    if (strcmp(outcome, "dropped") == 0) {
        printf("\ndropped by %s: %s (%s)",
               strcmp(text_of(a, "by"), "nic") == 0 ? "the NIC" : "avsd", text_of(a, "reason"),
               text_of(a, "reason_text"));
    } else if (strcmp(outcome, "delivered") == 0) {
        printf("\ndelivered to port %s", text_of(a, "to"));
        if (frames > 1) {
            printf(" as %zu frames", frames);
        }
    } else if (strcmp(outcome, "answered") == 0) {
        printf("\nanswered by port %s", text_of(a, "to"));
    } else if (strcmp(outcome, "consumed") == 0) {
        printf("\ntaken by avsd");
    } else {
        printf("\nwaits%s%s", *text_of(a, "next_hop") ? " for next hop " : "",
               text_of(a, "next_hop"));
    }
    if (made > 0) {
        printf("; %zu %s made by avsd %s", made, made > 1 ? "frames" : "frame",
               made > 1 ? "leave" : "leaves");
    }
    putchar('\n');
}

static int show(struct ctl *ctl, json_t *answer)
{
    bool dropped = strcmp(text_of(answer, "outcome"), "dropped") == 0;

    if (ctl->json) {
        print_json(ctl, answer);
    } else {
        print_stages(json_object_get(answer, "stages"));
        print_outcome(answer);
        print_frames(json_object_get(answer, "frames"));
    }
    json_decref(answer);
    return dropped ? EXIT_DROPPED : EXIT_OK;
}

static char *hex_of(const struct pcf_packet *p)
{
    char *hex = malloc(2 * (size_t)p->captured + 1);

    for (uint32_t i = 0; hex && i < p->captured; i++) {
        snprintf(hex + 2 * (size_t)i, 3, "%02x", p->frame[i]);
    }
    return hex;
}

/* "...; port NAME; ..." of a comment that avs-ctl capture wrote; "" if there is none. */
static void port_of(const char *comment, char port[64])
{
    const char *at = strstr(comment, "; port ");

    snprintf(port, 64, "%.*s", at ? (int)strcspn(at + 7, ";") : 0, at ? at + 7 : "");
}

/* Of a capture's points those at which a packet is as it came in. */
static bool came_in(const char *point)
{
    return !*point || strcmp(point, "nic.rx") == 0 || strcmp(point, "pre.out") == 0 ||
           strcmp(point, "ring.rx") == 0 || strchr(point, '.') == NULL;
}

/* EXIT_OK, or another code after a message. */
static int from_capture(struct ctl *ctl, const char *path, json_t *params)
{
    struct pcf_packet *p = malloc(sizeof(*p));
    char why[PCF_TEXT] = "out of memory", port[64];
    int code = EXIT_OK;
    long number;

    if (!option_number(ctl, "packet", 1, 1000000000, 1, &number)) {
        free(p);
        return EXIT_USAGE;
    }
    if (!p || pcf_read(path, (uint64_t)number, p, why)) {
        code = fail(ctl, EXIT_FAILED, "EINVAL", NULL, "%s: %s", path, why);
    } else if (p->captured < p->length) {
        code = fail(ctl, EXIT_FAILED, "EINVAL", "capture with a larger --snap",
                    "%s: of packet %ld %u of %u bytes are there", path, number, p->captured,
                    p->length);
    } else if (!came_in(p->point)) {
        code = fail(ctl, EXIT_FAILED, "EINVAL", "choose one of nic.rx, pre.out or ring.rx",
                    "%s: packet %ld was seen at %s, where it is not as it came in", path, number,
                    p->point);
    } else {
        char *hex = hex_of(p);

        port_of(p->comment, port);
        if (*port && !option_value(ctl, "port")) {
            json_object_set_new(params, "port", json_string(port));
        }
        json_object_set_new(params, "frame", json_string(hex ? hex : ""));
        free(hex);
    }
    free(p);
    return code;
}

int cmd_explain(struct ctl *ctl)
{
    const char *file = option_value(ctl, "from-capture"), *hex = option_value(ctl, "hex");
    int code = EXIT_FAILED;

    if ((file != NULL) + (hex != NULL) + (ctl->words > 0) != 1) {
        return fail(ctl, EXIT_USAGE, "EINVAL",
                    "avs-ctl explain --port web1 'tcp 10.0.0.1:1234 > 10.0.1.2:80'",
                    "give a packet in words, or --hex, or --from-capture");
    }
    json_t *params =
        json_pack("{s:s*, s:b, s:b}", "port", option_value(ctl, "port"), "anew",
                  option_value(ctl, "new") != NULL, "bytes", option_value(ctl, "bytes") != NULL);

    if (hex) {
        json_object_set_new(params, "frame", json_string(hex));
    } else if (file) {
        code = from_capture(ctl, file, params);
        if (code) {
            json_decref(params);
            return code;
        }
    } else {
        char *packet = join_words(ctl, 0);

        json_object_set_new(params, "packet", json_string(packet ? packet : ""));
        free(packet);
    }
    json_t *answer = request(ctl, "explain", params, &code);

    return answer ? show(ctl, answer) : code;
}
