/* SPDX-License-Identifier: Apache-2.0 */
#include "nic/ports/pcap.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports/drivers.h"

enum { PCAP_SNAPLEN = 262144, NS_PER_S = 1000000000 };

struct pcap_port {
    pcap_t *in;
    struct pcap_pkthdr *header; /* next frame of the input, NULL: none */
    const u_char *data;
    uint64_t frames; /* read so far, for error texts */
    bool paced;
    uint64_t now;
    uint64_t patience; /* 0: frames wait for ever */
    uint64_t missed;
    pcap_t *out_format;
    pcap_dumper_t *out;
    char error[NIC_WHY];
    uint8_t frame[HSR_MAX_FRAME]; /* where the pieces of a frame to write come together */
};

static void set_error(struct pcap_port *p, const char *file, const char *what)
{
    if (!*p->error)
        snprintf(p->error, sizeof p->error, "%.100s: %.140s", file, what);
}

/* Look one frame ahead, so that its time is known and the end is seen with the last frame. */
static void look_ahead(struct nic_port *port)
{
    struct pcap_port *p = port->priv;
    int rc = pcap_next_ex(p->in, &p->header, &p->data);
    char text[64];

    if (rc == 1 && p->header->caplen >= p->header->len) {
        p->frames++;
        return;
    }
    if (rc == 1) {
        snprintf(text, sizeof text, "frame %llu cut short (snaplen)",
                 (unsigned long long)p->frames + 1);
        set_error(p, port->config.device, text);
    } else if (rc != PCAP_ERROR_BREAK) {
        set_error(p, port->config.device, pcap_geterr(p->in));
    }
    p->header = NULL;
}

static int open_input(struct nic_port *port, char why[NIC_WHY])
{
    struct pcap_port *p = port->priv;
    char text[PCAP_ERRBUF_SIZE];

    p->in = pcap_open_offline_with_tstamp_precision(port->config.device, PCAP_TSTAMP_PRECISION_NANO,
                                                    text);
    if (!p->in) {
        /* libpcap's text begins with the file name where the name is what is wrong. */
        snprintf(why, NIC_WHY, "capture %.100s: %.140s", port->config.device, text);
        return -EINVAL;
    }
    if (pcap_datalink(p->in) != DLT_EN10MB) {
        const char *name = pcap_datalink_val_to_name(pcap_datalink(p->in));

        snprintf(why, NIC_WHY, "capture %.100s: link type %s, not Ethernet", port->config.device,
                 name ? name : "unknown");
        return -EINVAL;
    }
    look_ahead(port);
    return 0;
}

static int open_output(struct nic_port *port, char why[NIC_WHY])
{
    struct pcap_port *p = port->priv;
    char file[sizeof port->config.args];

    if (!nic_port_arg(port->config.args, "out", file, sizeof file))
        return 0;
    p->out_format =
        pcap_open_dead_with_tstamp_precision(DLT_EN10MB, PCAP_SNAPLEN, PCAP_TSTAMP_PRECISION_NANO);
    if (!p->out_format) {
        snprintf(why, NIC_WHY, "out of memory");
        return -ENOMEM;
    }
    p->out = pcap_dump_open(p->out_format, file);
    if (!p->out) {
        snprintf(why, NIC_WHY, "cannot write capture: %.200s", pcap_geterr(p->out_format));
        return -EIO;
    }
    return 0;
}

static void pcap_port_close(struct nic_port *port)
{
    struct pcap_port *p = port->priv;

    if (p->in)
        pcap_close(p->in);
    if (p->out)
        pcap_dump_close(p->out);
    if (p->out_format)
        pcap_close(p->out_format);
    free(p);
    port->priv = NULL;
}

static int pcap_port_open(struct nic_port *port, int fd, char why[NIC_WHY])
{
    int rc = nic_port_refuse_fd(port, fd, why);

    if (rc)
        return rc;
    port->priv = calloc(1, sizeof(struct pcap_port));
    if (!port->priv) {
        snprintf(why, NIC_WHY, "out of memory");
        return -ENOMEM;
    }
    port->egress.csum = false;
    port->egress.tso = false;
    port->egress.mtu = nic_port_mtu(port);
    if (*port->config.device)
        rc = open_input(port, why);
    if (!rc)
        rc = open_output(port, why);
    if (rc)
        pcap_port_close(port);
    return rc;
}

