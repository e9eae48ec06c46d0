/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only a port of kind pcap can do: the clock of a replay.
 *
 * `device` names the capture that frames come from ("" none), the argument out=FILE the one that sent frames go to.
 * Ethernet only; times in nanoseconds. Until the first nic_pcap_set_now() every frame of the input is due; from then
 * on only those whose time is not after it. The output is complete once the port is closed.
 *
 * A capture that is malformed, or whose frames were cut short when it was taken, ends at the first such frame: no
 * frame comes then, and nic_pcap_error() says why. Threads: the poll thread, or any while the port is not polled.
 */
#ifndef NIC_PORTS_PCAP_H
#define NIC_PORTS_PCAP_H

#include "nic/port.h"

/* Time of the next frame, ns since 1970, or UINT64_MAX when none will come. */
uint64_t nic_pcap_next_time(const struct nic_port *port);

/* Set the clock, ns since 1970: which frames are due, and the time of those written. */
void nic_pcap_set_now(struct nic_port *port, uint64_t now);

/* Frames that could not be fetched for so long are lost where they waited, as a guest's queue is finite; 0: none is. */
void nic_pcap_patience(struct nic_port *port, uint64_t ns);

/* Frames lost that way. */
uint64_t nic_pcap_missed(const struct nic_port *port);

/* What is wrong with input or output, or NULL. Lives as long as the port. */
const char *nic_pcap_error(const struct nic_port *port);

#endif
