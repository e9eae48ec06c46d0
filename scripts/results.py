#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Lists the tests and reports what ctest wrote: build/PRESET/tests.tsv and build/PRESET/junit.xml.

results.py list TSV                       name, labels and purpose of each test
results.py report --suite PRESET WANTED UNWANTED ...
                                          table of the suites; exit 1 on a failure or when nothing ran
"""
import argparse
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as ET

NO_ROOT = "system tests need root for network namespaces"


def read_list(path, pattern):
    """Tests of one tests.tsv whose name matches the pattern."""
    tests = []
    if not path.exists():
        return tests
    for line in path.read_text(encoding="utf-8").splitlines():
        name, labels, purpose = line.split("\t")
        if re.search(pattern, name):
            tests.append({"name": name, "labels": labels.split(","), "purpose": purpose})
    return tests


def last_line(text):
    lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"


def read_case(case):
    """One <testcase> of ctest's junit.xml as name, state, seconds, output, reason."""
    output = case.findtext("system-out") or ""
    test = {"name": case.get("name"), "seconds": float(case.get("time") or 0), "reason": ""}
    failure, skipped = case.find("failure"), case.find("skipped")
    if failure is not None or case.get("status") == "fail":
        test["state"] = "failed"
        test["reason"] = (failure.get("message") if failure is not None else "") or "failed"
        test["output"] = output
    elif skipped is not None or case.get("status") in ("notrun", "disabled"):
        message = (skipped.get("message") if skipped is not None else "") or ""
        # Only a test that chose to skip is skipped; a program that is not there is a defect.
        chose = "SKIP" in message.upper() or case.get("status") == "disabled"
        test["state"] = "skipped" if chose else "failed"
        test["reason"] = last_line(output) if chose else (message or "did not run")
        test["output"] = output
    else:
        test["state"] = "passed"
    return test


def read_suite(preset, wanted, unwanted, pattern, without_root):
    """All results of one preset, with the tests that were left out for want of root."""
    base = pathlib.Path("build") / preset
    suite = {"name": preset, "built": True, "tests": []}
    junit = base / "junit.xml"
    if junit.exists():
        root = ET.parse(junit).getroot()
        suite["tests"] = [read_case(case) for case in root.iter("testcase")]
    else:
        suite["built"] = False
        suite["tests"] = [{"name": f"{preset}: build or start of the tests", "state": "failed", "seconds": 0.0,
                           "reason": f"see build/{preset}/build.log", "output": ""}]
    if without_root:
        for test in read_list(base / "tests.tsv", pattern):
            labels = set(test["labels"])
            if "system" in labels and labels & set(wanted.split("|")) and not labels & set(unwanted.split("|")):
                suite["tests"].append({"name": test["name"], "state": "skipped", "seconds": 0.0, "reason": NO_ROOT})
    suite["seconds"] = round(sum(test["seconds"] for test in suite["tests"]), 2)
    for state in ("passed", "failed", "skipped"):
        suite[state] = sum(test["state"] == state for test in suite["tests"])
    return suite


def print_report(suites, total):
    for suite in suites:
        for test in suite["tests"]:
            if test["state"] == "failed":
                print(f"\n---- {suite['name']}: {test['name']}: {test['reason']}")
                print("\n".join((test.get("output") or "").splitlines()[-40:]))
    skipped = {}
    for suite in suites:
        for test in suite["tests"]:
            if test["state"] == "skipped":
                skipped.setdefault((test["name"], test["reason"]), []).append(suite["name"])
    if skipped:
        print("\nskipped:")
        for (name, reason), where in skipped.items():
            print(f"  {name} ({', '.join(where)}): {reason}")
    print(f"\n{'suite':<10} {'passed':>7} {'failed':>7} {'skipped':>8} {'test time':>10}")
    for suite in suites:
        print(f"{suite['name']:<10} {suite['passed']:>7} {suite['failed']:>7} {suite['skipped']:>8} "
              f"{suite['seconds']:>8.1f} s")
    if not total["passed"] + total["failed"] + total["skipped"]:
        print("\nno test was found")
    print(f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped")


def report(options):
    suites = [read_suite(*suite, options.filter, options.without_root) for suite in options.suite]
    total = {state: sum(suite[state] for suite in suites) for state in ("passed", "failed", "skipped")}
    if options.json:
        json.dump({**total, "suites": suites}, sys.stdout, indent=2)
        print()
    else:
        print_report(suites, total)
    return 0 if not total["failed"] and sum(total.values()) else 1


def show_list(options):
    tests = read_list(options.tsv, options.filter)
    if options.json:
        json.dump(tests, sys.stdout, indent=2)
        print()
        return 0
    width = max((len(test["name"]) for test in tests), default=0)
    labels = max((len(",".join(test["labels"])) for test in tests), default=0)
    for test in sorted(tests, key=lambda test: (test["labels"][0], test["name"])):
        print(f"{test['name']:<{width}}  {','.join(test['labels']):<{labels}}  {test['purpose']}")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    lister = verbs.add_parser("list")
    lister.add_argument("tsv", type=pathlib.Path)
    lister.set_defaults(run=show_list)
    reporter = verbs.add_parser("report")
    reporter.add_argument("--suite", nargs=3, action="append", default=[], metavar=("PRESET", "WANTED", "UNWANTED"))
    reporter.add_argument("--without-root", action="store_true")
    reporter.set_defaults(run=report)
    for verb in (lister, reporter):
        verb.add_argument("--filter", default="")
        verb.add_argument("--json", action="store_true")
    options = parser.parse_args()
    return options.run(options)


if __name__ == "__main__":
    sys.exit(main())
