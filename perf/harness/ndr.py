# SPDX-License-Identifier: Apache-2.0
"""NDR and PDR of a benchmark's devices, as figures and as a plot of the trials."""
import math
import subprocess

from . import search
from .benchmark import Failed, Missing

MOST = 3e7  # packets a second: no generator here makes more
SECONDS = {True: 0.5, False: 0.2}  # a trial's, in a full run and in others


def of_device(device, run):
    """A record's part: the goals' rates in Mpps, and the loss at each rate that was tried."""
    try:
        with device.tester(run) as trial:
            looked = search.Search(lambda rate: trial(rate, SECONDS[run.full]), 1e4, MOST)
            found = looked.run()
    except Missing as error:
        return {"missing": str(error)}
    except (Failed, ArithmeticError, LookupError, OSError, ValueError, subprocess.SubprocessError) as error:
        return {"failed": f"{type(error).__name__}: {error}"}
    loss = sorted((rate, sorted(trial.loss for trial in some)[len(some) // 2]) for rate, some in looked.at.items())
    return {"device": device.name, "title": device.title, "trials": looked.trials(),
            "goals": {one.goal.name: {"rate": one.rate / 1e6, "complete": one.complete, "throughput": one.throughput / 1e6,
                                      "upper": None if math.isinf(one.upper) else one.upper / 1e6} for one in found},
            "loss": [[rate / 1e6, part] for rate, part in loss]}


def add(summary, device, record):
    """Rows of the table, and the plot. A search that failed is a failed device."""
    if "failed" in record:
        for each in summary["devices"]:
            if each["name"] == device.name:
                each.setdefault("failed", record["failed"])
    for goal in search.NDR, search.PDR:
        found = record.get("goals", {}).get(goal.name)
        why = "; ".join(f"{kind}: {record[kind]}" for kind in ("failed", "missing") if kind in record)
        value = found and {"median": found["rate"], "min": found["rate"], "max": found["rate"], "n": 1}
        summary["rows"].append({
            "benchmark": summary["name"], "figure": goal.name, "unit": f"Mpps, {goal.name}", "ours": value, "peer": None,
            "peer_title": None, "theirs": None, "ratio": None, "aims": [],
            "verdict": why or ("" if found["complete"] else "search ended early")})
    if "loss" in record:
        summary["plots"].append({"title": f"{summary['name']}, {device.title}: median loss of the trials at each rate",
                                 "x": "Mpps offered", "y": "% lost",
                                 "series": [[device.title, [[x, 100 * y] for x, y in record["loss"]]]]})
    summary.setdefault("searches", []).append(record)
