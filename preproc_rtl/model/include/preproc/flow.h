/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parser finds of a packet for the stages behind it, beside the metadata.
 */
#ifndef PREPROC_FLOW_H
#define PREPROC_FLOW_H

#include "hsring/key.h"

struct pp_flow {
    struct hsr_key key;
    uint64_t
        outer6[2]; /* with RX1F_OUTER_IPV6 alone: outer source, network order read as big-endian */
};

#endif
