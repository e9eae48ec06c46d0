# SPDX-License-Identifier: Apache-2.0
"""The paper's table 1: the traffic offload ratio of Sep-path by host and VM, from a traffic model."""
from harness.benchmark import Benchmark, Device, Figure
from models import measured, offload
from models.calibration import PAPER, sensitivity

SAID = {"C": ("highest of four", "1.9 %", "25.5 %"), "D": ("81 %", "", "nearly half")}
VARIATIONS = {"rtt_flows": (25e3, 100e3, 2e6), "insert_rate": (16.7e3, 66.7e3), "hw_flows": (1e6, 4e6)}


def percent(value):
    return f"{100 * value:.1f} %"


def measure(run):
    del run  # nothing is measured
    found = offload.table()
    rows = [(f"region {region}: {what}", said, percent(found[region][key]), measured.MODELLED)
            for region, words in SAID.items()
            for (what, key), said in zip((("mean ratio by bytes", "mean"), ("hosts under 50 %", "hosts"), ("VMs under 50 %", "vms")), words)]
    rows.append(("Triton: bytes that take the one path", "all", "100 %", "by construction"))
    sense = [(name, value or "", *(percent(each[region][key]) for region in "CD" for key in ("mean", "vms")))
             for name, value, each in sensitivity(PAPER, VARIATIONS, offload.table)]
    kinds = [(kind.name, f"{kind.bps / 1e6:.0f}", f"{kind.life_s:g}", f"{kind.connections:,.0f}", "yes" if kind.flow_log else "",
              *(percent(offload.REGIONS[region][index]) for region in "CD")) for index, kind in enumerate(offload.KINDS)]
    return {"ok": True, "vms_d": 100 * found["D"]["vms"],
            "tables": [{"title": "Traffic offload ratio of Sep-path", "head": measured.HEAD, "rows": rows},
                       {"title": "The traffic model: tenants, and the share of VMs that they have",
                        "head": ("kind", "Mbit/s a VM", "life of a connection, s", "connections", "flow log", "region C", "region D"),
                        "rows": kinds},
                       {"title": "What hangs on the hardware",
                        "head": ("changed", "to", "C: mean", "C: VMs under 50 %", "D: mean", "D: VMs under 50 %"), "rows": sense}],
            "plots": [{"title": "VMs whose traffic is less than half offloaded", "unit": "% of VMs",
                       "bars": [["region C, paper", 25.5, 1], ["region C, modelled", 100 * found["C"]["vms"], 0],
                                ["region D, paper: nearly half", 50, 1], ["region D, modelled", 100 * found["D"]["vms"], 0]]}]}


BENCHMARKS = [Benchmark(
    "paper-table1", "the paper's table 1: offload ratio of Sep-path by VM and host", devices=[Device("ours", "model", measure, peer=False)],
    figures=[Figure("vms_d", "% of VMs under one half, region D", better="lower")], quick=False, rounds=1,
    notes="All of it is a model: 500 hosts with 24 VMs each, drawn with a fixed seed. Only the mixtures of tenants were fitted, to what the "
          "paper's text says of its regions C and D; so the table shows that short connections and the slots for RTTs are enough to explain the "
          "paper's gap between mean and tenants, not that they are the cause. Ours has no such ratio: every byte takes the one path.")]
