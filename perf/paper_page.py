#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what `./run bench --full 'paper-*'` measured into docs/performance/paper.md, with its plots.

    perf/paper_page.py [SUMMARY.json]      default: build/bench/summary.json

A section stands between two comments with the benchmark's name, and is replaced; those of benchmarks that were not run stay.
"""
import os
import re

from harness import catalogue, machine, markdown, plot
from harness.run import ROOT

PAGE = os.path.join(ROOT, "docs", "performance", "paper.md")
WIDTH = 120
ORDER = ("t2", "t8", "t9", "t10", "t11", "t12", "t14", "table1", "table3")  # of the sections


def wrapped(text):
    """A paragraph in lines."""
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > WIDTH:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}".strip()
    return "\n".join([*lines, line])


def pictures(summary):
    """Written beside the page; as Markdown."""
    out = []
    for number, each in enumerate(summary["plots"], 1):
        name = f"{summary['name']}-{number}.svg"
        os.makedirs(os.path.join(os.path.dirname(PAGE), "images"), exist_ok=True)
        with open(os.path.join(os.path.dirname(PAGE), "images", name), "w", encoding="utf-8") as file:
            file.write(plot.file_text(plot.drawn(each)))
        out.append(f"![{each['title']}](images/{name})")
    return out


def section(summary, result):
    notes = catalogue.load()[summary["name"]].notes  # as they stand now
    parts = [f"## {summary['title'][0].upper()}{summary['title'][1:]}", *map(markdown.text, summary["tables"]), *pictures(summary),
             wrapped(notes),
             f"`{result['command']}`: {machine.line(result['machine'])}."]
    return "\n\n".join(parts)


def ordered(page):
    """The sections in the paper's order, behind what was written by hand."""
    blocks = dict(re.findall(r"(?s)<!-- paper-(\w+) -->\n(.*?)\n<!-- /paper-\1 -->", page))
    head = page[:page.index("<!-- paper-")].rstrip() if blocks else page.rstrip()
    names = sorted(blocks, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER))
    return "\n\n".join([head, *(f"<!-- paper-{name} -->\n{blocks[name]}\n<!-- /paper-{name} -->" for name in names)]) + "\n"


def main():
    result = markdown.summary()
    with open(PAGE, encoding="utf-8") as file:
        page = file.read()
    for summary in result["benchmarks"]:
        if summary["name"].startswith("paper-") and summary["tables"]:
            page = markdown.replaced(page, summary["name"], section(summary, result))
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(ordered(page))


if __name__ == "__main__":
    main()
