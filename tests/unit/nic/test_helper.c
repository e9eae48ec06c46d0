/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports opened by the helper while this process has no rights any more. In a process of its own each, since they do not come back; what
 * goes wrong there is said on stderr by line.
 */
#include "net_support.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nic/helper.h"
#include "ports/device.h"
#include "rights/filter.h"

#define CHECK(condition)                                                                 \
    do {                                                                                 \
        if (!(condition)) {                                                              \
            fprintf(stderr, "line %d: %s: %s\n", __LINE__, #condition, strerror(errno)); \
            _exit(1);                                                                    \
        }                                                                                \
    } while (0)

static pid_t helper_pid; /* of the process that runs a case */

/* The only child. */
static pid_t child_of(pid_t parent)
{
    char path[64];
    int pid = 0;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    FILE *file = fopen(path, "re");

    if (file != NULL) {
        if (fscanf(file, "%d", &pid) != 1)
            pid = 0;
        fclose(file);
    }
    return pid;
}

static int without_rights(void (*fn)(void), bool killed)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        struct rights rights;
        char why[NIC_WHY];

        CHECK(rights_choose(&rights, "nobody", why) == 0);
        CHECK(nic_helper_start(&rights, why) == 0);
        helper_pid = child_of(getpid());
        CHECK(helper_pid > 0);
        if (killed)
            CHECK(kill(helper_pid, SIGKILL) == 0);
        CHECK(rights_drop(&rights, 0, why) == 0);
        CHECK(rights_filter(&rights, RIGHTS_CONTROL, why) == 0);
        fn();
        nic_helper_stop();
        CHECK(waitpid(helper_pid, NULL, 0) < 0 && errno == ECHILD);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static struct nic_port_config config_of(enum hsr_port_kind kind, const char *device,
                                        const char *netns)
{
    struct nic_port_config c = {.kind = kind, .mtu = 1400, .queues = 3};

    snprintf(c.device, sizeof c.device, "%s", device);
    snprintf(c.netns, sizeof c.netns, "%s", netns);
    return c;
}

static bool there(const char *netns, const char *name)
{
    struct nic_port_config c = config_of(HSR_PORT_KIND_KERNEL, name, netns);
    struct nic_device d;

    if (nic_device_open(&c, -1, &d, (char[NIC_WHY]){0}) < 0)
        return false;
    nic_device_close(&d);
    return true;
}

static void open_and_close(void)
{
    struct nic_port_config tap = config_of(HSR_PORT_KIND_TAP, "t%d", "guest");
    struct nic_port_config wrong = config_of(HSR_PORT_KIND_TAP, "t0", "nowhere");
    struct nic_port_config missing = config_of(HSR_PORT_KIND_KERNEL, "eth9", "");
    struct nic_port_config null = config_of(HSR_PORT_KIND_NULL, "", "");
    char why[NIC_WHY] = "";
    struct nic_device d;

    CHECK(nic_device_open(&tap, -1, &d, why) == 0);
    CHECK(strcmp(d.name, "t0") == 0 && d.mtu == 1400 && d.fds == 4);
    for (uint32_t i = 0; i < d.fds; i++)
        CHECK(fcntl(d.fd[i], F_GETFD) == FD_CLOEXEC);
    CHECK(there("guest", "t0") && !there("", "t0"));
    /* The helper keeps no descriptor: the interface goes with ours. */
    nic_device_close(&d);
    CHECK(!there("guest", "t0"));
    CHECK(nic_device_open(&wrong, -1, &d, why) == -ENOENT && d.fds == 0);
    CHECK(strstr(why, "ip netns add nowhere") != NULL);
    CHECK(nic_device_open(&missing, -1, &d, why) == -ENODEV && d.fds == 0);
    CHECK(nic_device_open(&null, -1, &d, why) == -EINVAL);
    /* Here nothing goes any more. */
    CHECK(nic_device_open_here(&missing, -1, &d, why) == -ENODEV);
    missing = config_of(HSR_PORT_KIND_KERNEL, "lo", "");
    missing.mtu = 0;
    CHECK(nic_device_open(&missing, -1, &d, why) == 0 && d.fds == 1);
    nic_device_close(&d);
    tap.netns[0] = '\0';
    CHECK(nic_device_open_here(&tap, -1, &d, why) == -EPERM);
}

static void ports_are_opened_for_us(void **state)
{
    (void)state;
    assert_int_equal(without_rights(open_and_close, false), 0);
}

static int passed = -1;

static void adopt(void)
{
    struct nic_port_config c = config_of(HSR_PORT_KIND_TAP, "", "");
    char why[NIC_WHY] = "";
    struct nic_device d;
    int null = open("/dev/null", O_RDWR);

    c.mtu = 1300;
    CHECK(nic_device_open(&c, passed, &d, why) == 0);
    CHECK(strcmp(d.name, "given") == 0 && d.mtu == 1300 && d.fds == 1);
    CHECK((fcntl(passed, F_GETFL) & O_NONBLOCK) != 0);
    nic_device_close(&d);
    CHECK(nic_device_open(&c, null, &d, why) == -EINVAL);
    CHECK(strstr(why, "no tap interface") != NULL);
}

static void descriptors_are_settled_for_us(void **state)
{
    struct ifreq ifr = {.ifr_name = "given", .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};

    (void)state;
    passed = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    assert_true(passed >= 0 && ioctl(passed, TUNSETIFF, &ifr) == 0);
    assert_int_equal(without_rights(adopt, false), 0);
    close(passed);
}

static void helper_dies(void)
{
    struct nic_port_config c = config_of(HSR_PORT_KIND_KERNEL, "lo", "");
    char why[NIC_WHY] = "";
    struct nic_device d;

    c.mtu = 0;
    int rc = nic_device_open(&c, -1, &d, why);

    CHECK(rc < 0 && d.fds == 0);
    CHECK(strstr(why, "start this program again") != NULL);
}

static void its_end_is_said(void **state)
{
    (void)state;
    assert_int_equal(without_rights(helper_dies, true), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ports_are_opened_for_us),
        cmocka_unit_test(descriptors_are_settled_for_us),
        cmocka_unit_test(its_end_is_said),
    };

    net_enter();
    net_command("ip link set lo up");
    net_command("ip netns add guest");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
