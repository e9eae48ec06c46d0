# SPDX-License-Identifier: Apache-2.0
"""What stands between a generator's two memif ports: ours, or testpmd that passes frames on as the ceiling of such ports.

Both listen at in.sock and out.sock of the run's directory. From the first come UDP packets of IN to ports 5000-5999 of OUT.
"""
import contextlib
import os

from harness.process import started, wait_for

IN, OUT = ("02:00:00:00:00:01", "10.1.0.5"), ("02:00:00:00:00:02", "10.1.0.6")

CONFIG = """version: 1
options: {{workers: 1}}
vpcs: [{{name: blue, vni: 100}}]
subnets: [{{name: front, vpc: blue, prefix4: 10.1.0.0/24}}]
security_groups:
  - name: web
    rules:
      - {{direction: egress, action: allow}}
      - {{direction: ingress, action: allow, protocol: udp, ports: 5000-5999}}
ports:
  - {{name: in, role: vnic, type: memif, side: server, path: {directory}/in.sock, mac: '{0[0]}',
     subnet: front, addresses: [{0[1]}], anti_spoof: false, security_groups: [web]}}
  - {{name: out, role: vnic, type: memif, side: server, path: {directory}/out.sock, mac: '{1[0]}',
     subnet: front, addresses: [{1[1]}], security_groups: [web]}}
"""


def sockets(run):
    return [run.file(f"{name}.sock") for name in ("in", "out")]


def no_sockets(run):
    """Of whoever listened before: one that is left over is no sign of life, and would be in the way."""
    for path in sockets(run):
        with contextlib.suppress(FileNotFoundError):
            os.remove(path)


def listening(run, what, child):
    wait_for(f"{what} listens at its sockets", child, lambda: all(run.exists(path) for path in sockets(run)))


@contextlib.contextmanager
def ours(run):
    no_sockets(run)
    with open(run.file("memif.yaml"), "w", encoding="utf-8") as file:
        file.write(CONFIG.format(IN, OUT, directory=run.directory))
    with started(run.program("avsd"), "-c", run.file("memif.yaml"), "--cpu", run.cpu, "-s", run.file("control.sock"), "--user",
                 "root", log=run.file("avsd.log")) as child:
        listening(run, "avsd", child)
        yield child


@contextlib.contextmanager
def testpmd(run):
    no_sockets(run)
    devices = [f"--vdev=net_memif{number},role=server,socket={path},socket-abstract=no"
               for number, path in enumerate(sockets(run))]
    cores = f"0@{run.other_cpu},1@{run.cpu}"
    with started(run.tool("dpdk-testpmd", "dpdk"), "--no-huge", "-m", 256, "--no-pci", "--no-telemetry", "--file-prefix",
                 f"between{run.cpu}", "--lcores", cores, "--single-file-segments", *devices, "--", "--forward-mode=io",
                 "--total-num-mbufs=8192", "--no-lsc-interrupt", "--no-mlockall", "--auto-start", "--stats-period=3600",
                 log=run.file("between.log")) as child:
        listening(run, "testpmd", child)
        yield child
