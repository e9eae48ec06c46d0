/* SPDX-License-Identifier: Apache-2.0 */
#include "preproc/slice.h"

#include <stdbool.h>

#include "hsring/check.h"

static bool has_extensions(const struct hsr_rx_meta *meta)
{
    const uint8_t both = HSR_RXF_IPV6 | HSR_RXF_OPTIONS;

    return (meta->flags & both) == both;
}

uint32_t pp_slice(const struct hsr_rx_meta *meta, uint32_t len)
{
    uint32_t cut = meta->payload_off;

    if (meta->reason != HSR_DROP_NONE || !hsr_class_is_sliced(meta->class) ||
        meta->frame_len != len || has_extensions(meta) || meta->flow_id & HSR_FLOW_NO_SLICE)
        return 0;
    return cut == 0 || cut > HSR_SLICE_MAX || len < cut + PP_SLICE_LEAST ? 0 : cut;
}
