# SPDX-License-Identifier: Apache-2.0
"""The paper's table 3: what tools for operation there are, from the commands of the product that is built."""
import os
import re

from harness.benchmark import Benchmark, Device, Failed, Figure
from harness.run import ROOT

# Need, what the paper says of (Triton, Sep-path's hardware path), commands that must be there, and what they do.
TOOLS = (
    ("packet capture", "at every key point", "software path alone", ("capture",), "points: {points}"),
    ("the path of a packet", "", "", ("explain", "trace"), "explain walks the same code for any packet; trace groups live ones"),
    ("traffic statistics", "finer", "counters of the hardware", ("stats", "top", "drops", "session list"),
     "by port, stage, session and drop reason; {metrics} metrics"),
    ("drop reasons", "", "registers, read by hand", ("drops",), "{drops} reasons, each with a counter"),
    ("flow state", "one, in software", "two, to be kept alike", ("session show", "session flush"), "the session is all the state there is"),
    ("change while it runs", "dynamic replacement of code", "new hardware image", ("apply", "log level", "workers set"),
     "configuration, rules, workers, log levels"),
    ("rules to the hardware", "", "", ("flow create", "flow query", "meter create"), "rte_flow's vocabulary"),
    ("fault finding", "", "", ("doctor",), "what the machine lacks, with remedies"),
)


def known(run):
    """Commands of avs-ctl that is built, and what it says of capture."""
    page = run.text(run.program("avs-ctl"), "help", "--markdown")
    points = re.search(r"Points, in order: ([^.]*(?:\.[a-z]+[^.]*)*)\.", page)
    return set(re.findall(r"^## avs-ctl (.+)$", page, re.M)), points.group(1) if points else ""


def counts(run):
    """Metrics and drop reasons, as the programs that make the pages print them."""
    metrics = run.text(run.program("metrics-doc"))
    with open(os.path.join(ROOT, "docs", "reference", "drop-reasons.md"), encoding="utf-8") as file:
        drops = len(re.findall(r"^\| `", file.read(), re.M))
    return len(re.findall(r"^\| `?avs_", metrics, re.M)), drops


def measure(run):
    commands, points = known(run)
    metrics, drops = counts(run)
    rows = []
    for need, triton, sep, wanted, text in TOOLS:
        missing = [name for name in wanted if name not in commands]
        if missing:
            raise Failed(f"avs-ctl has no {', '.join(missing)}")
        rows.append((need, triton, sep, ", ".join(wanted), text.format(points=points, metrics=metrics, drops=drops)))
    rows.append(("failover of a link", "", "", "configuration: several uplinks", "next hops by rendezvous hashing; those without a link take no flows"))
    rows.append(("replacing code of a running process", "yes", "no", "none", "not built, nor is live upgrade"))
    return {"ok": True, "commands": len(commands), "points": len(points.replace(" or ", ", ").split(",")) if points else 0,
            "tables": [{"title": "Tools for operation", "head": ("need", "paper: Triton", "paper: Sep-path", "avs-ctl", "what it gives"),
                        "rows": rows}]}


BENCHMARKS = [Benchmark(
    "paper-table3", "the paper's table 3: tools for operation", devices=[Device("ours", "ours", measure, peer=False)],
    figures=[Figure("commands", "commands of avs-ctl"), Figure("points", "points of capture")], quick=False, rounds=1,
    notes="Commands are those that the built avs-ctl says it has: one that goes fails this benchmark. The paper's columns are what its text "
          "says of table 3 (sections 2.3 and 7.1). What it can do that ours cannot is in the last row.")]
