/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of packets in words: outcomes, stages and reasons, errors with their place; that it holds for real ones, bench_explain.c sees to. */
#include "bench_explain.h"
#include "topology.h"

static struct bench b;

static int setup(void **state)
{
    (void)state;
    bench_open(&b, &(struct bench_config){0},
               TOP_OPTIONS("") TOP_NET TOP_GROUPS TOP_CLOSED TOP_UP TOP_A("") TOP_B("")
                   TOP_C("closed") TOP_V TOP_R);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_close(&b);
    return 0;
}

static json_t *ask(const struct ctl_explain *want)
{
    struct ctl_rule_error error = {.at = -1};
    uint64_t before = bench_fingerprint(&b);
    json_t *answer = NULL;
    int rc = fw_explain(b.fw, want, &answer, &error);

    if (rc < 0)
        fail_msg("%s: %s", want->packet, error.text);
    assert_true(bench_fingerprint(&b) == before);
    return answer;
}

static const char *text(const json_t *o, const char *key)
{
    const char *t = json_string_value(json_object_get(o, key));

    return t != NULL ? t : "";
}

/* The stage that says `why`, or NULL. */
static const json_t *stage(const json_t *answer, const char *name, const char *why)
{
    const json_t *row;
    size_t i;

    json_array_foreach (json_object_get(answer, "stages"), i, row)
        if (strcmp(text(row, "stage"), name) == 0 && strstr(text(row, "why"), why) != NULL)
            return row;
    return NULL;
}

