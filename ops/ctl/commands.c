/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl.h"

const struct option_spec global_options[] = {
    {"socket", 's', "SOCKET", "control socket (default $AVS_SOCKET or /run/avs/avsd.sock)", NULL},
    {"json", 'j', NULL, "print JSON, errors too", NULL},
    {"pretty", 'p', NULL, "print indented JSON", NULL},
    {"timeout", 0, "S", "give up a request after S seconds (default 30)", NULL},
    {"help", 'h', NULL, "explain the command", NULL},
    {.name = NULL},
};

static const struct option_spec none[] = {{.name = NULL}};

static const struct option_spec apply_options[] = {
    {"file", 'f', "FILE", "document in YAML or JSON, - for standard input", NULL},
    {"dry-run", 'n', NULL, "check and show the difference, change nothing", NULL},
    {"if-revision", 0, "N", "refuse unless the running revision is N", NULL},
    {"wait", 0, "[TIME]", "until all sessions follow it, at most TIME (default 30s)", NULL},
    {"confirm", 0, "TIME", "on trial: reverts after TIME (90s, 5m, 1h) unless confirmed", NULL},
    {.name = NULL},
};

static const struct option_spec workers_set_options[] = {
    {"dry-run", 'n', NULL, "check and show the difference, change nothing", NULL},
    {.name = NULL},
};

static const struct option_spec confirm_options[] = {
    {"revert", 0, NULL, "return to the configuration before the trial at once", NULL},
    {"status", 0, NULL, "show whether a configuration is on trial, and when it reverts", NULL},
    {.name = NULL},
};

static const struct option_spec get_options[] = {
    {"output", 'o', "FORMAT", "yaml (default) or json", "yaml|json"},
    {.name = NULL},
};

static const struct option_spec port_add_options[] = {
    {"fd", 0, "N", "open the port under this inherited file descriptor", NULL},
    {.name = NULL},
};

static const struct option_spec session_list_options[] = {
    {"limit", 'n', "N", "at most N sessions (default 100)", NULL},
    {"all", 'a', NULL, "all sessions", NULL},
    {.name = NULL},
};

static const struct option_spec flush_options[] = {
    {"yes", 'y', NULL, "flush all sessions when there is no filter", NULL},
    {.name = NULL},
};

static const struct option_spec watch_options[] = {
    {"watch", 'w', "[S]", "again every S seconds (default 1) until q or ^C", NULL},
    {"count", 'c', "N", "end after N rounds", NULL},
    {.name = NULL},
};

static const struct option_spec latency_options[] = {
    {"workers", 0, NULL, "of each worker, too", NULL},
    {"watch", 'w', "[S]", "again every S seconds (default 1) until q or ^C", NULL},
    {"count", 'c', "N", "end after N rounds", NULL},
    {.name = NULL},
};

static const struct option_spec schema_options[] = {
    {"markdown", 0, NULL, "as the reference page", NULL},
    {.name = NULL},
};

static const struct option_spec capture_options[] = {
    {"write", 'w', "FILE", "write pcapng to FILE, - for standard output", NULL},
    {"points", 0, "LIST", "at these points alone, separated by commas (default all)", NULL},
    {"vpc", 0, "NAME", "packets of this VPC alone", NULL},
    {"port", 0, "NAME", "packets that come or go by this port alone", NULL},
    {"drops", 'd', NULL, "packets that are dropped alone, where they are", NULL},
    {"snap", 0, "BYTES", "of each packet at most (default 65535)", NULL},
    {"count", 'c', "N", "end after N packets", NULL},
    {"duration", 0, "TIME", "end after TIME (90s, 5m, 1h)", NULL},
    {"rate", 0, "N", "at most N new packets a second and thread (default 10000, 0: any number)",
     NULL},
    {"buffer", 0, "MIB", "memory for what has not been written yet (default 32)", NULL},
    {.name = NULL},
};

static const struct option_spec trace_options[] = {
    {"count", 'c', "N", "end after N packets (default 100, at most 100000)", NULL},
    {"duration", 0, "TIME", "end after TIME (90s, 5m, 1h; default 10s)", NULL},
    {"vpc", 0, "NAME", "packets of this VPC alone", NULL},
    {"port", 0, "NAME", "packets that come or go by this port alone", NULL},
    {"rate", 0, "N", "at most N new packets a second and thread (default 10000, 0: any number)",
     NULL},
    {.name = NULL},
};

