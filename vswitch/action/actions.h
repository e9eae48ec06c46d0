/* SPDX-License-Identifier: Apache-2.0 */
/* The actions by name; each is defined in the file of that name. */
#ifndef ACTIONS_H
#define ACTIONS_H

#include "action/action.h"

extern const struct act_ops act_decap, act_eth, act_ttl, act_nat, act_encap, act_output, act_mss;

#endif
