#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what `./run bench --full` measured into the tables of docs/performance.md.

    perf/run_page.py [SUMMARY.json]      default: build/bench/summary.json

A table stands between two comments with its name; one of which nothing was measured stays as it is.
"""
import os

from harness import machine, markdown, table
from harness.run import ROOT

PAGE = os.path.join(ROOT, "docs", "performance.md")
WIRE = ("tcp", "tcp-unpaced", "udp-small", "rtt", "crr", "crr-32", "http", "http-close")
SESSIONS = ("connections", "refresh", "capacity")
LOOKING_ON = ("observability", "observability-rate")
APART = ("paper-", "instructions-", "firmware-", *WIRE, *SESSIONS, *LOOKING_ON, "latency", "workers", "features", "vectors", "budget")


def in_rows(title, rows):
    return markdown.text({"title": title, "head": table.HEAD, "rows": [table.cells(row) for row in rows]})


def rows_of(found, *prefixes):
    return [row for name, each in found.items() if name.startswith(prefixes) for row in each["rows"]]


def of_device(device, figure, show):
    return show(device["figures"].get(figure))


def median(figure):
    return table.number(figure["median"]) if figure else ""


def by_device(title, summaries, show):
    """A line for each device, a column for each figure."""
    head = ["", *(unit for each in summaries for unit in each["figures"].values())]
    rows = []
    for number, device in enumerate(summaries[0]["devices"]):
        cells = [of_device(each["devices"][number], key, show) for each in summaries for key in each["figures"]]
        rows.append([device["title"], *cells])
    return markdown.text({"title": title, "head": head, "rows": rows})


def by_benchmark(title, summaries):
    """A line for each figure but tails, a column for each device."""
    columns = list(dict.fromkeys(device["title"] for each in summaries for device in each["devices"]))
    rows = []
    for each in summaries:
        for key, unit in each["figures"].items():
            if not key.startswith("p99"):
                cells = {device["title"]: of_device(device, key, median) for device in each["devices"]}
                rows.append([f"`{each['name']}`, {unit}", *(cells.get(column, "") for column in columns)])
    return markdown.text({"title": title, "head": ["", *columns], "rows": rows})


def run_line(result):
    about, took = result["machine"], result["took_s"]
    return (f"`{result['command']}`: {machine.line(about)}; {about['compiler']}, DPDK {about['dpdk']}, {about['ovs']}, commit {about['commit']}; "
            f"{took // 60:.0f} min {took % 60:.0f} s. Medians, with least and most of the rounds in brackets.")


def blocks(result):
    """Name of a table's block, and what stands in it; of those that can be made."""
    found = {each["name"]: each for each in result["benchmarks"]}
    rows = rows_of(found, "")
    yield "run", run_line(result)
    yield "aims", in_rows("Aims", [row for row in rows if any(aim.startswith("A-") for aim in row["aims"])])
    yield "rates", in_rows("Packets", [row for row in rows if not row["benchmark"].startswith(APART)])
    if all(name in found for name in WIRE):
        yield "wire", by_benchmark("Between two namespaces", [found[name] for name in WIRE])
    if sessions := rows_of(found, *SESSIONS):
        yield "sessions", in_rows("Sessions", sessions)
    if "features" in found:
        yield "features", by_device("Features", [found["features"]], median)
    if workers := rows_of(found, "workers", "instructions-workers"):
        yield "workers", in_rows("Two workers", workers)
    if "latency" in found:
        yield "latency", "\n\n".join(map(markdown.text, found["latency"]["tables"]))
    if all(name in found for name in LOOKING_ON):
        yield "looking-on", by_device("Looking on", [found[name] for name in LOOKING_ON], table.spread)


def main():
    result = markdown.summary()
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    for name, block in blocks(result):
        page = markdown.replaced(page, name, block)
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(page)


if __name__ == "__main__":
    main()
