/* SPDX-License-Identifier: Apache-2.0 */
#include "pcapfile.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ETHERNET   1u
#define BLOCK_MOST (1u << 20)
#define INTERFACES 64u

/* Block and option types of pcapng (draft-ietf-opsawg-pcapng). */
enum { SECTION = 0x0A0D0D0A, INTERFACE = 1, SIMPLE = 3, ENHANCED = 6 };
enum { OPT_COMMENT = 1, OPT_NAME = 2 };

struct file {
    FILE *f;
    bool swapped; /* written in the other byte order */
    char *why;
    uint8_t *block;
    uint32_t interfaces;
    struct {
        uint16_t link;
        char name[64];
    } interface[INTERFACES];
};

__attribute__((format(printf, 2, 3))) static int fail(const struct file *c, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(c->why, PCF_TEXT, format, args);
    va_end(args);
    return -1;
}

static uint32_t get32(const struct file *c, const uint8_t *at)
{
    uint32_t v;

    memcpy(&v, at, 4);
    return c->swapped ? __builtin_bswap32(v) : v;
}

static uint16_t get16(const struct file *c, const uint8_t *at)
{
    uint16_t v;

    memcpy(&v, at, 2);
    return c->swapped ? __builtin_bswap16(v) : v;
}

static int take(const struct file *c, struct pcf_packet *p, const uint8_t *frame, uint32_t captured,
                uint32_t length, uint32_t link)
{
    if (link != ETHERNET) {
        return fail(c, "the packet is not Ethernet");
    }
    if (captured > PCF_FRAME) {
        return fail(c, "the packet has %" PRIu32 " bytes, more than a frame can have", captured);
    }
    memcpy(p->frame, frame, captured);
    p->captured = captured;
    p->length = length;
    return 0;
}

/* ---- pcap ---- */

static int read_pcap(struct file *c, uint64_t number, struct pcf_packet *p)
{
    uint8_t head[24], record[16];
    uint64_t seen = 0;

    if (fread(head + 4, 1, 20, c->f) != 20) {
        return fail(c, "the file ends in its head");
    }
    while (fread(record, 1, sizeof(record), c->f) == sizeof(record)) {
        uint32_t captured = get32(c, record + 8);

        if (captured > BLOCK_MOST || fread(c->block, 1, captured, c->f) != captured) {
            return fail(c, "the file ends in packet %" PRIu64, seen + 1);
        }
        if (++seen == number) {
            return take(c, p, c->block, captured, get32(c, record + 12),
                        get32(c, head + 20) & 0xFFFF);
        }
    }
    return fail(c, "it has %" PRIu64 " packets, no number %" PRIu64, seen, number);
}

/* ---- pcapng ---- */

/* Text of an option of this type among `len` bytes, cut to what there is room for. */
static void option_text(const struct file *c, const uint8_t *at, uint32_t len, uint16_t type,
                        char *to, size_t size)
{
    to[0] = 0;
    while (len >= 4) {
        uint16_t kind = get16(c, at), n = get16(c, at + 2);
        uint32_t padded = (n + 3u) & ~3u;

        if (kind == 0 || padded > len - 4) {
            return;
        }
        if (kind == type) {
            snprintf(to, size, "%.*s", (int)n, (const char *)at + 4);
            return;
        }
        at += 4 + padded;
        len -= 4 + padded;
    }
}

/* The body of the next block in c->block; its type, 0 at the end, 1 << 31 after a message. */
#define BROKEN (UINT32_C(1) << 31)
static uint32_t next_block(struct file *c, uint32_t *len)
{
    uint8_t head[8], order[4] = {0};
    uint32_t total, type;

    if (fread(head, 1, 8, c->f) != 8) {
        return 0;
    }
    type = get32(c, head);
    if (type == SECTION) {
        if (fread(order, 1, 4, c->f) != 4) {
            return 0;
        }
        c->swapped = order[0] == 0x1A;
        c->interfaces = 0;
    }
    total = get32(c, head + 4);
    uint32_t read = type == SECTION ? 12 : 8;

    if (total < read + 4 || total % 4 != 0 || total > BLOCK_MOST ||
        fread(c->block, 1, total - read, c->f) != total - read) {
        fail(c, "a block of the file is cut off, or has a length that cannot be");
        return BROKEN;
    }
    *len = total - read - 4;
    return type;
}

