/* SPDX-License-Identifier: Apache-2.0 */
/* Which packets leave their payload behind: every class, and every reason against. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "preproc/slice.h"

#define LEN (54 + PP_SLICE_LEAST)

/* A TCP segment that is just worth it. */
static struct hsr_rx_meta worth(void)
{
    return (struct hsr_rx_meta){
        .class = HSR_CLASS_TCP, .frame_len = LEN, .l3_off = 14, .l4_off = 34, .payload_off = 54};
}

static void classes(void **state)
{
    (void)state;
    for (unsigned c = 0; c < 256; c++) {
        struct hsr_rx_meta m = worth();
        bool sliced = c == HSR_CLASS_TCP || c == HSR_CLASS_UDP || c == HSR_CLASS_ICMP ||
                      c == HSR_CLASS_SCTP || c == HSR_CLASS_IP_OTHER;

        m.class = (uint8_t)c;
        assert_int_equal(pp_slice(&m, LEN), sliced ? 54 : 0);
    }
}

static void reasons(void **state)
{
    struct hsr_rx_meta m = worth();

    (void)state;
    assert_int_equal(pp_slice(&m, LEN + 1), 0); /* padding */
    m.frame_len--;
    assert_int_equal(pp_slice(&m, LEN - 1), 0); /* small */
    m = worth();
    m.reason = HSR_DROP_TCP_CSUM;
    assert_int_equal(pp_slice(&m, LEN), 0);
    m = worth();
    m.flow_id = UINT64_C(1) << 56 | HSR_FLOW_NO_SLICE;
    assert_int_equal(pp_slice(&m, LEN), 0);
    m.flow_id = UINT64_C(1) << 56;
    assert_int_equal(pp_slice(&m, LEN), 54);
    m.flags = HSR_RXF_OPTIONS; /* IPv4's are part of the header */
    assert_int_equal(pp_slice(&m, LEN), 54);
    m.flags = HSR_RXF_OPTIONS | HSR_RXF_IPV6;
    assert_int_equal(pp_slice(&m, LEN), 0);
    m = worth();
    m.payload_off = HSR_SLICE_MAX;
    m.frame_len = HSR_SLICE_MAX + PP_SLICE_LEAST;
    assert_int_equal(pp_slice(&m, m.frame_len), HSR_SLICE_MAX);
    m.payload_off++;
    m.frame_len++;
    assert_int_equal(pp_slice(&m, m.frame_len), 0);
    m.payload_off = 0;
    assert_int_equal(pp_slice(&m, m.frame_len), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(classes),
        cmocka_unit_test(reasons),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
