/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Captures as input (avs-replay's ports): a file of any bytes either does not open, with a reason, or gives frames that fit a
 * slot, in some time, and ends with or without a word about what was wrong.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "nic/ports/pcap.h"
#include "support.h"

enum { REFUSED, FRAMES, CUT_SHORT, ENDED_WELL };
const char *const fuzz_depths[] = {"refused", "frames", "wrong in the middle", "read to the end",
                                   NULL};

static void read_all(struct nic_port *port, struct pool *pool)
{
    struct nic_rx rx[8];
    uint32_t no_slot = 0, too_big = 0, got;

    while ((got = port->ops->rx(port, &pool->slots, rx, 8, &no_slot, &too_big)) > 0) {
        for (uint32_t i = 0; i < got; i++) {
            FUZZ_MUST(rx[i].len <= HSR_MAX_FRAME);
            nic_slots_put(&pool->slots, rx[i].slot);
        }
        fuzz_reached(FRAMES);
    }
    FUZZ_MUST(no_slot == 0 && nic_pcap_next_time(port) == UINT64_MAX);
    fuzz_reached(nic_pcap_error(port) != NULL ? CUT_SHORT : ENDED_WELL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char why[NIC_WHY] = "", name[32];
    int lowest = fuzz_free_descriptor(), fd = memfd_create("capture", MFD_CLOEXEC);
    struct nic_port port;
    struct pool pool;

    FUZZ_MUST(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    port = port_of(HSR_PORT_KIND_PCAP, name, "");
    pool_open(&pool, 16, 4, 2);
    if (port.ops->open(&port, -1, why) < 0) {
        FUZZ_MUST(*why != '\0');
        fuzz_reached(REFUSED);
    } else {
        read_all(&port, &pool);
        port.ops->close(&port);
    }
    pool_close(&pool);
    close(fd);
    FUZZ_MUST(fuzz_free_descriptor() == lowest);
    return 0;
}
