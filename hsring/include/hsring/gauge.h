/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the gauges (enum hsr_gauge), for people and metrics; their values: hsr_view_gauge(). Any thread. */
#ifndef HSRING_GAUGE_H
#define HSRING_GAUGE_H

#include "hsring/abi.h"

/* Name ("fit_used"), unit ("entries"), kind ("level" or "counter") and text; "unknown" outside the list. */
const char *hsr_gauge_name(unsigned gauge);
const char *hsr_gauge_unit(unsigned gauge);
const char *hsr_gauge_kind(unsigned gauge);
const char *hsr_gauge_text(unsigned gauge);

#endif
