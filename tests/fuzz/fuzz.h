/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the fuzzers share. A fuzzer is one file with LLVMFuzzerTestOneInput(): it takes its input apart with a cursor that
 * never runs out (behind the end there are zeros), does something with what it got, and holds the outcome against what must
 * be so. What does not hold ends the process.
 *
 * Each names the depths that its corpus must reach, and says fuzz_reached() where it does: a fuzzer that never comes past the
 * first check finds nothing. The test fuzz_corpus_NAME fails when one of them is not reached.
 *
 * Built with -DAVS_FUZZ=ON (preset fuzz) it is a program of libFuzzer's; else files.c runs it over the files it is given.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Names of the depths, NULL behind the last; each fuzzer has its own. */
extern const char *const fuzz_depths[];
void fuzz_reached(unsigned depth);
uint64_t fuzz_times(unsigned depth);

#define FUZZ_MUST(holds)                           \
    do {                                           \
        if (!(holds))                              \
            fuzz_fail(__FILE__, __LINE__, #holds); \
    } while (0)
_Noreturn void fuzz_fail(const char *file, int line, const char *what);

struct fuzz_input {
    const uint8_t *p;
    size_t n;
};
uint8_t fuzz_8(struct fuzz_input *in);
uint16_t fuzz_16(struct fuzz_input *in);
uint32_t fuzz_32(struct fuzz_input *in);
/* Up to `most` bytes; how many there were. */
uint32_t fuzz_bytes(struct fuzz_input *in, void *to, uint32_t most);

/* Waits until there is something to read, whatever of libFuzzer's own signals come meanwhile. */
void fuzz_wait_readable(int fd);

/* The lowest descriptor that is free: the same before and after, unless one was left open. */
int fuzz_free_descriptor(void);

#endif
