#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: undumped.py PID...    The secret of the hash is in memory of these processes, and in none that a core dump would have.

A mapping that is left out has the flag "dd" in /proc/PID/smaps. The secret is read from the head of the shared or private region."""

import re
import sys

MAGIC = (0x31474E5249525448).to_bytes(8, "little")
HASH_KEY = 136  # offset of hsr_region_head.hash_key
LARGEST = 1 << 31  # no sanitizer's shadow


def mappings(pid):
    """Start, end, name and whether it is dumped, of what can be read."""
    at = None
    for line in open(f"/proc/{pid}/smaps", encoding="ascii", errors="replace"):
        head = re.match(r"([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)", line)
        if head:
            at = int(head[1], 16), int(head[2], 16), head[4], head[3]
        elif line.startswith("VmFlags:") and at and at[3].startswith("r") and at[1] - at[0] < LARGEST:
            yield at[0], at[1], at[2], "dd" not in line.split()


def read(memory, start, end):
    try:
        memory.seek(start)
        return memory.read(end - start)
    except OSError:  # [vvar], guard pages
        return b""


def forms(key):
    """As it stands, and as the multiply wants it: words of 64 bits, bits reversed."""
    words = [key[i:i + 8] for i in range(0, len(key), 8)]
    yield key[:16]
    for order in ("big", "little"):
        yield b"".join(int(f"{int.from_bytes(w, order):064b}"[::-1], 2).to_bytes(8, "little") for w in words[:2])


def main():
    secret, found, leaks = None, 0, []
    contents = []
    for pid in sys.argv[1:]:
        with open(f"/proc/{pid}/mem", "rb", 0) as memory:
            for start, end, name, dumped in mappings(pid):
                data = read(memory, start, end)
                contents.append((pid, start, name, dumped, data))
                if data.startswith(MAGIC):
                    secret = data[HASH_KEY:HASH_KEY + 48]
                    if dumped:
                        leaks.append(f"{pid}: the region itself, {name}")
    if not secret or not any(secret):
        sys.exit("no region found")
    for pid, start, name, dumped, data in contents:
        for form in forms(secret):
            if form in data:
                found += 1
                if dumped:
                    leaks.append(f"{pid}: {start:x} {name} at {data.find(form):x}")
    if leaks:
        sys.exit("the secret would be in a core dump:\n" + "\n".join(leaks))
    print(f"in {found} places, none of them dumped")
    sys.exit(found < 2)  # the region, and at least one who hashes


main()
