# SPDX-License-Identifier: Apache-2.0
"""Finds the benchmarks: every file of perf/benchmarks, whose BENCHMARKS is a list. Order: by file name, then as listed."""
import importlib
import pkgutil

import benchmarks


def load():
    """All benchmarks by name."""
    found = {}
    for module in sorted(pkgutil.iter_modules(benchmarks.__path__), key=lambda entry: entry.name):
        for benchmark in importlib.import_module(f"benchmarks.{module.name}").BENCHMARKS:
            if benchmark.name in found:
                raise ValueError(f"two benchmarks are named {benchmark.name}")
            found[benchmark.name] = benchmark
    return found


def chosen(found, names, full):
    """Those to run: the named ones (a name may end in *), or all of the kind of run."""
    if not names:
        return [benchmark for benchmark in found.values() if benchmark.quick or full]
    result = []
    for name in names:
        some = [b for key, b in found.items() if key == name or (name.endswith("*") and key.startswith(name[:-1]))]
        if not some:
            raise KeyError(name)
        result += [b for b in some if b not in result]
    return result


def is_peer(name, peer):
    """Does --peer mean the device of this name? ovs means ovs-ct as well."""
    return name == peer or name.startswith(f"{peer}-")


def devices(benchmark, peers, full=True):
    """Its devices, without the peers that were not asked for; `peers`: None for all."""
    if peers is None:
        return [device for device in benchmark.devices if full or device.quick]
    return [device for device in benchmark.devices
            if not device.peer or any(is_peer(device.name, peer) for peer in peers)]
