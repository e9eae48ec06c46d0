# SPDX-License-Identifier: Apache-2.0
"""The paper's figures 12 and 13: vectors on against off."""
from harness.benchmark import Benchmark, Device, Figure
from models import measured

TRAINS = (1, 4, 16)
RATE = 100000  # connections a second of NIC time: a table that is soon full


def counted(run, options):
    """Instructions a packet of the firmware, vectors off and on, and the gain in per cent; None where they cannot be counted."""
    off, on = (measured.instructions(run, "avs-bench", *options, "--vector", vector, function="dp_poll") for vector in (1, 16))
    return (off, on, 100 * (off / on - 1)) if off and on else None


def one(run, train):
    """Firmware and whole path, cycles off and on; and instructions."""
    options = ("--case", "vxlan", "--flows", 1000, "--train", train)
    found = measured.in_turn(run, on=lambda: measured.ours(run, *options, "--vector", 16),
                             off=lambda: measured.ours(run, *options, "--vector", 1))
    on, off = (measured.best(found[name]) for name in ("on", "off"))
    return {**{key: (off[key], on[key], 100 * (off[key] / on[key] - 1)) for key in ("firmware_cycles", "cycles_per_packet")},
            "instructions": counted(run, options)}


def connections(run):
    """Figure 13: a connection's cycles, NIC included, and the firmware's instructions; vectors off, on, and the gain in per cent."""
    options = ("--case", "connections-vxlan")

    def cycles(vector):
        return measured.checked(run.json(run.program("avs-bench-sessions"), *options, "--rate", RATE, "--cpu", run.cpu, "--seconds",
                                         measured.seconds(run), "--vector", vector))

    found = measured.in_turn(run, on=lambda: cycles(16), off=lambda: cycles(1))
    off, on = (measured.best(found[name], "cycles_per_connection")["cycles_per_connection"] for name in ("off", "on"))
    counted_off, counted_on = (measured.instructions(run, "avs-bench-sessions", *options, "--rate", 1000, "--vector", vector,
                                                     function="dp_poll", each=measured.CONNECTIONS) for vector in (1, 16))
    return {"cycles": (off, on, 100 * (off / on - 1)),
            "instructions": (counted_off, counted_on, 100 * (counted_off / counted_on - 1)) if counted_off and counted_on else None}


def cells(three):
    return (f"{three[0]:.0f}", f"{three[1]:.0f}", f"{three[2]:+.0f} %") if three else ("", "", "")


def measure(run):
    found = {train: one(run, train) for train in TRAINS}
    opened = connections(run)
    rows = [(train, *cells(each["firmware_cycles"]), *cells(each["instructions"]), *cells(each["cycles_per_packet"]))
            for train, each in found.items()]

    def gain(train, key="firmware_cycles"):
        return f"{found[train][key][2]:+.0f} %" if found[train][key] else ""

    text = [("firmware, trains of 16: packets for the same instructions", "+28 % (6 cores), +33 % (8)", gain(16, "instructions"),
             measured.MEASURED),
            ("the same, trains of 4", "", gain(4, "instructions"), measured.MEASURED),
            ("the same, no two packets of a flow in a row", "", gain(1, "instructions"), measured.MEASURED),
            ("firmware, trains of 16: packets for the same cycles", "", gain(16), measured.MEASURED),
            ("with the NIC's model on the same core, cycles", "", gain(16, "cycles_per_packet"), measured.MEASURED),
            ("connections a second (figure 13): for the firmware's same instructions", "+27.6 % to +36.3 %", cells(opened["instructions"])[2],
             measured.MEASURED),
            ("the same with the NIC's model on the same core, cycles (noise: no vectors form)", "", cells(opened["cycles"])[2], measured.MEASURED)]
    lines = {"cycles": "firmware_cycles", "instructions": "instructions", "with the NIC": "cycles_per_packet"}
    series = [[name, [[train, max(found[train][key][2], 0)] for train in TRAINS]] for name, key in lines.items() if found[1][key]]
    return {"ok": True, "gain": (found[16]["instructions"] or found[16]["firmware_cycles"])[2],
            "tables": [{"title": "Vectors on against off", "head": measured.HEAD, "rows": text},
                       {"title": "A packet's cost, vectors off and on, by packets of a flow in a row (measured)",
                        "head": ("in a row", "firmware, cycles: off", "on", "gain", "instructions: off", "on", "gain",
                                 "with the NIC, cycles: off", "on", "gain"), "rows": rows},
                       {"title": "A connection's cost, vectors off and on (measured)", "head": ("what", "off", "on", "gain"),
                        "rows": [("firmware, instructions", *cells(opened["instructions"])),
                                 ("with the NIC, cycles", *cells(opened["cycles"]))]}],
            "plots": [{"title": "What vectors bring", "x": "packets of a flow in a row", "y": "% more packets/s",
                       "series": [*series, ["paper, 6 cores", [[1, 28], [16, 28]]], ["paper, 8 cores", [[1, 33], [16, 33]]]]}]}


BENCHMARKS = [Benchmark(
    "paper-t12", "the paper's figures 12 and 13: vectors on against off", devices=[Device("ours", "ours", measure, peer=False)],
    figures=[Figure("gain", "% more packets/s of the firmware, trains of 16")], quick=False, rounds=1,
    notes="Comparable: the same binary, largest vector 16 and 1, on one core. The paper's traffic is sockperf and netperf, whose bursts "
          "make vectors of some length that it does not say; here the length is chosen. The firmware's gain is what a SoC core would see, "
          "for there the NIC is no software. With random traffic of many flows there are no vectors, and nothing to gain. "
          "Figure 13 is of connections to another host, six packets each, of a thousand at a time: their packets come one by one, as they do "
          "from clients that wait for answers, so that there are no vectors: "
          "the firmware's instructions are the same, and what the cycles differ by is the machine's noise. The paper's gain may say that its "
          "packets came in bursts.")]
