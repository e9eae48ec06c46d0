# SPDX-License-Identifier: Apache-2.0
"""perf/baseline.json: what is the same in every run, and by how much it may be worse. `./run bench --baseline` writes it anew."""
import json
import os

from .run import PERF

PATH = os.path.join(PERF, "baseline.json")
TOLERANCE = 0.02  # layouts, library versions, and what is done by the clock while valgrind is slow


def load(path=PATH):
    try:
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def stable(summaries):
    """Name and value of every stable figure that was measured, of every device of ours."""
    return {f"{summary['name']}.{device['name']}.{key}" if device["name"] != "ours" else f"{summary['name']}.{key}":
            (device["figures"][key]["median"], summary["better"][key])
            for summary in summaries for device in summary["devices"] for key in summary["stable"]
            if key in device["figures"]}


def compare(figures, baseline, tolerance=TOLERANCE):
    """For each figure: (value, what it was, word); the word is ok, better, worse or new."""
    result = {}
    for name, (value, better) in figures.items():
        was = baseline.get(name)
        if was is None:
            result[name] = (value, None, "new")
            continue
        change = (value - was) * (1 if better == "lower" else -1)
        margin = abs(was) * tolerance
        result[name] = (value, was, "worse" if change > margin else "better" if change < -margin else "ok")
    return result


def update(figures, path=PATH):
    """Writes the measured figures; what was not measured now stays as it is."""
    known = load(path)
    known.update({name: round(value, 3) for name, (value, _) in figures.items()})
    with open(path, "w", encoding="utf-8") as file:
        json.dump(dict(sorted(known.items())), file, indent=2)
        file.write("\n")
    return known
