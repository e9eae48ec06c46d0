# SPDX-License-Identifier: Apache-2.0
"""DPDK's testpmd from one null device to another, forwarding without a look (io): what one core passes on at most."""
import time

from harness.benchmark import Device
from harness.process import cpu_seconds, started, wait_for
from sources import testpmd as source

SIZE = 60


def command(run, copies):
    devices = [f"--vdev=net_null{number},size={SIZE},copy={int(copies)}" for number in range(2)]
    return [run.tool("dpdk-testpmd", "dpdk"), "--no-huge", "-m", 512, "--no-pci", "--no-telemetry", "--file-prefix", f"null{run.cpu}",
            "--lcores", f"0@{run.other_cpu},1@{run.cpu}", *devices, "--", "--forward-mode=io", "--total-num-mbufs=8192", "--burst=64",
            "--no-lsc-interrupt", "--no-mlockall", "--auto-start", "--stats-period=1"]


def measure(run, copies):
    log = run.file("null.log")
    with started(*command(run, copies), log=log) as child:
        wait_for("testpmd passes frames on", child, lambda: len(source.rate(log, "Tx")) >= 2)
        skip, before, start = len(source.rate(log, "Tx")), cpu_seconds(child.pid), time.monotonic()
        time.sleep(max(run.seconds, 2) + 0.5)
        used, took = cpu_seconds(child.pid) - before, time.monotonic() - start
        rates = source.rate(log, "Tx")[skip:]
    # Either port's rate is a line of its own.
    pps = 2 * sum(rates) / len(rates) if rates else 0
    return {"pps": pps, "pps_core": pps * took / used if used else 0, "seconds": took, "cpu_seconds": used, "ok": pps > 0,
            "why": "no packet was passed on"}


def device(copies):
    return Device("testpmd" if copies else "testpmd-io", f"testpmd null to null{', copies' if copies else ''}",
                  lambda run: measure(run, copies))
