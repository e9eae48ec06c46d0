/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A port of the software NIC: where frames come from and go to. One file a kind (tap.c, kernel.c, pcap.c, null.c,
 * ring.c, pci.c, vhost.c), one table of functions each, one registration line in port.c.
 *
 * Receiving: the port reads straight into slot runs it takes from the NIC's slot pool, at HSR_SLOT_FRAME, and gives
 * back what it did not use. Sending is synchronous: when tx() returns, the frames' memory is the caller's again.
 *
 * Threads: open() and close() on the control thread, never at the same time as rx()/tx() of that port; rx() and tx()
 * on the NIC's poll thread. rx() and tx() never block and never log; system calls are the port's own, batched.
 */
#ifndef NIC_PORT_H
#define NIC_PORT_H

#include <linux/virtio_net.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "hsring/abi.h"
#include "nic/slots.h"
#include "postproc/post.h"

#define NIC_WHY     256 /* bytes of an error text */
#define NIC_PORT_TX 64  /* frames of one call of tx() that it can say of which were refused */

/* What a port is made of; strings as in hsr_msg_port, already checked for termination. */
struct nic_port_config {
    uint16_t index;
    enum hsr_port_kind kind;
    bool uplink;
    uint32_t context;
    uint16_t mtu; /* bytes of IP, 0: the device's own */
    uint8_t queues;
    bool offload;       /* offer checksum and segmentation offload to the device's user */
    uint8_t share;      /* of what is free when ports compete: its weight, 0 counts as 1 */
    uint16_t min_slots; /* packets it may have in flight whatever the others do (credit.h) */
    uint8_t mac[6];     /* of a vNIC's guest */
    uint32_t rx_pps;    /* packets and thousand bits a second to it from the network, 0: no limit */
    uint32_t rx_kbps;
    uint32_t bad_pps; /* bad packets a second that go on to the firmware, 0: no limit */
    char name[32];
    char device[128];
    char netns[64]; /* name under /run/netns, "" for our own */
    char args[152]; /* key=value,key=value */
};

/* A received frame in its slot run. */
struct nic_rx {
    uint32_t slot;
    uint32_t len;
    struct virtio_net_hdr vnet; /* all zero: nothing claimed */
    bool marked;                /* a rule in the device gave it this mark: */
    uint32_t mark;
};

struct nic_port;

struct nic_port_ops {
    const char *name; /* "tap" */
    /*
     * Open; `fd` is a descriptor passed in instead of a device name (the port owns it on success), or -1. Fills
     * port->egress (what tx takes, and the MTU). 0 or a negative errno with a text that says what to do in `why`.
     */
    int (*open)(struct nic_port *port, int fd, char why[NIC_WHY]);
    void (*close)(struct nic_port *port);
    /*
     * Up to `max` frames. Without a free slot the port leaves frames where they wait when it can; a frame it had to
     * throw away is added to *no_slot, one longer than HSR_MAX_FRAME or than the port is configured for to *too_big.
     */
    uint32_t (*rx)(struct nic_port *port, struct nic_slots *slots, struct nic_rx *out, uint32_t max,
                   uint32_t *no_slot, uint32_t *too_big);
    /* Send in order; how many were taken (the device was full or gone for the others), those refused among them. */
    uint32_t (*tx)(struct nic_port *port, const struct po_frame *frames, uint32_t n);
    /* Descriptor that polls readable when frames wait, or -1 when the port must be asked. */
    int (*rx_fd)(const struct nic_port *port);
    /*
     * That descriptor stands in this epoll now, or (-1) no more. A port that loses its device takes it out itself, closes it, and has
     * none from then on. NULL: it never loses it. Poll thread, as rx() is.
     */
    void (*watched)(struct nic_port *port, int epoll);
    /* Is there a link: carrier, and the interface up? NULL: always. On the poll thread, every 20 ms at most. */
    bool (*link)(const struct nic_port *port);
    /*
     * Without such a descriptor: a word in which a bit of this port's own is set whenever a frame has been put where rx() finds
     * it. Whoever takes the bit out looks for frames behind that. NULL: there is none.
     */
    _Atomic uint64_t *(*busy)(const struct nic_port *port, unsigned *bit);
    /*
     * Rules in the device, control thread; NULL: it keeps none. rule_create() says in *state why not; -ENOTSUP and -ENOSYS
     * mean that the NIC's table has to take the rule. With `validate` nothing is created. `mirror`: the port of MIRROR.
     */
    int (*rule_create)(struct nic_port *port, const struct hsr_rule *rule,
                       const struct nic_port *mirror, bool validate, void **handle,
                       struct hsr_rule_state *state);
    int (*rule_destroy)(struct nic_port *port, void *handle, struct hsr_rule_state *state);
    int (*rule_query)(struct nic_port *port, void *handle, struct hsr_rule_state *state);
};

struct nic_port {
    struct nic_port_config config;
    const struct nic_port_ops *ops;
    struct po_port egress;
    uint64_t rx_errors; /* frames the device lost in handing them over */
    uint64_t rx_bad;    /* frames that a guest sent in descriptors outside of the contract */
    uint64_t
        queue_stops; /* queues of a guest that were stopped: their rings are not to be believed */
    uint64_t
        tx_errors; /* of the frames tx() took: those refused for good, and by place in that call why */
    uint8_t refused[NIC_PORT_TX]; /* (enum hsr_drop); whoever called puts it back to 0 */
    void *priv;                   /* the driver's */
};

/* Of a call of tx(): frame `i` is taken, and lost. */
static inline void nic_port_refuse(struct nic_port *port, uint32_t i, enum hsr_drop why)
{
    port->tx_errors++;
    if (i < NIC_PORT_TX)
        port->refused[i] = (uint8_t)why;
}

/* Are these the same device with the same settings (whatever their index, and what nic_port_set() changes)? */
bool nic_port_same(const struct nic_port_config *a, const struct nic_port_config *b);

/* The driver of a kind, or NULL. */
const struct nic_port_ops *nic_port_ops(enum hsr_port_kind kind);

/* Kind by name ("tap"), or 0. */
enum hsr_port_kind nic_port_kind(const char *name);

/* Value of `key` in a key=value,... list copied to `value`; false when it is not there or too long. */
bool nic_port_arg(const char *args, const char *key, char *value, uint32_t size);

#endif
