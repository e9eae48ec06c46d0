# SPDX-License-Identifier: Apache-2.0
"""The paper's figure 10: packets a second while all routes are refreshed under 2 M connections."""
from harness.benchmark import Benchmark, Device, Figure
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


def measure(run):
    del run
    series, sep = simulate(PAPER)
    triton = sep_path.triton_refresh(PAPER, 2.25e6, sep_path.Traffic(FLOWS, 18e6), AT, SECONDS)
    ours = sep_path.dip(triton, AT)
    rows = [("Sep-path: drop, two seconds after", "-75 %", f"-{100 * sep['drop']:.0f} %", measured.MODELLED),
            ("Sep-path: seconds under 90 %", "about 60", f"{sep['seconds']:.0f}", measured.MODELLED),
            ("Sep-path: lost, seconds of throughput", "", f"{sep['lost']:.1f}", measured.MODELLED),
            ("Triton without a cache, same model: lost, seconds of throughput", "-25 % for seconds", f"{ours['lost']:.2f}", measured.MODELLED)]
    sense = [(name, value or "", *cells(each)) for name, value, each in
             sensitivity(PAPER, VARIATIONS, lambda cal: simulate(cal)[1])]
    return {"ok": True, "sep_lost": sep["lost"], "triton_lost": ours["lost"],
            "tables": [{"title": "Route refresh under 2 M connections", "head": measured.HEAD, "rows": rows},
                       {"title": "What hangs on the calibration of Sep-path",
                        "head": ("changed", "to", "drop", "seconds under 90 %", "lost, seconds"), "rows": sense}],
            "plots": [{"title": "Routes refreshed at 17 s, 2 M connections", "x": "s", "y": "% of the rate before",
                       "series": [["Sep-path, modelled", percent_of(series)], ["no cache, modelled", percent_of(triton)]]}]}


BENCHMARKS = [Benchmark(
    "paper-t10", "the paper's figure 10: route refresh under 2 M connections", devices=[Device("ours", "ours", measure, peer=False)],
    figures=[Figure("sep_lost", "s of throughput lost, Sep-path modelled", better="lower"),
             Figure("triton_lost", "s of throughput lost, no cache, modelled", better="lower")], quick=False, rounds=1,
    notes="Sep-path is a simulation in steps of 0.1 s (perf/models/sep_path.py): all of its cache becomes invalid, software walks the policy "
          "for each flow once and re-inserts 33 K flows a second, which costs it cores (fitted so that the dip is the paper's 75 %). Its way "
          "back is a straight line, for the traffic is the same for all flows; the paper's curve is not given in numbers. The curve "
          "without a cache is the same model with nothing but cores: it walks the policy as fast as packets ask for it, where the paper's "
          "(and our) switch spreads the walks over time.")]
