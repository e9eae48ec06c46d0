/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes of frames as options say them. */
#include <stdio.h>
#include <string.h>

#include "bench.h"
#include "number.h"

#define FCS  4
#define MOST (65535u + 14)  /* bytes of IP, behind an Ethernet header */
#define IMIX "aaaaaaaAAAAg" /* 64, 594 and 1,518 bytes as 7 to 4 to 1 */

/* Letters of RFC 6985; bytes with the FCS, as they are counted there. One that the RFC leaves to whoever says what it is: A. */
static const struct {
    char letter;
    uint16_t bytes;
} genome[] = {{'a', 64},   {'b', 128},  {'c', 256},  {'d', 512},  {'e', 1024},
              {'f', 1280}, {'g', 1518}, {'h', 2112}, {'i', 9000}, {'A', 594}};

static uint16_t letter_bytes(char letter)
{
    for (unsigned i = 0; i < sizeof genome / sizeof genome[0]; i++)
        if (genome[i].letter == letter)
            return genome[i].bytes;
    return 0;
}

bool bench_sizes(const char *text, struct bench_sizes *sizes)
{
    double n;

    if (*text >= '0' && *text <= '9') {
        if (!bench_number(text, BENCH_FRAME_MIN, BENCH_FRAME_MAX, &n))
            return false;
        sizes->n = 1;
        sizes->frame[0] = (uint16_t)n;
        return true;
    }
    if (strcmp(text, "imix") == 0)
        text = IMIX;
    sizes->n = 0;
    for (const char *letter = text; *letter != '\0'; letter++) {
        uint16_t bytes = letter_bytes(*letter);

        if (bytes == 0 || sizes->n == BENCH_SIZES) {
            fprintf(stderr,
                    "a size is a number, imix, or up to %d letters of an IMIX genome "
                    "(abcdefghiA), not '%s'\n",
                    BENCH_SIZES, text);
            return false;
        }
        sizes->frame[sizes->n++] = (uint16_t)(bytes - FCS);
    }
    return sizes->n > 0;
}

bool bench_sizes_fit(const struct bench_sizes *sizes)
{
    for (uint32_t i = 0; i < sizes->n; i++) {
        if (bench_frame_len(sizes, i) > MOST) {
            fprintf(stderr, "%u segments of %u bytes are more than a frame of 64 KiB\n",
                    sizes->segments, sizes->frame[i]);
            return false;
        }
    }
    return true;
}
