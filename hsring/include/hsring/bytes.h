/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading and writing packet bytes: unaligned big-endian loads and stores, and the one checked cursor that all
 * parsing goes through.
 *
 * Usage: start a cursor over (pointer, length) and take bytes with hsr_pull(); it returns NULL when fewer are left,
 * and the cursor then stays where it was. No ownership, no state but the cursor's, safe in any thread.
 */
#ifndef HSRING_BYTES_H
#define HSRING_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t hsr_load16(const void *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap16(v);
}

static inline uint32_t hsr_load32(const void *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap32(v);
}

static inline uint64_t hsr_load64(const void *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return __builtin_bswap64(v);
}

static inline void hsr_store16(void *p, uint16_t v)
{
    v = __builtin_bswap16(v);
    memcpy(p, &v, sizeof v);
}

static inline void hsr_store32(void *p, uint32_t v)
{
    v = __builtin_bswap32(v);
    memcpy(p, &v, sizeof v);
}

static inline void hsr_store64(void *p, uint64_t v)
{
    v = __builtin_bswap64(v);
    memcpy(p, &v, sizeof v);
}

/* A MAC address as a number: byte 0 is the most significant of 48 bits. */
static inline uint64_t hsr_load48(const void *p)
{
    return (uint64_t)hsr_load32(p) << 16 | hsr_load16((const uint8_t *)p + 4);
}

static inline void hsr_store48(void *p, uint64_t v)
{
    hsr_store32(p, (uint32_t)(v >> 16));
    hsr_store16((uint8_t *)p + 4, (uint16_t)v);
}

/* A checked cursor over `left` bytes at `at`. */
struct hsr_cursor {
    const uint8_t *at;
    uint32_t left;
};

/* Take `n` bytes: a pointer to them, or NULL (and no movement) when fewer are left. */
static inline const uint8_t *hsr_pull(struct hsr_cursor *c, uint32_t n)
{
    const uint8_t *p = c->at;

    if (n > c->left)
        return NULL;
    c->at += n;
    c->left -= n;
    return p;
}

/* Look at the next `n` bytes without taking them, or NULL when fewer are left. */
static inline const uint8_t *hsr_peek(const struct hsr_cursor *c, uint32_t n)
{
    return n > c->left ? NULL : c->at;
}

#endif
