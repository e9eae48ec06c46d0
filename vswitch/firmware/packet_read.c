/* SPDX-License-Identifier: Apache-2.0 */
/* From a line of text to a packet, word by word. */
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "hsring/wire.h"
#include "packet.h"

#define WORD 64

struct reading {
    const char *text;
    const char *at;    /* behind the word */
    const char *begin; /* of the word */
    char word[WORD];
    struct packet *p;
    struct packet_error *error;
};

__attribute__((format(printf, 2, 3))) static bool fail(const struct reading *r, const char *format,
                                                       ...)
{
    va_list args;

    r->error->at = (int)(r->begin - r->text);
    va_start(args, format);
    vsnprintf(r->error->text, sizeof r->error->text, format, args);
    va_end(args);
    return false;
}

/* The next word; false at the end. One that is too long is cut, and then is none that is known. */
static bool next(struct reading *r)
{
    size_t n;

    r->at += strspn(r->at, " \t\n");
    r->begin = r->at;
    n = strcspn(r->at, " \t\n");
    r->at += n;
    snprintf(r->word, sizeof r->word, "%.*s", (int)n, r->begin);
    return n > 0;
}

static bool number(struct reading *r, const char *what, long high, long *value)
{
    char *end;

    if (!next(r))
        return fail(r, "a number is missing behind '%s'", what);
    *value = strtol(r->word, &end, 0);
    if (*end != '\0' || end == r->word || *value < 0 || *value > high)
        return fail(r, "'%s' is not a number from 0 to %ld, which '%s' needs", r->word, high, what);
    return true;
}

/* Cut an end point in two: host, and behind the last colon (NULL: there is none) its port. */
static char *cut_port(char *host)
{
    char *end, *colon = strchr(host, ':');

    if (host[0] == '[' && (end = strchr(host, ']')) != NULL) {
        colon = end[1] == ':' ? end + 1 : NULL;
        *end = '\0';
        memmove(host, host + 1, (size_t)(end - host));
        return colon != NULL ? colon + 1 : NULL;
    }
    if (colon == NULL || strchr(colon + 1, ':') != NULL)
        return NULL; /* IPv6 without a port */
    *colon = '\0';
    return colon + 1;
}

/* "10.0.0.1", "10.0.0.1:80", "fd00::1", "[fd00::1]:80" */
static bool end_point(struct reading *r, const char *what, struct cfg_addr *addr, uint16_t *port)
{
    char host[WORD], *text, *end;
    long value;

    if (!next(r))
        return fail(r, "the %s is missing: PROTOCOL SOURCE > DESTINATION", what);
    snprintf(host, sizeof host, "%s", r->word);
    text = cut_port(host);
    if (!cfg_addr_parse(host, addr))
        return fail(r, "'%s' is no address", r->word);
    if (port == NULL)
        return text == NULL || fail(r, "only tcp, udp and sctp have ports");
    if (text == NULL)
        return fail(r, "the %s has no port: %s%s%s:80", what, addr->family == 6 ? "[" : "", host,
                    addr->family == 6 ? "]" : "");
    value = strtol(text, &end, 10);
    if (*end != '\0' || end == text || value < 0 || value > 65535)
        return fail(r, "the port of '%s' is not a number from 0 to 65535", r->word);
    *port = (uint16_t)value;
    return true;
}

static bool mac(struct reading *r, const char *what, uint64_t *value)
{
    uint8_t bytes[6];

    if (!next(r) || !cfg_mac_parse(r->word, bytes))
        return fail(r, "'%s' needs an address like 02:00:00:00:00:01", what);
    *value = hsr_load48(bytes);
    return true;
}

/* Words without a value. False: it is none of them. */
static bool flag(struct reading *r)
{
    static const struct {
        const char *name;
        uint8_t bit;
    } tcp[] = {{"fin", 1}, {"syn", 2}, {"rst", 4}, {"psh", 8}, {"ack", 16}, {"urg", 32}};

    for (unsigned i = 0; r->p->kind == PACKET_TCP && i < sizeof tcp / sizeof tcp[0]; i++)
        if (strcmp(r->word, tcp[i].name) == 0)
            return r->p->flags |= tcp[i].bit, true;
    if (strcmp(r->word, "df") == 0)
        return r->p->df = true;
    if (strcmp(r->word, "mf") == 0)
        return r->p->more = r->p->fragment = true;
    if (r->p->kind == PACKET_ICMP && strcmp(r->word, "echo") == 0)
        return r->p->type = -1, true;
    if (r->p->kind == PACKET_ICMP && strcmp(r->word, "reply") == 0)
        return r->p->type = r->p->src.family == 6 ? 129 : 0, r->p->code = 0, true;
    return false;
}

#define ANY      0xFFu
#define OF(kind) (1u << (kind))
#define FIELD(f) offsetof(struct packet, f), sizeof((struct packet){0}.f)

