# SPDX-License-Identifier: Apache-2.0
"""A second worker adds its rate: two at once beside each alone, and the instructions of a packet with one and with two."""
import concurrent.futures

from harness import stable
from harness.benchmark import INSTRUCTIONS, Benchmark, Device, Figure, Missing
from models import measured

FLOWS = 1000
COUNTED = 10240  # whole batches of one worker and of two


def bench(run, workers, cpu, seconds):
    return run.json(run.program("avs-bench-workers"), "--workers", workers, "--flows", FLOWS, "--cpu", cpu, "--seconds", seconds)


def first_of_two(run):
    """The CPU whose next one is another one of ours."""
    if run.other_cpu == run.cpu:
        raise Missing("two workers want two CPUs")
    return min(run.cpu, run.other_cpu)


def together(run):
    return bench(run, 2, first_of_two(run), run.seconds)


def processes(run):
    """Two firmwares that share nothing but the machine: each alone, then both at once."""
    first_of_two(run)
    cpus = (run.cpu, run.other_cpu)
    alone = [bench(run, 1, cpu, run.seconds)["pps"] for cpu in cpus]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        both = sum(result["pps"] for result in pool.map(lambda cpu: bench(run, 1, cpu, run.seconds), cpus))
    return {"pps": both, "scale": both / (sum(alone) / 2)}


def counted(workers, name, title):
    def measure(run):
        stable.need_whole_build(run)
        run.tool("valgrind")
        run.program("avs-bench-workers")
        return {"instructions": measured.instructions(run, "avs-bench-workers", "--workers", workers, "--flows", FLOWS, function="dp_poll",
                                                      each=COUNTED)}

    return Device(name, title, measure, peer=False)


BENCHMARKS = [
    Benchmark("workers-2", "the firmware of two workers on two CPUs: rate of both at once over that of one alone, vNIC to vNIC, 1,000 flows",
              devices=[Device("ours", "ours", together, peer=False),
                       Device("processes", "ours, two processes", processes, peer=False, quick=False)],
              figures=[Figure("scale", "times one worker"), Figure("pps", "Mpps of both", 1e-6)], rounds=3,
              notes="The workers' rings are filled and emptied by the NIC's model between the rounds that are measured; in one round each "
                    "works alone, in the next both at once, in turn. Two processes that share nothing are what the machine allows: its two CPUs "
                    "may be halves of one core, and share caches and memory. Their rate is larger, since each has a NIC of its own "
                    "on its CPU, and finds its packets in that one's cache; ours have one NIC, beside the first worker. That no worker writes where "
                    "another one reads is a test of its own, datapath_sharing."),
    Benchmark("instructions-workers-2", "the firmware's instructions a packet, two workers and one, vNIC to vNIC, 1,000 flows",
              devices=[counted(2, "ours", "ours"), counted(1, "one", "ours, one worker")], figures=[INSTRUCTIONS], rounds=1, quick=False),
]
