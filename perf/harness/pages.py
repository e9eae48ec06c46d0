# SPDX-License-Identifier: Apache-2.0
"""Huge pages for peers that know no other memory: taken once for a whole run, and given back."""
import contextlib
import time

from .machine import read

POOL = "/proc/sys/vm/nr_hugepages"


def free():
    for line in read("/proc/meminfo").splitlines():
        if line.startswith("HugePages_Free"):
            return int(line.split()[1])
    return 0


def write(path, text):
    with contextlib.suppress(OSError):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


@contextlib.contextmanager
def reserved(count):
    """At least `count` free ones, where the machine gives them; whoever needs them looks for himself."""
    added = 0
    try:
        for _ in range(8 if count else 0):
            lack = count - free()
            if lack <= 0:
                break
            before = int(read(POOL) or 0)
            write("/proc/sys/vm/compact_memory", "1")
            write(POOL, str(before + lack))
            added += int(read(POOL) or 0) - before
            time.sleep(0.2)
        yield
    finally:
        if added > 0:
            write(POOL, str(max(int(read(POOL) or 0) - added, 0)))
