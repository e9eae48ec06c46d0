/* SPDX-License-Identifier: Apache-2.0 */
/* cfg-doc: the configuration reference on standard output. */
#include "config/schema.h"

int main(void)
{
    return cfg_schema_page(stdout) ? 1 : 0;
}
