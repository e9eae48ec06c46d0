# SPDX-License-Identifier: Apache-2.0
"""TCP between two network namespaces, one connection of iperf3."""
from harness.benchmark import GBPS, Aim, Benchmark
from peers import wire

COMPARABLE = ("bbr paces: every burst waits for a timer, and the longer a round trip takes the more of them do. cubic or reno send as fast as "
              "they may, so that what a byte costs is what is measured.")

AIMED = GBPS.aim(Aim("A-9", ratio=0.8, peer="bridge"), Aim("A-9", ratio=2.0, peer="ovs"))

BENCHMARKS = [
    Benchmark("tcp", "TCP between two namespaces through two tap ports, TSO kept whole",
              devices=wire.devices("tcp", joins=("avs", "bridge", "ovs")),
              figures=[AIMED], rounds=3, notes=f"{wire.NOTES} The system's own congestion control (it stands in runs.jsonl). {COMPARABLE}"),
    Benchmark("tcp-unpaced", "The same, by cubic or reno",
              devices=wire.devices("tcp-unpaced"), figures=[AIMED], quick=False, rounds=3, notes=f"{wire.NOTES} {COMPARABLE}"),
]
