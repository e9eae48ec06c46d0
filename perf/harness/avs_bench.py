# SPDX-License-Identifier: Apache-2.0
"""Ours as a device: one run of avs-bench, the whole path on one core between a source and a sink in memory."""
from .benchmark import Device

BEYOND_CACHE = 200000  # flows from which opening them takes longer than a short measurement


def command(run, case, flows, options=()):
    return [run.program("avs-bench"), "--case", case, "--flows", flows, *options]


def device(case, flows=1000, options=(), name="ours", title="ours", stages=True):
    """`options` are words more for avs-bench; `stages` reads the cycles of each step afterwards."""

    def measure(run):
        words = [*command(run, case, flows, options), "--cpu", run.cpu, "--seconds", run.seconds, "--warmup", run.warmup]
        result = run.json(*words, *(["--stages"] if stages else []))
        if "stage_cycles_per_packet" in result:
            result["firmware_cycles"] = result["stage_cycles_per_packet"]["firmware"]
        return result

    return Device(name, title, measure, peer=False)


def capture(run, case, flows, options=()):
    """The same frames in the same order as a capture, for a peer to send. Written once a benchmark."""
    path = run.file(f"{case}-{flows}.pcap")
    if not run.exists(path):
        run.text(*command(run, case, flows, options), "--capture", path)
    return path
