# SPDX-License-Identifier: Apache-2.0
"""Table 1: the traffic offload ratio (bytes that the hardware forwards over all bytes) by VM, host and region, of Sep-path.

The traffic is a model: tenants of four kinds, whose VMs are spread over hosts at random (seeded: the same each time). A VM has a mean
rate with a heavy tail, and its kind's connections. A connection is offloaded once software has seen it, queued it and inserted
it, and only while the cache, the rate of insertions and, for tenants with a flow log, the slots for RTTs suffice. What is said of
regions C and D in the paper's text was fitted by their mixtures of kinds, and by nothing else.
"""
import dataclasses
import random

from .calibration import PAPER


@dataclasses.dataclass(frozen=True)
class Kind:
    name: str
    bps: float         # mean of a VM
    life_s: float      # of a connection
    connections: float # at a time
    flow_log: bool = False


KINDS = (
    Kind("bulk", 900e6, 600.0, 400),            # storage, replication: few connections, long and large
    Kind("service", 150e6, 60.0, 2000),         # micro-services with pools of connections
    Kind("short", 110e6, 0.6, 900),              # a connection a request
    Kind("logged", 160e6, 300.0, 40e3, True),   # many long connections, with a flow log
)

REGIONS = {  # share of VMs of each kind; the paper's text says nothing of its regions A and B
    "C": (0.43, 0.35, 0.19, 0.03),
    "D": (0.16, 0.34, 0.37, 0.13),
}

INSERT_DELAY = 0.5  # seconds from a connection's first packet until the hardware has it, when nothing queues


@dataclasses.dataclass
class Vm:
    kind: Kind
    bps: float
    connections: float
    ratio: float = 0.0


def draw(region, hosts, vms_a_host, seed):
    rng = random.Random(f"{region}-{seed}")
    # Large tenants are placed together: the hosts of a region are not alike.
    for _ in range(hosts):
        lean = rng.uniform(0.1, 1.9)
        weights = [share * (lean if kind.name in ("bulk", "service") else 2 - lean)
                   for share, kind in zip(REGIONS[region], KINDS)]
        host = []
        for kind in rng.choices(KINDS, weights, k=vms_a_host):
            size = rng.lognormvariate(-0.72, 1.2)  # of mean 1
            host.append(Vm(kind, kind.bps * size, kind.connections * max(0.2, min(size, 5))))
        yield host


def offloaded(cal, host):
    """Fill in the ratio of each VM of a host."""
    long_lived = [vm for vm in host if vm.kind.life_s > INSERT_DELAY]
    demand = sum(vm.connections / vm.kind.life_s for vm in long_lived)
    room = sum(vm.connections for vm in long_lived)
    logged = sum(vm.connections for vm in long_lived if vm.kind.flow_log)
    share = min(1.0, cal.insert_rate / demand if demand else 1.0, cal.hw_flows / room if room else 1.0)
    with_rtt = min(1.0, cal.rtt_flows / logged if logged else 1.0)
    for vm in host:
        part = max(0.0, 1 - INSERT_DELAY / vm.kind.life_s)
        vm.ratio = part * share * (with_rtt if vm.kind.flow_log else 1.0)
    return host


def table(cal=PAPER, hosts=500, vms_a_host=24, seed=1):
    """A row a region: mean ratio by bytes, share of hosts and of VMs under one half."""
    rows = {}
    for region in REGIONS:
        world = [offloaded(cal, host) for host in draw(region, hosts, vms_a_host, seed)]
        vms = [vm for host in world for vm in host]
        by_host = [sum(vm.bps * vm.ratio for vm in host) / sum(vm.bps for vm in host) for host in world]
        rows[region] = {"mean": sum(vm.bps * vm.ratio for vm in vms) / sum(vm.bps for vm in vms),
                        "hosts": sum(ratio < 0.5 for ratio in by_host) / len(by_host),
                        "vms": sum(vm.ratio < 0.5 for vm in vms) / len(vms)}
    return rows
