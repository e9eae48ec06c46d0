# SPDX-License-Identifier: Apache-2.0
"""What a benchmark says of itself: its devices under test, its figures, its aims.

    BENCHMARKS = [Benchmark("forward-1k", "vNIC to vNIC, 1,000 flows",
                            devices=[avs_bench.device("forward", flows=1000), ovs.device("ct", "forward", flows=1000)],
                            figures=[MPPS.aim(Aim("A-1", least=12.0), Aim("A-1", ratio=5.5, peer="ovs"))])]

The first device is ours; the others are compared with it. A device is a name and a function that measures once:

    def measure(run: Run) -> dict       # raw results; raises Missing("why") where it cannot run here, Failed("why")

The dictionary holds the figures by their keys, and "ok": False where the figure must not be believed.
"""
import dataclasses
from typing import Callable, Optional


class Missing(Exception):
    """Cannot be measured on this machine, for the reason it is made with. No failure, and no verdict either."""


class Failed(Exception):
    """Something that should work here did not."""


@dataclasses.dataclass(frozen=True)
class Aim:
    """What ours shall reach: at least or at most so much, or so many times the peer (for times and sizes: so small a part of it)."""

    name: str
    least: Optional[float] = None
    most: Optional[float] = None
    ratio: Optional[float] = None
    peer: Optional[str] = None  # name of the device that `ratio` compares with

    def __post_init__(self):
        if [self.least, self.most, self.ratio].count(None) != 2 or (self.ratio is None) != (self.peer is None):
            raise ValueError(f"{self.name}: an aim is one of least, most, or ratio with a peer")

    def text(self):
        if self.ratio is not None:
            return f"{self.name} x{self.ratio:g}"
        return f"{self.name} >={self.least:g}" if self.least is not None else f"{self.name} <={self.most:g}"


@dataclasses.dataclass(frozen=True)
class Figure:
    """A number that every device's result holds under `key`; times `scale` it has the unit."""

    key: str
    unit: str
    scale: float = 1.0
    better: str = "higher"  # or "lower"
    aims: tuple = ()
    stable: bool = False  # the same in each run on each machine: held against perf/baseline.json

    def aim(self, *aims):
        return dataclasses.replace(self, aims=aims)

    def of(self, result):
        """The figure in a device's result, or None."""
        value = result.get(self.key)
        return None if value is None else value * self.scale


MPPS = Figure("pps_core", "Mpps a core", 1e-6)
GBPS = Figure("gbps", "Gbit/s")
CPS = Figure("cps_core", "k connections/s", 1e-3)
CYCLES = Figure("cycles_per_packet", "cycles a packet", better="lower")
FIRMWARE = Figure("firmware_cycles", "cycles a packet", better="lower")
INSTRUCTIONS = Figure("instructions", "instructions a packet", better="lower", stable=True)


@dataclasses.dataclass(frozen=True)
class Device:
    name: str  # "ours", "ovs", ...: what --peer selects
    title: str  # of the table and the report
    measure: Callable
    peer: bool = True  # of somebody else; False: a variant of ours, which --peer none keeps
    quick: bool = True  # False: left out of --quick
    huge_pages: int = 0  # of 2 MiB, that it cannot do without
    tester: Optional[Callable] = None  # tester(run): context of a function (rate, seconds) -> search.Trial, for NDR and PDR


@dataclasses.dataclass(frozen=True)
class Benchmark:
    name: str
    title: str
    devices: list
    figures: list
    quick: bool = True  # part of --quick; otherwise of --full alone, or by name
    ndr: bool = False  # --full searches NDR and PDR of the devices that have a tester
    rounds: Optional[int] = None  # fewer than the run has; 1 for what is the same each time
    source: str = "memory"  # --source
    notes: str = ""  # a paragraph of the report: what is comparable, what is not

    @property
    def stable(self):
        return all(figure.stable for figure in self.figures)
