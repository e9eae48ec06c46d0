# SPDX-License-Identifier: Apache-2.0
"""What the paper's figures measure here: ours and the software baseline in turn on one core.

Costs are those of the best of many short runs: whoever else uses the machine (the other half of a core, the cache) makes runs
slower, by a factor of two and more, never faster. Instructions, counted by callgrind, stand beside them: they are the same each time.
"""
import re
import statistics

from harness.benchmark import Failed, Missing

MEASURED = "measured"
MODELLED = "modelled"
SCALED = "measured costs, modelled scale"
PAPER_SAYS = "the paper's"
HEAD = ("what", "paper", "ours", "how")


PACKETS = 9600  # whole batches
CONNECTIONS = 1600


def turns(run):
    """How often each is measured."""
    return 8 if run.full else 3


def seconds(run):
    return min(run.seconds, 0.25)


def software(run, *options, stages=False):
    """One run of the software baseline."""
    result = run.json(run.program("avs-software"), "--cpu", run.cpu, "--seconds", seconds(run), *options,
                      *(["--stages"] if stages else []))
    return checked(result)


def firmware_cycles(result):
    """The firmware's part of a packet's CPU time in a run of avs-bench, by the steps read apart."""
    steps = result["stage_cycles_per_packet"]
    return result["cycles_per_packet"] * steps["firmware"] / sum(steps.values())


def ours(run, *options):
    """One run of avs-bench, with firmware_cycles."""
    result = checked(run.json(run.program("avs-bench"), "--cpu", run.cpu, "--seconds", seconds(run), "--warmup", run.warmup, "--stages",
                              *options))
    result["firmware_cycles"] = firmware_cycles(result)
    return result


def checked(result):
    if not result.get("ok"):
        raise Failed("lost packets or moved none")
    return result


def in_turn(run, _times=None, **measures):
    """Each measured so often, in turn; lists of results by name."""
    found = {name: [] for name in measures}
    for number in range(_times or turns(run)):
        for name in (measures if number % 2 == 0 else reversed(list(measures))):
            found[name].append(measures[name]())
    return found


def median(results, *path):
    values = []
    for result in results:
        for key in path:
            result = result[key]
        values.append(result)
    return statistics.median(values)


def best(results, key="cycles_per_packet"):
    """The run that was disturbed least."""
    return min(results, key=lambda result: result[key])


def instructions(run, program, *options, function=None, each=PACKETS):
    """Instructions a packet (or connection) by callgrind, of all or within one function; None without valgrind or the program."""
    try:
        valgrind, path = run.tool("valgrind"), run.program(program)
    except Missing:
        return None
    only = [f"--toggle-collect={function}*"] if function else []  # the compiler may have given it a suffix

    def count(packets):
        out = run.file("callgrind.out")
        log = run.file("callgrind.log")
        run.text(valgrind, "--tool=callgrind", f"--callgrind-out-file={out}", f"--log-file={log}", *only, path, *options,
                 "--count", packets)
        with open(log, encoding="utf-8") as file:
            return int(re.search(r"Collected : (\d+)", file.read()).group(1))

    # Both of whole batches, and the same before the measurement begins.
    return (count(2 * each) - count(each)) / each


def counted_costs(run, case="vxlan", flows=1000):
    """Instructions of a packet of a known flow and of a first packet: of the software baseline, and of our firmware alone. Or None."""
    options = ("--case", case, "--flows", flows)
    found = {"software": instructions(run, "avs-software", *options),
             "firmware": instructions(run, "avs-bench", *options, function="dp_poll"),
             "software_new": instructions(run, "avs-software", *options, "--new"),
             "firmware_new": instructions(run, "avs-bench", *options, "--slow", function="dp_poll")}
    if not all(found.values()):
        return None
    options = ("--case", f"connections-{case}", "--rate", 1000)
    six = {"software_connection": instructions(run, "avs-software-connections", *options, each=CONNECTIONS),
           "firmware_connection": instructions(run, "avs-bench-sessions", *options, each=CONNECTIONS, function="dp_poll")}
    return {**found, **(six if all(six.values()) else {})}


def costs(run, case="vxlan", flows=1000):
    """The same in cycles."""
    options = ("--case", case, "--flows", flows)
    found = in_turn(run, hit=lambda: software(run, *options), ours=lambda: ours(run, *options),
                    new=lambda: software(run, *options, "--new"), slow=lambda: ours(run, *options, "--slow"))
    return {"software": best(found["hit"])["cycles_per_packet"], "software_new": best(found["new"])["cycles_per_packet"],
            "firmware": best(found["ours"])["firmware_cycles"], "firmware_new": best(found["slow"])["firmware_cycles"]}
