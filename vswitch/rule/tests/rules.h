/* SPDX-License-Identifier: Apache-2.0 */
/* Names for the tests of rules: ports "p0" to "p9", and a session for each mark below 100. */
#ifndef TEST_RULES_H
#define TEST_RULES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rule/text.h"

static int test_port(void *arg, const char *name)
{
    (void)arg;
    return name[0] == 'p' && name[1] >= '0' && name[1] <= '9' && name[2] == '\0' ? name[1] - '0'
                                                                                 : -1;
}

static const char *test_port_name(void *arg, uint16_t index)
{
    static char name[3] = "p0";

    (void)arg;
    name[1] = (char)('0' + index % 10);
    return name;
}

static uint64_t test_flow_id(void *arg, uint32_t mark)
{
    (void)arg;
    return mark < 100 ? 1000 + mark : 0;
}

static const struct rule_names test_names = {
    .port = test_port, .port_name = test_port_name, .flow_id = test_flow_id};

#endif
