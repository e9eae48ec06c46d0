# SPDX-License-Identifier: Apache-2.0
"""Latency that the whole datapath adds, on a virtual clock by costs measured in the same run (A-10), and live beside it. 60-byte UDP."""
from harness.benchmark import Aim, Benchmark, Device, Figure

LOADS = (10, 50, 90)
P50 = Aim("A-10", most=2.5)
P999 = Aim("A-10", most=20)
QUANTILES = ("p50", "p90", "p99", "p999", "max")
WAYS = (("embedded", "virtual clock, NIC model and firmware on one core"), ("hardware", "virtual clock, NIC as hardware"),
        ("live", "real clock, NIC model and firmware on one core"))
HEAD = ("load %", "Mpps", "p50", "p90", "p99", "p99.9", "max", "packets a burst", "lost", "steal ms", "core away ms")
FRAMES = {False: 200000, True: 1000000}  # of each load, by --full


def rows(way):
    return [(f"{100 * load['load']:g}", load["pps"] / 1e6, *(load[f"{name}_ns"] / 1e3 for name in QUANTILES), load["mean_burst"],
             load["lost"], load.get("steal_ms", ""), load.get("away_ms", "")) for load in way["loads"]]


def tables(result):
    """A table of each way, us."""
    pipeline = f"{result['hardware']['pipeline_in_ns']:.0f} ns before the ring and {result['hardware']['pipeline_out_ns']:.0f} ns behind it"
    titles = {**dict(WAYS), "hardware": f"{dict(WAYS)['hardware']}, {pipeline}"}
    return [{"title": f"{result['case']}, {titles[name]}: latency in us", "head": HEAD, "rows": rows(result[name])} for name, _ in WAYS]


def figures_of(result):
    found = {}
    for load in result["embedded"]["loads"]:
        percent = round(100 * load["load"])
        found[f"p50_{percent}"], found[f"p999_{percent}"] = load["p50_ns"] / 1e3, load["p999_ns"] / 1e3
    return found


def measure(case):
    def once(run):
        result = run.json(run.program("avs-bench-latency"), "--json", "--case", case, "--cpu", run.cpu, "--live", "--load",
                          ",".join(map(str, LOADS)), "--frames", FRAMES[run.full])
        return {**result, **figures_of(result), "tables": tables(result)}

    return once


def benchmark(name, case, **more):
    figures = [Figure(f"{key}_{load}", f"us, {word} at {load} %", better="lower", aims=(aim,))
               for key, word, aim in (("p50", "p50", P50), ("p999", "p99.9", P999)) for load in LOADS]
    return Benchmark(name, f"{case}, 1,000 flows in random order: latency at a share of capacity, on a virtual clock",
                     devices=[Device("ours", "ours", measure(case), peer=False)], figures=figures,
                     notes="Frames arrive as a Poisson process; a frame's latency is from its arrival until it is given to its port. The path "
                           "runs as avsd runs it, on a clock of which each step takes what it was measured to take before, with the same number "
                           "of packets: one of 32 measured values, each as likely, so that the slowest 1.6 % of each step, where interruptions are, "
                           "are in none. The loop polls and never sleeps. A NIC that is hardware takes no time of the core and adds a fixed one, "
                           "which is not measured but put together from the paper and the literature (avs-bench-latency --help). "
                           "The real clock has whoever else uses the core in it: it is shown, and judges nothing.", **more)


BENCHMARKS = [benchmark("latency", "overlay"), benchmark("latency-forward", "forward", quick=False)]
