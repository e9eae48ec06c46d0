#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes docs/faults.md of tests/faults.toml and of what the tests say they provoke; with --check it only compares.

A test says so in the comment right before it, "Fault 13: words" or "Faults 4, 5: words": in C before the function of a cmocka test,
in a CMakeLists.txt before the line that registers it, in shell and Python anywhere, as a line of its own. It is an error when a fault that is met here has no test, or a test names one
that is not.
"""
import pathlib
import re
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/faults.md"
TAG = r"Faults? (\d+(?:, \d+)*): (.*?)"
HEAD = """<!-- SPDX-License-Identifier: Apache-2.0 -->
<!-- Generated from tests/faults.toml and the tests by tests/lib/faults.py; edit those. -->
# Faults

What goes wrong in production, what is done about it here, and the tests that make it go wrong. Never, whatever comes: a crash, a
read or write outside of a packet, a leak, a worker that hangs, a packet to another tenant. Packets that are dropped are counted
under one of the [reasons](reference/drop-reasons.md); a [test of its own](testing.md#drop-reasons) fails when one of those is provoked by
nobody. Beside the tests named here, the [simulator](testing.md#the-simulator) and the [fuzzers](testing.md#fuzzers) look for what nobody has
thought of.
"""


def sources():
    listed = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard", "*test*.c", "tests/*.sh", "tests/*.py", "tests/*CMakeLists.txt"],
                            cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return sorted(set(listed) - {"tests/lib/faults.py"})


def tags_of_c(path, text, errors):
    for numbers, words, name in re.findall(r"/\* " + TAG + r"\s*\*/\s*(?:static void (\w+)\(void \*\*)?", text, re.S):
        if not name or len(re.findall(rf"\b{name}\b[,)]", text)) == 0:  # in no list of tests
            errors.append(f"{path}: 'Fault {numbers}' does not stand before a test")
        yield numbers, name or "?", words


def registered(call, name):
    """system_kill(kill_avsd ...) makes system_kill_avsd, sim_overload(churn ...) makes sim_overload_churn."""
    last = call.rpartition("_")[2]
    return call + name[len(last):] if name.startswith(last + "_") else f"{call}_{name}"


def tags(errors):
    """(number, what to call it, file) of all tests."""
    for path in sources():
        file = ROOT / path
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        if path.endswith(".c"):
            found = tags_of_c(path, text, errors)
        elif path.endswith(".txt"):
            found = [(numbers, registered(call, name), words) for numbers, words, call, name in
                     re.findall(r"^# " + TAG + r"\n(\w+)\((\w+) ", text, re.M)]
        else:
            found = [(numbers, file.name, words) for numbers, words in re.findall(r"^\s*# " + TAG + "$", text, re.M)]
        for numbers, name, _ in found:
            for number in numbers.split(", "):
                yield int(number), name, path


def row(fault, tests):
    reasons = ", ".join(f"`{reason}`" for reason in fault.get("reasons", []))
    if "later" in fault:
        behaviour, shown = f"not met yet: comes with {fault['later']}", ""
    else:
        behaviour = fault["behaviour"]
        shown = ", ".join(f"[{name}](../{path})" for name, path in tests)
    return f"| {fault['number']} | {fault['what']} | {behaviour} | {reasons} | {shown} |\n"


def make(errors):
    with open(ROOT / "tests/faults.toml", "rb") as file:
        groups = tomllib.load(file)
    with open(ROOT / "hsring/hsring.toml", "rb") as file:
        known = {reason["name"].lower() for stage in tomllib.load(file)["drop"] for reason in stage["reasons"]}
    tests = {}
    for number, name, path in tags(errors):
        if (name, path) not in tests.setdefault(number, []):
            tests[number].append((name, path))
    page, met = HEAD, 0
    for group in groups["group"]:
        page += f"\n## {group['name']}\n\n| | what | what is done | counted as | tests |\n|---|---|---|---|---|\n"
        for fault in group["fault"]:
            of_it = tests.pop(fault["number"], [])
            met += "later" not in fault
            if ("later" in fault) == bool(of_it):
                errors.append(f"fault {fault['number']}: " + ("it is met by a test: what is done?" if of_it else "no test provokes it"))
            errors += [f"fault {fault['number']}: no reason {r}" for r in fault.get("reasons", []) if r not in known]
            page += row(fault, of_it)
    errors += [f"{path}: there is no fault {number}" for number, list_ in tests.items() for _, path in list_]
    return page, met


def main():
    errors = []
    page, met = make(errors)
    if sys.argv[1:] == ["--check"]:
        if not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page:
            errors.append("docs/faults.md is stale: run tests/lib/faults.py")
    else:
        PAGE.write_text(page, encoding="utf-8")
        print(f"docs/faults.md: {met} faults with tests")
    return "\n".join(errors) or 0


if __name__ == "__main__":
    sys.exit(main())
