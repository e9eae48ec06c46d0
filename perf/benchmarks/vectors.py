# SPDX-License-Identifier: Apache-2.0
"""Vector processing on and off (A-5): flows that send 16 packets in a row, in vectors of up to 16 and of one. 60-byte UDP."""
from harness import avs_bench
from harness.benchmark import FIRMWARE, MPPS, Aim, Benchmark

TRAINS = ("--train", 16)

BENCHMARKS = [Benchmark(
    "vectors", "vNIC to vNIC, 1,000 flows of 16 packets in a row: vectors of 16 beside vectors of one",
    devices=[avs_bench.device("forward", 1000, TRAINS),
             avs_bench.device("forward", 1000, (*TRAINS, "--vector", 1), name="off", title="ours, vectors off")],
    figures=[MPPS.aim(Aim("A-5", ratio=1.4, peer="off")), FIRMWARE],
    notes="The rate is of the whole path, NIC model included, which does the same work either way; the cycles are of the firmware, whose "
          "work the paper speaks of.")]
