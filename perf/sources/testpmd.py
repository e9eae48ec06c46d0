# SPDX-License-Identifier: Apache-2.0
"""testpmd as the generator: one that sends (txonly), one that counts what arrives (rxonly), both on the other core."""
import contextlib
import re
import time

from harness.benchmark import Device
from harness.process import cpu_seconds, read, started, wait_for
from . import between


def process(run, name, socket, mac, *options):
    return started(run.tool("dpdk-testpmd", "dpdk"), "--no-huge", "-m", 256, "--no-pci", "--no-telemetry", "--file-prefix",
                   f"{name}{run.cpu}", "--lcores", f"0@{run.other_cpu},1@{run.other_cpu}", "--single-file-segments",
                   f"--vdev=net_memif0,role=client,socket={socket},socket-abstract=no,mac={mac}", "--",
                   f"--forward-mode={name}", "--total-num-mbufs=8192", "--no-lsc-interrupt", "--no-mlockall", "--auto-start",
                   "--port-topology=loop", "--stats-period=1", *options, log=run.file(f"{name}.log"))


def rate(log, key):
    """Rates that the statistics show, one a second, once packets come."""
    return [int(value) for value in re.findall(rf"{key}-pps: +(\d+)", read(log)) if int(value) > 0]


def measure(run, opened):
    with contextlib.ExitStack() as stack:
        dut = stack.enter_context(opened(run))
        in_socket, out_socket = between.sockets(run)
        counts = stack.enter_context(process(run, "rxonly", out_socket, between.OUT[0]))
        stack.enter_context(process(run, "txonly", in_socket, between.IN[0], f"--eth-peer=0,{between.OUT[0]}",
                                    f"--tx-ip={between.IN[1]},{between.OUT[1]}", "--tx-udp=1024,5000", "--txonly-multi-flow"))
        wait_for("packets come through", counts, lambda: rate(run.file("rxonly.log"), "Rx"), 30)
        time.sleep(1)
        before, start = cpu_seconds(dut.pid), time.monotonic()
        skip = len(rate(run.file("rxonly.log"), "Rx"))
        time.sleep(max(run.seconds, 2) + 0.5)
        seconds = time.monotonic() - start
        rates = rate(run.file("rxonly.log"), "Rx")[skip:]
        used = cpu_seconds(dut.pid) - before
    pps = sum(rates) / len(rates) if rates else 0
    return {"pps": pps, "seconds": seconds, "cpu_seconds": used, "ok": pps > 0, "why": "no packet came through"}


def device(name, title, opened, peer=True):
    return Device(name, title, lambda run: measure(run, opened), peer)
