/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEPTHS 32

static uint64_t times[DEPTHS];

void fuzz_reached(unsigned depth)
{
    times[depth % DEPTHS]++;
}

uint64_t fuzz_times(unsigned depth)
{
    return times[depth % DEPTHS];
}

void fuzz_fail(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
    abort();
}

uint8_t fuzz_8(struct fuzz_input *in)
{
    if (in->n == 0)
        return 0;
    in->n--;
    return *in->p++;
}

uint16_t fuzz_16(struct fuzz_input *in)
{
    uint8_t low = fuzz_8(in);

    return (uint16_t)(fuzz_8(in) << 8 | low);
}

uint32_t fuzz_32(struct fuzz_input *in)
{
    uint16_t low = fuzz_16(in);

    return (uint32_t)fuzz_16(in) << 16 | low;
}

uint32_t fuzz_bytes(struct fuzz_input *in, void *to, uint32_t most)
{
    uint32_t n = in->n < most ? (uint32_t)in->n : most;

    if (n > 0)
        memcpy(to, in->p, n);
    in->p += n;
    in->n -= n;
    return n;
}

int fuzz_free_descriptor(void)
{
    int fd = dup(STDERR_FILENO);

    close(fd);
    return fd;
}

void fuzz_wait_readable(int fd)
{
    struct pollfd pfd = {.fd = fd, .events = POLLIN};

    while (poll(&pfd, 1, -1) != 1)
        FUZZ_MUST(errno == EINTR);
}
