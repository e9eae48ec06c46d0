/* SPDX-License-Identifier: Apache-2.0 */
#include "ready.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "nic/ports/ring.h"

#define EVENTS 64 /* of one look; the kernel goes on with the others in the next */
#define SELDOM 8  /* turns between two looks while ports are busy */

_Static_assert(NIC_RINGS <= 64 * NIC_READY_WORDS, "a place for each word of the producers");

static uint64_t bit_of(unsigned n)
{
    return UINT64_C(1) << n % 64;
}

int nic_ready_open(struct nic_ready *r)
{
    memset(r, 0, sizeof *r);
    r->epoll = epoll_create1(EPOLL_CLOEXEC);
    return r->epoll < 0 ? -errno : 0;
}

void nic_ready_close(struct nic_ready *r)
{
    if (r->epoll >= 0)
        close(r->epoll);
}

/* The place of a producers' word, which may be a new one. */
static struct nic_busy *busy_of(struct nic_ready *r, _Atomic uint64_t *word)
{
    struct nic_busy *b = r->busy;

    while (b < r->busy + r->busy_words && b->word != word)
        b++;
    if (b == r->busy + r->busy_words) {
        *b = (struct nic_busy){.word = word};
        r->busy_words++;
    }
    return b;
}

/* A port with a descriptor, which stands in our epoll now. */
static void note_descriptor(struct nic_ready *r, struct nic_port *port)
{
    r->by_fd[port->config.index / 64] |= bit_of(port->config.index);
    r->fds++;
    if (port->ops->watched != NULL)
        port->ops->watched(port, r->epoll);
}

int nic_ready_add(struct nic_ready *r, struct nic_port *port)
{
    uint16_t index = port->config.index;
    int fd = port->ops->rx_fd(port);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};

    if (fd >= 0 && epoll_ctl(r->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        return -errno;
    if (fd >= 0) {
        note_descriptor(r, port);
    } else if (port->ops->busy != NULL) {
        unsigned bit;
        struct nic_busy *b = busy_of(r, port->ops->busy(port, &bit));

        b->ours |= bit_of(bit);
        b->port[bit] = index;
    } else if (port->config.kind != HSR_PORT_KIND_NULL) {
        r->polled[index / 64] |= bit_of(index);
    }
    r->now[index / 64] |= bit_of(index); /* what was there before */
    return 0;
}

void nic_ready_remove(struct nic_ready *r, struct nic_port *port)
{
    uint16_t index = port->config.index;
    int fd = port->ops->rx_fd(port);

    if (nic_ready_by_fd(r, index)) {
        if (fd >= 0)
            epoll_ctl(r->epoll, EPOLL_CTL_DEL, fd, NULL);
        if (port->ops->watched != NULL)
            port->ops->watched(port, -1);
        r->by_fd[index / 64] &= ~bit_of(index);
        r->fds--;
    } else if (port->ops->busy != NULL) {
        unsigned bit;
        struct nic_busy *b = busy_of(r, port->ops->busy(port, &bit));

        b->ours &= ~bit_of(bit);
        if (b->ours == 0)
            *b = r->busy[--r->busy_words];
    }
    r->polled[index / 64] &= ~bit_of(index);
    nic_ready_done(r, index);
}

static void look_at_descriptors(struct nic_ready *r)
{
    struct epoll_event event[EVENTS];
    int n = epoll_wait(r->epoll, event, EVENTS, 0);

    for (int i = 0; i < n; i++)
        r->now[event[i].data.u32 / 64] |= bit_of(event[i].data.u32);
}

/* Bits are taken before their rings are looked into: what comes later sets them again. */
static void look_at_word(struct nic_ready *r, struct nic_busy *b)
{
    uint64_t bits = atomic_load_explicit(b->word, memory_order_relaxed) & b->ours;

    if (bits == 0)
        return;
    atomic_fetch_and(b->word, ~bits);
    for (; bits != 0; bits &= bits - 1) {
        uint16_t port = b->port[__builtin_ctzll(bits)];

        r->now[port / 64] |= bit_of(port);
    }
}

static bool any(const struct nic_ready *r)
{
    uint64_t bits = 0;

    for (unsigned i = 0; i < NIC_READY_WORDS; i++)
        bits |= r->now[i];
    return bits != 0;
}

void nic_ready_look(struct nic_ready *r)
{
    for (uint32_t i = 0; i < r->busy_words; i++)
        look_at_word(r, &r->busy[i]);
    if (r->fds > 0 && (++r->turn % SELDOM == 0 || !any(r)))
        look_at_descriptors(r);
}
