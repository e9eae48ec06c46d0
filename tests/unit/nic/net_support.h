/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests against the kernel's network stack. Everything stands in namespaces of the test's own process, mounts
 * included, so that nothing is left behind however the test ends.
 */
#ifndef TEST_NIC_NET_SUPPORT_H
#define TEST_NIC_NET_SUPPORT_H

#include <stdio.h>

#include "support.h"

/* Move this process to a network and a mount namespace of its own; exits with 77 (skipped) where it may not. */
void net_enter(void);

/* Run a command of iproute2 or the like, format and values; it must succeed. */
#define net_run(...)                                                                         \
    do {                                                                                     \
        char net_command_text[256];                                                          \
        assert_in_range(snprintf(net_command_text, sizeof net_command_text, __VA_ARGS__), 1, \
                        sizeof net_command_text - 1);                                        \
        net_command(net_command_text);                                                       \
    } while (0)
void net_command(const char *command);

/* A socket of the named network namespace ("" ours). */
int net_socket(const char *netns, int domain, int type, int protocol);

/* What was seen on its way between two ports. */
struct net_traffic {
    uint64_t frames;
    uint64_t gso;        /* frames longer than the MTU, with a segmentation request */
    uint64_t needs_csum; /* frames whose checksum was left to us */
    uint64_t bad;        /* long frames without a request, or headers that do not fit their frame */
    uint64_t not_taken;  /* by the other side */
};

/* Carry all that waits from one port to the other; how many frames. */
uint32_t net_carry(struct nic_port *from, struct nic_port *to, struct pool *pool,
                   struct net_traffic *traffic);

/*
 * A TCP connection from namespace `a` to `address` in namespace `b`, over the two ports, that carries a megabyte
 * whose bytes are checked on arrival.
 */
void net_tcp(struct nic_port *port_a, struct nic_port *port_b, struct pool *pool, const char *a,
             const char *b, const char *address, struct net_traffic *traffic);

#endif
