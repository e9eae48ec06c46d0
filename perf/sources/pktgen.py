# SPDX-License-Identifier: Apache-2.0
"""Pktgen-DPDK as the generator, driven by a Lua script that is written for the run. Found in PATH, or by PKTGEN=/path/to/pktgen."""
import contextlib
import os
import time

from harness.benchmark import Device, Failed, Missing
from harness.process import cpu_seconds, on_terminal, read, wait_for
from . import between

FLOWS = 1000

# Port 0 sends a range of source ports to port 1, as fast as it can; a line of counters before and behind the measured time.
SCRIPT = """package.path = package.path .. ";{home}/?.lua"
require "Pktgen"
local out = io.open("{result}", "w")
local function look()
    local s = pktgen.portStats("all", "port")
    out:write(string.format("%d %d %d %d\\n", s[0].opackets, s[1].ipackets, s[0].oerrors or 0, s[1].imissed or 0))
    out:flush()
end
local range = pktgen.range
pktgen.screen("off")
pktgen.delay(500)
range.dst_mac("0", "start", "{dmac}")
range.src_mac("0", "start", "{smac}")
for _, part in ipairs({{"start", "min", "max"}}) do
    range.src_ip("0", part, "{source}")
    range.dst_ip("0", part, "{destination}")
end
range.src_ip("0", "inc", "0.0.0.0")
range.dst_ip("0", "inc", "0.0.0.0")
range.ip_proto("0", "udp")
range.src_port("0", "start", {first})
range.src_port("0", "inc", 1)
range.src_port("0", "min", {first})
range.src_port("0", "max", {last})
range.dst_port("0", "start", 5000)
range.dst_port("0", "inc", 0)
range.dst_port("0", "min", 5000)
range.dst_port("0", "max", 5000)
range.pkt_size("0", "start", {size})
range.pkt_size("0", "inc", 0)
range.pkt_size("0", "min", {size})
range.pkt_size("0", "max", {size})
pktgen.set_range("0", "on")
pktgen.set("0", "rate", {rate})
pktgen.start("0")
pktgen.delay({warmup})
look()
pktgen.delay({measured})
look()
pktgen.stop("0")
pktgen.delay(200)
out:close()
pktgen.quit()
"""


def program():
    path = os.environ.get("PKTGEN") or next((f"{d}/pktgen" for d in os.environ.get("PATH", "").split(":")
                                             if os.access(f"{d}/pktgen", os.X_OK)), None)
    if path is None or not os.access(path, os.X_OK):
        raise Missing("no pktgen in PATH, and PKTGEN does not name one")
    return path


def home(path):
    """Where its Pktgen.lua is: in its source tree, or where it was installed."""
    folder = os.path.dirname(os.path.realpath(path))
    while folder != "/":
        for place in (folder, os.path.join(folder, "share", "lua", "5.4"), os.path.join(folder, "share", "lua", "5.3")):
            if os.path.exists(os.path.join(place, "Pktgen.lua")):
                return place
        folder = os.path.dirname(folder)
    raise Missing("Pktgen.lua is not beside pktgen, nor above it")


def script(path, result, seconds, rate=100):
    (smac, source), (dmac, destination) = between.IN, between.OUT
    return SCRIPT.format(home=home(path), result=result, dmac=dmac, smac=smac, source=source, destination=destination,
                         first=1024, last=1024 + FLOWS - 1, size=64, rate=rate, warmup=1500, measured=int(seconds * 1000))


def measure(run, opened):
    path, result, seconds = program(), run.file("pktgen.result"), max(run.seconds, 2)
    with open(run.file("pktgen.lua"), "w", encoding="utf-8") as file:
        file.write(script(path, result, seconds))
    with contextlib.suppress(FileNotFoundError):
        os.remove(result)
    with opened(run) as dut:
        links = [f"--vdev=net_memif{number},role=client,socket={socket},socket-abstract=no,mac={end[0]}"
                 for number, (socket, end) in enumerate(zip(between.sockets(run), (between.IN, between.OUT)))]
        other = run.other_cpu
        with on_terminal(path, "--no-huge", "-m", 4096, "--no-pci", "--no-telemetry", "--file-prefix", f"pktgen{run.cpu}", "--lcores",
                     f"0@{other},1@{other}", *links, "--", "-m", "1.0,1.1", "-f", run.file("pktgen.lua"),
                     log=run.file("pktgen.log")) as child:
            wait_for("Pktgen sends", child, lambda: os.path.exists(result) and read(result).count("\n") >= 1, 30)
            before, start = cpu_seconds(dut.pid), time.monotonic()
            wait_for("Pktgen has measured", child, lambda: read(result).count("\n") >= 2, seconds + 15)
            used, took = cpu_seconds(dut.pid) - before, time.monotonic() - start
    first, last = ([int(word) for word in line.split()] for line in read(result).splitlines()[:2])
    sent, received = last[0] - first[0], last[1] - first[1]
    if received <= 0:
        raise Failed(f"of {sent} packets that Pktgen sent none came through")
    return {"pps": received / took, "sent_pps": sent / took, "seconds": took, "cpu_seconds": used, "ok": True}


def device(name, title, opened, peer=True):
    return Device(name, title, lambda run: measure(run, opened), peer)
