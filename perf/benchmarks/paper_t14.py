# SPDX-License-Identifier: Apache-2.0
"""The paper's figures 14, 15 and 16: nginx through it, requests a second and how long a request takes."""
import os

from harness.benchmark import Benchmark, Device, Figure
from harness.run import PERF
from models import measured
from models.calibration import PAPER
from models.paper_scale import scaled

WHO = (("avs", "ours"), ("bridge", "Linux bridge"))
KINDS = (("long", "http"), ("short", "http-close"))


def once(run, join, source):
    return measured.checked(run.json(os.path.join(PERF, "wire", "run.sh"), join, source, 3 if run.full else 2, run.cpu, timeout=120))


def measure(run):
    run.need_root()
    measures = {f"{join} {kind}": (lambda join=join, source=source: once(run, join, source)) for kind, source in KINDS for join, _ in WHO}
    found = measured.in_turn(run, 5 if run.full else 2, **measures)
    middle = {name: {key: measured.median(results, key) for key in ("rps", "p50_us", "p90_us", "p99_us", "packets_each")}
              for name, results in found.items()}
    live = [(f"{kind} connections", title, f"{each['rps']:,.0f}", *(f"{each[key] / 1e3:.2f}" for key in ("p50_us", "p90_us", "p99_us")),
             f"{each['packets_each']:.1f}") for kind, _ in KINDS for join, title in WHO for each in (middle[f"{join} {kind}"],)]
    packets = middle["avs short"]["packets_each"]
    s = scaled(PAPER, measured.counted_costs(run) or measured.costs(run), packets)
    quicker = 100 * (1 - s["sep_cps"] / s["cps"])
    rows = [("long: requests/s, of Sep-path's hardware path", "81.1 % (2.78 M)", f"{100 * min(1, s['pps'] / PAPER.hw_pps):.0f} % at most, if packets "
             "limit", measured.SCALED),
            ("short: requests/s over Sep-path's", "+66.7 % (578.6 k)", f"{s['cps_gain']:+.0f} %", measured.SCALED),
            ("short: p90 against Sep-path's", "-25.8 % (143.11 ms)", f"-{quicker:.0f} %", measured.SCALED),
            ("short: p99 against Sep-path's", "-32.1 % (590.08 ms)", f"-{quicker:.0f} %", measured.SCALED),
            ("packets of a short request", "", f"{packets:.1f}", measured.MEASURED)]
    return {"ok": True, "long_rps": middle["avs long"]["rps"], "short_rps": middle["avs short"]["rps"], "short_gain": s["cps_gain"],
            "bridge_long_rps": middle["bridge long"]["rps"],
            "tables": [{"title": "nginx, one worker, and wrk with 16 connections, both on one CPU (measured)",
                        "head": ("connections", "through", "requests/s", "p50 ms", "p90 ms", "p99 ms", "packets a request"), "rows": live},
                       {"title": "At the paper's scale", "head": measured.HEAD, "rows": rows}],
            "plots": [{"title": "nginx: requests a second here", "unit": "k requests/s",
                       "bars": [[f"{kind}, {title}", middle[f"{join} {kind}"]["rps"] / 1e3, index] for kind, _ in KINDS
                                for index, (join, title) in enumerate(WHO)]},
                      {"title": "nginx: time of a request here, p99", "unit": "ms",
                       "bars": [[f"{kind}, {title}", middle[f"{join} {kind}"]["p99_us"] / 1e3, index] for kind, _ in KINDS
                                for index, (join, title) in enumerate(WHO)]}]}


BENCHMARKS = [Benchmark(
    "paper-t14", "the paper's figures 14 to 16: nginx through it", devices=[Device("ours", "ours", measure, peer=False)],
    figures=[Figure("long_rps", "k requests/s here, long", 1e-3), Figure("short_rps", "k requests/s here, short", 1e-3),
             Figure("short_gain", "% over Sep-path, short, modelled")], quick=False, rounds=1,
    notes="Here nginx and wrk share one CPU, which is what limits both contestants; avsd polls on the other one through tap ports, while the "
          "bridge works in the sender's context. So the measured rates say what a guest loses by tap ports on a small machine, "
          "and nothing of a SmartNIC. At the paper's scale short connections follow the cost of a connection (paper-t8, with the packets counted "
          "here); times follow by Little's law, since in a closed loop at saturation a time is the number of clients over the rate: the model has "
          "one factor for all percentiles where the paper measures two. Long connections there are limited by the guest's kernel.")]