static void outcomes(void **state)
{
    static const struct {
        const char *port, *packet, *outcome, *reason, *stage, *why;
    } row[] = {
        {NULL, "udp 10.1.0.6:1 > 10.1.0.9:2", "delivered", "", "action",
         "encap vxlan vni 100 to 192.0.2.2"},
        {"a", "tcp 10.1.0.5:1 > 10.2.0.5:80", "delivered", "", "group-in",
         "ingress: rule closed/1 allows"},
        {"a", "tcp 10.1.0.5:1 > 10.2.0.5:81", "dropped", "sg_ingress", "group-in",
         "no rule allows"},
        {"a", "udp [fd00:1::5]:1 > [fd00:2::5]:80", "dropped", "sg_ingress", "parse",
         "[fd00:1::5]:1 > [fd00:2::5]:80"},
        {"a", "tcp 10.1.0.5:1 > 10.1.0.6:80 ack", "dropped", "no_session", "verdict", ""},
        {"a", "tcp 10.1.0.77:1 > 10.1.0.6:80", "dropped", "spoof_ip", "antispoof", ""},
        {"a", "udp 10.1.0.5:1 > 10.1.0.6:80 src-mac 02:00:00:00:00:33", "dropped", "spoof_mac",
         "verdict", ""},
        {"a", "icmp 10.1.0.5 > 10.1.0.254", "answered", "", "parse", "ICMP query type 8"},
        {"a", "icmp6 fd00:1::5 > fd00:1::fe", "answered", "", "steer", "worker 0"},
        {"a", "arp 10.1.0.5 > 10.1.0.6", "answered", "", "parse", "ARP"},
        {"a", "udp 10.1.0.5:1 > 10.2.0.5:80 ttl 1", "dropped", "sg_ingress", "route",
         "10.2.0.0/24"},
        {"b", "udp 10.1.0.6:1 > 10.5.0.1:80 ttl 1", "dropped", "ttl", "action", "ttl"},
        {"a", "udp 10.1.0.5:1 > 10.3.0.1:80", "dropped", "blackhole", "route",
         "10.3.0.0/16 blackhole"},
        {"a", "udp 10.1.0.5:1 > 10.4.0.1:80", "waits", "", "next-hop",
         "waits for 192.0.2.3 by port up"},
        {"b", "udp 10.1.0.6:1 > 10.1.0.9:2 len 3000 df", "dropped", "pmtu", "size",
         "the sender is told"},
        {"b", "udp 10.1.0.6:1 > 10.1.0.9:2 len 3000", "delivered", "", "size",
         "cut into fragments"},
        {"b", "tcp 10.1.0.6:1 > 10.1.0.9:2 len 3000 gso 1400", "dropped", "tso_bad", "post",
         "cannot be segmented"},
        {"a", "udp 10.1.0.5:1 > 10.1.0.6:2 frag 0 mf len 508", "delivered", "", "parse",
         "a fragment"},
        {"a", "udp 10.1.0.5:1 > 10.1.0.6:2 frag 480 len 508", "waits", "", "fragment",
         "held until the first"},
        {"up", "udp 10.1.0.9:1 > 10.1.0.5:2 from 192.0.2.2 vni 100", "delivered", "", "parse",
         "out of vxlan 100 from 192.0.2.2"},
        {"up", "udp 10.1.0.9:1 > 10.1.0.5:2 from 192.0.2.9 vni 100", "dropped", "unknown_vtep",
         "vpc", ""},
        {"up", "udp 10.1.0.9:1 > 10.1.0.5:2 from 192.0.2.2 vni 999", "dropped", "unknown_vni",
         "parse", ""},
        {"up", "icmp 192.0.2.2 > 192.0.2.1", "answered", "", "steer", ""},
        {"a", "ip 10.1.0.5 > 10.1.0.6 proto 47 ipopts 4", "delivered", "", "action",
         "output port b"},
        {"a", "sctp 10.1.0.5:1 > 10.1.0.6:2 tos 8 id 7", "delivered", "", "state", "a new session"},
        {"a", "icmp 10.1.0.5 > 10.1.0.6 type 3 code 1", "dropped", "icmp_inner", "parse", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        json_t *a = ask(&(struct ctl_explain){.port = row[i].port, .packet = row[i].packet});

        if (strcmp(text(a, "outcome"), row[i].outcome) != 0 ||
            strcmp(text(a, "reason"), row[i].reason) != 0 ||
            stage(a, row[i].stage, row[i].why) == NULL) {
            const json_t *last;
            size_t k;

            json_array_foreach (json_object_get(a, "stages"), k, last)
                print_message("%s: %s\n", text(last, "stage"), text(last, "why"));
            fail_msg("%s: %s %s, not %s %s, %s '%s'", row[i].packet, text(a, "outcome"),
                     text(a, "reason"), row[i].outcome, row[i].reason, row[i].stage, row[i].why);
        }
        json_decref(a);
    }
}

static void by_its_session(void **state)
{
    const struct ctl_explain back = {.port = "b", .packet = "udp 10.1.0.6:80 > 10.1.0.5:1000"};
    const struct ctl_explain anew = {.port = "b", .packet = back.packet, .anew = true};
    json_t *a;

    (void)state;
    fr_udp(&out, &a_to_b, 10);
    bench_passes(&b, "a", &out, "b", &in);
    a = ask(&back);
    assert_non_null(stage(a, "session", "single, the answers' direction"));
    assert_non_null(stage(a, "state", "single, then "));
    assert_false(json_is_true(json_object_get(a, "new_session")));
    assert_string_not_equal(text(a, "flow_id"), "");
    assert_null(stage(a, "route", ""));
    json_decref(a);
    a = ask(&anew);
    assert_non_null(stage(a, "session", "none"));
    assert_true(json_is_true(json_object_get(a, "new_session")));
    json_decref(a);
}

static void errors(void **state)
{
    static const struct {
        const char *port, *packet, *frame, *text;
        int at;
    } row[] = {
        {"a", "", NULL, "no packet", 0},
        {"a", "tpc 10.1.0.5:1 > 10.1.0.6:2", NULL, "'tpc' is no protocol", 0},
        {"a", "tcp 10.1.0.5 > 10.1.0.6:2", NULL, "the source has no port: 10.1.0.5:80", 4},
        {"a", "tcp fd00::1 > [fd00::2]:2", NULL, "the source has no port: [fd00::1]:80", 4},
        {"a", "tcp 10.1.0.5:1", NULL, "'>' is missing", 14},
        {"a", "tcp 10.1.0.5:1 > 10.1.0.6:65536", NULL, "is not a number from 0 to 65535", 17},
        {"a", "tcp 10.1.0.5:1 > [fd00::1]:2", NULL, "of two families", 17},
        {"a", "icmp 10.1.0.5:1 > 10.1.0.6", NULL, "only tcp, udp and sctp have ports", 5},
        {"a", "icmp 10.1.0.5 > 10.1.0.6 ttl", NULL, "a number is missing behind 'ttl'", 28},
        {"a", "icmp 10.1.0.5 > 10.1.0.6 ttl 256", NULL, "'256' is not a number from 0 to 255", 29},
        {"a", "udp 10.1.0.5:1 > 10.1.0.6:2 syn", NULL, "'syn' is not known here", 28},
        {"a", "udp 10.1.0.5:1 > 10.1.0.6:2 frag 4", NULL, "a multiple of 8", 34},
        {"a", "udp 10.1.0.5:1 > 10.1.0.6:2 len 20", NULL, "len 20 is too short", -1},
        {"a", "udp 10.1.0.5:1 > 10.1.0.6:2 dst-mac 1", NULL, "needs an address like", 36},
        {"a", "udp 10.1.0.5:1 > 10.1.0.6:2 from 192.0.2.2 vni 100", NULL, "are for uplinks", -1},
        {"up", "udp 10.1.0.5:1 > 10.1.0.6:2 vni 100", NULL, "needs 'from HOST'", -1},
        {"z", "udp 10.1.0.5:1 > 10.1.0.6:2", NULL, "no port 'z'", -1},
        {NULL, "udp 10.1.0.5:1 > 10.1.0.6:2", NULL, "ports a and r have 10.1.0.5", -1},
        {NULL, "udp 10.1.0.99:1 > 10.1.0.6:2", NULL, "no vNIC here has 10.1.0.99", -1},
        {NULL, NULL, "0011", "name the port", -1},
        {"a", NULL, "00 1x", "two hexadecimal digits", 3},
        {"a", NULL, "", "no bytes", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
        const struct ctl_explain want = {
            .port = row[i].port, .packet = row[i].packet, .frame = row[i].frame};
        struct ctl_rule_error error = {.at = -1};
        json_t *answer = NULL;

        assert_true(fw_explain(b.fw, &want, &answer, &error) < 0);
        if (strstr(error.text, row[i].text) == NULL || error.at != row[i].at)
            fail_msg("%s: '%s' at %d, not '%s' at %d", row[i].packet, error.text, (int)error.at,
                     row[i].text, row[i].at);
    }
}

/* Any bytes at all: an answer, and nothing else. */
static void any_bytes(void **state)
{
    static char hex[2 * 200 + 1];
    uint64_t seed = 88172645463325252u;

    (void)state;
    for (unsigned round = 0; round < 300; round++) {
        unsigned n = 1 + (unsigned)(seed >> 20) % 200;

        fr_tcp(&out, &a_to_c, FR_SYN, 1, 0, 100);
        for (unsigned i = 0; i < n; i++) {
            seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
            snprintf(hex + 2 * (size_t)i, 3, "%02x",
                     i < out.len && seed % 8 != 0 ? out.b[i] : (unsigned)(seed >> 32) & 0xFF);
        }
        json_decref(ask(&(struct ctl_explain){.port = round % 2 ? "a" : "up", .frame = hex}));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(outcomes, setup, teardown),
        cmocka_unit_test_setup_teardown(by_its_session, setup, teardown),
        cmocka_unit_test_setup_teardown(errors, setup, teardown),
        cmocka_unit_test_setup_teardown(any_bytes, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
