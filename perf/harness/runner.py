# SPDX-License-Identifier: Apache-2.0
"""Rounds: every device once in each, forwards and backwards in turn, so that a machine that gets slower favours nobody."""
import time

from . import machine
from .benchmark import Failed, Missing


def order(devices, number):
    """The devices of a round (from 0): A B C, then C B A, then A B C."""
    return list(devices) if number % 2 == 0 else list(reversed(devices))


def measure(device, run):
    """One run's record. A device that is missing or fails is a record, too."""
    steal, start = machine.steal_ms(), time.monotonic()
    try:
        record = {"result": device.measure(run)}
    except Missing as error:
        record = {"missing": str(error)}
    except Failed as error:
        record = {"failed": str(error)}
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, OSError) as error:
        record = {"failed": f"{type(error).__name__}: {error}"}
    record["steal_ms"] = machine.steal_ms() - steal
    record["took_s"] = round(time.monotonic() - start, 2)
    if "result" in record and record["result"].get("ok") is False:
        record["failed"] = record["result"].get("why", "lost packets or moved none")
    return record


def rounds(benchmark, devices, run, count, progress=lambda text: None, keep=lambda record: None):
    """All records of a benchmark, in the order they were measured. Whoever is missing is not asked again."""
    records, gone = [], set()
    count = min(count, benchmark.rounds or count)
    for number in range(count):
        for device in order(devices, number):
            if device.name in gone:
                continue
            progress(f"{benchmark.name}: {device.title}, round {number + 1} of {count}")
            record = {"benchmark": benchmark.name, "device": device.name, "round": number + 1, **measure(device, run)}
            if "missing" in record:
                gone.add(device.name)
            records.append(record)
            keep(record)
    return records
