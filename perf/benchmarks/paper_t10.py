# SPDX-License-Identifier: Apache-2.0
"""The paper's figure 10: packets a second while all routes are refreshed under 2 M connections."""
from harness.benchmark import Benchmark, Device, Figure, Missing
from models import measured, sep_path
from models.calibration import PAPER, sensitivity

FLOWS, AT, SECONDS = 2e6, 17, 100
VARIATIONS = {"insert_rate": (16.7e3, 66.7e3), "insert_cost": (45.0, 180.0), "slow_cost": (2.5, 10.0), "sw_pps_core": (1.0e6, 2.25e6),
              "hw_flows": (1e6,)}


def simulate(cal):
    series = sep_path.refresh(cal, sep_path.Traffic(FLOWS, cal.hw_pps), AT, SECONDS)
    return series, sep_path.dip(series, AT)


def percent_of(series):
    """Of the rate before, over time."""
    before = next(hardware + software for t, hardware, software in series if t < AT)
    return [[t, 100 * (hardware + software) / before] for t, hardware, software in series]


def cells(found):
    return (f"-{100 * found['drop']:.0f} %", f"{found['seconds']:.0f}", f"{found['lost']:.1f}")


def refreshed(run):
    """Ours: packets over CPU time of one core while the route of all sessions changes; None where it cannot be measured."""
    try:
        program = run.program("avs-bench-sessions")
    except Missing:
        return None
    runs = [measured.checked(run.json(program, "--case", "refresh", "--sessions", int(FLOWS), "--cpu", run.cpu, timeout=300))
            for _ in range(3 if run.full else 1)]
    return sorted(runs, key=lambda each: each["lost_seconds"])[len(runs) // 2]


def measured_rows(live):
    if live is None:
        return [("ours, one core: not measured here (avs-bench-sessions is not built)", "", "", "")]
    least = min(percent for t, percent in smooth(live) if t >= AT)
    return [("ours, one core: deepest tenth of a second", "-25 %", f"{least - 100:+.0f} %", measured.MEASURED),
            ("ours, one core: seconds until all sessions follow", "seconds", f"{live['settled_seconds']:.2f}", measured.MEASURED),
            ("ours, one core: lost, seconds of throughput", "", f"{live['lost_seconds']:.2f}", measured.MEASURED)]


def smooth(live, bins=10):
    """Per cent of the rate before, in tenths of a second, with the change at AT."""
    series, usual = live["series"], live["pps_core"]
    points = [[AT + series[at][0], 100 * sum(rate for _, rate in series[at:at + bins]) / bins / usual]
              for at in range(0, len(series) - bins + 1, bins)]
    return [point for point in points if point[0] >= 0]


def measure(run):
    live = refreshed(run)
    series, sep = simulate(PAPER)
    triton = sep_path.triton_refresh(PAPER, 2.25e6, sep_path.Traffic(FLOWS, 18e6), AT, SECONDS)
    ours = sep_path.dip(triton, AT)
    rows = [("Sep-path: drop, two seconds after", "-75 %", f"-{100 * sep['drop']:.0f} %", measured.MODELLED),
            ("Sep-path: seconds under 90 %", "about 60", f"{sep['seconds']:.0f}", measured.MODELLED),
            ("Sep-path: lost, seconds of throughput", "", f"{sep['lost']:.1f}", measured.MODELLED),
            ("Triton without a cache, same model: lost, seconds of throughput", "-25 % for seconds", f"{ours['lost']:.2f}", measured.MODELLED),
            *measured_rows(live)]
    lines = [["Sep-path, model", percent_of(series)], ["no cache, model", percent_of(triton)]]
    near = [[name, [point for point in line if AT - 2 <= point[0] <= AT + 8]] for name, line in lines]
    if live is not None:
        near.append(["ours, measured", [point for point in smooth(live) if point[0] <= AT + 8]])
    sense = [(name, value or "", *cells(each)) for name, value, each in
             sensitivity(PAPER, VARIATIONS, lambda cal: simulate(cal)[1])]
    return {"ok": True, "sep_lost": sep["lost"], "triton_lost": ours["lost"], "ours_lost": live["lost_seconds"] if live else None,
            "tables": [{"title": "Route refresh under 2 M connections", "head": measured.HEAD, "rows": rows},
                       {"title": "What hangs on the calibration of Sep-path",
                        "head": ("changed", "to", "drop", "seconds under 90 %", "lost, seconds"), "rows": sense}],
            "plots": [{"title": "Routes refreshed at 17 s, 2 M connections", "x": "s", "y": "% of the rate before",
                       "series": [*lines, *([["ours, measured", smooth(live)]] if live else [])]},
                      {"title": "The same, the first seconds behind it", "x": "s behind the refresh", "y": "% of the rate before",
                       "series": [[name, [[max(t - AT, 0), y] for t, y in line if t >= AT]] for name, line in near]}]}


BENCHMARKS = [Benchmark(
    "paper-t10", "the paper's figure 10: route refresh under 2 M connections", devices=[Device("ours", "ours", measure, peer=False)],
    figures=[Figure("ours_lost", "s of throughput lost, ours", better="lower"),
             Figure("sep_lost", "s of throughput lost, Sep-path modelled", better="lower"),
             Figure("triton_lost", "s of throughput lost, no cache, modelled", better="lower")], quick=False, rounds=1,
    notes="Sep-path is a simulation in steps of 0.1 s (perf/models/sep_path.py): all of its cache becomes invalid, software walks the policy "
          "for each flow once and re-inserts 33 K flows a second, which costs it cores (fitted so that the dip is the paper's 75 %). Its way "
          "back is a straight line, for the traffic is the same for all flows; the paper's curve is not given in numbers. The curve "
          "without a cache is the same model with nothing but cores: it walks the policy as fast as packets ask for it, where the paper's "
          "switch spreads the walks over time. Ours is measured on one core with the NIC's model on it, in CPU time; the configuration is "
          "applied by another core in avsd. What is lost is said in seconds of the throughput before, so that cores and rates do not matter; "
          "with eight cores each has an eighth of the sessions, and loses an eighth of that time.")]
