# SPDX-License-Identifier: Apache-2.0
"""Packets of many flows through a bus and several cores, one by one: what the formulas of a card are checked with.

Flows are as popular as Zipf's law says, a hash gives each its core for good, a core takes the same time for each packet, and what finds
its queue full is lost. The bus is one server before them, without loss (it holds up who sends).
"""
import bisect
import dataclasses
import itertools
import random


@dataclasses.dataclass(frozen=True)
class Traffic:
    flows: int = 1000
    zipf: float = 0.0   # exponent; 0: all flows alike
    packets: int = 200000
    seed: int = 1


def weights(traffic):
    """Share of the packets of each flow."""
    raw = [1 / (rank + 1) ** traffic.zipf for rank in range(traffic.flows)]
    total = sum(raw)
    return [value / total for value in raw]


def homes(traffic, cores):
    """The core of each flow."""
    rng = random.Random(traffic.seed * 7919)
    return [rng.randrange(cores) for _ in range(traffic.flows)]


def shares(traffic, cores):
    """Share of the packets of each core."""
    found = [0.0] * cores
    for weight, home in zip(weights(traffic), homes(traffic, cores)):
        found[home] += weight
    return found


def bound(traffic, cores, core_pps):
    """The formula: packets a second at which the hottest core is full."""
    return core_pps / max(shares(traffic, cores))


def through(traffic, cores, core_pps, bus_pps, rate):
    """The formula: packets a second that get through at `rate`."""
    offered = min(rate, bus_pps)
    return sum(min(share * offered, core_pps) for share in shares(traffic, cores))


def simulate(traffic, cores, core_pps, bus_pps, rate, queue=1024):
    """Packets a second that got through, share lost, and the longest time in the system; packets come as a Poisson process."""
    rng = random.Random(traffic.seed)
    edges = list(itertools.accumulate(weights(traffic)))
    home = homes(traffic, cores)
    service, transfer = 1 / core_pps, 1 / bus_pps
    free = [0.0] * cores  # when each core has done what it holds
    at = bus_free = 0.0
    lost, longest = 0, 0.0
    for _ in range(traffic.packets):
        at += rng.expovariate(rate)
        bus_free = max(bus_free, at) + transfer
        core = home[min(bisect.bisect(edges, rng.random()), traffic.flows - 1)]
        if free[core] - bus_free > queue * service:
            lost += 1
            continue
        free[core] = max(free[core], bus_free) + service
        longest = max(longest, free[core] - at)
    end = max(at, bus_free)
    unfinished = sum(max(until - end, 0) for until in free) / service
    return {"pps": (traffic.packets - lost - unfinished) / end, "lost": lost / traffic.packets, "longest_s": longest}


def onset(traffic, cores, core_pps, bus_pps, tolerance=0.001):
    """The highest rate at which hardly anything is lost, by bisection of simulations."""
    low, high = 0.0, 2 * cores * core_pps
    for _ in range(12):
        middle = (low + high) / 2
        found = simulate(traffic, cores, core_pps, bus_pps, middle)
        low, high = (middle, high) if found["lost"] <= tolerance and found["pps"] >= 0.995 * middle else (low, middle)
    return low
