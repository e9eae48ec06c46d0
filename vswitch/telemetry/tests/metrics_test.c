/* SPDX-License-Identifier: Apache-2.0 */
/* The table's rules, and what a snapshot becomes. tests/lib/prometheus_text.py reads the whole of a daemon's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hsring/gauge.h"
#include "table.h"
#include "telemetry/metrics.h"

static bool ends_in(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

static void assert_name(const char *name, bool counter)
{
    static const char *const kept[] = {"_count", "_sum", "_bucket", "_created", "_info"};

    assert_int_equal(strncmp(name, "avs_", 4), 0);
    assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_"), strlen(name));
    assert_null(strstr(name, "__"));
    assert_int_equal(ends_in(name, "_total"), counter);
    /* What OpenMetrics keeps for itself; an info is a gauge to the older format. */
    for (unsigned i = 0; i < sizeof kept / sizeof kept[0]; i++)
        if (ends_in(name, kept[i]))
            assert_string_equal(kept[i], "_info");
}

/* Name, type and labels by the conventions; families together, their rows alike and told apart by a label. */
static void table_rules(void **state)
{
    (void)state;
    for (const struct tm_metric *m = tm_metrics; m->name != NULL; m++) {
        bool again = m > tm_metrics && strcmp(m[-1].name, m->name) == 0;

        assert_name(m->name, strcmp(tm_type_name(m->type), "counter") == 0);
        assert_int_equal(ends_in(m->name, "_info"), m->path == NULL);
        assert_true(m->help[0] >= 'A' && m->help[0] <= 'Z');
        assert_null(strpbrk(m->help, "\\\n"));
        if (again) {
            assert_ptr_equal(m->scope, m[-1].scope);
            assert_int_equal(m->type, m[-1].type);
            assert_string_equal(m->help, m[-1].help);
            assert_string_not_equal(m->label, m[-1].label);
        }
        for (const struct tm_metric *other = tm_metrics; !again && other < m; other++)
            assert_string_not_equal(other->name, m->name);
    }
}

static void gauge_rules(void **state)
{
    char name[64];

    (void)state;
    for (unsigned g = 0; g < HSR_GAUGE_COUNT; g++) {
        tm_gauge_name(g, name, sizeof name);
        assert_name(name, strcmp(tm_gauge_type(g), "counter") == 0);
        assert_int_equal(tm_in_histogram(g), strncmp(hsr_gauge_name(g), "vectors_", 8) == 0);
    }
}

static char *rendered(const char *snapshot)
{
    json_error_t error;
    json_t *object = json_loads(snapshot, 0, &error);
    char *text = NULL;
    size_t size;
    FILE *to = open_memstream(&text, &size);

    if (object == NULL)
        fail_msg("%s: %s", error.text, snapshot);
    tm_render(to, object);
    fclose(to);
    json_decref(object);
    return text;
}

static void assert_line(const char *text, const char *line)
{
    const char *found = strstr(text, line);

    if (found == NULL || (found > text && found[-1] != '\n') || found[strlen(line)] != '\n')
        fail_msg("no line '%s' in:\n%s", line, text);
}

static void samples(void **state)
{
    char *text = rendered(
        "{\"version\": {\"version\": \"1.2\", \"abi\": \"0.3\", \"nic\": \"embedded\", "
        "\"uptime_ns\": "
        "61000000005},"
        " \"stats\": {\"ports\": [{\"name\": \"a\", \"index\": 3, \"role\": \"vnic\", "
        "\"rx_packets\": "
        "9223372036854775807, \"stages\": {\"pre\": {\"rx\": 7}}, \"conservation\": {\"ok\": "
        "false, "
        "\"in_flight\": -2}}, {\"name\": \"b\", \"rx_packets\": 0}],"
        "  \"workers\": [{\"worker\": 1, \"slow\": 4, \"busy_ns\": 1500000000, \"corrupt_ring\": "
        "true}],"
        "  \"tables\": [{\"table\": \"sessions\", \"worker\": 1, \"used\": 5, \"capacity\": 9}, "
        "{\"table\": \"routes\", \"used\": 6}]},"
        " \"drops\": [{\"port\": \"a\", \"reason\": \"ttl\", \"stage\": \"fw\", \"text\": \"x\", "
        "\"packets\": 8}],"
        " \"drop_totals\": [{\"reason\": \"ttl\", \"stage\": \"fw\", \"packets\": 8}]}");

    (void)state;
    assert_line(text, "avs_build_info{version=\"1.2\",abi=\"0.3\",nic=\"embedded\"} 1");
    assert_line(text, "avs_uptime_seconds 61.000000005");
    assert_line(text, "# HELP avs_port_rx_packets_total Packets received");
    assert_line(text, "# TYPE avs_port_rx_packets_total counter");
    assert_line(text, "avs_port_info{port=\"a\",index=\"3\",role=\"vnic\"} 1");
    assert_line(text, "avs_port_rx_packets_total{port=\"a\"} 9223372036854775807");
    assert_line(text, "avs_port_rx_packets_total{port=\"b\"} 0");
    assert_line(text,
                "avs_port_stage_packets_total{port=\"a\",stage=\"pre\",side=\"in\",term=\"rx\"} 7");
    assert_line(text, "avs_port_conservation_ok{port=\"a\"} 0");
    assert_line(text, "avs_port_in_flight_packets{port=\"a\"} -2");
    assert_line(text, "avs_port_drops_total{port=\"a\",reason=\"ttl\",stage=\"fw\"} 8");
    assert_line(text, "avs_drops_total{reason=\"ttl\",stage=\"fw\"} 8");
    assert_line(text, "avs_worker_matches_total{worker=\"1\",how=\"slow_path\"} 4");
    assert_line(text, "avs_worker_busy_seconds_total{worker=\"1\"} 1.500000000");
    assert_line(text, "avs_worker_ring_corrupt{worker=\"1\"} 1");
    assert_line(text, "avs_table_used{table=\"sessions\",worker=\"1\"} 5");
    assert_line(text, "avs_table_capacity{table=\"sessions\",worker=\"1\"} 9");
    assert_line(text, "avs_table_used{table=\"routes\"} 6");
    /* What is not there is left out, and no zero. */
    assert_null(strstr(text, "avs_port_tx_packets_total{"));
    assert_null(strstr(text, "avs_table_capacity{table=\"routes\"}"));
    assert_null(strstr(text, "avs_nic_"));
    free(text);
}