static void note_interface(struct file *c, uint32_t len)
{
    if (c->interfaces == INTERFACES || len < 8) {
        return;
    }
    c->interface[c->interfaces].link = get16(c, c->block);
    option_text(c, c->block + 8, len - 8, OPT_NAME, c->interface[c->interfaces].name,
                sizeof(c->interface[0].name));
    c->interfaces++;
}

static int take_enhanced(const struct file *c, struct pcf_packet *p, uint32_t len)
{
    uint32_t interface = get32(c, c->block), captured = get32(c, c->block + 12);
    uint64_t padded = ((uint64_t)captured + 3) & ~UINT64_C(3);

    if (interface >= c->interfaces || padded > len - 20) {
        return fail(c, "the packet's block says more than it has");
    }
    snprintf(p->point, sizeof(p->point), "%s", c->interface[interface].name);
    option_text(c, c->block + 20 + padded, len - 20 - (uint32_t)padded, OPT_COMMENT, p->comment,
                sizeof(p->comment));
    return take(c, p, c->block + 20, captured, get32(c, c->block + 16),
                c->interface[interface].link);
}

static int take_simple(const struct file *c, struct pcf_packet *p, uint32_t len)
{
    uint32_t length = get32(c, c->block);

    if (c->interfaces == 0) {
        return fail(c, "the packet belongs to no interface");
    }
    return take(c, p, c->block + 4, length < len - 4 ? length : len - 4, length,
                c->interface[0].link);
}

static int read_pcapng(struct file *c, uint64_t number, struct pcf_packet *p)
{
    uint64_t seen = 0;
    uint32_t type, len = 0;

    rewind(c->f);
    while ((type = next_block(c, &len)) != 0 && type != BROKEN) {
        if (type == INTERFACE) {
            note_interface(c, len);
        } else if (type == ENHANCED && len >= 20 && ++seen == number) {
            return take_enhanced(c, p, len);
        } else if (type == SIMPLE && len >= 4 && ++seen == number) {
            return take_simple(c, p, len);
        }
    }
    return type == BROKEN ? -1
                          : fail(c, "it has %" PRIu64 " packets, no number %" PRIu64, seen, number);
}

static int read_any(struct file *c, uint64_t number, struct pcf_packet *p)
{
    uint8_t magic[4];
    uint32_t word;

    if (fread(magic, 1, 4, c->f) != 4) {
        return fail(c, "neither pcap nor pcapng");
    }
    memcpy(&word, magic, 4);
    if (word == SECTION) {
        return read_pcapng(c, number, p);
    }
    c->swapped = word == 0xD4C3B2A1 || word == 0x4D3CB2A1;
    if (c->swapped || word == 0xA1B2C3D4 || word == 0xA1B23C4D) {
        return read_pcap(c, number, p);
    }
    return fail(c, "neither pcap nor pcapng");
}

int pcf_read(const char *path, uint64_t number, struct pcf_packet *p, char why[PCF_TEXT])
{
    struct file c = {.f = fopen(path, "rb"), .why = why};
    int rc;

    p->point[0] = p->comment[0] = 0;
    if (!c.f) {
        return fail(&c, "%s", strerror(errno));
    }
    c.block = malloc(BLOCK_MOST);
    rc = c.block ? read_any(&c, number, p) : fail(&c, "%s", strerror(ENOMEM));
    free(c.block);
    fclose(c.f);
    return rc;
}
