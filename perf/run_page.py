#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the table of a whole `./run bench --full` as docs/performance/run.md: first what is held against an aim, then all of it.

    perf/run_page.py [SUMMARY.json]      default: build/bench/summary.json
"""
import json
import os
import sys

from harness import machine, markdown, table
from harness.run import ROOT

PAGE = os.path.join(ROOT, "docs", "performance", "run.md")

HEAD = """<!-- SPDX-License-Identifier: Apache-2.0 -->
# A full run

What one `{command}` measured, as it ended; made by `perf/run_page.py`, which nobody edits. What the benchmarks are, how to read
their figures, and what stands behind the aims: [performance](../performance.md). Of the paper's benchmarks the tables are on
[a page of their own](paper.md).

{where}; {compiler}, DPDK {dpdk}, {ovs}; commit {commit}; {minutes:.0f} min {seconds:02.0f} s. Median, with least and most of the rounds in brackets.
"""


def rows_as(title, rows):
    return markdown.text({"title": title, "head": list(table.HEAD), "rows": [table.cells(row) for row in rows]})


def page(result):
    rows = [row for summary in result["benchmarks"] for row in summary["rows"]]
    about = result["machine"]
    head = HEAD.format(command=result["command"], where=machine.line(about), compiler=about["compiler"], dpdk=about["dpdk"],
                       ovs=about["ovs"], commit=about["commit"], minutes=result["took_s"] // 60, seconds=result["took_s"] % 60)
    own = [markdown.text(each) for summary in result["benchmarks"] if not summary["name"].startswith("paper-")
           for each in summary["tables"]]
    return "\n\n".join([head.rstrip(), rows_as("Aims", [row for row in rows if any(aim.startswith("A-") for aim in row["aims"])]),
                        rows_as("All", rows), *own]) + "\n"


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build", "bench", "summary.json")
    with open(path, encoding="utf-8") as file:
        result = json.load(file)
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(page(result))


if __name__ == "__main__":
    main()
