# SPDX-License-Identifier: Apache-2.0
"""From the records of the runs to rows: figure, ours, peer, ratio, aim, verdict."""
import statistics

from . import stats

OURS = "ours"


def of_device(benchmark, device, records):
    """A device's figures over its runs, and why there are none."""
    mine = [record for record in records if record["device"] == device.name]
    results = [record["result"] for record in mine if "result" in record and "failed" not in record]
    entry = {"name": device.name, "title": device.title, "runs": len(mine), "figures": {}, "ours": not device.peer,
             "steal_ms": sum(record["steal_ms"] for record in mine)}
    for figure in benchmark.figures:
        found = stats.summary([figure.of(result) for result in results])
        if found:
            entry["figures"][figure.key] = found
    shares = [result["cpu_seconds"] / result["seconds"] for result in results
              if result.get("cpu_seconds") and result.get("seconds")]
    if shares:
        entry["share_of_core"] = statistics.median(shares)
    for kind in ("failed", "missing"):
        why = next((record[kind] for record in mine if kind in record), None)
        if why is not None:
            entry[kind] = why
    return entry


def holds(aim, figure, ours, compared):
    """Whether an aim is reached; None: nothing to say."""
    if ours is None:
        return None
    if aim.ratio is not None:
        return None if compared is None else compared >= aim.ratio
    return ours["median"] >= aim.least if aim.least is not None else ours["median"] <= aim.most


def why_not(entry):
    """Why a device has no figure."""
    if "failed" in entry:
        return f"failed: {entry['failed']}"
    return f"missing: {entry['missing']}" if "missing" in entry else "missing: not measured"


def verdict(aims, figure, ours, compared):
    """One word on all aims of a row; none when one of them could not be judged and none is missed."""
    judged = [holds(aim, figure, ours, compared) for aim in aims]
    if any(one is False for one in judged):
        return "not met"
    return "met" if judged and all(judged) else ""


def rows_of(benchmark, figure, entries):
    """A row for each peer; without peers, one. Aims without a peer stand in the first row."""
    ours = entries[0]
    mine = ours["figures"].get(figure.key)
    rows = []
    peers = entries[1:] or [None]
    for number, peer in enumerate(peers):
        theirs = peer["figures"].get(figure.key) if peer else None
        if number > 0 and theirs is None and peer["figures"]:
            continue  # it was measured, and has no such figure
        compared = stats.ratio(mine, theirs, figure.better)
        aims = [aim for aim in figure.aims
                if (aim.peer is None and number == 0) or (peer is not None and aim.peer == peer["name"])]
        row = {"benchmark": benchmark.name, "figure": figure.key, "unit": figure.unit, "ours": mine,
               "peer": peer["name"] if peer else None, "peer_title": peer["title"] if peer else None,
               "theirs": theirs, "ratio": compared, "aims": [aim.text() for aim in aims],
               "verdict": verdict(aims, figure, mine, compared)}
        if mine is None or "failed" in ours:
            row["verdict"] = why_not(ours)
        elif peer is not None and (theirs is None or "failed" in peer):
            why = why_not(peer)
            row["verdict"] = f"{row['verdict']}; {why}" if row["verdict"] else why
        rows.append(row)
    return rows


def summarise(benchmark, devices, records):
    """A benchmark's devices and rows."""
    entries = [of_device(benchmark, device, records) for device in devices]
    rows = [row for figure in benchmark.figures for row in rows_of(benchmark, figure, entries)]
    last = {record["device"]: record["result"] for record in records if "result" in record and "failed" not in record}
    plots = [each for result in last.values() for each in result.get("plots", [])]
    tables = [each for result in last.values() for each in result.get("tables", [])]
    return {"name": benchmark.name, "title": benchmark.title, "notes": benchmark.notes, "devices": entries, "rows": rows, "plots": plots,
            "tables": tables,
            "figures": {figure.key: figure.unit for figure in benchmark.figures},
            "better": {figure.key: figure.better for figure in benchmark.figures},
            "stable": [figure.key for figure in benchmark.figures if figure.stable]}
