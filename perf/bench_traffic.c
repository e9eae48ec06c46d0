/* SPDX-License-Identifier: Apache-2.0 */
/* UDP frames of many flows between the two ends of a case. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "hsring/csum.h"

#define SPORTS     50000u
#define HEADERS    42u /* Ethernet, IPv4, UDP */
#define TUNNEL     50u /* Ethernet, IPv4, UDP, VXLAN */
#define LONGER     20u /* IPv6 header than IPv4's */
#define GSO_UDP_L4 5   /* VIRTIO_NET_HDR_GSO_UDP_L4, which older headers lack */

static uint64_t random_next(uint64_t *state)
{
    /* xorshift64*: the same order on every machine. */
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return *state * UINT64_C(2685821657736338717);
}

/* UDP of flow `i`, `len` bytes with its header; `sum` of the pseudo header. The flows differ in their ports. */
static void make_udp(uint8_t *udp, uint32_t i, uint16_t len, uint64_t sum)
{
    hsr_store16(udp, (uint16_t)(1024 + i % SPORTS));
    hsr_store16(udp + 2, (uint16_t)(5000 + i / SPORTS));
    hsr_store16(udp + 4, len);
    uint16_t csum = (uint16_t)~hsr_csum_fold(hsr_csum_add(sum, udp, len));

    hsr_store16(udp + 6, csum == 0 ? 0xFFFF : csum);
}

static void make_ip4(const struct bench_case *what, uint8_t *ip, uint32_t i, uint16_t udp)
{
    static const uint8_t head[12] = {0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, 17, 0, 0};

    memcpy(ip, head, sizeof head);
    memcpy(ip + 12, what->src, 4);
    memcpy(ip + 16, what->dst, 4);
    hsr_store16(ip + 2, (uint16_t)(20 + udp));
    hsr_store16(ip + 10, (uint16_t)~hsr_csum_fold(hsr_csum_add(0, ip, 20)));
    make_udp(ip + 20, i, udp, hsr_pseudo4(ip + 12, ip + 16, 17, udp));
}

static void make_ip6(const struct bench_case *what, uint8_t *ip, uint32_t i, uint16_t udp)
{
    static const uint8_t head[8] = {0x60, 0, 0, 0, 0, 0, 17, 64};

    memcpy(ip, head, sizeof head);
    memcpy(ip + 8, what->src, 16);
    memcpy(ip + 24, what->dst, 16);
    hsr_store16(ip + 4, udp);
    make_udp(ip + 40, i, udp, hsr_pseudo6(ip + 8, ip + 24, 17, udp));
}

/* Of flow `i`. */
static void make_frame(const struct bench_case *what, uint8_t *f, uint32_t i, uint32_t size)
{
    memset(f, 0, size);
    memcpy(f, what->dmac, 6);
    memcpy(f + 6, what->smac, 6);
    hsr_store16(f + 12, what->ipv6 ? 0x86DD : 0x0800);
    if (what->ipv6)
        make_ip6(what, f + 14, i, (uint16_t)(size - 54));
    else
        make_ip4(what, f + 14, i, (uint16_t)(size - 34));
}

/* `size` bytes of a frame lie behind it. From 192.0.2.2, the router's MAC address, to 192.0.2.1, that of the uplink; VNI 100 (bench_net.h). */
static void make_tunnel(uint8_t *f, uint32_t i, uint32_t size)
{
    static const uint8_t ethernet[14] = {2, 0xBB, 0, 0, 0, 1, 2, 0xAA, 0, 0, 0, 2, 0x08, 0};
    static const uint8_t ip[20] = {0x45, 0, 0,   0, 0, 1, 0x40, 0, 64, 17,
                                   0,    0, 192, 0, 2, 2, 192,  0, 2,  1};
    static const uint8_t udp[8] = {0, 0, 0x12, 0xB5}; /* to 4789, without a checksum (RFC 7348) */
    static const uint8_t vxlan[8] = {8, 0, 0, 0, 0, 0, 100, 0};

    memcpy(f, ethernet, sizeof ethernet);
    memcpy(f + 14, ip, sizeof ip);
    memcpy(f + 34, udp, sizeof udp);
    memcpy(f + 42, vxlan, sizeof vxlan);
    hsr_store16(f + 16, (uint16_t)(size + TUNNEL - 14));
    hsr_store16(f + 24, (uint16_t)~hsr_csum_fold(hsr_csum_add(0, f + 14, 20)));
    hsr_store16(f + 34, (uint16_t)(49152 + i % 16384));
    hsr_store16(f + 38, (uint16_t)(size + TUNNEL - 34));
}

