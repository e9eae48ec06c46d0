# SPDX-License-Identifier: Apache-2.0
"""Ours as a device: one run of avs-bench, the whole path on one core between a source and a sink in memory."""
import contextlib
import json
import subprocess

from .benchmark import Device, Failed
from .run import end_group
from .search import Trial


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

    @contextlib.contextmanager
    def tester(run):
        """One avs-bench for all trials: its sessions stay open."""
        words = [*command(run, case, flows, options), "--cpu", run.cpu, "--warmup", run.warmup, "--trials"]
        with subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              start_new_session=True) as child:
            try:
                yield lambda rate, seconds: trial(child, rate, seconds)
                child.stdin.close()
                child.wait(timeout=30)
            except BaseException:
                end_group(child)
                raise

    return Device(name, title, measure, peer=False, tester=tester)


CHIP_INDEX = 65536  # flows
EXTERNAL_INDEX = ("--flow-index", 4194304)


def devices(case, flows):
    """Ours; with more flows than a chip's flow index holds, with an index in the card's external memory, and with the chip's."""
    if flows <= CHIP_INDEX:
        return [device(case, flows)]
    return [device(case, flows, EXTERNAL_INDEX), device(case, flows, name="chip-index", title="ours, index of a chip")]


def trial(child, rate, seconds):
    print(f"{rate:.0f} {seconds}", file=child.stdin, flush=True)
    line = child.stdout.readline()
    if not line:
        raise Failed("avs-bench ended in the middle of its trials")
    result = json.loads(line)
    return Trial(rate, result["offered"], result["received"])


def capture(run, case, flows, options=()):
    """The same frames in the same order as a capture, for a peer to send. Written once a benchmark."""
    path = run.file(f"{case}-{flows}.pcap")
    if not run.exists(path):
        run.text(*command(run, case, flows, options), "--capture", path)
    return path
