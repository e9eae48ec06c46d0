/* SPDX-License-Identifier: Apache-2.0 */
#include "ports/netdev.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

_Static_assert(IFNAMSIZ == 16, "interface names");

int nic_netdev_name(char name[16], const char *device, char why[NIC_WHY])
{
    size_t len = strlen(device);

    if (!len || len >= IFNAMSIZ || strpbrk(device, "/ \t\n:")) {
        snprintf(why, NIC_WHY,
                 "'%s' is no interface name: 1 to 15 characters, no space, slash or colon", device);
        return -EINVAL;
    }
    memcpy(name, device, len + 1);
    return 0;
}

static int request(unsigned long what, const char *name, struct ifreq *ifr, const char *doing,
                   char why[NIC_WHY])
{
    int rc = 0;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    snprintf(ifr->ifr_name, IFNAMSIZ, "%s", name);
    if (fd < 0 || ioctl(fd, what, ifr))
        rc = -errno;
    if (rc)
        snprintf(why, NIC_WHY, "%s: cannot %s: %s", name, doing, strerror(-rc));
    if (fd >= 0)
        close(fd);
    return rc;
}

int nic_netdev_index(const char *name, int *index, char why[NIC_WHY])
{
    struct ifreq ifr = {0};
    int rc = request(SIOCGIFINDEX, name, &ifr, "find the interface", why);

    *index = rc ? 0 : ifr.ifr_ifindex;
    return rc;
}

int nic_netdev_mtu(const char *name, uint32_t *mtu, char why[NIC_WHY])
{
    struct ifreq ifr = {0};
    int rc = request(SIOCGIFMTU, name, &ifr, "read the MTU", why);

    *mtu = rc ? 0 : (uint32_t)ifr.ifr_mtu;
    return rc;
}

int nic_netdev_set_mtu(const char *name, uint32_t mtu, char why[NIC_WHY])
{
    struct ifreq ifr = {.ifr_mtu = (int)mtu};

    return request(SIOCSIFMTU, name, &ifr, "set the MTU", why);
}

int nic_netdev_set_up(const char *name, char why[NIC_WHY])
{
    struct ifreq ifr = {0};
    int rc = request(SIOCGIFFLAGS, name, &ifr, "read the flags", why);

    if (rc || ifr.ifr_flags & IFF_UP)
        return rc;
    ifr.ifr_flags = (short)(ifr.ifr_flags | IFF_UP);
    return request(SIOCSIFFLAGS, name, &ifr, "set the link up", why);
}

int nic_netdev_set_mac(const char *name, const char *mac, char why[NIC_WHY])
{
    struct ifreq ifr = {.ifr_hwaddr.sa_family = ARPHRD_ETHER};
    unsigned byte[6];
    char rest;

    if (strlen(mac) != 17 || sscanf(mac, "%2x:%2x:%2x:%2x:%2x:%2x%c", &byte[0], &byte[1], &byte[2],
                                    &byte[3], &byte[4], &byte[5], &rest) != 6) {
        snprintf(why, NIC_WHY, "mac=%s: not of the form 02:00:00:00:00:01", mac);
        return -EINVAL;
    }
    for (int i = 0; i < 6; i++)
        ifr.ifr_hwaddr.sa_data[i] = (char)byte[i];
    return request(SIOCSIFHWADDR, name, &ifr, "set the MAC address", why);
}

int nic_netdev_is_ethernet(const char *name, char why[NIC_WHY])
{
    struct ifreq ifr = {0};
    int rc = request(SIOCGIFHWADDR, name, &ifr, "read the MAC address", why);

    if (rc)
        return rc;
    /* The loopback interface has Ethernet headers too. */
    if (ifr.ifr_hwaddr.sa_family == ARPHRD_ETHER || ifr.ifr_hwaddr.sa_family == ARPHRD_LOOPBACK)
        return 0;
    snprintf(why, NIC_WHY, "%s is no Ethernet interface (type %u)", name,
             (unsigned)ifr.ifr_hwaddr.sa_family);
    return -EINVAL;
}

bool nic_netdev_link(int socket, const char *name)
{
    struct ifreq ifr = {0};

    snprintf(ifr.ifr_name, IFNAMSIZ, "%s", name);
    return ioctl(socket, SIOCGIFFLAGS, &ifr) == 0 && ifr.ifr_flags & IFF_UP &&
           ifr.ifr_flags & IFF_RUNNING;
}
