#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The same traffic gives the same output however it is processed.

    differential.py again | vectors | workers | moving | slow | index | sliced | mixture
"""
import sys

from replay import Run, same

QUANTUM = ("--quantum", "500000")  # half a step of the captures: what one flow sends at a time is a vector


def again():
    first, second = Run(*QUANTUM, "--vector", "16"), Run(*QUANTUM, "--vector", "16")
    same("bytes", first.raw, second.raw)
    same("drops", first.drops(), second.drops())


def compare(a, b):
    same(f"flows of {a.options} and {b.options}", a.flows(), b.flows())
    same(f"drops of {a.options} and {b.options}", a.drops(), b.drops())


def vectors():
    one, many = Run(*QUANTUM, "--vector", "1"), Run(*QUANTUM, "--vector", "16")
    if not sum(w["vectors"] for w in many.report["workers"]) < 0.8 * sum(w["vectors"] for w in one.report["workers"]):
        raise AssertionError("hardly any vector of more than one packet: this compares nothing")
    compare(one, many)
    compare(Run(), one)


def workers():
    one = Run("--workers", "1")
    for n in ("2", "3", "16"):
        compare(one, Run("--workers", n))
    compare(Run(*QUANTUM, "--workers", "1"), Run(*QUANTUM, "--workers", "2"))


def moving():
    """Workers that come and go, while sessions and packets are under way: every flow as if nothing had been."""
    numbers = (2, 1, 3, 2, 8, 3, 1, 4)
    changes = [word for i in range(40) for word in ("--set-workers", f"@{i * 3500000 + 1} {numbers[i % len(numbers)]}")]
    for options in (QUANTUM, (*QUANTUM, "--no-flow-index"), (*QUANTUM, "--slice", "on"), (*QUANTUM, "--worker-rate", "20000"), ()):
        fixed, changed = Run(*options), Run(*options, *changes)
        if sum(w["packets"] > 0 for w in changed.report["workers"]) < 8:
            raise AssertionError(f"{options}: some worker had nothing to do: {changed.report['workers']}")
        compare(fixed, changed)


def slow():
    fast, every = Run(*QUANTUM), Run(*QUANTUM, "--slow")
    compare(fast, every)
    for port in fast.raw:
        if fast.raw[port] != every.raw[port]:
            raise AssertionError(f"port {port}: other bytes or order on the slow path")


def index():
    with_it, without = Run(*QUANTUM), Run(*QUANTUM, "--no-flow-index")
    if with_it.report["workers"][0]["hits_flow_id"] == 0 or without.report["workers"][0]["hits_flow_id"] != 0:
        raise AssertionError("flow ids where there should be none, or none at all")
    same("bytes", with_it.raw, without.raw)
    same("drops", with_it.drops(), without.drops())


def sliced():
    """Payloads that stay in the NIC, with vectors and workers of every kind, fast and slow: the bytes of those that do not."""
    for options in ((*QUANTUM, "--vector", "16"), ("--vector", "1"), (*QUANTUM, "--workers", "2"), (*QUANTUM, "--slow")):
        whole, apart = Run(*options), Run(*options, "--slice", "on")
        if apart.report["nic"]["sliced"] < 100 or apart.report["nic"]["not_sliced"] or whole.report["nic"]["sliced"]:
            raise AssertionError(f"{options}: hardly anything is sliced: {apart.report['nic']}")
        if not apart.report["nic"]["bytes_to_fw"] < 0.8 * whole.report["nic"]["bytes_to_fw"]:
            raise AssertionError(f"{options}: as many bytes cross the ring")
        for port in whole.raw:
            if whole.raw[port] != apart.raw[port]:
                raise AssertionError(f"{options}, port {port}: other bytes when sliced")
        same("drops", whole.drops(), apart.drops())


# What the captures are made to provoke, so that a change of them that provokes nothing is seen.
REASONS = {"spoof_ip", "spoof_mac", "no_route", "sg_ingress", "no_session", "fragment", "udp_csum", "ip_hdr",
           "unknown_vni", "unknown_vtep", "ecn", "not_for_us"}


def mixture():
    r = Run(*QUANTUM)
    missing = REASONS - {reason for _, reason in r.drops()}
    if missing:
        raise AssertionError(f"not provoked: {sorted(missing)}; there is {r.drops()}")
    unexpected = {reason for _, reason in r.drops()} - REASONS
    if unexpected:
        raise AssertionError(f"unexpected: {sorted(unexpected)}: {r.drops()}")
    for port, frames in r.frames.items():
        if len(frames) < 10:
            raise AssertionError(f"port {port} sent {len(frames)} frames")


if __name__ == "__main__":
    {f.__name__: f for f in (again, vectors, workers, moving, slow, index, sliced, mixture)}[sys.argv[1]]()
