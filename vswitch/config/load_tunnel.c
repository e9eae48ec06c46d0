/* SPDX-License-Identifier: Apache-2.0 */
/* The tunnel of a VPC: Geneve options from words into the bytes of the packet. */
#include <string.h>

#include "load.h"

#define OPTION_HDR 4
#define CRITICAL   0x80

static int digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Bytes of the hexadecimal text, at most `room`; -1: it is no such text, or odd. */
static int hex(const char *text, uint8_t *to, size_t room)
{
    size_t n = strlen(text);

    if (n % 2 || n / 2 > room) {
        return -1;
    }
    for (size_t i = 0; i < n / 2; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

        if (high < 0 || low < 0) {
            return -1;
        }
        to[i] = (uint8_t)(high << 4 | low);
    }
    return (int)(n / 2);
}

static int load_option(const struct cfg_obj *obj, struct cfg_tunnel *tunnel)
{
    uint8_t data[CFG_GENEVE_OPTIONS], *to = tunnel->options + tunnel->options_len;
    const char *text = cfg_text(obj, "data");
    int n = text ? hex(text, data, sizeof(data)) : 0;

    if (n < 0 || n % 4) {
        return cfg_fail_at(obj, "data",
                           "'%.60s' is no multiple of four bytes in hexadecimal; expected like "
                           "\"0a0b0c0d\"",
                           text);
    }
    if (tunnel->options_len + OPTION_HDR + n > CFG_GENEVE_OPTIONS) {
        return cfg_fail_at(obj, NULL, "the options are longer than %d bytes, four of header each",
                           CFG_GENEVE_OPTIONS);
    }
    to[0] = (uint8_t)(cfg_int(obj, "class") >> 8);
    to[1] = (uint8_t)cfg_int(obj, "class");
    to[2] = (uint8_t)(cfg_int(obj, "type") | (cfg_bool(obj, "critical") ? CRITICAL : 0));
    to[3] = (uint8_t)(n / 4);
    memcpy(to + OPTION_HDR, data, (size_t)n);
    tunnel->options_len = (uint8_t)(tunnel->options_len + OPTION_HDR + n);
    return 0;
}

int cfg_load_tunnel(const struct cfg_obj *vpc, struct cfg_tunnel *tunnel)
{
    struct cfg_items items = cfg_items(vpc, "geneve_options");
    int rc = 0;

    tunnel->encap = strcmp(cfg_text(vpc, "encap"), "geneve") ? CFG_VXLAN : CFG_GENEVE;
    for (uint32_t i = 0; i < items.n && !rc; i++) {
        struct cfg_obj obj = cfg_item(&items, i);

        rc = load_option(&obj, tunnel);
    }
    return rc;
}
