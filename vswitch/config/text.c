/* SPDX-License-Identifier: Apache-2.0 */
/* Addresses, prefixes, MACs and port ranges to and from text. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "internal.h"

void cfg_copy(char *to, size_t size, const char *from)
{
    size_t length = 0;

    /* Not strnlen(): with the whole program in view gcc 12 takes its bound for the source's size, and warns. */
    for (; length + 1 < size && from[length] != '\0'; length++)
        to[length] = from[length];
    to[length] = '\0';
}

const char *cfg_addr_text(const struct cfg_addr *a, char buf[48])
{
    int af = a->family == 6 ? AF_INET6 : AF_INET;

    if (a->family == 0 || !inet_ntop(af, a->bytes, buf, 48)) {
        cfg_copy(buf, 48, "none");
    }
    return buf;
}

bool cfg_addr_parse(const char *text, struct cfg_addr *a)
{
    memset(a, 0, sizeof(*a));
    if (inet_pton(AF_INET, text, a->bytes) == 1) {
        a->family = 4;
    } else if (inet_pton(AF_INET6, text, a->bytes) == 1) {
        a->family = 6;
    } else {
        memset(a, 0, sizeof(*a));
        return false;
    }
    return true;
}

bool cfg_addr_equal(const struct cfg_addr *a, const struct cfg_addr *b)
{
    return a->family == b->family && !memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool cfg_addr_unicast(const struct cfg_addr *a)
{
    static const uint8_t zero[15];

    if (a->family == 4) {
        return a->bytes[0] != 0 && a->bytes[0] != 127 && a->bytes[0] < 224;
    }
    if (a->family != 6 || a->bytes[0] == 0xff) {
        return false;
    }
    /* neither :: nor ::1 */
    return memcmp(a->bytes, zero, 15) != 0 || a->bytes[15] > 1;
}

const char *cfg_mac_text(const uint8_t mac[6], char buf[18])
{
    snprintf(buf, 18, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4],
             mac[5]);
    return buf;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool cfg_mac_parse(const char *text, uint8_t mac[6])
{
    if (strlen(text) != 17) {
        return false;
    }
    for (int i = 0; i < 6; i++) {
        int high = hex_digit(text[3 * i]), low = hex_digit(text[3 * i + 1]);

        if (high < 0 || low < 0 || (i < 5 && text[3 * i + 2] != ':')) {
            return false;
        }
        mac[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* Decimal number without sign, blanks or leading zero, at most `max`; -1 when it is not. */
static long decimal(const char *text, size_t length, long max)
{
    long value = 0;

    if (length == 0 || length > 5 || (length > 1 && text[0] == '0')) {
        return -1;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        value = value * 10 + (text[i] - '0');
    }
    return value <= max ? value : -1;
}

bool cfg_prefix_parse(const char *text, struct cfg_prefix *p)
{
    const char *slash = strchr(text, '/');
    char addr[48];
    long len;

    memset(p, 0, sizeof(*p));
    if (!slash || (size_t)(slash - text) >= sizeof(addr)) {
        return false;
    }
    cfg_copy(addr, (size_t)(slash - text) + 1, text);
    if (!cfg_addr_parse(addr, &p->addr)) {
        return false;
    }
    len = decimal(slash + 1, strlen(slash + 1), p->addr.family == 6 ? 128 : 32);
    p->len = (uint8_t)(len < 0 ? 0 : len);
    return len >= 0;
}

const char *cfg_prefix_text(const struct cfg_prefix *p, char buf[52])
{
    char addr[48];

    snprintf(buf, 52, "%.46s/%u", cfg_addr_text(&p->addr, addr), (unsigned)p->len);
    return buf;
}

bool cfg_prefix_mask(struct cfg_prefix *p)
{
    unsigned lost = 0;

    for (unsigned i = 0; i < 16; i++) {
        unsigned keep = p->len > 8 * i ? p->len - 8 * i : 0;
        unsigned mask = keep >= 8 ? 0xff : 0xff00u >> keep & 0xff;

        lost |= p->addr.bytes[i] & ~mask;
        p->addr.bytes[i] = (uint8_t)(p->addr.bytes[i] & mask);
    }
    return lost != 0;
}

bool cfg_prefix_contains(const struct cfg_prefix *p, const struct cfg_addr *a)
{
    unsigned whole = p->len / 8, rest = p->len % 8;

    if (a->family == 0 || p->addr.family != a->family || p->len > (a->family == 4 ? 32 : 128)) {
        return false;
    }
    if (memcmp(p->addr.bytes, a->bytes, whole) != 0) {
        return false;
    }
    return rest == 0 || (p->addr.bytes[whole] ^ a->bytes[whole]) >> (8 - rest) == 0;
}

bool cfg_ports_parse(const char *text, uint16_t *lo, uint16_t *hi)
{
    const char *dash = strchr(text, '-');
    size_t first = dash ? (size_t)(dash - text) : strlen(text);
    long a = decimal(text, first, 65535);
    long b = dash ? decimal(dash + 1, strlen(dash + 1), 65535) : a;

    if (a < 0 || b < 0) {
        return false;
    }
    *lo = (uint16_t)a;
    *hi = (uint16_t)b;
    return true;
}

/* IANA protocol numbers. */
static const struct {
    const char *name;
    uint8_t number;
} protocols[] = {{"any", 0}, {"icmp", 1}, {"tcp", 6}, {"udp", 17}, {"icmpv6", 58}, {"sctp", 132}};

int cfg_proto(const char *name)
{
    for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
        if (!strcmp(name, protocols[i].name)) {
            return protocols[i].number;
        }
    }
    return -1;
}

const char *cfg_proto_text(uint8_t number, char buf[8])
{
    for (size_t i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
        if (number == protocols[i].number) {
            return protocols[i].name;
        }
    }
    snprintf(buf, 8, "%u", (unsigned)number);
    return buf;
}
