/* SPDX-License-Identifier: Apache-2.0 */
#include "fake_vhost.h"

#include <stdio.h>

struct fake_vhost fake_vhost;

int rte_vhost_driver_register(const char *path, uint64_t flags)
{
    (void)flags;
    snprintf(fake_vhost.path, sizeof fake_vhost.path, "%s", path);
    return 0;
}

int rte_vhost_driver_unregister(const char *path)
{
    (void)path;
    return 0;
}

int rte_vhost_driver_set_features(const char *path, uint64_t features)
{
    (void)path, (void)features;
    return 0;
}

int rte_vhost_driver_set_protocol_features(const char *path, uint64_t features)
{
    (void)path, (void)features;
    return 0;
}

int rte_vhost_driver_callback_register(const char *path,
                                       struct rte_vhost_device_ops const *const ops)
{
    (void)path;
    fake_vhost.ops = ops;
    return 0;
}

int rte_vhost_driver_start(const char *path)
{
    (void)path;
    return 0;
}

int rte_vhost_get_ifname(int vid, char *buf, size_t len)
{
    (void)vid;
    snprintf(buf, len, "%s", fake_vhost.path);
    return 0;
}

int rte_vhost_extern_callback_register(int vid, struct rte_vhost_user_extern_ops const *const ops,
                                       void *ctx)
{
    (void)vid, (void)ctx;
    fake_vhost.messages = ops;
    return 0;
}
