/* SPDX-License-Identifier: Apache-2.0 */
/* What is not as it should be, on the machine and in the daemon, each finding with what to do about it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ctl.h"
#include "doctor.h"

#define NEARLY_FULL 90 /* percent */

void finding(json_t *findings, enum finding_state state, const char *check, const char *remedy,
             const char *format, ...)
{
    static const char *const name[] = {[OK] = "ok", [NOTE] = "note", [PROBLEM] = "problem"};
    char text[256];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    json_array_append_new(findings,
                          json_pack("{s:s, s:s, s:s, s:s}", "state", name[state], "check", check,
                                    "finding", text, "remedy", remedy ? remedy : ""));
}

static void check_version(json_t *findings, const json_t *version)
{
    const char *theirs = text_of(version, "version"), *nic = text_of(version, "nic");

    if (strcmp(theirs, AVS_VERSION) == 0) {
        finding(findings, OK, "versions", NULL, "avs-ctl and %s are %s",
                text_of(version, "program"), theirs);
    } else {
        finding(findings, NOTE, "versions", "install both of one package, restart the daemon",
                "avs-ctl is " AVS_VERSION ", %s is %s", text_of(version, "program"), theirs);
    }
    if (strcmp(nic, "gone") == 0) {
        finding(findings, PROBLEM, "nic", "systemctl restart avs-nic; its log says why it ended",
                "avs-nic is gone, no packet is forwarded");
    } else if (json_object_get(version, "nic")) {
        finding(findings, OK, "nic", NULL, "%s", nic);
    }
}

static void check_balance(json_t *findings, const json_t *stats)
{
    const json_t *balance = json_object_get(stats, "conservation");

    if (!balance) {
        return;
    }
    if (json_is_true(json_object_get(balance, "ok"))) {
        finding(findings, OK, "packets", NULL, "all are accounted for");
    } else {
        finding(findings, PROBLEM, "packets",
                "a defect: please report it with avs-ctl --json stats",
                "what came in is neither out, nor dropped, nor under way");
    }
}

static void check_rings(json_t *findings, const json_t *workers)
{
    const json_t *worker;
    size_t i, corrupt = 0;

    json_array_foreach (workers, i, worker) {
        corrupt += json_is_true(json_object_get(worker, "corrupt_ring"));
    }
    if (corrupt > 0) {
        finding(findings, PROBLEM, "rings", "restart avsd; avs-nic makes new rings for it",
                "%zu out of use after an index that cannot be", corrupt);
    } else if (json_array_size(workers) > 0) {
        finding(findings, OK, "rings", NULL, "those of %zu workers are sound",
                json_array_size(workers));
    }
}

static void check_links(json_t *findings, const json_t *ports)
{
    const json_t *port;
    size_t i;

    json_array_foreach (ports, i, port) {
        if (strcmp(text_of(port, "link"), "down") == 0) {
            finding(findings, NOTE, "link", "is its guest, or its device, up?", "%s is down",
                    text_of(port, "name"));
        }
    }
}

static void check_tables(json_t *findings, const json_t *tables)
{
    const json_t *table;
    size_t i, full = 0;

    json_array_foreach (tables, i, table) {
        json_int_t used = member(table, "used"), capacity = member(table, "capacity");

        if (capacity > 0 && used * 100 >= capacity * NEARLY_FULL) {
            full++;
            finding(findings, used >= capacity ? PROBLEM : NOTE, "tables",
                    "avs-ctl top shows who; options and quotas: avs-ctl schema options",
                    "%s: %lld of %lld in use", text_of(table, "table"), (long long)used,
                    (long long)capacity);
        }
    }
    if (full == 0 && json_array_size(tables) > 0) {
        finding(findings, OK, "tables", NULL, "none is nearly full");
    }
}

static void check_daemon(struct ctl *ctl, json_t *findings)
{
    int code = EXIT_OK;
    struct ctl silent = *ctl;

    silent.quiet = true;
    json_t *version = request(&silent, "version.get", NULL, &code), *stats = NULL;

    if (version) {
        stats = request(&silent, "stats.get", NULL, &code);
    }
    if (!stats) {
        finding(findings, PROBLEM, "daemon",
                code == EXIT_REFUSED ? "as root, or as a member of its group"
                                     : "systemctl status avsd; -s SOCKET names another socket",
                "no answer on %s", ctl->socket);
    } else {
        check_version(findings, version);
        if (json_object_get(version, "pid")) {
            doctor_rights(findings, member(version, "pid"));
        }
        check_balance(findings, stats);
        check_rings(findings, json_object_get(stats, "workers"));
        check_links(findings, json_object_get(stats, "ports"));
        check_tables(findings, json_object_get(stats, "tables"));
    }
    json_decref(version);
    json_decref(stats);
}

int cmd_doctor(struct ctl *ctl)
{
    static const char *const columns[] = {"state", "check", "finding", "remedy", NULL};
    json_t *findings = json_array();
    const json_t *row;
    size_t i, problems = 0;

    doctor_machine(findings);
    check_daemon(ctl, findings);
    json_array_foreach (findings, i, row) {
        problems += strcmp(text_of(row, "state"), "problem") == 0;
    }
    show_table(ctl, findings, columns);
    return problems > 0 ? EXIT_FAILED : EXIT_OK;
}
