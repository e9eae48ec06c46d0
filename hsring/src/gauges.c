/* SPDX-License-Identifier: Apache-2.0 */
#include "hsring/gauge.h"

struct gauge_text {
    const char *name;
    const char *unit;
    const char *kind;
    const char *text;
};

static const struct gauge_text texts[HSR_GAUGE_COUNT] = {
#define HSR_GAUGE_ENTRY(NAME, name, unit, kind, text) \
    [HSR_GAUGE_##NAME] = {#name, #unit, #kind, text},
    HSR_GAUGES(HSR_GAUGE_ENTRY)
#undef HSR_GAUGE_ENTRY
};

static const struct gauge_text unknown = {"unknown", "unknown", "unknown", "unknown"};

static const struct gauge_text *find(unsigned gauge)
{
    return gauge >= HSR_GAUGE_COUNT ? &unknown : &texts[gauge];
}

const char *hsr_gauge_name(unsigned gauge)
{
    return find(gauge)->name;
}

const char *hsr_gauge_unit(unsigned gauge)
{
    return find(gauge)->unit;
}

const char *hsr_gauge_kind(unsigned gauge)
{
    return find(gauge)->kind;
}

const char *hsr_gauge_text(unsigned gauge)
{
    return find(gauge)->text;
}
