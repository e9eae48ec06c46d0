/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A fuzzer over files, without libFuzzer: `fuzz_NAME FILE...`, or `fuzz_NAME DIRECTORY` for a whole corpus, of which all
 * depths must come out reached. The same program is what AFL++ runs (`afl-fuzz ... -- fuzz_NAME @@`).
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

#define MOST (1u << 20)

static int run_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t *room = malloc(MOST), *exact;
    size_t n;

    if (f == NULL || room == NULL) {
        fprintf(stderr, "%s: cannot be read\n", path);
        exit(2);
    }
    printf("%s\n", path);
    fflush(stdout);
    n = fread(room, 1, MOST, f);
    fclose(f);
    /* Of its own size, so that a read behind its end is seen. */
    exact = malloc(n > 0 ? n : 1);
    if (exact == NULL)
        exit(2);
    memcpy(exact, room, n);
    free(room);
    LLVMFuzzerTestOneInput(exact, n);
    free(exact);
    return 1;
}

static int wanted(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int run_directory(const char *path)
{
    struct dirent **entry;
    int n = scandir(path, &entry, wanted, alphasort);

    for (int i = 0; i < n; i++) {
        char file[4096];

        snprintf(file, sizeof file, "%s/%s", path, entry[i]->d_name);
        run_file(file);
        free(entry[i]);
    }
    if (n >= 0)
        free(entry);
    return n;
}

static int unreached(void)
{
    int n = 0;

    for (unsigned i = 0; fuzz_depths[i] != NULL; i++) {
        printf("%8llu  %s\n", (unsigned long long)fuzz_times(i), fuzz_depths[i]);
        n += fuzz_times(i) == 0;
    }
    if (n > 0)
        printf("%d depths that no file reaches: the corpus needs better ones\n", n);
    return n;
}

int main(int argc, char **argv)
{
    bool corpus = false;
    int files = 0;

    for (int i = 1; i < argc; i++) {
        struct stat st;
        bool directory = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode);

        corpus |= directory;
        files += directory ? run_directory(argv[i]) : run_file(argv[i]);
    }
    printf("%d inputs\n", files);
    if (files <= 0) {
        fprintf(stderr, "usage: %s FILE|DIRECTORY...\n", argv[0]);
        return 2;
    }
    return corpus && unreached() > 0;
}
