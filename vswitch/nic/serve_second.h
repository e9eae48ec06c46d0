/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second firmware's connection, beside the first one's: it attaches, starts and moves ownership, and changes nothing
 * else, for ports, tunnels and rules are the first one's.
 */
#ifndef NIC_SERVE_SECOND_H
#define NIC_SERVE_SECOND_H

#include "hsring/attach.h"
#include "nic/nic.h"

struct nic_serve_second {
    struct nic *nic;
    int sock; /* -1: nobody */
    bool greeted;
    char name[48];
    /* Of the first one: */
    const char *first;
    uint32_t workers, instance;
};

/* A connection while the first firmware is there; the socket is ours. */
void nic_serve_second_accept(struct nic_serve_second *s, int sock);
/* Its socket is readable. */
void nic_serve_second_read(struct nic_serve_second *s);
/* It is gone, or has to go. */
void nic_serve_second_end(struct nic_serve_second *s);

/* OWNER_SET and GROUP_SET, of either firmware: 0 or a negative errno. */
int nic_serve_owner(struct nic *nic, const struct hsr_msg_owner *m);
int nic_serve_group(struct nic *nic, const struct hsr_msg_group *m);

/* May a firmware that says this attach at all? 0, or a negative errno with the answer sent. */
int nic_serve_check(int sock, const struct hsr_msg_hello *m, uint32_t most);

/* WELCOME with this region and what this firmware may ask for (enum feature); the errors of hsr_msg_send(). */
int nic_serve_welcome(int sock, const struct hsr_msg_hdr *req, uint64_t features,
                      const struct hsr_region *region, uint32_t workers, const int *rx_doorbell,
                      const int *tx_doorbell);

#endif
