#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A strict reader of Prometheus' text format 0.0.4, and what our metrics must say beside avs-ctl.

usage: prometheus_text.py METRICS STATS DROPS VERSION    files: the page, and avs-ctl --json stats, drops, version

The format is read as prometheus.io/docs/instrumenting/exposition_formats has it, names and suffixes as OpenMetrics 1.0
wants them. The numbers are compared with the JSON by rules of our own, not by the daemon's table. Exit code 1 and a line
for each thing that is wrong.
"""
import json
import re
import sys

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
VALUE = re.compile(r"[+-]?(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|Inf|NaN)")
TYPES = {"counter", "gauge", "histogram", "summary", "untyped"}
INTO = ("rx", "originated", "copies", "segments_added")  # terms of the conservation equation's left side
RESERVED = ("_total", "_created", "_count", "_sum", "_bucket")


class Bad(Exception):
    pass


class Family:
    def __init__(self, name):
        self.name, self.help, self.type, self.samples = name, None, None, []

    def suffixes(self):
        return ("_bucket", "_sum", "_count") if self.type == "histogram" else ("",)

    def value(self, **labels):
        """The one sample with exactly these labels."""
        found = [s[2] for s in self.samples if s[0] == self.name and s[1] == {k: str(v) for k, v in labels.items()}]
        if len(found) != 1:
            raise Bad(f"{self.name}{labels}: {len(found)} samples")
        return found[0]


def read_labels(line, at):
    """Labels from the opening brace on; them, and the place behind the closing one."""
    labels = {}
    while True:
        at += 1
        name = LABEL.match(line, at)
        if not name or name.group().startswith("__") or name.group() in labels:
            raise Bad(f"label at {at}: {line}")
        at = name.end()
        if line[at : at + 2] != '="':
            raise Bad(f"no value at {at}: {line}")
        at += 2
        value = ""
        while line[at] != '"':
            if line[at] == "\\":
                at += 1
                if line[at] not in '\\"n':
                    raise Bad(f"escape at {at}: {line}")
                value += "\n" if line[at] == "n" else line[at]
            else:
                value += line[at]
            at += 1
        labels[name.group()] = value
        at += 1
        if line[at] == "}":
            return labels, at + 1
        if line[at] != ",":
            raise Bad(f"neither comma nor brace at {at}: {line}")


def read_sample(line):
    name = NAME.match(line)
    if not name:
        raise Bad(f"no name: {line}")
    labels, at = {}, name.end()
    if line[at] == "{":
        labels, at = read_labels(line, at)
    if line[at] != " " or not VALUE.fullmatch(line[at + 1 :]):
        raise Bad(f"no value: {line}")
    return name.group(), labels, float(line[at + 1 :])


def read_comment(line, families):
    """HELP opens a family, TYPE follows at once; both once a family."""
    word = line.split(" ", 3)
    if len(word) < 4 or word[1] not in ("HELP", "TYPE") or not NAME.fullmatch(word[2]):
        raise Bad(f"comment: {line}")
    if word[1] == "HELP":
        if word[2] in families:
            raise Bad(f"a second family {word[2]}")
        if re.search(r"\\[^\\n]|\\$", word[3]):
            raise Bad(f"escape in help: {line}")
        families[word[2]] = Family(word[2])
        families[word[2]].help = word[3]
        return families[word[2]]
    last = next(reversed(families.values()), None)
    if last is None or last.name != word[2] or last.type or last.samples or word[3] not in TYPES:
        raise Bad(f"type out of place: {line}")
    last.type = word[3]
    return last


def parse(text):
    """Families by name."""
    families, current, seen = {}, None, set()
    if not text.endswith("\n"):
        raise Bad("the last line does not end")
    for line in text[:-1].split("\n"):
        if line.startswith("#"):
            current = read_comment(line, families)
            continue
        name, labels, value = read_sample(line)
        if current is None or current.type is None or name not in [current.name + s for s in current.suffixes()]:
            raise Bad(f"sample outside of its family: {line}")
        key = (name, tuple(sorted(labels.items())))
        if key in seen:
            raise Bad(f"a second sample: {line}")
        seen.add(key)
        current.samples.append((name, labels, value))
    return families


def check_names(families):
    """What OpenMetrics adds: _total for counters and for nothing else, no name that another family's suffix makes."""
    for family in families.values():
        if not family.help or family.type is None:
            raise Bad(f"{family.name}: no help or type")
        if (family.type == "counter") != family.name.endswith("_total"):
            raise Bad(f"{family.name} is a {family.type}")
        if family.name.endswith(RESERVED[1:]):
            raise Bad(f"{family.name}: reserved suffix")
        if family.type == "counter" and any(value < 0 for _, _, value in family.samples):
            raise Bad(f"{family.name} is below zero")
        bare = family.name.removesuffix("_total")
        made = {bare + s for s in RESERVED} | ({bare} if bare != family.name else set())
        if family.type in ("counter", "histogram") and made & (families.keys() - {family.name}):
            raise Bad(f"{family.name} clashes with {made & families.keys()}")