static void escapes(void **state)
{
    char *text =
        rendered("{\"stats\": {\"ports\": [{\"name\": \"q\\\"b\\\\n\\n\\u00e9\", \"rx_packets\": "
                 "1}]}}");

    (void)state;
    assert_line(text, "avs_port_rx_packets_total{port=\"q\\\"b\\\\n\\n\303\251\"} 1");
    free(text);
}

static void latency(void **state)
{
    char *text =
        rendered("{\"latency\": [{\"stage\": \"whole\", \"by\": \"nic\", \"count\": 9, "
                 "\"sum_ns\": 3000000007, \"below\": [[1024, 1], [4096, 4], [16384, 4]]}]}");

    (void)state;
    assert_line(text, "# TYPE avs_latency_seconds histogram");
    assert_line(text,
                "avs_latency_seconds_bucket{stage=\"whole\",by=\"nic\",le=\"0.000001024\"} 1");
    assert_line(text,
                "avs_latency_seconds_bucket{stage=\"whole\",by=\"nic\",le=\"0.000004096\"} 4");
    assert_line(text,
                "avs_latency_seconds_bucket{stage=\"whole\",by=\"nic\",le=\"0.000016384\"} 4");
    assert_line(text, "avs_latency_seconds_bucket{stage=\"whole\",by=\"nic\",le=\"+Inf\"} 9");
    assert_line(text, "avs_latency_seconds_sum{stage=\"whole\",by=\"nic\"} 3.000000007");
    assert_line(text, "avs_latency_seconds_count{stage=\"whole\",by=\"nic\"} 9");
    free(text);
    /* More than a signed number holds. */
    text = rendered("{\"latency\": [{\"stage\": \"whole\", \"by\": \"nic\", \"count\": 9, "
                    "\"sum_ns\": -9223372036854775807, \"below\": []}]}");
    assert_line(text, "avs_latency_seconds_sum{stage=\"whole\",by=\"nic\"} 9223372036.854775809");
    free(text);
    text = rendered("{}");                                  /* before it was measured */
    assert_null(strstr(text, "avs_latency_seconds_count")); /* the family, and no samples */
    free(text);
}

static void vectors(void **state)
{
    char *text =
        rendered("{\"stats\": {\"nic\": {\"fit_hits\": 3, \"fit_used\": 2, \"vectors_1\": 10, "
                 "\"vectors_2\": 5, \"vectors_16\": 1}}}");

    (void)state;
    assert_line(text, "# TYPE avs_nic_fit_hits_total counter");
    assert_line(text, "avs_nic_fit_hits_total 3");
    assert_line(text, "# HELP avs_nic_fit_used flow-index entries in use");
    assert_line(text, "avs_nic_fit_used 2");
    assert_line(text, "# TYPE avs_nic_vector_packets histogram");
    assert_line(text, "avs_nic_vector_packets_bucket{le=\"1\"} 10");
    assert_line(text, "avs_nic_vector_packets_bucket{le=\"2\"} 15");
    assert_line(text, "avs_nic_vector_packets_bucket{le=\"15\"} 15");
    assert_line(text, "avs_nic_vector_packets_bucket{le=\"16\"} 16");
    assert_line(text, "avs_nic_vector_packets_bucket{le=\"+Inf\"} 16");
    assert_line(text, "avs_nic_vector_packets_sum 36");
    assert_line(text, "avs_nic_vector_packets_count 16");
    assert_null(strstr(text, "avs_nic_vectors_"));
    free(text);
}

static void nothing(void **state)
{
    char *text = rendered("{}");

    (void)state;
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1)
        assert_int_equal(*line, '#');
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_rules), cmocka_unit_test(gauge_rules), cmocka_unit_test(samples),
        cmocka_unit_test(escapes),     cmocka_unit_test(vectors),     cmocka_unit_test(latency),
        cmocka_unit_test(nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
