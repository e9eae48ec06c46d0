/* SPDX-License-Identifier: Apache-2.0 */
/* Captures, read and written plainly: millions of frames of one machine's making. */
#include <string.h>

#include "mixture.h"

#define NS_PER_S UINT64_C(1000000000)

struct record {
    uint32_t sec, nsec, caplen, len;
};

static FILE *named(const char *dir, unsigned port, const char *mode)
{
    char path[512], name[16];

    mix_port_name(port, name);
    snprintf(path, sizeof path, "%s/%s.pcap", dir, name);
    return fopen(path, mode);
}

FILE *mix_pcap_create(const char *dir, unsigned port)
{
    const uint32_t head[6] = {0xA1B23C4D, 4 << 16 | 2, 0, 0, 262144, 1};
    FILE *f = named(dir, port, "w");

    if (f != NULL)
        fwrite(head, sizeof head, 1, f);
    return f;
}

void mix_pcap_put(FILE *f, uint64_t ns, const uint8_t *frame, uint32_t len)
{
    const struct record r = {(uint32_t)(ns / NS_PER_S), (uint32_t)(ns % NS_PER_S), len, len};

    fwrite(&r, sizeof r, 1, f);
    fwrite(frame, len, 1, f);
}

FILE *mix_pcap_open(const char *dir, unsigned port)
{
    FILE *f = named(dir, port, "r");

    if (f != NULL)
        fseek(f, 24, SEEK_SET);
    return f;
}

bool mix_pcap_get(FILE *f, uint8_t *frame, uint32_t *len, uint64_t *ns)
{
    struct record r;

    if (fread(&r, sizeof r, 1, f) != 1 || r.caplen > FR_ROOM)
        return false;
    *len = r.caplen;
    *ns = r.sec * NS_PER_S + r.nsec;
    return fread(frame, r.caplen, 1, f) == 1;
}
