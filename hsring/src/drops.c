/* SPDX-License-Identifier: Apache-2.0 */
#include "hsring/check.h"

struct drop_text {
    const char *name;
    const char *stage;
    const char *text;
};

static const struct drop_text texts[HSR_DROP_COUNT] = {
#define HSR_DROP_ENTRY(NAME, name, stage, text) [HSR_DROP_##NAME] = {#name, #stage, text},
    HSR_DROP_REASONS(HSR_DROP_ENTRY)
#undef HSR_DROP_ENTRY
};

static const struct drop_text unknown = {"unknown", "unknown", "unknown"};

static const struct drop_text *find(unsigned reason)
{
    return reason == HSR_DROP_NONE || reason >= HSR_DROP_COUNT ? &unknown : &texts[reason];
}

const char *hsr_drop_name(unsigned reason)
{
    return find(reason)->name;
}

const char *hsr_drop_stage(unsigned reason)
{
    return find(reason)->stage;
}

const char *hsr_drop_text(unsigned reason)
{
    return find(reason)->text;
}
