# SPDX-License-Identifier: Apache-2.0
"""./run bench: arguments, and the order of things."""
import argparse
import json
import os
import shlex
import signal
import sys
import tempfile
import time

from . import baseline, catalogue, machine, ndr, pages, runner, summary, table
from .report import Store
from .run import BUILD, ROOT, Run

EPILOG = """\
Benchmarks are the files of perf/benchmarks, peers those of perf/peers; perf/README.md tells how to add one.
exit codes: 0 measured (what is missing here is no failure: its row says what, and how to get it); 1 a run of ours failed or lost
packets, a stable figure is worse than perf/baseline.json, or interrupted; 2 usage
examples: ./run bench --quick                     ./run bench --full 'overlay*'
          ./run bench --peer none forward-1k      ./run bench --baseline"""


def from_on(least, kind):
    """A type of arguments: numbers from `least` on."""
    def number(text):
        value = kind(text)
        if not value >= least:
            raise argparse.ArgumentTypeError(f"{text} is less than {least}")
        return value

    number.__name__ = kind.__name__  # of argparse's message
    return number


def unknown_peer(args):
    """What is wrong with --peer; None: nothing."""
    known = sorted({device.name for benchmark in args.chosen for device in benchmark.devices if device.peer})
    for peer in args.peers or ():
        if not any(catalogue.is_peer(name, peer) for name in known):
            return f"no benchmark chosen has a peer '{peer}'; they have {', '.join(known) or 'none'} (--peer none: ours alone)"
    return None


def arguments(words):
    parser = argparse.ArgumentParser(prog="./run bench", epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
                                     description="Measures ours beside peers, alternating on one core; ends with a table and "
                                                 "writes report.html, summary.json and runs.jsonl to build/bench.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="benchmarks; a name may end in *")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--quick", action="store_true", help="2 rounds of 1 s, the quick benchmarks (default)")
    length.add_argument("--full", action="store_true", help="5 rounds of 2 s, all benchmarks, NDR and PDR where they are searched")
    parser.add_argument("--peer", action="append", metavar="NAME", help="this peer alone (again for more), or none")
    parser.add_argument("--source", choices=("memory", "testpmd", "pktgen"), default="memory", help="who makes the traffic")
    parser.add_argument("--rounds", type=from_on(1, int), help="other than the length has")
    parser.add_argument("--seconds", type=from_on(0.01, float), help="of each run, from 0.01 on")
    parser.add_argument("--cpu", type=int, default=max(os.sched_getaffinity(0)), help="core of the datapath (default: the last)")
    parser.add_argument("--ndr", action="store_true", help="search NDR and PDR though it is no --full run")
    parser.add_argument("--baseline", action="store_true", help="measure the stable figures and write perf/baseline.json")
    parser.add_argument("--json", action="store_true", help="the summary on stdout")
    parser.add_argument("--list", action="store_true", help="the benchmarks, and what each is")
    parser.add_argument("--needs", action="store_true", help=argparse.SUPPRESS)  # what scripts/bench.sh is to install
    parser.add_argument("--output", default=os.path.join(ROOT, "build", "bench"), help="directory of the results")
    args = parser.parse_args(words)
    if args.cpu not in os.sched_getaffinity(0):
        parser.error(f"no CPU {args.cpu} for us here; there are {', '.join(map(str, sorted(os.sched_getaffinity(0))))}")
    try:
        found = catalogue.load()
        args.chosen = catalogue.chosen(found, args.names, args.full or args.baseline)
    except KeyError as error:
        parser.error(f"no benchmark {error}; --list shows them")
    args.peers = None if args.peer is None else [name for name in args.peer if name != "none"]
    if not args.names:
        wanted = args.source if not args.baseline else "memory"
        args.chosen = [b for b in args.chosen if b.source == wanted and (b.stable or not args.baseline)]
    if not args.list and (why := unknown_peer(args)) is not None:
        parser.error(why)
    args.all = args.full or bool(args.names)
    args.rounds = args.rounds or (5 if args.full else 2)
    args.seconds = args.seconds or (2.0 if args.full else 1.0)
    return args


