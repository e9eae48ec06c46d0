/* SPDX-License-Identifier: Apache-2.0 */
/* metrics-doc: the reference of the metrics on standard output. */
#include "telemetry/metrics.h"

int main(void)
{
    tm_page(stdout);
    return ferror(stdout) != 0;
}
