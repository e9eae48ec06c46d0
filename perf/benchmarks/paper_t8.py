# SPDX-License-Identifier: Apache-2.0
"""The paper's figure 8: bandwidth, packets and connections a second of Triton against Sep-path."""
from harness.benchmark import Benchmark, Device, Figure
from models import measured
from models.calibration import PAPER, sensitivity
from models.paper_scale import scaled

TITLES = {"software": "software AVS, a packet of a known flow", "firmware": "our firmware, the same",
          "software_new": "software AVS, a first packet", "firmware_new": "our firmware, the same",
          "software_connection": "software AVS, a connection of six packets", "firmware_connection": "our firmware, the same"}


def measure(run):
    cycles, counted = measured.costs(run), measured.counted_costs(run)
    costs = counted or cycles  # instructions are the same in each run: the ratio of cycles is not, on a machine with neighbours
    s, by_cycles = scaled(PAPER, costs), scaled(PAPER, cycles)
    scale = measured.SCALED
    table = [(title, *(f"{of[key]:.0f}" if of and key in of else "" for of in (cycles, counted)), measured.MEASURED)
             for key, title in TITLES.items()]
    rows = [
        ("packets a second a core, over software AVS, by instructions", "1.5 (18 Mpps / 8 cores / 1.5 Mpps)",
         s["gain"] if counted else "", measured.MEASURED),
        ("the same, by cycles", "", by_cycles["gain"], measured.MEASURED),
        ("Mpps, Sep-path's hardware", "24", PAPER.hw_pps / 1e6, measured.PAPER_SAYS),
        ("Mpps, Sep-path's software, 6 cores", "9 (8 by the text's 2.25 times)", s["sep_pps"] / 1e6, measured.MODELLED),
        ("Mpps, Triton, 8 cores, by its cores", "18", s["cores_pps"] / 1e6, scale),
        ("Mpps, Triton, 8 cores, with the bus", "18", s["pps"] / 1e6, scale),
        ("Gbit/s, Sep-path's software, 6 cores", "60", s["sep_bps"] / 1e9, measured.MODELLED),
        ("Gbit/s, Triton, jumbo and sliced", "near 200", s["bps"] / 1e9, scale),
        ("connections a second over Sep-path's, by instructions", "+72 %", f"{s['cps_gain']:+.0f} %" if counted else "", scale),
        ("the same, by cycles", "", f"{by_cycles['cps_gain']:+.0f} %", scale),
    ]
    variations = {"triton_cores": (6, 10), "sep_cores": (4, 8), "sw_pps_core": (1.0e6, 2.25e6)}
    sense = [(name, value if value else "", f"{each['cores_pps'] / 1e6:.1f}", f"{each['sep_pps'] / 1e6:.1f}", f"{each['cps_gain']:+.0f} %")
             for name, value, each in sensitivity(PAPER, variations, lambda cal: scaled(cal, costs))]
    return {"ok": True, "gain": s["gain"], "cps_gain": s["cps_gain"],
            "tables": [{"title": "The whole system against Sep-path", "head": measured.HEAD, "rows": rows},
                       {"title": "What a packet costs on one core (VXLAN, groups, 60 B, 1,000 flows)",
                        "head": ("what", "cycles", "instructions", "how"), "rows": table},
                       {"title": "What hangs on the calibration", "head": ("changed", "to", "Triton Mpps by cores", "Sep-path software Mpps",
                                                                           "connections"), "rows": sense}],
            "plots": [{"title": "Packets a second at the paper's scale", "unit": "Mpps",
                       "bars": [["Sep-path hardware, paper", 24, 1], ["Triton, paper", 18, 1],
                                ["Triton, modelled", s["pps"] / 1e6, 0], ["Sep-path software, modelled", s["sep_pps"] / 1e6, 2]]}]}


BENCHMARKS = [Benchmark(
    "paper-t8", "the paper's figure 8: packets, bandwidth and connections against Sep-path",
    devices=[Device("ours", "ours", measure, peer=False)],
    figures=[Figure("gain", "times software AVS a core"), Figure("cps_gain", "% more connections/s than Sep-path")], quick=False, rounds=1,
    notes="Comparable: the ratio of what a packet costs the firmware and what it costs a vSwitch in software alone, on the same core, with the "
          "same parser, tables and actions (VXLAN, stateful groups, 60 B, 1,000 flows). Everything at the paper's scale is that ratio "
          "times the paper's 1.5 Mpps a core and its numbers of cores, with no loss by more cores; instructions stand for time there, "
          "since they are the same in each run. Not comparable: absolute rates (no NIC, "
          "no SoC, two virtual CPUs), and Sep-path's hardware, which is a number of the paper's. A connection is ten packets: six whose "
          "cost is measured (handshake, end, the session's removal) and four of a known flow; in cycles, a first packet and nine of a known "
          "flow. Sep-path's vain insertions of short connections cost nothing in the model, which favours it.")]
