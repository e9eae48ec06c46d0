/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mixture.h"

int main(int argc, char **argv)
{
    static struct mix_world w;

    if (argc == 5 && strcmp(argv[1], "make") == 0) {
        mix_world(&w, strtoull(argv[2], NULL, 0));
        if (mix_write_world(&w, argv[4]) == 0 &&
            mix_traffic(&w, strtoull(argv[3], NULL, 0), argv[4]) == 0)
            return 0;
        fprintf(stderr, "mixture: %s: %s\n", argv[4], strerror(errno));
        return 1;
    }
    if (argc == 5 && strcmp(argv[1], "bind") == 0) {
        mix_world(&w, strtoull(argv[2], NULL, 0));
        return mix_bind(&w, argv[3], argv[4]) == 0 ? 0 : 1;
    }
    if (argc == 5 && strcmp(argv[1], "check") == 0) {
        mix_world(&w, strtoull(argv[2], NULL, 0));
        return mix_check(&w, argv[3], argv[4]) == 0 ? 0 : 1;
    }
    fputs("usage: mixture make SEED PACKETS DIR | mixture bind|check SEED DIR OUT\n", stderr);
    return 2;
}
