/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A second firmware for scenarios: attaches beside the first one, and makes of each copy what a learning switch would. All of it
 * is held back until SIGUSR1, when it takes group 0 from the next packet on.
 *
 * usage: second-fw SOCKET WORKERS FILE      FILE: {"copies", "held_back", "sent"}, written again and again
 *
 * Ends with the first firmware (exit code 0), or by SIGTERM.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "hsring/attach.h"
#include "hsring/bytes.h"
#include "hsring/check.h"
#include "hsring/ring.h"

#define WAIT_MS 5000
#define MACS    256

static volatile sig_atomic_t take, stop;

static void on_take(int signal)
{
    (void)signal;
    take = 1;
}

static void on_stop(int signal)
{
    (void)signal;
    stop = 1;
}

/* Where a MAC address was seen last. */
static struct {
    uint64_t mac48;
    uint16_t port;
} seen[MACS];

static void learn(uint64_t mac48, uint16_t port)
{
    seen[mac48 % MACS].mac48 = mac48;
    seen[mac48 % MACS].port = port;
}

static uint16_t find(uint64_t mac48)
{
    return seen[mac48 % MACS].mac48 == mac48 ? seen[mac48 % MACS].port : HSR_NO_PORT;
}

/* What becomes of the packet in this slot, written over its metadata; false: the entry names none. */
static bool forward(const struct hsr_view *view, uint32_t slot)
{
    struct hsr_rx_meta rx;

    if (slot >= view->slots || hsr_slot_space(view, slot) == 0)
        return false;
    uint8_t *at = hsr_slot(view, slot);

    memcpy(&rx, at, sizeof rx);
    if (!hsr_rx_check(&rx, hsr_slot_space(view, slot)))
        return false;
    const uint8_t *frame = at + HSR_SLOT_FRAME;
    struct hsr_tx_meta tx = {.action = HSR_TXA_CONSUME, .owner = rx.owner, .rx_seq = rx.rx_seq};

    if (rx.reason == HSR_DROP_NONE) {
        uint16_t port = find(hsr_load48(frame));

        learn(hsr_load48(frame + 6), rx.ingress);
        if (port != HSR_NO_PORT) {
            tx.action = HSR_TXA_TRANSMIT;
            tx.egress_port = port;
            tx.frame_off = HSR_SLOT_FRAME;
            tx.frame_len = rx.frame_len;
        }
    }
    memcpy(at, &tx, sizeof tx);
    return true;
}

struct rings {
    struct hsr_ring rx, tx, completion;
};

static unsigned turn(const struct hsr_attach *at, struct rings *r)
{
    unsigned n = 0;

    for (uint32_t w = 0; w < at->workers; w++) {
        uint32_t entry;

        while (hsr_ring_room(&r[w].tx) > 0 && hsr_ring_pop(&r[w].rx, &entry, 1) == 1) {
            n++;
            if (forward(&at->region.view, hsr_entry_slot(entry)))
                hsr_ring_push(&r[w].tx, &entry, 1);
        }
        hsr_ring_kick(&r[w].tx);
    }
    return n;
}

static void write_down(const struct hsr_view *view, const char *path)
{
    uint64_t copies = 0, held_back = 0, sent = 0;
    char name[256];

    for (uint32_t port = 0; port < HSR_MAX_PORTS; port++) {
        const struct hsr_port_stats *s = &view->stats[port];

        copies += __atomic_load_n(&s->pre_rx, __ATOMIC_RELAXED);
        held_back += __atomic_load_n(&s->drops[HSR_DROP_HELD_BACK], __ATOMIC_RELAXED);
        sent += __atomic_load_n(&s->post_tx, __ATOMIC_RELAXED);
    }
    snprintf(name, sizeof name, "%s.new", path);
    FILE *f = fopen(name, "w");

    if (f == NULL)
        return;
    fprintf(f, "{\"copies\": %llu, \"held_back\": %llu, \"sent\": %llu}\n",
            (unsigned long long)copies, (unsigned long long)held_back, (unsigned long long)sent);
    fclose(f);
    rename(name, path);
}

static int request(struct hsr_attach *at, uint16_t type)
{
    union hsr_msg msg = {.hdr = {0}};
    char why[256];

    if (type == HSR_MSG_OWNER_SET) {
        msg.owner.owner = 1;
        msg.owner.from_now = 1;
    }
    int rc = hsr_attach_request(at, &msg, type, -1, WAIT_MS, why);

    if (rc < 0)
        fprintf(stderr, "second-fw: %s\n", why[0] != '\0' ? why : strerror(-rc));
    return rc;
}

/* Has the NIC hung up? */
static bool ended(const struct hsr_attach *at)
{
    char byte;

    return recv(at->sock, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
}

static int run(struct hsr_attach *at, const char *path)
{
    struct rings r[HSR_MAX_WORKERS];
    const struct timespec pause = {.tv_nsec = 200000};

    for (uint32_t w = 0; w < at->workers; w++) {
        hsr_view_ring(&at->region.view, w, HSR_RING_RX, &r[w].rx, at->rx_doorbell[w]);
        hsr_view_ring(&at->region.view, w, HSR_RING_TX, &r[w].tx, at->tx_doorbell[w]);
    }
    for (unsigned i = 0; !stop; i++) {
        if (turn(at, r) == 0)
            nanosleep(&pause, NULL);
        if (i % 64 == 0) {
            if (ended(at))
                return 0;
            write_down(&at->region.view, path);
        }
        if (take) {
            take = 0;
            if (request(at, HSR_MSG_OWNER_SET) < 0)
                return 1;
        }
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct hsr_attach at;
    char why[256];
    int rc;

    if (argc != 4) {
        fprintf(stderr, "usage: second-fw SOCKET WORKERS FILE\n");
        return 2;
    }
    signal(SIGUSR1, on_take);
    signal(SIGTERM, on_stop);
    if (hsr_attach_open_second(&at, argv[1], (uint32_t)atoi(argv[2]), "second-fw", why) < 0) {
        fprintf(stderr, "second-fw: %s\n", why);
        return 1;
    }
    rc = request(&at, HSR_MSG_START) < 0 ? 1 : run(&at, argv[3]);
    hsr_attach_close(&at);
    return rc;
}
