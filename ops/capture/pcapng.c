/* SPDX-License-Identifier: Apache-2.0 */
#include "pcapng.h"

#include <string.h>

enum block { SECTION = 0x0A0D0D0A, INTERFACE = 1, STATISTICS = 5, PACKET = 6 };

#define BYTE_ORDER_MAGIC \
    0x1A2B3C4Du /* what is written here is in the machine's order, and says so */
#define LINKTYPE_ETHERNET 1u
#define OPT_END           0u
#define OPT_COMMENT       1u

/* A block in the making: its length stands at both ends. */
struct making {
    uint8_t bytes[512 + 8 + 65536 + 4096];
    uint32_t used;
};

static void put(struct making *m, const void *bytes, uint32_t n)
{
    static const uint8_t zero[4];
    uint32_t padding = -n & 3u;

    memcpy(m->bytes + m->used, bytes, n);
    memcpy(m->bytes + m->used + n, zero, padding);
    m->used += n + padding;
}

static void put32(struct making *m, uint32_t v)
{
    put(m, &v, sizeof v);
}

static void put16s(struct making *m, uint32_t a, uint32_t b)
{
    uint16_t v[2] = {(uint16_t)a, (uint16_t)b};

    put(m, v, sizeof v);
}

/* Time and counters of 64 bits stand as two words, the high one first. */
static void put_halves(struct making *m, uint64_t v)
{
    put32(m, (uint32_t)(v >> 32));
    put32(m, (uint32_t)v);
}

static void option(struct making *m, uint32_t code, const void *bytes, size_t n)
{
    if (n > 2048)
        n = 2048;
    put16s(m, code, (uint32_t)n);
    put(m, bytes, (uint32_t)n);
}

static void option_text(struct making *m, uint32_t code, const char *text)
{
    option(m, code, text, strlen(text));
}

static void begin(struct making *m, uint32_t type)
{
    m->used = 0;
    put32(m, type);
    put32(m, 0);
}

static bool end(struct making *m, FILE *f)
{
    uint32_t size = m->used + 4;

    put32(m, size);
    memcpy(m->bytes + 4, &size, sizeof size);
    return fwrite(m->bytes, 1, size, f) == size;
}

bool png_begin(FILE *f, const char *program)
{
    struct making m;

    begin(&m, SECTION);
    put32(&m, BYTE_ORDER_MAGIC);
    put16s(&m, 1, 0);
    put32(&m, UINT32_MAX); /* how long the section is, nobody knows yet */
    put32(&m, UINT32_MAX);
    option_text(&m, 4, program); /* shb_userappl */
    put16s(&m, OPT_END, 0);
    return end(&m, f);
}

bool png_interface(FILE *f, const char *name, const char *description, uint32_t snap)
{
    const uint8_t nanoseconds = 9;
    struct making m;

    begin(&m, INTERFACE);
    put16s(&m, LINKTYPE_ETHERNET, 0);
    put32(&m, snap);
    option_text(&m, 2, name);
    option_text(&m, 3, description);
    option(&m, 9, &nanoseconds, 1); /* if_tsresol */
    put16s(&m, OPT_END, 0);
    return end(&m, f);
}

bool png_packet(FILE *f, const struct png_packet *p)
{
    uint32_t captured = p->captured < 65536 ? p->captured : 65535;
    struct making m;

    begin(&m, PACKET);
    put32(&m, p->interface);
    put_halves(&m, p->time);
    put32(&m, captured);
    put32(&m, p->length);
    put(&m, p->frame, captured);
    if (p->comment != NULL)
        option_text(&m, OPT_COMMENT, p->comment);
    if (p->direction != 0)
        option(&m, 2, &p->direction, sizeof p->direction); /* epb_flags */
    if (p->id != 0)
        option(&m, 5, &p->id, sizeof p->id); /* epb_packetid */
    put16s(&m, OPT_END, 0);
    return end(&m, f);
}

bool png_statistics(FILE *f, uint32_t interface, uint64_t time, uint64_t received, uint64_t missed)
{
    struct making m;

    begin(&m, STATISTICS);
    put32(&m, interface);
    put_halves(&m, time);
    option(&m, 4, &received, sizeof received); /* isb_ifrecv */
    option(&m, 5, &missed, sizeof missed);     /* isb_ifdrop */
    put16s(&m, OPT_END, 0);
    return end(&m, f);
}
