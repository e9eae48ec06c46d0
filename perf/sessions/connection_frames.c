/* SPDX-License-Identifier: Apache-2.0 */
/* The frames of connections, both sides'. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "connections.h"
#include "hsring/csum.h"
#include "hsring/wire.h"

enum { FIN = 0x01, SYN = 0x02, ACK = 0x10 };
enum { OPTIONS = 12, ROOM = 128, MIN_FRAME = 60, ETH = 14, IP = 20, TCP = 20, OUTER = 50 };

/* Ports as RFC 4814 has them: each client's port from 1024 up once in an order without a pattern, then to another port of the
 * server's, below 49152. Both factors are prime to what they go round in. */
#define CLIENT_PORTS (65536u - 1024u)
#define SERVER_PORTS 49151u

/* A connection's six packets: whose, and what it says. */
static const struct step {
    uint8_t flags;
    uint8_t own, peer; /* numbers used up by the sender before it, and acknowledged */
} steps[CONN_SIDES][CONN_FRAMES] = {
    {{SYN, 0, 0}, {ACK, 1, 1}, {ACK | FIN, 1, 2}},
    {{SYN | ACK, 0, 1}, {ACK | FIN, 1, 1}, {ACK, 2, 2}},
};

static uint32_t number_of(uint32_t connection, enum conn_side side)
{
    return (connection * 2 + side + 1) * 2654435761u;
}

static void write_ports(uint8_t *tcp, uint32_t connection, enum conn_side side)
{
    uint32_t turn = connection / CLIENT_PORTS;
    uint16_t port[CONN_SIDES] = {
        (uint16_t)(1024 + (uint64_t)connection * 40507u % CLIENT_PORTS),
        (uint16_t)(1 + (uint64_t)turn * 30011u % SERVER_PORTS),
    };

    hsr_store16(tcp, port[side]);
    hsr_store16(tcp + 2, port[!side]);
}

static uint16_t ip_header(uint8_t *ip, const uint8_t src[4], const uint8_t dst[4], uint8_t proto,
                          uint32_t len)
{
    static const uint8_t first[12] = {0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, 0, 0, 0};

    memcpy(ip, first, sizeof first);
    ip[9] = proto;
    hsr_store16(ip + 2, (uint16_t)(IP + len));
    memcpy(ip + 12, src, 4);
    memcpy(ip + 16, dst, 4);
    hsr_store16(ip + 10, (uint16_t)~hsr_csum_fold(hsr_csum_add(0, ip, IP)));
    return (uint16_t)(IP + len);
}

static void eth_header(uint8_t *f, const uint8_t dst[6], const uint8_t src[6])
{
    memcpy(f, dst, 6);
    memcpy(f + 6, src, 6);
    hsr_store16(f + 12, 0x0800);
}

/* Maximum segment size, window scale 7, selective acknowledgements. */
static uint32_t add_options(uint8_t *at)
{
    static const uint8_t syn[OPTIONS] = {2, 4, 0x05, 0xB4, 1, 3, 3, 7, 1, 1, 4, 2};

    memcpy(at, syn, sizeof syn);
    return sizeof syn;
}

static uint32_t make_inner(uint8_t *f, const struct conn_ends *e, uint32_t connection,
                           enum conn_side side, const struct step *step)
{
    uint8_t *ip = f + ETH, *tcp = ip + IP;
    uint32_t len = TCP + (step->flags & SYN ? add_options(tcp + TCP) : 0);

    eth_header(f, e->dmac, e->smac);
    ip_header(ip, e->src, e->dst, HSR_PROTO_TCP, len);
    write_ports(tcp, connection, side);
    hsr_store32(tcp + 4, number_of(connection, side) + step->own);
    hsr_store32(tcp + 8, step->flags & ACK ? number_of(connection, !side) + step->peer : 0);
    tcp[12] = (uint8_t)(len / 4 << 4);
    tcp[13] = step->flags;
    hsr_store16(tcp + 14, 64240);
    hsr_store16(tcp + 16,
                (uint16_t)~hsr_csum_fold(hsr_csum_add(
                    hsr_pseudo4(ip + 12, ip + 16, HSR_PROTO_TCP, (uint16_t)len), tcp, len)));
    return ETH + IP + len < MIN_FRAME ? MIN_FRAME : ETH + IP + len;
}

