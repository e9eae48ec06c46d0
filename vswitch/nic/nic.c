/* SPDX-License-Identifier: Apache-2.0 */
/* The NIC's life and its poll function. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "nic_internal.h"

#define PUBLISH_NS 20000000u /* counters in the region are at most this old under load */

void nic_config_default(struct nic_config *config, uint32_t workers)
{
    memset(config, 0, sizeof *config);
    hsr_geometry_default(&config->geometry, workers);
    if (getrandom(config->geometry.hash_secret, sizeof config->geometry.hash_secret, 0) < 0)
        abort(); /* no kernel this runs on refuses 48 bytes */
    config->fit_buckets = NIC_FLOW_INDEX / PP_FIT_BANKS;
    config->max_vector = HSR_MAX_VECTOR;
    config->use_fit = true;
    config->slice_timeout_ns = NIC_SLICE_TIMEOUT_NS;
}

void nic_config_repeatable(struct nic_config *config, uint32_t workers)
{
    uint64_t state = 0;

    nic_config_default(config, workers);
    config->slice_timeout_ns = NIC_SLICE_TIMEOUT_VIRTUAL_NS;
    /* splitmix64: a secret of little entropy makes the (linear) hash put many flows into few buckets. */
    for (unsigned i = 0; i < sizeof config->geometry.hash_secret; i++) {
        uint64_t z = state += UINT64_C(0x9E3779B97F4A7C15);

        z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
        z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
        config->geometry.hash_secret[i] = (uint8_t)(z ^ z >> 31);
    }
}

bool nic_config_slice(struct nic_config *config, const char *text)
{
    unsigned long us;
    char *end;

    config->slice = strncmp(text, "on", 2) == 0;
    if (strcmp(text, "on") == 0 || strcmp(text, "off") == 0)
        return true;
    if (strncmp(text, "on:", 3) != 0 || text[3] < '1' || text[3] > '9')
        return false;
    us = strtoul(text + 3, &end, 10);
    config->slice_timeout_ns = us * 1000u;
    return *end == '\0' && us <= 10000000;
}

bool nic_config_flow_index(struct nic_config *config, const char *text)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);

    if (*text < '1' || *text > '9' || *end != '\0' || n < NIC_FLOW_INDEX_MIN ||
        n > NIC_FLOW_INDEX_MAX || (n & (n - 1)) != 0)
        return false;
    config->fit_buckets = (uint32_t)n / PP_FIT_BANKS;
    return true;
}

static void attach_rings(struct nic *nic)
{
    for (uint32_t w = 0; w < nic->workers; w++) {
        for (int kind = 0; kind < HSR_RING_KINDS; kind++) {
            bool ours = kind == HSR_RING_RX || kind == HSR_RING_COMPLETION;

            hsr_view_ring(&nic->region.view, w, (enum hsr_ring_kind)kind, &nic->ring[w][kind],
                          ours ? nic->rx_doorbell[w] : nic->tx_doorbell[w]);
        }
    }
}

