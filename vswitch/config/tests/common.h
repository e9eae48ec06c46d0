/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the configuration share. */
#ifndef CONFIG_TESTS_COMMON_H
#define CONFIG_TESTS_COMMON_H

/* cmocka wants these first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/config.h"

/* Document that must load; the caller's. */
json_t *load_text(const char *text);
/* Text of a file below the source directory; the caller's. */
char *read_file(const char *name);
/* State of a document that must be accepted; the caller's. */
struct cfg *parse_text(const char *text, const struct cfg *old);

#endif