/* Words with a number, and where it goes. */
static const struct numbered {
    const char *name;
    long high;
    unsigned kinds;
    size_t at, size;
} numbered[] = {
    {"ttl", 255, ANY, FIELD(ttl)},
    {"tos", 255, ANY, FIELD(tos)},
    {"len", 65535, ANY, FIELD(len)},
    {"id", 65535, ANY, FIELD(id)},
    {"frag", 65528, ANY, FIELD(offset)},
    {"vlan", 4095, ANY, FIELD(vlan)},
    {"ipopts", 40, ANY, FIELD(options)},
    {"vni", 0xFFFFFF, ANY, FIELD(vni)},
    {"seq", UINT32_MAX, OF(PACKET_TCP), FIELD(seq)},
    {"ackno", UINT32_MAX, OF(PACKET_TCP), FIELD(ack)},
    {"win", 65535, OF(PACKET_TCP), FIELD(window)},
    {"gso", 65535, OF(PACKET_TCP), FIELD(gso)},
    {"type", 255, OF(PACKET_ICMP), FIELD(type)},
    {"code", 255, OF(PACKET_ICMP), FIELD(code)},
    {"ident", 65535, OF(PACKET_ICMP), FIELD(ident)},
    {"proto", 255, OF(PACKET_IP), FIELD(proto)},
};

static void put(uint8_t *to, size_t size, long value)
{
    uint8_t one = (uint8_t)value;
    uint16_t two = (uint16_t)value;
    uint32_t four = (uint32_t)value;

    memcpy(to, size == 1 ? (void *)&one : size == 2 ? (void *)&two : (void *)&four, size);
}

static const struct numbered *find_numbered(const struct reading *r)
{
    for (unsigned i = 0; i < sizeof numbered / sizeof numbered[0]; i++)
        if (strcmp(numbered[i].name, r->word) == 0)
            return numbered[i].kinds & OF(r->p->kind) ? &numbered[i] : NULL;
    return NULL;
}

static bool option(struct reading *r)
{
    const struct numbered *n;
    long value = 0;

    if (flag(r))
        return true;
    if (strcmp(r->word, "src-mac") == 0)
        return mac(r, "src-mac", &r->p->smac);
    if (strcmp(r->word, "dst-mac") == 0)
        return mac(r, "dst-mac", &r->p->dmac);
    if (strcmp(r->word, "from") == 0)
        return end_point(r, "host behind 'from'", &r->p->via, NULL);
    if ((n = find_numbered(r)) != NULL) {
        if (!number(r, n->name, n->high, &value))
            return false;
        put((uint8_t *)r->p + n->at, n->size, value);
        r->p->fragment |= strcmp(n->name, "frag") == 0;
        return true;
    }
    return fail(
        r,
        "'%s' is not known here: ttl, tos, len, df, mf, frag, id, vlan, ipopts, src-mac, dst-mac, "
        "from, vni; tcp: syn ... urg, seq, ackno, win, gso; icmp: type, code, ident, reply",
        r->word);
}

static bool protocol(struct reading *r)
{
    static const struct {
        const char *name;
        enum packet_kind kind;
        uint8_t proto;
    } known[] = {{"tcp", PACKET_TCP, HSR_PROTO_TCP},
                 {"udp", PACKET_UDP, HSR_PROTO_UDP},
                 {"icmp", PACKET_ICMP, HSR_PROTO_ICMP},
                 {"icmp6", PACKET_ICMP, HSR_PROTO_ICMP6},
                 {"sctp", PACKET_SCTP, HSR_PROTO_SCTP},
                 {"ip", PACKET_IP, 253},
                 {"arp", PACKET_ARP, 0}};

    if (!next(r))
        return fail(r, "no packet: PROTOCOL SOURCE > DESTINATION, as in 'tcp 10.0.0.1:1234 > "
                       "10.0.1.2:80'");
    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(r->word, known[i].name) != 0)
            continue;
        r->p->kind = known[i].kind;
        r->p->proto = known[i].proto;
        return true;
    }
    return fail(r, "'%s' is no protocol: tcp, udp, icmp, icmp6, sctp, ip, arp", r->word);
}

static bool both_ends(struct reading *r)
{
    struct packet *p = r->p;
    bool ports = p->kind == PACKET_TCP || p->kind == PACKET_UDP || p->kind == PACKET_SCTP;

    if (!end_point(r, "source", &p->src, ports ? &p->sport : NULL))
        return false;
    if (!next(r) || strcmp(r->word, ">") != 0)
        return fail(r, "'>' is missing between source and destination");
    if (!end_point(r, "destination", &p->dst, ports ? &p->dport : NULL))
        return false;
    if (p->src.family != p->dst.family)
        return fail(r, "source and destination are of two families");
    if (p->kind == PACKET_ARP && p->src.family != 4)
        return fail(r, "arp is for IPv4");
    if (p->kind == PACKET_ICMP)
        p->proto = p->src.family == 6 ? HSR_PROTO_ICMP6 : HSR_PROTO_ICMP;
    return true;
}

bool packet_read(const char *text, struct packet *p, struct packet_error *error)
{
    struct reading r = {.text = text, .at = text, .begin = text, .p = p, .error = error};

    *p = (struct packet){
        .ttl = 64, .type = -1, .code = -1, .vlan = -1, .window = 65535, .ident = 1, .seq = 1};
    if (!protocol(&r) || !both_ends(&r))
        return false;
    while (next(&r))
        if (!option(&r))
            return false;
    if (p->kind == PACKET_TCP && p->flags == 0)
        p->flags = 2;
    if (p->offset % 8 != 0)
        return fail(&r, "fragments begin at a multiple of 8 bytes, not at %u", p->offset);
    return true;
}
