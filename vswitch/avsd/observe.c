/* SPDX-License-Identifier: Apache-2.0 */
/* Metrics and DPDK's telemetry: for those who look, not for those who change. */
#include <stdio.h>
#include <string.h>

#include "avsd.h"
#include "log/log.h"
#include "nic/eal.h"
#include "telemetry/eal.h"

AVS_LOG_MODULE(log_avsd, "avsd");

static int open_metrics(struct avsd *d, struct event_base *base, const struct tm_source *source)
{
    char why[TM_WHY];

    d->metrics = tm_http_open(base, d->options->metrics, source, why);
    if (d->metrics == NULL) {
        fprintf(stderr, "avsd: %s\n", why);
        return -1;
    }
    AVS_LOG(log_avsd, AVS_LOG_INFO, "metrics", avs_log_str("at", d->options->metrics));
    return 0;
}

static int open_telemetry(struct event_base *base, const struct tm_source *source)
{
    int rc = tm_eal_open(base, source);
    char path[NIC_WHY];

    if (rc < 0) {
        fprintf(stderr, "avsd: no telemetry: %s\n", strerror(-rc));
        return -1;
    }
    AVS_LOG(log_avsd, AVS_LOG_INFO, "telemetry", avs_log_str("at", nic_eal_telemetry_path(path)));
    return 0;
}

int avsd_observe(struct avsd *d, struct event_base *base)
{
    struct tm_source source = {.snapshot = avsd_snapshot, .arg = d};

    if (d->options->metrics != NULL && open_metrics(d, base, &source) < 0)
        return -1;
    return d->options->telemetry ? open_telemetry(base, &source) : 0;
}

void avsd_observe_end(struct avsd *d)
{
    tm_http_close(d->metrics);
    tm_eal_close();
}
