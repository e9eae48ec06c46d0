# SPDX-License-Identifier: Apache-2.0
"""Sep-path in discrete time: a bounded hardware flow cache that forwards hits by itself, before software AVS for the rest.

Traffic is packets over equally busy flows. In each step the hardware forwards what it has cached, up to its rate; the software's
cores insert flows first (at most so many a second, while the cache has room), and forward with what is left; the first packet
of a flow whose session is not valid costs a walk of the policy. What exceeds a path's rate is lost. A refresh of the routes
makes every session and every cached flow invalid. Costs are counted in packets of the fast path.
"""
import dataclasses
import math


@dataclasses.dataclass(frozen=True)
class Traffic:
    flows: float
    pps: float


@dataclasses.dataclass
class State:
    cached: float = 0.0  # flows that the hardware forwards
    known: float = 0.0   # flows with a valid session in software


def forwarded(budget, offered, uncached, stale, slow_cost):
    """(packets, flows opened) of software with `budget`: each of the packets is of any of the uncached flows, `stale` of which cost more."""
    def opened(packets):
        return stale * -math.expm1(-packets / uncached) if uncached > 0 else 0.0

    def cost(packets):
        return packets + opened(packets) * (slow_cost - 1)

    if cost(offered) <= budget:
        return offered, opened(offered)
    low, high = 0.0, offered
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if cost(middle) <= budget else (low, middle)
    return low, opened(low)


def step(cal, traffic, state, dt):
    """One step; packets forwarded by (hardware, software)."""
    offered = traffic.pps * dt
    share = state.cached / traffic.flows
    hardware = min(offered * share, cal.hw_pps * dt)
    budget = cal.sep_cores * cal.sw_pps_core * dt
    inserted = max(0.0, min(cal.insert_rate * dt, state.known - state.cached, cal.hw_flows - state.cached,
                            budget / cal.insert_cost))
    software, opened = forwarded(budget - inserted * cal.insert_cost, offered * (1 - share), traffic.flows - state.cached,
                                 traffic.flows - state.known, cal.slow_cost)
    state.known = min(traffic.flows, state.known + opened)
    state.cached = min(traffic.flows, state.cached + inserted)
    return hardware, software


def refresh(cal, traffic, at, seconds, dt=0.1):
    """Packets a second over time: [(t, hardware, software)], with the routes refreshed at `at`. Begins with all that fits in the cache."""
    state = State(cached=min(traffic.flows, cal.hw_flows), known=traffic.flows)
    series = []
    for number in range(int(round(seconds / dt))):
        t = round(number * dt, 6)
        if abs(t - at) < dt / 2:
            state.cached = state.known = 0.0
        hardware, software = step(cal, traffic, state, dt)
        series.append((t, hardware / dt, software / dt))
    return series


def triton_refresh(cal, pps_core, traffic, at, seconds, dt=0.1):
    """The same of an architecture without a cache of flows in hardware: software alone, so many packets a second a core."""
    alone = cal.but(hw_flows=0.0, insert_rate=0.0, sep_cores=cal.triton_cores, sw_pps_core=pps_core)
    return refresh(alone, traffic, at, seconds, dt)


def dip(series, at):
    """How deep and how long: first rate, lowest, its drop, seconds under 90 % of the first, and what was lost in seconds of it."""
    total = [(t, hardware + software) for t, hardware, software in series]
    dt = total[1][0] - total[0][0]
    before = next(rate for t, rate in total if t < at)
    after = [(t, rate) for t, rate in total if t >= at - dt / 2]
    # The first second is the walk of the policy for everybody; the level behind it is what a person sees in a plot.
    level = min(rate for t, rate in after if t >= at + 2)
    return {"before": before, "lowest": min(rate for _, rate in after), "drop": 1 - level / before,
            "seconds": sum(dt for _, rate in after if rate < 0.9 * before),
            "lost": sum((before - rate) * dt for _, rate in after) / before}
