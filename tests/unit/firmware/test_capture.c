/* SPDX-License-Identifier: Apache-2.0 */
/* Captures at a NIC that has none, or that refuses. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "firmware/firmware.h"
#include "nic/eal.h"

static int answer; /* of the NIC */

static int no_sync(void *nic)
{
    (void)nic;
    return 0;
}

static int capture_set(void *nic, uint32_t id, int memfd)
{
    (void)nic;
    (void)id;
    (void)memfd;
    return answer;
}

static const struct fw_nic_ops ops = {.name = "test", .sync = no_sync, .capture_set = capture_set};

/* What fw_capture_start() says, and whether the NIC takes part. */
static int start(int of_nic, bool *nic, char why[CAP_WHY])
{
    const struct cfg_options options = {.workers = 1, .sessions = 64};
    const struct ctl_capture want = {.filter = "", .points = 1u << CAP_FAST, .snap = 64};
    struct fw_config config = {.nic_ops = &ops, .options = &options};
    struct hsr_region region;
    struct cap_area area;
    struct hsr_geometry g;
    struct fw *fw;
    uint32_t id;

    answer = of_nic;
    hsr_geometry_default(&g, 1);
    g.runs[0] = g.runs[1] = g.runs[2] = 1;
    assert_int_equal(hsr_region_create(&region, &g, false), 0);
    config.view = &region.view;
    config.rx_doorbell[0] = config.tx_doorbell[0] = -1;
    assert_int_equal(fw_open(&fw, &config, why), 0);
    assert_int_equal(cap_area_create(&area, CAP_RINGS, 0), 0);
    int rc = fw_capture_start(fw, &want, area.memfd, &id, nic, why);

    assert_int_equal(cap_area_ended(&area), rc != 0);
    fw_close(fw);
    assert_true(cap_area_ended(&area)); /* who reads learns of it */
    cap_area_close(&area);
    hsr_region_close(&region);
    return rc;
}

static void with_a_nic_or_without(void **state)
{
    char why[CAP_WHY] = "";
    bool nic = false;

    (void)state;
    assert_int_equal(start(0, &nic, why), 0);
    assert_true(nic);
    assert_int_equal(start(-EOPNOTSUPP, &nic, why), 0);
    assert_false(nic);
    assert_int_equal(start(-ENOMEM, &nic, why), -ENOMEM);
    assert_non_null(strstr(why, "the NIC: "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(with_a_nic_or_without)};
    char why[NIC_WHY];

    return nic_eal_init(0, why) < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
