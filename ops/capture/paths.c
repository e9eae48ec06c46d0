/* SPDX-License-Identifier: Apache-2.0 */
#include "paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define NO_PORT 0xFFFFu

struct packet {
    uint32_t id;
    uint32_t steps;
    struct {
        uint64_t time;
        uint16_t port;
        uint8_t point;
    } step[PTH_STEPS];
    uint8_t reason;
    bool dropped, by_firmware;
};

struct pth {
    struct packet *packet;
    uint32_t packets, most;
    uint32_t *place; /* open addressing: place in packet[] + 1, 0: free */
    uint32_t mask;
    uint64_t made;
};

struct pth *pth_open(uint32_t most)
{
    struct pth *p = calloc(1, sizeof(*p));
    uint32_t places = 16;

    while (places < 2 * most) {
        places *= 2;
    }
    if (!p) {
        return NULL;
    }
    p->most = most;
    p->mask = places - 1;
    p->packet = calloc(most ? most : 1, sizeof(*p->packet));
    p->place = calloc(places, sizeof(*p->place));
    if (!p->packet || !p->place) {
        pth_close(p);
        return NULL;
    }
    return p;
}

void pth_close(struct pth *p)
{
    if (p) {
        free(p->packet);
        free(p->place);
        free(p);
    }
}

static struct packet *find(struct pth *p, uint32_t id)
{
    uint32_t at = id * 0x9E3779B1u & p->mask;

    while (p->place[at] && p->packet[p->place[at] - 1].id != id) {
        at = (at + 1) & p->mask;
    }
    if (p->place[at]) {
        return &p->packet[p->place[at] - 1];
    }
    if (p->packets == p->most) {
        return NULL;
    }
    p->packet[p->packets].id = id;
    p->place[at] = ++p->packets;
    return &p->packet[p->packets - 1];
}

bool pth_add(struct pth *p, const struct cap_record *r)
{
    struct packet *k;

    if (r->packet_id == 0) {
        p->made++;
        return true;
    }
    k = find(p, r->packet_id);
    if (!k) {
        return false;
    }
    if (r->point == CAP_DROP) {
        k->dropped = true;
        k->reason = r->reason;
        k->by_firmware = r->flags & CAP_F_BY_FIRMWARE;
    }
    if (k->steps == PTH_STEPS || (k->steps > 0 && k->step[k->steps - 1].point == r->point)) {
        return true;
    }
    k->step[k->steps].time = r->time;
    k->step[k->steps].port = r->port;
    k->step[k->steps++].point = r->point;
    return true;
}

uint64_t pth_made(const struct pth *p)
{
    return p->made;
}

/* ---- groups ---- */

static uint16_t port_at(const struct packet *k, uint32_t step)
{
    return step == 0 || step + 1 == k->steps ? k->step[step].port : NO_PORT;
}

static int compare(const struct packet *a, const struct packet *b)
{
    if (a->steps != b->steps) {
        return a->steps < b->steps ? -1 : 1;
    }
    for (uint32_t i = 0; i < a->steps; i++) {
        if (a->step[i].point != b->step[i].point) {
            return a->step[i].point < b->step[i].point ? -1 : 1;
        }
        if (port_at(a, i) != port_at(b, i)) {
            return port_at(a, i) < port_at(b, i) ? -1 : 1;
        }
    }
    if (a->dropped != b->dropped) {
        return a->dropped ? 1 : -1;
    }
    if (a->by_firmware != b->by_firmware) {
        return a->by_firmware ? 1 : -1;
    }
    return (int)a->reason - (int)b->reason;
}

static int by_path(const void *a, const void *b)
{
    return compare(a, b);
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

static int by_packets(const void *a, const void *b)
{
    const struct pth_path *x = a, *y = b;

    return x->packets > y->packets ? -1 : x->packets < y->packets;
}

/* Threads have one clock, and yet a step may seem to go back by a tick of it. */
static uint64_t between(const struct packet *k, uint32_t from, uint32_t to)
{
    return k->step[to].time > k->step[from].time ? k->step[to].time - k->step[from].time : 0;
}

static struct pth_time times(const struct packet *k, uint32_t n, uint32_t from, uint32_t to,
                             uint64_t *room)
{
    for (uint32_t i = 0; i < n; i++) {
        room[i] = between(&k[i], from, to);
    }
    qsort(room, n, sizeof(*room), by_number);
    return (struct pth_time){.min = room[0], .median = room[n / 2], .max = room[n - 1]};
}

static struct pth_path path_of(const struct packet *k, uint32_t n, uint64_t *room)
{
    struct pth_path path = {.packets = n,
                            .steps = k->steps,
                            .dropped = k->dropped,
                            .reason = k->reason,
                            .by_firmware = k->by_firmware};

    for (uint32_t i = 0; i < k->steps; i++) {
        path.step[i].point = k->step[i].point;
        path.step[i].port = port_at(k, i);
        if (i > 0) {
            path.step[i].since = times(k, n, i - 1, i, room);
        }
    }
    path.total = times(k, n, 0, k->steps - 1, room);
    return path;
}

int pth_each(struct pth *p, void (*each)(void *arg, const struct pth_path *path), void *arg)
{
    uint64_t *room = calloc(p->packets ? p->packets : 1, sizeof(*room));
    struct pth_path *path = calloc(p->packets ? p->packets : 1, sizeof(*path));
    uint32_t paths = 0;

    if (!room || !path) {
        free(room);
        free(path);
        return -ENOMEM;
    }
    qsort(p->packet, p->packets, sizeof(*p->packet), by_path);
    memset(p->place, 0, (p->mask + (size_t)1) * sizeof(*p->place)); /* they are elsewhere now */
    for (uint32_t i = 0, end; i < p->packets; i = end) {
        for (end = i + 1; end < p->packets && compare(&p->packet[i], &p->packet[end]) == 0;) {
            end++;
        }
        path[paths++] = path_of(&p->packet[i], end - i, room);
    }
    qsort(path, paths, sizeof(*path), by_packets);
    for (uint32_t i = 0; i < paths; i++) {
        each(arg, &path[i]);
    }
    free(room);
    free(path);
    return 0;
}
