/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An rte_vhost for programs that play a front-end: it keeps what the port registers. What a connection has (memory, rings, features, places)
 * such a program answers itself.
 */
#ifndef TEST_NIC_FAKE_VHOST_H
#define TEST_NIC_FAKE_VHOST_H

#include <rte_vhost.h>

struct fake_vhost {
    const struct rte_vhost_device_ops *ops;
    const struct rte_vhost_user_extern_ops *messages;
    char path[64];
};
extern struct fake_vhost fake_vhost;

#endif
