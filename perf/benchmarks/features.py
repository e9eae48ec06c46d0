# SPDX-License-Identifier: Apache-2.0
"""What vectors, slicing, flow index and deferred segmentation bring: each alone, all but one, none, all.

Eight flows send 44 packets of 1,514 bytes at a time: as one frame of 64 KiB that is cut when it leaves (deferred), or cut before.
"""
import dataclasses
import itertools

from harness import avs_bench
from harness.benchmark import Benchmark, Figure

PACKETS = 44
FEATURES = {  # name: words for avs-bench with it, and without
    "vectors": ((), ("--vector", 1)),
    "slicing": (("--slice", "on"), ()),
    "flow index": ((), ("--no-flow-index",)),
    "deferral": (("--segments", PACKETS), ("--train", PACKETS)),
}
ALL = frozenset(FEATURES)


def words(on):
    """Options of avs-bench with these features and no others."""
    return tuple(itertools.chain(("--size", 1514), *(FEATURES[name][0 if name in on else 1] for name in FEATURES)))


def device(on, name, title):
    inner = avs_bench.device("forward", 8, words(on), name, title)

    def measure(run):
        result = inner.measure(run)
        return {**result, "ring_bytes": result["bytes_to_fw"] / result["packets"]}

    return dataclasses.replace(inner, measure=measure)


def devices():
    """All on is ours; then each of them off, each alone, and none."""
    yield device(ALL, "ours", "ours, all on")
    for name in FEATURES:
        yield device(ALL - {name}, f"no-{name.replace(' ', '-')}", f"all but {name}")
    for name in FEATURES:
        yield device({name}, name.replace(" ", "-"), f"{name} alone")
    yield device(frozenset(), "none", "none of them")


BENCHMARKS = [Benchmark(
    "features", "vectors, slicing, flow index, deferred segmentation: each alone and all together; 1,514-byte packets of 8 flows, 44 in a row",
    devices=list(devices()), quick=False, rounds=2,
    figures=[Figure("firmware_cycles", "firmware cycles a packet on the wire", better="lower"),
             Figure("ring_bytes", "bytes a packet over the ring", better="lower"),
             Figure("gbps_core", "Gbit/s a core, NIC model and all")],
    notes="The firmware's cycles and the bytes over the ring are what a card saves; the rate is of the whole path on one core, where the NIC "
          "model copies and sums all bytes in software.")]
