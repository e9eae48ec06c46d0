/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of `explain` share. */
#ifndef FIRMWARE_EXPLAIN_H
#define FIRMWARE_EXPLAIN_H

#include "datapath/twin.h"
#include "internal.h"
#include "preproc/pre.h"

/* A frame as a port brings it. */
struct fw_frame {
    uint8_t *bytes; /* HSR_MAX_FRAME of them, `len` are used */
    uint32_t len;
    struct virtio_net_hdr vnet;
};

/* explain_pre.c: a Pre-Processor that knows what the NIC was told. 0 or a negative errno. */
int fw_twin_pre(struct fw *fw, struct pp_pre *pre);
/* The parse in words; room for FW_WORDS. */
#define FW_WORDS 320
void fw_parse_words(const struct hsr_rx_meta *m, const uint8_t *frame, char text[FW_WORDS]);

/* One stage more. `drop` NONE: it passes. */
void fw_stage(json_t *stages, const char *stage, enum hsr_drop drop, const char *why);

/* The port of this name in the running configuration, or NULL. */
const struct cfg_port *fw_port_named(const struct fw *fw, const char *name);

#endif
