/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/filter.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>

int cap_filter(struct cap_spec *spec, const char *text, char why[CAP_WHY])
{
    struct bpf_program program;
    pcap_t *dead;
    int rc = 0;

    spec->insns = 0;
    if (text[strspn(text, " \t\n")] == 0)
        return 0;
    dead = pcap_open_dead(DLT_EN10MB, (int)CAP_SNAP_MAX);
    if (dead == NULL) {
        snprintf(why, CAP_WHY, "out of memory");
        return -ENOMEM;
    }
    /* Optimised; a netmask is of no use to those who share a network with nobody. */
    if (pcap_compile(dead, &program, text, 1, PCAP_NETMASK_UNKNOWN) < 0) {
        snprintf(why, CAP_WHY, "%s", pcap_geterr(dead));
        rc = -EINVAL;
    } else {
        if (program.bf_len > CAP_PROGRAM) {
            snprintf(why, CAP_WHY, "the filter takes %u instructions; %d is the most",
                     program.bf_len, CAP_PROGRAM);
            rc = -EINVAL;
        }
        for (uint32_t i = 0; rc == 0 && i < program.bf_len; i++) {
            const struct bpf_insn *from = &program.bf_insns[i];

            spec->insn[spec->insns++] =
                (struct cap_insn){.code = from->code, .jt = from->jt, .jf = from->jf, .k = from->k};
        }
        pcap_freecode(&program);
    }
    pcap_close(dead);
    return rc;
}
