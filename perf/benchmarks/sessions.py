# SPDX-License-Identifier: Apache-2.0
"""Sessions that come and go (A-4), a route that changes under two million of them (A-7), and how much memory they take (A-8)."""
from harness.benchmark import CPS, Aim, Benchmark, Device, Failed, Figure, Missing
from peers import ovs

FRAMES_EACH = 6
OVS_CONNECTIONS = ovs.MOST // FRAMES_EACH
MILLIONS = 32
GIB_NEEDED = 14  # for 32 million sessions and the frames that open them


def bench(run, case, *options):
    return [run.program("avs-bench-sessions"), "--case", case, "--cpu", run.cpu, *options]


def ours(case):
    return Device("ours", "ours", lambda run: run.json(*bench(run, case, "--seconds", run.seconds)), peer=False)


def peer(work, case):
    """Both directions in order from one port; a quarter of a million frames again and again."""

    def capture(run):
        path = run.file(f"{case}.pcap")
        if not run.exists(path):
            run.text(*bench(run, case, "--connections", OVS_CONNECTIONS, "--capture", path))
        return path

    return ovs.replay(work, ovs.TITLES[work], capture)


def connections(name, title, devices, **more):
    return Benchmark(name, f"TCP connections of six packets, {title}: begin, end and removal of the session",
                     devices=devices, figures=[CPS.aim(Aim("A-4", least=500), Aim("A-4", ratio=3, peer="ovs"))],
                     notes="A session waits a second in TIME_WAIT and is then removed by its time-out, at 500,000 connections a second of "
                           "NIC time. OVS-DPDK has 40,000 tuples, each of which replaces its connection in TIME_WAIT: a small table "
                           "and no time-outs, which favours it. It is asked for no SNAT: with that, connections whose ports come again get other ones, "
                           "and what the capture answers is not what was sent.", **more)


def refresh(run):
    result = run.json(*bench(run, "refresh"))
    series = [[x, y / 1e6] for x, y in result.pop("series")]
    result["plots"] = [{"title": "A route changes under 2 M sessions", "x": "s of CPU time since", "y": "Mpps", "series": [["ours", series]]}]
    return result


def available_gib():
    with open("/proc/meminfo", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("MemAvailable:")) / 2**20


def capacity(millions, need):
    def measure(run):
        if available_gib() < need:
            raise Missing(f"{millions} million sessions want {need} GiB of memory")
        result = run.json(*bench(run, "capacity", "--sessions", millions * 1000000))
        if result["sessions"] != millions * 1000000:
            raise Failed(f"only {result['sessions']} sessions were opened")
        return result

    return Device("ours", f"ours, {millions} M", measure, peer=False)


BYTES = [Figure("record_bytes", "bytes of a record", better="lower", aims=(Aim("A-8", most=256),)),
         Figure("bytes_each", "bytes in all", better="lower")]

BENCHMARKS = [
    connections("connections", "vNIC to vNIC, stateful groups", [ours("connections"), peer("connections", "connections")]),
    connections("connections-overlay", "security group + SNAT + VXLAN",
                [ours("connections-overlay"), peer("vxlan-connections", "connections")], quick=False, rounds=3),
    Benchmark("refresh-2m", "a route changes under 2 million sessions: throughput that is lost, as time",
              devices=[Device("ours", "ours", refresh, peer=False)],
              figures=[Figure("lost_seconds", "s of throughput lost", better="lower", aims=(Aim("A-7", most=0.5),)),
                       Figure("settled_seconds", "s until all follow", better="lower")], rounds=3, quick=False),
    Benchmark("capacity-2m", "2 million sessions: memory of each", devices=[capacity(2, 3)], figures=BYTES, rounds=1),
    Benchmark(f"capacity-{MILLIONS}m", f"{MILLIONS} million sessions in one table", devices=[capacity(MILLIONS, GIB_NEEDED)],
              figures=BYTES, rounds=1, quick=False),
]
