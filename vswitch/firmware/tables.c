/* SPDX-License-Identifier: Apache-2.0 */
/* How full everything is: the worker's tables, pools and quotas, the policy's, the NIC's, the rings, DPDK's memory. */
#include <string.h>

#include <rte_malloc.h>
#include <rte_memzone.h>

#include "hsring/gauge.h"
#include "internal.h"

#define NONE (-1)

/* A row; NONE leaves a member out. */
static json_t *row(json_t *rows, const char *table, json_int_t used, json_int_t high,
                   json_int_t capacity)
{
    json_t *o = json_object();

    json_object_set_new(o, "table", json_string(table));
    fw_put(o, "used", (uint64_t)used);
    if (high != NONE)
        fw_put(o, "high_water", (uint64_t)high);
    if (capacity != NONE)
        fw_put(o, "capacity", (uint64_t)capacity);
    json_array_append_new(rows, o);
    return o;
}

static void worker_rows(const struct fw *fw, json_t *rows)
{
    for (uint32_t w = 0; w < fw->workers; w++) {
        for (unsigned i = 0; i < DP_LEVELS; i++) {
            const struct dp_level *l = &fw->worker_stats[w].level[i];

            fw_put(row(rows, l->name, (json_int_t)l->used, (json_int_t)l->high,
                       (json_int_t)l->capacity),
                   "worker", w);
        }
    }
}

/* Of all workers' rings the fullest: so does the NIC measure. */
static void ring_rows(const struct fw *fw, json_t *rows)
{
    uint32_t rx = 0, tx = 0;

    for (uint32_t w = 0; w < fw->workers; w++) {
        const struct fw_worker_stats *s = &fw->worker_stats[w];

        rx = s->rx_waiting > rx ? s->rx_waiting : rx;
        tx = s->tx_waiting > tx ? s->tx_waiting : tx;
    }
    row(rows, "rx_ring", rx, (json_int_t)fw->nic_gauges[HSR_GAUGE_RX_RING_HIGH],
        fw->view->ring_entries);
    row(rows, "tx_ring", tx, (json_int_t)fw->nic_gauges[HSR_GAUGE_TX_RING_HIGH],
        fw->view->ring_entries);
}

static void policy_rows(const struct fw *fw, json_t *rows)
{
    uint32_t size[POL_SIZES];

    if (fw->policy == NULL)
        return;
    pol_sizes(fw->policy, size);
    for (unsigned i = 0; i < POL_SIZES; i++)
        row(rows, pol_size_name(i), size[i], fw->policy_high[i], NONE);
}

/* Value of the NIC's gauge "base" "suffix", NONE if there is no such gauge. */
static json_int_t gauge(const struct fw *fw, const char *base, size_t length, const char *suffix)
{
    for (unsigned g = 0; g < HSR_GAUGE_COUNT; g++) {
        const char *name = hsr_gauge_name(g);

        if (strncmp(name, base, length) == 0 && strcmp(name + length, suffix) == 0)
            return (json_int_t)fw->nic_gauges[g];
    }
    return NONE;
}

/* The NIC's gauges come in threes: fit_used, fit_high, fit_capacity. */
static void nic_rows(const struct fw *fw, json_t *rows)
{
    char table[64];

    for (unsigned g = 0; g < HSR_GAUGE_COUNT; g++) {
        const char *name = hsr_gauge_name(g), *end = strstr(name, "_used");

        if (end == NULL || strcmp(end, "_used") != 0)
            continue;
        size_t length = (size_t)(end - name);

        snprintf(table, sizeof table, "nic_%.*s", (int)length, name);
        row(rows, table, (json_int_t)fw->nic_gauges[g], gauge(fw, name, length, "_high"),
            gauge(fw, name, length, "_capacity"));
    }
}

static void count_zone(const struct rte_memzone *zone, void *arg)
{
    (void)zone;
    ++*(json_int_t *)arg;
}

/* DPDK's heap has the prefix tables, the classifiers of rules and the devices; a prefix table also takes zones. */
static void eal_rows(json_t *rows)
{
    json_int_t used = 0, total = 0, zones = 0;

    for (int socket = 0; socket < RTE_MAX_NUMA_NODES; socket++) {
        struct rte_malloc_socket_stats stats;

        if (rte_malloc_get_socket_stats(socket, &stats) == 0) {
            used += (json_int_t)stats.heap_allocsz_bytes;
            total += (json_int_t)stats.heap_totalsz_bytes;
        }
    }
    rte_memzone_walk(count_zone, &zones);
    row(rows, "eal_memory_bytes", used, NONE, total);
    row(rows, "eal_zones", zones, NONE, RTE_MAX_MEMZONE);
}

json_t *fw_tables(struct fw *fw)
{
    json_t *rows = json_array();
    uint32_t neighbors, known;

    worker_rows(fw, rows);
    ring_rows(fw, rows);
    dp_neighbor_count(&fw->shared.neighbors, &neighbors, &known);
    row(rows, "neighbors", neighbors, neighbors, DP_NEIGHBORS); /* few are ever forgotten */
    row(rows, "path_mtus", atomic_load_explicit(&fw->shared.pmtus.used, memory_order_relaxed),
        atomic_load_explicit(&fw->shared.pmtus.high, memory_order_relaxed), DP_PMTUS);
    policy_rows(fw, rows);
    nic_rows(fw, rows);
    row(rows, "nic_rules", fw_rules_in_table(fw), fw->rules.high, HSR_MAX_RULES);
    eal_rows(rows);
    return rows;
}