uint64_t nic_pcap_next_time(const struct nic_port *port)
{
    const struct pcap_port *p = port->priv;

    if (!p->header)
        return UINT64_MAX;
    /* With nanosecond precision tv_usec holds nanoseconds (pcap-tstamp(7)). */
    return (uint64_t)p->header->ts.tv_sec * NS_PER_S + (uint64_t)p->header->ts.tv_usec;
}

void nic_pcap_set_now(struct nic_port *port, uint64_t now)
{
    struct pcap_port *p = port->priv;

    p->paced = true;
    p->now = now;
}

void nic_pcap_patience(struct nic_port *port, uint64_t ns)
{
    struct pcap_port *p = port->priv;

    p->patience = ns;
}

uint64_t nic_pcap_missed(const struct nic_port *port)
{
    const struct pcap_port *p = port->priv;

    return p->missed;
}

const char *nic_pcap_error(const struct nic_port *port)
{
    const struct pcap_port *p = port->priv;

    return *p->error ? p->error : NULL;
}

/* The next frame's header when its time has come, else NULL. */
static const struct pcap_pkthdr *due(const struct nic_port *port)
{
    const struct pcap_port *p = port->priv;

    return p->paced && nic_pcap_next_time(port) > p->now ? NULL : p->header;
}

static uint32_t pcap_rx(struct nic_port *port, struct nic_slots *slots, struct nic_rx *out,
                        uint32_t max, uint32_t *no_slot, uint32_t *too_big)
{
    struct pcap_port *p = port->priv;
    const struct pcap_pkthdr *header;
    uint32_t got = 0;

    (void)no_slot;
    while (got < max && (header = due(port)) != NULL) {
        if (p->patience != 0 && nic_pcap_next_time(port) + p->patience < p->now) {
            p->missed++;
            look_ahead(port);
            continue;
        }
        uint32_t len = header->caplen;

        if (len > HSR_MAX_FRAME) {
            (*too_big)++;
            look_ahead(port);
            continue;
        }
        uint32_t slot = nic_slots_get_for(slots, len);

        if (slot == UINT32_MAX)
            break;
        memcpy(nic_slot_frame(slots, slot), p->data, len);
        out[got++] = (struct nic_rx){.slot = slot, .len = len};
        look_ahead(port);
    }
    return got;
}

static bool write_frame(struct pcap_port *p, const struct po_frame *frame)
{
    uint32_t len = po_frame_len(frame);
    struct pcap_pkthdr header = {
        .ts = {.tv_sec = (time_t)(p->now / NS_PER_S), .tv_usec = (suseconds_t)(p->now % NS_PER_S)},
        .caplen = len,
        .len = len,
    };

    if (len > sizeof p->frame)
        return false;
    po_frame_copy(frame, p->frame);
    pcap_dump((u_char *)p->out, &header, p->frame);
    return true;
}

static uint32_t pcap_tx(struct nic_port *port, const struct po_frame *frames, uint32_t n)
{
    struct pcap_port *p = port->priv;

    if (!p->out)
        return n;
    for (uint32_t i = 0; i < n; i++)
        if (!write_frame(p, &frames[i]))
            nic_port_refuse(port, i, HSR_DROP_TX_TOO_BIG);
    if (ferror(pcap_dump_file(p->out)))
        set_error(p, "output", "write error (is the disk full?)");
    return n;
}

static int pcap_rx_fd(const struct nic_port *port)
{
    (void)port;
    return -1;
}

const struct nic_port_ops nic_pcap_ops = {
    .name = "pcap",
    .open = pcap_port_open,
    .close = pcap_port_close,
    .rx = pcap_rx,
    .tx = pcap_tx,
    .rx_fd = pcap_rx_fd,
};
