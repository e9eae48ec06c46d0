# SPDX-License-Identifier: Apache-2.0
"""Pages of the documentation whose tables are made: a table, and what stands between the two comments of a block's name."""
import json
import os
import re
import sys

from . import table
from .run import ROOT


def summary():
    """Of the run whose summary.json the first argument names, or else of the last one."""
    path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build", "bench", "summary.json")
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def text(each):
    """A table {"title", "head", "rows"} as Markdown."""
    def line(cells):
        return "| " + " | ".join(table.word(cell).replace("|", "\\|") for cell in cells) + " |"

    return "\n".join([f"**{each['title']}**", "", line(each["head"]), line(["---"] * len(each["head"])), *map(line, each["rows"])])


def replaced(page, name, block):
    """The page with another block of that name; at its end where it had none."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    block = f"{begin}\n{block}\n{end}"
    if begin in page:
        return re.sub(f"{re.escape(begin)}.*?{re.escape(end)}", lambda match: block, page, flags=re.S)
    return f"{page.rstrip()}\n\n{block}\n"
