#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the fuzzers that are built in build/fuzz, as many at a time as there are processors, and says what each has seen.

Inputs: tests/fuzz/corpus/NAME, and what former runs found in build/fuzz/corpus/NAME, which grows. What ends a fuzzer is kept in
build/fuzz/findings, with the line that shows it again. The exit code is 1 when there was one.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "fuzz"
SOURCE = ROOT / "tests" / "fuzz"
LONGEST = 8192  # bytes of an input that is kept
ENVIRONMENT = {
    "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:quarantine_size_mb=64",
    "UBSAN_OPTIONS": "print_stacktrace=1",
}


def program(name):
    return [str(ROOT / "scripts" / "no-aslr.sh"), str(BUILD / "fuzz" / f"fuzz_{name}")]


def run(command, log, **more):
    environment = {**os.environ, **ENVIRONMENT}
    with open(log, "w", encoding="utf-8", errors="replace") as out:
        return subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, env=environment, check=False, **more).returncode


def last_number(text, pattern):
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def findings_of(name):
    return set((BUILD / "findings").glob(f"{name}-*"))


def fuzz(name, seconds):
    """One fuzzer for so many seconds: what there is to say of it."""
    work, log = BUILD / "corpus" / name, BUILD / f"{name}.log"
    work.mkdir(parents=True, exist_ok=True)
    before, start = findings_of(name), time.monotonic()
    command = program(name) + [str(work), str(SOURCE / "corpus" / name), f"-max_total_time={seconds}", "-timeout=100",
                               "-rss_limit_mb=3000", "-max_len=4096", "-print_final_stats=1",
                               f"-artifact_prefix={BUILD}/findings/{name}-"]
    words = SOURCE / f"{name}.dict"
    if words.exists():
        command.append(f"-dict={words}")
    code = run(command, log)
    text = log.read_text(encoding="utf-8", errors="replace")
    taken = time.monotonic() - start
    runs = last_number(text, r"stat::number_of_executed_units: (\d+)")
    return {"name": name, "code": code, "seconds": taken, "runs": runs, "log": log, "text": text,
            "edges": last_number(text, r" cov: (\d+) "), "all": last_number(text, r"\((\d+) inline 8-bit counters\)"),
            "inputs": last_number(text, r" corp: (\d+)/"), "findings": sorted(findings_of(name) - before)}


def say(result):
    state = "ok" if result["code"] == 0 else "FINDING"
    print(f"fuzz {result['name'] + ':':<12} {result['seconds']:>5.0f} s {result['runs']:>10} runs, "
          f"{result['edges']} edges  {state}", flush=True)


def show_again(result):
    print(f"\n---- fuzz {result['name']}: {result['log'].relative_to(ROOT)}")
    told = [line for line in result["text"].splitlines()
            if re.search(r"does not hold|ERROR|SUMMARY|runtime error|    #\d+ .*(?:vswitch|session|hsring|_rtl|ops|tests)/", line)]
    print("\n".join(told[:30]))
    for finding in result["findings"]:
        print(f"once more: scripts/no-aslr.sh build/fuzz/fuzz/fuzz_{result['name']} {finding.relative_to(ROOT)}")


def report(results):
    print(f"\n{'fuzzer':<12} {'runs':>11} {'a second':>9} {'edges':>7} {'of':>7} {'inputs':>7}  result")
    for r in results:
        rate = r["runs"] / r["seconds"] if r["seconds"] else 0
        print(f"{r['name']:<12} {r['runs']:>11} {rate:>9.0f} {r['edges']:>7} {r['all']:>7} {r['inputs']:>7}  "
              f"{'ok' if r['code'] == 0 else 'FINDING'}")
    failed = sum(r["code"] != 0 for r in results)
    print(f"fuzz: {len(results)} fuzzers, {sum(r['runs'] for r in results)} runs, {failed} with findings")
    return failed


def write_junit(results):
    """For `./run test`, as ctest has it."""
    suite = ET.Element("testsuite", name="fuzz")
    for r in results:
        case = ET.SubElement(suite, "testcase", name=f"fuzz_{r['name']}", time=f"{r['seconds']:.1f}", status="run")
        if r["code"] != 0:
            ET.SubElement(case, "failure", message="a finding")
        ET.SubElement(case, "system-out").text = "\n".join(
            line for line in r["text"].splitlines()[-60:] if line.isprintable())
    ET.ElementTree(suite).write(BUILD / "junit.xml")


def keep(name):
    """The repository's corpus: as few files as reach every edge that seeds, corpus and runs reach."""
    corpus = SOURCE / "corpus" / name
    with tempfile.TemporaryDirectory() as temporary:
        seeds, merged, log = pathlib.Path(temporary) / "seeds", pathlib.Path(temporary) / "merged", BUILD / f"{name}.merge.log"
        merged.mkdir()
        corpus.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, str(SOURCE / "seeds.py"), name, str(seeds)], check=True)
        sources = [str(d) for d in (seeds, corpus, BUILD / "corpus" / name) if d.is_dir()]
        code = run(program(name) + ["-merge=1", "-use_counters=0", f"-max_len={LONGEST}", str(merged), *sources], log)
        if code != 0:
            sys.exit(f"fuzz: merging the corpus of {name} failed: {log}")
        shutil.rmtree(corpus)
        corpus.mkdir()
        files = sorted(merged.iterdir())
        for file in files:
            shutil.copy(file, corpus / (file.name[:12] + ".seed"))
    print(f"fuzz {name}: {len(files)} files, {sum(f.stat().st_size for f in corpus.iterdir())} bytes")


def chosen(options):
    names = [line.split("\t")[0] for line in (BUILD / "fuzzers.tsv").read_text(encoding="utf-8").splitlines()]
    unknown = [name for name in options.names if name not in names]
    if unknown:
        print(f"fuzz: no fuzzer '{unknown[0]}' (one of: {' '.join(names)})", file=sys.stderr)
        sys.exit(2)
    return [name for name in options.names or names if re.search(options.filter, f"fuzz_{name}")]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--filter", default="", help="only those for which fuzz_NAME matches")
    parser.add_argument("seconds", type=int)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    names = chosen(options)
    (BUILD / "findings").mkdir(exist_ok=True)
    jobs = int(os.environ.get("AVS_JOBS") or os.cpu_count() or 1)
    results = []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for result in pool.map(lambda name: fuzz(name, options.seconds), names if options.seconds else []):
            say(result)
            results.append(result)
    write_junit(results)
    for result in results:
        if result["code"] != 0:
            show_again(result)
    failed = report(results)
    if options.keep and not failed:
        for name in names:
            keep(name)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