int nic_watch(struct nic *nic, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

    return fd < 0 || epoll_ctl(nic->bells, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int open_events(struct nic *nic)
{
    nic->bells = epoll_create1(EPOLL_CLOEXEC);
    nic->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (nic->bells < 0 || nic_watch(nic, nic->wake) < 0 || nic_ready_open(&nic->ready) < 0)
        return -errno;
    for (uint32_t w = 0; w < nic->workers; w++) {
        nic->rx_doorbell[w] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        nic->tx_doorbell[w] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (nic->rx_doorbell[w] < 0 || nic_watch(nic, nic->tx_doorbell[w]) < 0)
            return -errno;
    }
    return 0;
}

/* Without slicing there is no payload memory, and every handle names nothing. */
static int open_payload(struct nic *nic, const struct nic_config *config)
{
    nic->kept.on = nic->kept.track = config->slice;
    nic->kept.by_slot = calloc(nic->region.view.slots, sizeof *nic->kept.by_slot);
    if (nic->kept.by_slot == NULL)
        return -ENOMEM;
    return config->slice ? nic_cells_open(&nic->kept.cells, PP_TARGETS, config->slice_timeout_ns)
                         : 0;
}

static int open_parts(struct nic *nic, const struct nic_config *config)
{
    struct pp_pre_config pre = {.rings = nic->workers,
                                .fit_buckets = config->fit_buckets,
                                .held = 2 * NIC_RX_BURST * HSR_MAX_VECTOR,
                                .max_vector = config->max_vector};
    int rc = hsr_region_create(&nic->region, &config->geometry, config->shared);

    if (rc < 0)
        return rc;
    nic->owner = hsr_view_owner(&nic->region.view, 0);
    pre.owner = nic->owner;
    memcpy(pre.hash_secret, config->geometry.hash_secret, sizeof pre.hash_secret);
    rc = nic_slots_open(&nic->slots, &nic->region.view);
    pre.in_flight = nic->slots.in_flight;
    if (rc == 0)
        rc = pp_pre_open(&nic->pre, &pre);
    explicit_bzero(pre.hash_secret, sizeof pre.hash_secret);
    if (rc == 0)
        rc = open_events(nic);
    if (rc == 0)
        rc = open_payload(nic, config);
    if (rc == 0) {
        nic->pre.use_fit = config->use_fit;
        attach_rings(nic);
    }
    return rc;
}

int nic_open(struct nic **out, const struct nic_config *config, char why[NIC_WHY])
{
    struct nic *nic = calloc(1, sizeof *nic);
    int rc = -ENOMEM;

    if (nic != NULL) {
        hsr_no_dump(nic, sizeof *nic);
        nic->workers = config->geometry.workers;
        nic->show.clock = config->clock;
        for (uint32_t i = 0; i < CAP_TAPS; i++)
            nic->show.area[i].memfd = -1;
        nic->steered = nic->workers;
        nic->bells = nic->ready.epoll = nic->wake = nic->region.memfd = -1;
        memset(nic->rx_doorbell, 0xFF, sizeof nic->rx_doorbell);
        memset(nic->tx_doorbell, 0xFF, sizeof nic->tx_doorbell);
        nic->stats = calloc(HSR_MAX_PORTS, sizeof *nic->stats);
        if (nic->stats != NULL)
            rc = open_parts(nic, config);
    }
    if (rc < 0) {
        snprintf(why, NIC_WHY, "cannot set up the NIC's memory: %s", strerror(-rc));
        nic_close(nic);
        return rc;
    }
    *out = nic;
    return 0;
}

static void close_fd(int fd)
{
    if (fd >= 0)
        close(fd);
}

void nic_close(struct nic *nic)
{
    if (nic == NULL)
        return;
    nic_threaded(nic, false);
    for (uint16_t i = 0; i < HSR_MAX_PORTS; i++)
        if (nic->port[i] != NULL)
            nic_port_del(nic, i);
    for (uint32_t w = 0; w < HSR_MAX_WORKERS; w++) {
        close_fd(nic->rx_doorbell[w]);
        close_fd(nic->tx_doorbell[w]);
    }
    if (nic->owned != NULL)
        nic_owned_reset(nic);
    nic_captures_end(nic);
    nic_latency_end(nic);
    free(nic->show.scratch);
    close_fd(nic->wake);
    close_fd(nic->bells);
    nic_ready_close(&nic->ready);
    pp_pre_close(&nic->pre);
    nic_slots_close(&nic->slots);
    nic_cells_close(&nic->kept.cells);
    free(nic->kept.by_slot);
    hsr_region_close(&nic->region);
    free(nic->stats);
    free(nic);
}

struct hsr_region *nic_region(struct nic *nic)
{
    return &nic->region;
}

int nic_rx_doorbell(const struct nic *nic, uint32_t worker)
{
    return nic->rx_doorbell[worker];
}

int nic_tx_doorbell(const struct nic *nic, uint32_t worker)
{
    return nic->tx_doorbell[worker];
}

struct nic_port *nic_port(struct nic *nic, uint16_t index)
{
    return index < HSR_MAX_PORTS && nic->port[index] != NULL ? &nic->port[index]->port : NULL;
}

uint32_t nic_poll(struct nic *nic, uint64_t now)
{
    uint32_t work = 0;

    nic->now = now;
    if (nic->kept.on)
        nic_cells_expire(&nic->kept.cells, now);
    if (atomic_load_explicit(&nic->pending, memory_order_acquire) != NULL)
        nic_run_pending(nic);
    hsr_view_set_now(&nic->region.view, now);
    for (uint32_t w = 0; w < nic->workers; w++) {
        uint32_t n = nic_tx_burst(nic, w);

        /* What firmware sends of its own comes on top of a burst that was received: else its ring would fill. */
        if (n >= NIC_TX_BURST)
            n += nic_tx_burst(nic, w);
        work += n;
    }
    if (__builtin_expect(nic->owned != NULL, false))
        work += nic_owned_poll(nic, now);
    if (nic->started)
        work += nic_rx_ports(nic, now);
    work += nic_rx_vectors(nic);
    if (now - nic->published >= PUBLISH_NS) {
        nic->published = now;
        nic_links(nic);
        nic_publish(nic);
    }
    return work;
}

/* Tell the firmware to ring; false when there is something to do already. */
static bool fall_asleep(struct nic *nic)
{
    bool quiet = true;

    for (uint32_t w = 0; w < nic->workers; w++) {
        quiet &= hsr_ring_sleep(&nic->ring[w][HSR_RING_TX]);
        quiet &= hsr_ring_sleep(&nic->ring[w][HSR_RING_FREE]);
    }
    if (nic->owned != NULL)
        quiet &= nic_owned_sleep(nic);
    return quiet;
}

static void wake_up(struct nic *nic)
{
    uint64_t count;

    if (nic->owned != NULL)
        nic_owned_awake(nic);
    for (uint32_t w = 0; w < nic->workers; w++) {
        hsr_ring_awake(&nic->ring[w][HSR_RING_TX]);
        hsr_ring_awake(&nic->ring[w][HSR_RING_FREE]);
        if (read(nic->tx_doorbell[w], &count, sizeof count) < 0)
            continue; /* nobody rang */
    }
    if (read(nic->wake, &count, sizeof count) < 0)
        return;
}

void nic_wait(struct nic *nic, uint32_t timeout_us)
{
    struct pollfd end[] = {{.fd = nic->bells, .events = POLLIN},
                           {.fd = nic->ready.epoll, .events = POLLIN}};
    struct timespec timeout = {.tv_nsec = (long)timeout_us * 1000};

    if ((nic->must_poll || nic->held) && timeout_us > 100)
        timeout.tv_nsec = 100000;
    /*
     * Ports that were held back would end the sleep at once; what they wait for rings. Two descriptors and not one epoll of
     * both: each level is one more callback for whoever sends by a tap, with its locks, also while we are awake.
     */
    if (fall_asleep(nic) && atomic_load(&nic->pending) == NULL)
        ppoll(end, nic->held ? 1 : 2, &timeout, NULL);
    wake_up(nic);
}

uint32_t nic_corrupt_rings(const struct nic *nic)
{
    uint32_t n = 0;

    for (uint32_t w = 0; w < nic->workers; w++)
        for (int kind = 0; kind < HSR_RING_KINDS; kind++)
            n += nic->ring[w][kind].corrupt;
    return n;
}

struct nic_faults nic_faults(const struct nic *nic)
{
    struct nic_faults f = nic->faults;

    f.corrupt_rings += nic_corrupt_rings(nic);
    return f;
}
