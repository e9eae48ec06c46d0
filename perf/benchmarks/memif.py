# SPDX-License-Identifier: Apache-2.0
"""vNIC to vNIC over memif ports of avsd, the traffic made by programs of others: testpmd, Pktgen-DPDK."""
from harness.benchmark import Benchmark, Figure
from sources import between, pktgen, testpmd

FIGURES = [Figure("pps", "Mpps, received", 1e-6)]
NOTES = ("Each frame crosses two memif links, and is copied into and out of their shared memory by both ends. The generator and "
         "what counts share the other core, so the figure is at most what they make there: the ceiling is testpmd in the place "
         "of ours, which passes frames on without a look at them.")


def devices(source):
    return [source.device("ours", "ours", between.ours, peer=False),
            source.device("testpmd", "testpmd io, the ceiling", between.testpmd)]


BENCHMARKS = [
    Benchmark("memif-testpmd", "vNIC to vNIC over memif, stateful groups, 64 B, 256 senders, from testpmd txonly", devices(testpmd),
              FIGURES, source="testpmd", notes=NOTES),
    Benchmark("memif-pktgen", "vNIC to vNIC over memif, stateful groups, 64 B, 1,000 flows, from Pktgen-DPDK", devices(pktgen),
              FIGURES, source="pktgen", notes=NOTES),
]