/* VXLAN from the other host, 50 bytes. */
static void make_outer(uint8_t *f, uint32_t inner, uint32_t connection)
{
    static const uint8_t ours[6] = {2, 0xBB, 0, 0, 0, 1}, theirs[6] = {2, 0xAA, 0, 0, 0, 2};
    static const uint8_t src[4] = {192, 0, 2, 2}, dst[4] = {192, 0, 2, 1};
    uint8_t *udp = f + ETH + IP, *vxlan = udp + 8;

    eth_header(f, ours, theirs);
    ip_header(f + ETH, src, dst, HSR_PROTO_UDP, 16 + inner);
    hsr_store16(udp, (uint16_t)(0xC000 | (connection & 0x3FFF)));
    hsr_store16(udp + 2, HSR_PORT_VXLAN);
    hsr_store16(udp + 4, (uint16_t)(16 + inner));
    vxlan[0] = 8;
    vxlan[6] = 100;
}

static uint32_t make_frame(uint8_t *f, const struct conn_ends *e, uint32_t connection,
                           enum conn_side side, const struct step *step)
{
    uint32_t front = e->tunnel ? OUTER : 0, len;

    memset(f, 0, ROOM);
    len = make_inner(f + front, e, connection, side, step);
    if (e->tunnel)
        make_outer(f, len, connection);
    return front + len;
}

/* How many connections later a side's frame comes than the SYN: halves of a step. */
static uint32_t later(enum conn_side side, unsigned frame, uint32_t half)
{
    return (2 * frame + (side == CONN_SERVER)) * half;
}

static bool make_side(struct conn_list *list, const struct conn_case *what, enum conn_side side,
                      uint32_t half)
{
    const struct conn_ends *e = &what->ends[side];
    uint32_t n = list->connections;
    size_t frames = (size_t)n * CONN_FRAMES, each = e->tunnel ? ROOM : ETH + IP + TCP + OPTIONS;
    struct nic_ring_frame *frame = malloc(frames * (sizeof *frame + each));

    list->frame[side] = frame;
    if (frame == NULL)
        return false;
    for (size_t i = 0; i < frames; i++) {
        uint8_t *data = (uint8_t *)(frame + frames) + i * each, room[ROOM];
        unsigned which = (unsigned)(i % CONN_FRAMES);
        uint32_t connection = (uint32_t)((i / CONN_FRAMES + n - later(side, which, half)) % n);

        frame[i] = (struct nic_ring_frame){.data = data};
        frame[i].len = make_frame(room, e, connection, side, &steps[side][which]);
        memcpy(data, room, frame[i].len);
    }
    return true;
}

bool conn_list_make(struct conn_list *list, const struct conn_case *what, uint32_t connections,
                    uint32_t open)
{
    uint32_t half =
        open / 5; /* the last packet of a connection comes five halves after the first */

    *list = (struct conn_list){.connections = connections};
    for (unsigned side = 0; side < CONN_SIDES; side++)
        if (!make_side(list, what, (enum conn_side)side, half))
            return false;
    return true;
}

void conn_list_free(struct conn_list *list)
{
    for (unsigned side = 0; side < CONN_SIDES; side++)
        free(list->frame[side]);
    *list = (struct conn_list){.connections = 0};
}

bool conn_list_capture(const struct conn_list *list, const char *path)
{
    size_t frames = (size_t)list->connections * CONN_FRAMES;
    struct nic_ring_frame *both = malloc(frames * CONN_SIDES * sizeof *both);
    bool good = both != NULL;

    for (size_t i = 0; good && i < frames; i++)
        for (unsigned side = 0; side < CONN_SIDES; side++)
            both[CONN_SIDES * i + side] = list->frame[side][i];
    good = good && bench_capture(path, both, (uint32_t)(CONN_SIDES * frames));
    free(both);
    return good;
}