static const struct option_spec explain_options[] = {
    {"port", 0, "NAME", "the port it comes in by (default: the vNIC that has its source address)",
     NULL},
    {"from-capture", 0, "FILE", "a packet of this pcap or pcapng file", NULL},
    {"packet", 0, "N", "number N of the file (default 1)", NULL},
    {"hex", 0, "BYTES", "the frame in hexadecimal, from the Ethernet header on", NULL},
    {"new", 0, NULL, "as if there were no sessions", NULL},
    {"bytes", 0, NULL, "show the frames that would leave", NULL},
    {.name = NULL},
};

static const struct option_spec help_options[] = {
    {"markdown", 0, NULL, "all commands as the reference page", NULL},
    {.name = NULL},
};

/* The four verbs of a list of the document. */
#define LIST_COMMANDS(word, list_name, thing, key, example_add, example_key, add_options)  \
    {word,                                                                                 \
     "list",                                                                               \
     NULL,                                                                                 \
     list_name,                                                                            \
     "[KEY=VALUE...]",                                                                     \
     WORD_FIELDS,                                                                          \
     0,                                                                                    \
     32,                                                                                   \
     "show all " thing "s",                                                                \
     "With KEY=VALUE only those that have these values.",                                  \
     none,                                                                                 \
     "avs-ctl " word " list\navs-ctl " word " list --json",                                \
     cmd_list},                                                                            \
        {word,      "show", NULL,                                                          \
         list_name, key,    WORD_NAME,                                                     \
         1,         8,      "show one " thing " with all its values",                      \
         NULL,      none,   "avs-ctl " word " show " example_key,                          \
         cmd_show},                                                                        \
        {word,                                                                             \
         "add",                                                                            \
         NULL,                                                                             \
         list_name,                                                                        \
         "KEY=VALUE...",                                                                   \
         WORD_FIELDS,                                                                      \
         1,                                                                                \
         32,                                                                               \
         "add a " thing,                                                                   \
         "Lists are separated by commas. `avs-ctl schema " word "` explains the keys.",    \
         add_options,                                                                      \
         "avs-ctl " word " add " example_add,                                              \
         cmd_add},                                                                         \
    {                                                                                      \
        word, "del", NULL, list_name, key, WORD_NAME, 1, 8, "remove a " thing, NULL, none, \
            "avs-ctl " word " del " example_key, cmd_del                                   \
    }

#define FILTERS "vpc=, port=, proto=, addr=, l4port=, state="