def check_histograms(family):
    """One for each set of labels."""
    sets = {tuple(sorted((k, v) for k, v in labels.items() if k != "le")) for _, labels, _ in family.samples}
    for labels in sets:
        one = Family(family.name)
        one.samples = [s for s in family.samples if set(labels) <= set(s[1].items())]
        check_histogram(one)


def check_histogram(family):
    bounds = [(float(labels["le"]), value) for name, labels, value in family.samples if name.endswith("_bucket")]
    count = [value for name, _, value in family.samples if name.endswith("_count")]
    if bounds != sorted(bounds) or [v for _, v in bounds] != sorted(v for _, v in bounds):
        raise Bad(f"{family.name}: buckets go down")
    if bounds[-1][0] != float("inf") or [bounds[-1][1]] != count:
        raise Bad(f"{family.name}: the last bucket is not the count")


def expected(stats, drops, version):
    """(name, labels, value) of every sample but those that time alone moves."""
    out = [("avs_build_info", {k: version[k] for k in ("version", "abi", "dpdk", "nic")}, 1)]

    def add(name, value, **labels):
        if value is not None:
            out.append((name, labels, value))

    for p in stats["ports"]:
        port = p["name"]
        add("avs_port_info", 1, port=port, index=p["index"], role=p["role"])
        for what in ("rx_packets", "rx_bytes", "tx_packets", "tx_bytes"):
            add(f"avs_port_{what}_total", p[what], port=port)
        for stage, terms in p["stages"].items():
            for term, value in terms.items():
                if term == "held":
                    add("avs_port_held_packets" if stage == "pre" else "avs_port_held_in_firmware_packets", value, port=port)
                    continue
                into = term in INTO or (stage, term) == ("pre", "returned")
                add("avs_port_stage_packets_total", value, port=port, stage=stage, term=term, side="in" if into else "out")
        add("avs_port_in_flight_packets", p["conservation"]["in_flight"], port=port)
        add("avs_port_conservation_ok", int(p["conservation"]["ok"]), port=port)
        add("avs_port_slots_used", p["slots_used"], port=port)
        add("avs_port_slots_high_water", p["slots_high"], port=port)
        add("avs_port_credit_packets", p["credit"], port=port)
        add("avs_port_rx_held_total", p["rx_held"], port=port)
        add("avs_port_net_drops_total", p.get("net_drops"), port=port)
        add("avs_port_cells_used", p.get("cells_used"), port=port)
        add("avs_port_cells_high_water", p.get("cells_high"), port=port)
        add("avs_port_not_sliced_total", p.get("not_sliced"), port=port)
        add("avs_port_queue_stops_total", p.get("queue_stops"), port=port)
        for what in ("sessions", "sessions_charged", "session_quota", "session_quota_used"):
            add(f"avs_port_{what}", p.get(what), port=port)
    for d in drops:
        add("avs_port_drops_total", d["packets"], port=d["port"], reason=d["reason"], stage=d["stage"])
    total = stats["conservation"]
    for term in (*INTO, "tx", "consumed", "merged", "drops"):
        side = "in" if term in INTO else "out"
        add("avs_conservation_packets_total", total[term], term=term, side=side)
    add("avs_conservation_in_flight_packets", total["in_flight"])
    add("avs_conservation_ok", int(total["ok"]))
    for key, value in stats["sessions"].items():
        kind = re.fullmatch(r"(ended|refused|not_adopted)_(.*)", key)
        if kind:
            add(f"avs_sessions_{kind[1]}_total", value, why=kind[2])
        else:
            add(f"avs_sessions_{key}" + ("_total" if key in ("created", "adopted") else ""), value)
    plain = {"packets": "packets", "vectors": "vectors", "bursts": "bursts", "stale_flow_id": "stale_flow_ids",
             "revalidated": "revalidations", "bad_entry": "bad_entries", "handed_in": "handed_in", "handed_out": "handed_out", "fit_inserts": "flow_index_inserts",
             "fit_deletes": "flow_index_deletes", "icmp_errors": "icmp_errors",
             "icmp_limited": "icmp_limited", "busy_cycles": "busy_cycles"}
    for w in stats["workers"]:
        for key, name in plain.items():
            add(f"avs_worker_{name}_total", w[key], worker=w["worker"])
        for how, key in (("flow_id", "hits_flow_id"), ("table", "hits_table"), ("slow_path", "slow")):
            add("avs_worker_matches_total", w[key], worker=w["worker"], how=how)
        add("avs_worker_busy_seconds_total", w["busy_ns"] / 1e9, worker=w["worker"])
        add("avs_worker_reta_entries", w["reta_entries"], worker=w["worker"])
        add("avs_worker_sessions", w["sessions"], worker=w["worker"])
        add("avs_worker_ring_corrupt", int(w["corrupt_ring"]), worker=w["worker"])
    for t in stats["tables"]:
        labels = {k: t[k] for k in ("table", "worker") if k in t}
        for what in ("used", "high_water", "capacity"):
            add(f"avs_table_{what}", t.get(what), **labels)
    for pool in stats["snat"]:
        add("avs_snat_sessions", pool["bindings"], pool=pool["name"])
        add("avs_snat_tries_total", pool["tries"], pool=pool["name"])
        add("avs_snat_failures_total", pool["failures"], pool=pool["name"])
    add("avs_neighbor_changes_total", stats["neighbors"]["changes"])
    add("avs_neighbor_refused_total", stats["neighbors"]["refused_full"])
    return out