def progress(text):
    """A line that replaces the one before it on a terminal; elsewhere, a line each."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text[:150]}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr, flush=True)


def run_one(benchmark, args, store):
    devices = catalogue.devices(benchmark, args.peers, args.all)
    with tempfile.TemporaryDirectory(prefix="avs-bench.") as directory:
        os.chmod(directory, 0o755)
        run = Run(cpu=args.cpu, seconds=args.seconds, warmup=0.5 if args.full else 0.2, directory=directory, full=args.full, build=BUILD)
        records = runner.rounds(benchmark, devices, run, args.rounds, progress, store.keep)
        summed = summary.summarise(benchmark, devices, records)
        for device in devices if benchmark.ndr and (args.full or args.ndr) else []:
            if device.tester is not None:
                progress(f"{benchmark.name}: {device.title}, NDR and PDR")
                ndr.add(summed, device, ndr.of_device(device, run))
    return summed


def judge(summaries):
    """Stable figures against the baseline, into the rows' verdicts; the names of those that are worse."""
    compared = baseline.compare(baseline.stable(summaries), baseline.load())
    for each in summaries:
        for row in each["rows"]:
            name = f"{each['name']}.{row['figure']}"
            if name in compared:
                _, was, word = compared[name]
                row["aims"] = [*row["aims"], f"baseline {table.number(was)}"] if was is not None else row["aims"]
                row["verdict"] = f"{row['verdict']}; {word}" if row["verdict"] else word
    return [name for name, (_, _, word) in compared.items() if word == "worse"]


def finish(args, summaries, store, started):
    worse = judge(summaries)
    failed = [f"{each['name']}: {device['title']}: {device['failed']}" for each in summaries for device in each["devices"]
              if device["ours"] and "failed" in device]
    result = {"machine": machine.describe(BUILD, ROOT),
              "command": "./run bench " + shlex.join(sys.argv[1:]), "cpu": args.cpu, "rounds": args.rounds,
              "seconds": args.seconds, "took_s": round(time.monotonic() - started, 1), "benchmarks": summaries,
              "worse": worse, "failed": failed}
    store.finish(result)
    progress("")
    if args.json:
        print(json.dumps(result, indent=2))
    else:
        print(machine.line(result["machine"]))
        for each in (one for summary in summaries for one in summary["tables"]):
            print(f"{table.own(each)}\n")
        print(table.text([row for each in summaries for row in each["rows"]]))
        print(f"{result['took_s']:.0f} s; report: {store.path('report.html')}")
    for name in worse:
        print(f"bench: worse than perf/baseline.json: {name}", file=sys.stderr)
    for line in failed:
        print(f"bench: failed: {line}", file=sys.stderr)
    if args.baseline:
        baseline.update(baseline.stable(summaries))
        return 1 if failed else 0
    return 1 if worse or failed else 0


def listed(found):
    """A line for each benchmark: name, the shortest run that has it, who makes its traffic, title."""
    width = max(map(len, found))
    for benchmark in found.values():
        kind = "quick" if benchmark.quick else "full"
        print(f"{benchmark.name:<{width}}  {kind:<5}  {benchmark.source:<7}  {benchmark.title}")


def interrupted(number, frame):
    raise KeyboardInterrupt


def main(words=None):
    args = arguments(words)
    if args.needs:
        print("build" if args.peers == [] else "build bench")
        return 0
    signal.signal(signal.SIGTERM, interrupted)  # what runs is ended, and pages go back
    if args.list:
        listed(catalogue.load())
        return 0
    started, summaries = time.monotonic(), []
    try:
        store = Store(args.output)
    except OSError as error:
        print(f"bench: cannot write to {args.output}: {error.strerror} (by another user before?); --output names another place", file=sys.stderr)
        return 1
    try:
        wanted = [device.huge_pages for b in args.chosen for device in catalogue.devices(b, args.peers, args.all)]
        with pages.reserved(max(wanted, default=0)):
            for benchmark in args.chosen:
                summaries.append(run_one(benchmark, args, store))
    except KeyboardInterrupt:
        progress("interrupted")
        return 1
    return finish(args, summaries, store, started)
