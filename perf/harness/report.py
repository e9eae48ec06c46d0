# SPDX-License-Identifier: Apache-2.0
"""build/bench: every run as a line of runs.jsonl, summary.json, and report.html for a person, which needs no other file."""
import html
import json
import os

from . import machine as machines
from . import plot, table

STYLE = """
body{font:15px/1.5 system-ui,sans-serif;color:#222;max-width:1100px;margin:2em auto;padding:0 1em}
h1{font-size:1.6em}h2{font-size:1.2em;margin-top:2.2em;border-bottom:1px solid #ccc}
table{border-collapse:collapse;width:100%;margin:1em 0;font-size:14px}
th,td{padding:.3em .6em;border-bottom:1px solid #e3e3e3;text-align:left;vertical-align:top}
th{background:#f4f4f4}td.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}
.met{color:#1d7a3c;font-weight:600}.not{color:#b03a48;font-weight:600}.quiet{color:#777}svg{max-width:100%;height:auto}
p.note{color:#555;max-width:70em}
"""


class Store:
    """The directory of results. Records are written as they come, so that an interrupted run leaves what it measured."""

    def __init__(self, directory):
        self.directory = directory
        os.makedirs(directory, exist_ok=True)
        self.runs = open(self.path("runs.jsonl"), "w", encoding="utf-8")

    def path(self, name):
        return os.path.join(self.directory, name)

    def keep(self, record):
        self.runs.write(json.dumps(record) + "\n")
        self.runs.flush()

    def finish(self, result):
        self.runs.close()
        with open(self.path("summary.json"), "w", encoding="utf-8") as file:
            json.dump(result, file, indent=2)
            file.write("\n")
        with open(self.path("report.html"), "w", encoding="utf-8") as file:
            file.write(page(result))


def verdict_class(word):
    return "met" if word.startswith(("met", "ok", "better")) else "not" if word.startswith(("not met", "failed", "worse")) else "quiet"


def rows_table(rows):
    out = ["<table><tr>", *(f"<th>{html.escape(name)}</th>" for name in table.HEAD), "</tr>"]
    for row in rows:
        out.append("<tr>")
        for name, word in zip(table.HEAD, table.cells(row)):
            kind = ' class="n"' if name in table.RIGHT else f' class="{verdict_class(word)}"' if name == "verdict" else ""
            text = html.escape(word)
            if name == "benchmark":
                text = f'<a href="#{text}">{text}</a>'
            out.append(f"<td{kind}>{text}</td>")
        out.append("</tr>")
    return "".join(out) + "</table>"


def devices_table(summary):
    out = ["<table><tr><th>device</th><th>figure</th><th>median</th><th>min</th><th>max</th><th>runs</th>"
           "<th>share of core</th><th>steal</th></tr>"]
    for device in summary["devices"]:
        why = device.get("failed") or device.get("missing")
        if not device["figures"]:
            out.append(f"<tr><td>{html.escape(device['title'])}</td><td colspan=7 class=quiet>{html.escape(why or '')}</td></tr>")
        for key, value in device["figures"].items():
            share = f"{100 * device['share_of_core']:.0f} %" if "share_of_core" in device else ""
            words = [table.number(value[part]) for part in ("median", "min", "max")] + [str(value["n"]), share, f"{device['steal_ms']} ms"]
            out.append(f"<tr><td>{html.escape(device['title'])}</td><td>{html.escape(summary['figures'][key])}</td>"
                       + "".join(f'<td class="n">{word}</td>' for word in words) + "</tr>")
    return "".join(out) + "</table>"


def pictures(summary):
    """Bars of each figure; and the plots that a benchmark made itself."""
    out = []
    for key, unit in summary["figures"].items():
        entries = [(device["title"], device["figures"][key], index) for index, device in enumerate(summary["devices"])
                   if key in device["figures"]]
        if len(entries) > 1:
            out.append(plot.bars(f"{summary['name']}: {unit}", unit, entries))
    for each in summary.get("plots", []):
        out.append(plot.drawn(each))
    return "".join(f"<p>{svg}</p>" for svg in out)


def own_tables(summary):
    """Tables that a benchmark made itself."""
    out = []
    for each in summary.get("tables", []):
        head = "".join(f"<th>{html.escape(word)}</th>" for word in each["head"])
        rows = "".join("<tr>" + "".join(f"<td>{html.escape(table.word(cell))}</td>" for cell in row) + "</tr>" for row in each["rows"])
        out.append(f"<h3>{html.escape(each['title'])}</h3><table><tr>{head}</tr>{rows}</table>")
    return "".join(out)


def machine_table(machine):
    rows = "".join(f"<tr><td>{html.escape(key.replace('_', ' '))}</td><td>{html.escape(str(value))}</td></tr>"
                   for key, value in machine.items() if value not in (None, "", {}, []))
    return f"<table>{rows}</table>"


def page(result):
    rows = [row for summary in result["benchmarks"] for row in summary["rows"]]
    parts = [f"<!doctype html><html lang=en><meta charset=utf-8><title>Benchmark report</title><style>{STYLE}</style>",
             "<h1>Benchmark report</h1>",
             f"<p>{html.escape(machines.line(result['machine']))}<br>Runs of {result['seconds']:g} s, {result['rounds']} rounds in "
             f"turn on CPU {result['cpu']}; figures are medians with the range in brackets, ratios are of medians and above 1 where "
             f"ours is better. {html.escape(result['command'])}</p>",
             rows_table(rows)]
    for summary in result["benchmarks"]:
        parts.append(f'<h2 id="{html.escape(summary["name"])}">{html.escape(summary["name"])}</h2>'
                     f"<p>{html.escape(summary['title'])}</p>")
        if summary["notes"]:
            parts.append(f'<p class="note">{html.escape(summary["notes"])}</p>')
        parts += [own_tables(summary), pictures(summary), devices_table(summary)]
    parts += ["<h2>Machine</h2>", machine_table(result["machine"]), "</html>\n"]
    return "".join(parts)
