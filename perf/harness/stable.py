# SPDX-License-Identifier: Apache-2.0
"""Devices for what is the same in every run: instructions by callgrind, bytes by counting."""
import glob
import json
import os

from . import avs_bench, machine
from .benchmark import Device, Missing
from .run import PERF, ROOT

PACKETS = 20000


def need_whole_build(run):
    """A build that is optimised as a whole by gcc, as packages are: others have other numbers."""
    build = machine.cached(run.build)
    if build.get("AVS_LTO") != "ON" or build.get("CMAKE_BUILD_TYPE") != "RelWithDebInfo":
        raise Missing("only a release build with AVS_LTO=ON has comparable instructions")


def instructions(case, flows=1000, options=(), name="ours", title="ours"):
    """Instructions a packet of the whole path."""

    def measure(run):
        need_whole_build(run)
        run.tool("valgrind")
        out = run.text(os.path.join(PERF, "instructions.py"), "--case", case, "--count", PACKETS, "--bench",
                       run.program("avs-bench"), "--", "--flows", flows, *options)
        return {"instructions": float(out.split()[0])}

    return Device(name, title, measure, peer=False)


def replayed(captures, name="ours", title="ours"):
    """Instructions of NIC model and firmware a packet of captures, CAPTURES.PORT.pcap each, under the configuration CAPTURES.yaml."""

    def measure(run):
        need_whole_build(run)
        run.tool("valgrind")
        out = run.file("replayed")
        os.makedirs(out, exist_ok=True)
        inputs = [f"-p{path.split('.')[-2]}={path}" for path in sorted(glob.glob(f"{ROOT}/{captures}.*.pcap"))]
        profile = run.file("replayed.callgrind")
        report = run.text("valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}", f"--log-file={profile}.log",
                          "--toggle-collect=nic_poll*", "--toggle-collect=dp_poll*", run.program("avs-replay"),
                          "-c", f"{ROOT}/{captures}.yaml", *inputs, "-o", out, "--quantum", 500000, "--json")
        with open(profile, encoding="utf-8") as file:
            total = next(int(line.split()[1]) for line in file if line.startswith("totals:"))
        return {"instructions": total / sum(port["rx_packets"] for port in json.loads(report)["ports"])}

    return Device(name, title, measure, peer=False)


def counted(case, flows, options, key, value, name="ours", title="ours"):
    """`value(result)` of a run of PACKETS packets of avs-bench, as figure `key`."""

    def measure(run):
        result = run.json(*avs_bench.command(run, case, flows, options), "--count", PACKETS)
        return {**result, key: value(result)}

    return Device(name, title, measure, peer=False)