/* The checksum as a guest leaves it to its device: that of the pseudo header alone. */
static void leave_sum(uint8_t *f)
{
    hsr_store16(f + 40, hsr_csum_fold(hsr_pseudo4(f + 26, f + 30, 17, hsr_load16(f + 38))));
}

uint32_t bench_frame_len(const struct bench_sizes *sizes, uint32_t i)
{
    uint32_t size = sizes->frame[i % sizes->n];

    return sizes->segments == 0 ? size : HEADERS + sizes->segments * (size - HEADERS);
}

/* What the guest's kernel would say of a frame that is to be cut: its checksum is left, and each segment has so many bytes. */
static struct virtio_net_hdr to_be_cut(const struct bench_sizes *sizes, uint32_t i)
{
    return (struct virtio_net_hdr){.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
                                   .gso_type = GSO_UDP_L4,
                                   .hdr_len = HEADERS,
                                   .gso_size = (uint16_t)(sizes->frame[i % sizes->n] - HEADERS),
                                   .csum_start = HEADERS - 8,
                                   .csum_offset = 6};
}

static size_t all_bytes(uint32_t flows, const struct bench_sizes *sizes, uint32_t more)
{
    size_t bytes = 0;

    for (uint32_t i = 0; i < flows; i++)
        bytes += more + bench_frame_len(sizes, i);
    return bytes;
}

struct nic_ring_frame *bench_frames(const struct bench_case *what, uint32_t flows, uint32_t train,
                                    const struct bench_sizes *sizes)
{
    /* One block: the list, then the bytes it points to. */
    size_t n = (size_t)flows * train;
    const uint32_t tunnel = what->vxlan ? TUNNEL : 0, longer = what->ipv6 ? LONGER : 0;
    struct nic_ring_frame *frames =
        malloc(n * sizeof *frames + all_bytes(flows, sizes, tunnel + longer) + 1); /* not nothing */
    uint32_t *order = calloc(flows, sizeof *order);
    uint64_t state = UINT64_C(0x9E3779B97F4A7C15);

    if (frames == NULL || order == NULL) {
        free(frames);
        free(order);
        return NULL;
    }
    for (uint32_t i = 0; i < flows; i++) {
        uint32_t at = (uint32_t)(random_next(&state) % (i + 1));

        order[i] = order[at];
        order[at] = i;
    }
    uint8_t *f = (uint8_t *)(frames + n);

    for (uint32_t i = 0; i < flows; i++) {
        uint32_t inner = longer + bench_frame_len(sizes, i);
        struct nic_ring_frame frame = {.data = f, .len = tunnel + inner};

        if (tunnel != 0)
            make_tunnel(f, order[i], inner);
        make_frame(what, f + tunnel, order[i], inner);
        if (sizes->segments != 0) {
            frame.vnet = to_be_cut(sizes, i);
            leave_sum(f);
        }
        for (uint32_t k = 0; k < train; k++)
            frames[(size_t)i * train + k] = frame;
        f += frame.len;
    }
    free(order);
    return frames;
}

void bench_frames_free(struct nic_ring_frame *frames)
{
    free(frames);
}

bool bench_capture(const char *path, const struct nic_ring_frame *frames, uint32_t flows)
{
    static const uint32_t head[6] = {0xA1B2C3D4, 2 | 4 << 16, 0, 0, 65535, 1};
    FILE *f = fopen(path, "wbe");
    bool good = f != NULL && fwrite(head, sizeof head, 1, f) == 1;

    for (uint32_t i = 0; good && i < flows; i++) {
        const uint32_t record[4] = {0, 0, frames[i].len, frames[i].len};

        good = fwrite(record, sizeof record, 1, f) == 1 &&
               fwrite(frames[i].data, frames[i].len, 1, f) == 1;
    }
    if (f != NULL && fclose(f) != 0)
        good = false;
    if (!good)
        fprintf(stderr, "%s: cannot write %s: %s\n", program_invocation_short_name, path,
                strerror(errno));
    return good;
}
