/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The NIC's end of the attach socket (hsring/attach.h): one firmware at a time, and a second one beside it that asks to be
 * one (HSR_FEATURE_SECOND), which ends with the first.
 *
 * When the firmware's connection ends, every slot it held is taken back and counted, and fetching stops; its ports stay
 * open, so that guests keep their devices. The next firmware adds the ports it wants: one that is there already with
 * the same settings is taken over as it is, and what it has not asked for by START is closed.
 *
 * Threads: the control thread calls everything; the NIC's poll thread runs beside it.
 */
#ifndef NIC_SERVE_H
#define NIC_SERVE_H

#include "nic/nic.h"

struct nic_serve;

/* Listen at `path`. 0 or a negative errno with a text. */
int nic_serve_open(struct nic_serve **out, struct nic *nic, const char *path, char why[NIC_WHY]);
void nic_serve_close(struct nic_serve *serve);

/* Serve until the descriptor `stop` becomes readable. 0 or a negative errno. */
int nic_serve_run(struct nic_serve *serve, int stop);

#endif