def compare_nic(families, nic):
    vectors = {int(k[8:]): v for k, v in nic.items() if k.startswith("vectors_")}
    histogram = families["avs_nic_vector_packets"]
    check_histogram(histogram)
    want = {("_bucket", str(n)): sum(v for k, v in vectors.items() if k <= n) for n in vectors}
    want |= {("_bucket", "+Inf"): sum(vectors.values()), ("_count", None): sum(vectors.values()),
             ("_sum", None): sum(k * v for k, v in vectors.items())}
    got = {(name[len(histogram.name) :], labels.get("le")): value for name, labels, value in histogram.samples}
    if got != want:
        raise Bad(f"vectors by length: {got}, not {want}")
    for name, value in nic.items():
        if name.startswith("vectors_"):
            continue
        both = [families[n] for n in (f"avs_nic_{name}", f"avs_nic_{name}_total") if n in families]
        if len(both) != 1 or both[0].value() != value:
            raise Bad(f"gauge {name}: {[f.value() for f in both]}, not {value}")


def compare(families, stats, drops, version):
    """Every number of the JSON is a sample, and every sample a number of the JSON."""
    apart = {"avs_uptime_seconds", "avs_drops_total", "avs_latency_seconds"}
    known = set(apart)
    for name, labels, value in expected(stats, drops, version):
        known.add(name)
        if name not in families or families[name].value(**labels) != value:
            raise Bad(f"{name}{labels} is not {value}")
    for family in families.values():
        wanted = sum(1 for name, _, _ in expected(stats, drops, version) if name == family.name)
        if family.name in known - apart and wanted != len(family.samples):
            raise Bad(f"{family.name} has {len(family.samples)} samples, not {wanted}")
        if family.name not in known and not family.name.startswith("avs_nic_") and family.samples:
            raise Bad(f"nobody expected {family.name}")
    sums = {}
    for d in drops:
        key = (d["reason"], d["stage"])
        sums[key] = sums.get(key, 0) + d["packets"]
    for _, labels, value in families["avs_drops_total"].samples:
        if value != sums.get((labels["reason"], labels["stage"]), 0):
            raise Bad(f"avs_drops_total{labels} is {value}")
    compare_nic(families, stats["nic"])
    if "avs_latency_seconds" in families:
        check_histograms(families["avs_latency_seconds"])


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    page = open(sys.argv[1], encoding="utf-8", newline="").read()
    stats, drops, version = (json.load(open(path, encoding="utf-8")) for path in sys.argv[2:])
    try:
        families = parse(page)
        check_names(families)
        compare(families, stats, drops, version)
    except (Bad, IndexError, KeyError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
    print(f"{len(families)} families, {sum(len(f.samples) for f in families.values())} samples")


if __name__ == "__main__":
    main()