const struct command commands[] = {
    {"apply", NULL, NULL, NULL, "", WORD_NONE, 0, 0, "make a document the running configuration",
     "All of it is checked first, then all of it or nothing is changed. Prints what changes, a "
     "line each: + added, "
     "- removed, ~ changed. An error names the file's line. With --confirm the document runs on "
     "trial: the one before comes back after that time unless `avs-ctl confirm` comes first, and "
     "a restart of the daemon meanwhile begins with it, too. Until then changes without --confirm "
     "are refused; another one with it restarts the clock and still returns to what was confirmed "
     "last. With --wait it returns when every session that the change concerns has been looked "
     "at again, and else (exit code 7) says how many may be left.",
     apply_options,
     "avs-ctl apply -f net.yaml --dry-run\navs-ctl apply -f net.yaml --wait\n"
     "avs-ctl apply -f net.yaml --confirm 5m && avs-ctl confirm",
     cmd_apply},
    {"confirm", NULL, NULL, NULL, "", WORD_NONE, 0, 0, "keep the configuration that is on trial",
     "Only now is it saved.", confirm_options,
     "avs-ctl confirm\navs-ctl confirm --revert\navs-ctl confirm --status", cmd_confirm},
    {"get", NULL, NULL, NULL, "", WORD_NONE, 0, 0, "print the running configuration",
     "What is printed can be applied again.", get_options,
     "avs-ctl get > net.yaml\navs-ctl get -o json", cmd_get},
    LIST_COMMANDS("port", "ports", "port", "NAME",
                  "web1 role=vnic type=tap subnet=front addresses=10.0.0.5 mac=52:54:00:00:00:05",
                  "web1", port_add_options),
    LIST_COMMANDS("vpc", "vpcs", "VPC", "NAME", "blue vni=100", "blue", none),
    LIST_COMMANDS("subnet", "subnets", "subnet", "NAME", "front vpc=blue prefix4=10.0.0.0/24",
                  "front", none),
    LIST_COMMANDS("mapping", "mappings", "mapping", "KEY=VALUE...",
                  "vpc=blue address=10.0.0.9 mac=52:54:00:00:00:09 vtep=192.0.2.2",
                  "vpc=blue address=10.0.0.9", none),
    LIST_COMMANDS("route", "routes", "route", "KEY=VALUE...",
                  "vpc=blue prefix=10.9.0.0/16 type=blackhole", "vpc=blue prefix=10.9.0.0/16",
                  none),
    LIST_COMMANDS("eip", "eips", "EIP", "NAME", "shop address=203.0.113.5 vnic=shop", "shop", none),
    LIST_COMMANDS("snat", "snat", "snat pool", "NAME", "out vpc=blue addresses=203.0.113.1", "out",
                  none),
    LIST_COMMANDS("forward", "forwards", "forward", "NAME",
                  "ssh address=203.0.113.1 protocol=tcp port=2222 vnic=app inside_port=22", "ssh",
                  none),
    LIST_COMMANDS("sg", "security_groups", "security group", "NAME", "web", "web", none),
    {"sg", "rule", "add", "security_groups", "GROUP KEY=VALUE...", WORD_GROUP, 2, 32,
     "add a rule to a security group", NULL, none,
     "avs-ctl sg rule add web direction=ingress action=allow protocol=tcp ports=80", cmd_rule_add},
    {"sg", "rule", "del", "security_groups", "GROUP KEY=VALUE...", WORD_GROUP, 2, 32,
     "remove the rules of a security group that have these values", NULL, none,
     "avs-ctl sg rule del web direction=ingress ports=80", cmd_rule_del},
    {"session", "list", NULL, NULL, "[FILTER...]", WORD_FILTER, 0, 6, "show sessions",
     "Filters: " FILTERS ". With --json one object a line.", session_list_options,
     "avs-ctl session list vpc=blue proto=tcp\navs-ctl session list --all --json | wc -l",
     cmd_session_list},
    {"session", "show", NULL, NULL, "FLOW_ID", WORD_NONE, 1, 1, "show a session and its actions",
     NULL, none, "avs-ctl session show 0x10001", cmd_session_show},
    {"session", "flush", NULL, NULL, "[FILTER...]", WORD_FILTER, 0, 6, "remove sessions",
     "Filters: " FILTERS ". Their next packets are decided anew.", flush_options,
     "avs-ctl session flush port=web1\navs-ctl session flush --yes", cmd_session_flush},
    {"flow", "validate", NULL, NULL, "PORT RULE...", WORD_RULE, 2, MAX_WORDS,
     "say whether a rule could be created",
     "Nothing is changed. The rule is written as for `flow create`.", none,
     "avs-ctl flow validate uplink0 ingress pattern eth / ipv4 / end actions drop / end",
     cmd_flow_validate},
    {"flow", "create", NULL, NULL, "PORT RULE...", WORD_RULE, 2, MAX_WORDS,
     "create a rule on the packets that come in by a port",
     "In the syntax of testpmd: attributes, `pattern` items `end`, `actions` actions `end`. The "
     "rule goes to the port's device where that can keep it, else to the NIC's table. "
     "`docs/reference/rules.md` has items, fields and actions.",
     none,
     "avs-ctl flow create uplink0 ingress priority 1 pattern eth / ipv4 src is 192.0.2.7 / udp dst "
     "is 53 / end actions drop / count / end\n"
     "avs-ctl flow create web1 ingress pattern eth / ipv4 dst spec 10.0.0.0 dst prefix 8 / end "
     "actions meter mtr_id 1 / end\n"
     "avs-ctl flow create web1 ingress pattern end actions mirror port span0 / passthru / end",
     cmd_flow_create},
    {"flow", "query", NULL, NULL, "PORT RULE count", WORD_RULE_ID, 2, 3,
     "show what a rule has counted", "The rule has an action `count`.", none,
     "avs-ctl flow query uplink0 0 count", cmd_flow_query},
    {"flow", "destroy", NULL, NULL, "PORT rule RULE [rule RULE...]", WORD_RULE_IDS, 3, MAX_WORDS,
     "remove rules", NULL, none, "avs-ctl flow destroy uplink0 rule 0 rule 3", cmd_flow_destroy},
    {"flow", "list", NULL, NULL, "[PORT]", WORD_PORT, 0, 1, "show rules",
     "In the order in which they are looked at. home: table is the NIC's own, device the port's.",
     none, "avs-ctl flow list\navs-ctl flow list uplink0 --json", cmd_flow_list},
    {"flow", "flush", NULL, NULL, "PORT", WORD_PORT, 1, 1, "remove all rules of a port", NULL, none,
     "avs-ctl flow flush uplink0", cmd_flow_flush},
    {"meter", "create", NULL, NULL, "ID pps|bps RATE burst BURST", WORD_METER, 5, 5,
     "create a meter for rules, or change it",
     "pps: RATE in packets a second, BURST in packets. bps: RATE in bits a second, BURST in bytes. "
     "What is over the rate is dropped (`meter`). A meter that is set is full.",
     none,
     "avs-ctl meter create 1 pps 1000 burst 100\n"
     "avs-ctl meter create 2 bps 50000000 burst 200000",
     cmd_meter_create},
    {"meter", "delete", NULL, NULL, "ID", WORD_METER, 1, 1, "remove a meter",
     "Not while a rule uses it.", none, "avs-ctl meter delete 1", cmd_meter_delete},
    {"meter", "list", NULL, NULL, "", WORD_NONE, 0, 0, "show meters", NULL, none,
     "avs-ctl meter list", cmd_meter_list},
    {"neighbor", "list", NULL, NULL, "", WORD_NONE, 0, 0, "show the underlay's neighbours",
     "State: static (of the configuration), incomplete (asked for), reachable, stale (has another "
     "MAC address than it had), probe (asked whether it is still there), failed (does not answer).",
     none, "avs-ctl neighbor list\navs-ctl neighbor list --json", cmd_neighbor_list},
    {"explain", NULL, NULL, NULL, "[PACKET...]", WORD_NONE, 0, MAX_WORDS,
     "say what would become of a packet, and why",
     "Stage by stage, by the code that packets go through, and without that anything changes: no "
     "counter, no session, no question to a neighbour. PACKET is PROTOCOL SOURCE > DESTINATION and "
     "words: tcp, udp and sctp have ports; icmp, icmp6, ip, arp have none. tcp takes fin syn rst "
     "psh "
     "ack urg (syn without any), seq, ackno, win, gso; icmp takes echo, reply, type, code, ident; "
     "ip "
     "takes proto; all take ttl, tos, len (of the IP packet), df, mf, id, frag (bytes in front), "
     "ipopts, vlan, src-mac, dst-mac. By an uplink in a tunnel: from HOST vni N. What is not "
     "said is as a well-behaved sender has it. With --json `stages` (`stage`, `verdict`, `why`, "
     "`reason`), `outcome` (delivered, answered, consumed, waits, dropped), `reason`, `by`, `to`, "
     "`frames`. Exit code 8: it would be dropped.",
     explain_options,
     "avs-ctl explain 'tcp 10.1.0.11:1234 > 10.1.0.12:80'\n"
     "avs-ctl explain --port red-a 'icmp 10.1.0.11 > 10.1.0.1 ttl 1'\n"
     "avs-ctl explain --port uplink 'udp 10.1.0.31:5 > 10.1.0.11:53 from 192.0.2.3 vni 100' "
     "--json\n"
     "avs-ctl explain --from-capture /tmp/red.pcapng --packet 4 --bytes",
     cmd_explain},
    {"capture", NULL, NULL, NULL, "[FILTER...]", WORD_NONE, 0, MAX_WORDS,
     "show packets on their way, at each point of it",
     "Points, in order: nic.rx, pre.out, ring.rx, fast or slow, ring.tx, post.in, nic.tx; and "
     "drop. "
     "The filter is tcpdump's, and looks into tunnels too. A packet that matches somewhere is "
     "followed from there on, whatever it is rewritten to. Without -w a line for each point; "
     "in a file each point is an interface, and each packet has a comment: its id, session, VPC, "
     "the time since the point before, and why it was dropped. Nothing is lost silently: what "
     "found "
     "no room in the buffer, or is over the rate, is counted. Ends with ^C.",
     capture_options,
     "avs-ctl capture host 10.0.0.5 and tcp port 80\n"
     "avs-ctl capture --vpc blue -w - | tshark -r -\n"
     "avs-ctl capture --drops --duration 10s\n"
     "avs-ctl capture --points nic.rx,nic.tx -c 100 -w /tmp/blue.pcapng icmp",
     cmd_capture},
    {"trace", NULL, NULL, NULL, "[FILTER...]", WORD_NONE, 0, MAX_WORDS,
     "group live packets by the path they take, with the time at each point",
     "Points and filter are those of capture. Packets that pass the same points between the same "
     "ports, or are dropped for the same reason, are one path: how many, and the least, median and "
     "largest time from each point to the next. With --json one object: `paths`, each with "
     "`packets`, `points` (`point`, `port`, `since`), `total`, and `reason` and `by` if dropped.",
     trace_options,
     "avs-ctl trace --vpc red\navs-ctl trace -c 1000 --duration 30s tcp port 80\n"
     "avs-ctl trace --port red-a --json",
     cmd_trace},
    {"workers", "list", NULL, NULL, "", WORD_NONE, 0, 0, "show the workers",
     "State: running, draining (nothing goes to it any more, it has something in its hands), "
     "stopped. "
     "reta: entries of the RETA that lead to it, of 256.",
     none, "avs-ctl workers list\navs-ctl workers list --json", cmd_workers_list},
    {"workers", "show", NULL, NULL, "WORKER", WORD_NONE, 1, 1,
     "show all counters of a worker and how full its tables are", NULL, none,
     "avs-ctl workers show 0", cmd_workers_show},
    {"workers", "set", NULL, NULL, "NUMBER", WORD_NONE, 1, 1, "change how many workers are running",
     "Under traffic: flows move with their sessions, in order and without loss. It is the option "
     "`workers` of the document, at most what `workers_max` was at start, and undone with it "
     "(`apply --confirm`).",
     workers_set_options, "avs-ctl workers set 2\navs-ctl workers set 4 --dry-run",
     cmd_workers_set},
    {"drops", NULL, NULL, NULL, "", WORD_NONE, 0, 0, "show dropped packets by port and reason",
     "With --watch also a rate. `docs/reference/drop-reasons.md` explains the reasons.",
     watch_options, "avs-ctl drops\navs-ctl drops --watch=5", cmd_drops},
    {"stats", NULL, NULL, NULL, "", WORD_NONE, 0, 0, "show counters",
     "`docs/reference/metrics.md` explains the numbers, `docs/reference/gauges.md` what stands "
     "under "
     "`nic`. `tables` is everything that can fill up.",
     watch_options, "avs-ctl stats\navs-ctl stats --json", cmd_stats},
    {"top", NULL, NULL, NULL, "", WORD_NONE, 0, 0, "watch ports, workers and tables",
     "Ports by rate; workers with what a packet costs and how busy they are; the tables with the "
     "least room left. The first round shows totals, the later ones rates a second. On a terminal "
     "it goes on until q or ^C.",
     watch_options, "avs-ctl top\navs-ctl top --watch=2 --count=10", cmd_top},
    {"latency", NULL, NULL, NULL, "[show|on|off|reset]", WORD_LATENCY, 0, 1,
     "show how long packets take, by stage; measure it or not",
     "Off at start: on, it costs a packet a seventh more instructions. Times are the NIC's, in "
     "microseconds; "
     "percentiles are at most 1/16 too large. "
     "`whole` is from reception until a port took it, of what was received and sent alone; "
     "docs/troubleshooting.md explains the stages and the picture. "
     "`on` begins, `off` ends and keeps the figures, `reset` has them begin anew.",
     latency_options,
     "avs-ctl latency on\navs-ctl latency\navs-ctl latency --workers\navs-ctl latency show --watch "
     "--json",
     cmd_latency},
    {"log", "level", NULL, NULL, "[MODULE=LEVEL...]", WORD_LOG, 0, 16,
     "show or set how much the daemon logs",
     "Levels: error, warn, info, debug. The module * is all of them.", none,
     "avs-ctl log level\navs-ctl log level control=debug", cmd_log},
    {"version", NULL, NULL, NULL, "", WORD_NONE, 0, 0, "show versions of avs-ctl and the daemon",
     NULL, none, "avs-ctl version", cmd_version},
    {"doctor", NULL, NULL, NULL, "", WORD_NONE, 0, 0,
     "check the machine and the daemon, with a remedy for each finding",
     "Memory, huge pages, devices; versions, rights, rings, links, tables, and whether every "
     "packet "
     "is accounted for. Exit code 1 when there is a problem; notes are none.",
     none, "avs-ctl doctor\navs-ctl doctor --json", cmd_doctor},
    {"schema", NULL, NULL, NULL, "[LIST]", WORD_COMMAND, 0, 1, "explain the configuration document",
     "Needs no daemon.", schema_options, "avs-ctl schema port\navs-ctl schema --markdown",
     cmd_schema},
    {"help", NULL, NULL, NULL, "[COMMAND...]", WORD_COMMAND, 0, 3, "explain a command", NULL,
     help_options, "avs-ctl help port add", cmd_help},
    {.object = NULL},
};
