# SPDX-License-Identifier: Apache-2.0
"""Rounds and verdicts with devices that are simulated: order, what is missing, what failed, what is worse."""
import os
import tempfile
import unittest

from harness import baseline, catalogue, report, runner, stats, summary, table
from harness.benchmark import MPPS, Aim, Benchmark, Device, Failed, Figure, Missing


def fixed(name, *values, peer=True):
    """A device that reaches these rates, one a run."""
    left = list(values)
    return Device(name, name, lambda run: {"pps_core": left.pop(0) * 1e6, "ok": True}, peer)


def broken(name, error, peer=True):
    def measure(run):
        raise error

    return Device(name, name, measure, peer)


def taken(devices, count=3, figures=(MPPS,), **more):
    benchmark = Benchmark("b", "a title", devices, list(figures), **more)
    records = runner.rounds(benchmark, devices, None, count)
    return records, summary.summarise(benchmark, devices, records)


class Rounds(unittest.TestCase):
    def test_devices_take_turns_and_every_other_round_runs_backwards(self):
        records, _ = taken([fixed("ours", 1, 1, 1, peer=False), fixed("a", 1, 1, 1), fixed("b", 1, 1, 1)])
        self.assertEqual([record["device"] for record in records], ["ours", "a", "b", "b", "a", "ours", "ours", "a", "b"])
        self.assertEqual([record["round"] for record in records], [1, 1, 1, 2, 2, 2, 3, 3, 3])

    def test_one_round_is_enough_for_what_never_changes(self):
        records, _ = taken([fixed("ours", 1, peer=False)], rounds=1)
        self.assertEqual(len(records), 1)

    def test_who_is_missing_is_asked_once(self):
        records, _ = taken([fixed("ours", 1, 1, 1, peer=False), broken("a", Missing("not installed"))])
        self.assertEqual([record["device"] for record in records], ["ours", "a", "ours", "ours"])


class Verdicts(unittest.TestCase):
    figures = (MPPS.aim(Aim("A-1", least=12.0), Aim("A-2", ratio=5.5, peer="a")),)

    def rows(self, *devices):
        return taken(list(devices), figures=self.figures)[1]["rows"]

    def test_median_ratio_and_both_aims(self):
        row = self.rows(fixed("ours", 12, 13, 11.5, peer=False), fixed("a", 2, 1, 2.1))[0]
        self.assertEqual((row["ours"]["median"], row["ours"]["min"], row["ours"]["max"]), (12, 11.5, 13))
        self.assertEqual((row["ratio"], row["verdict"]), (6.0, "met"))

    def test_one_aim_missed_is_not_met(self):
        self.assertEqual(self.rows(fixed("ours", 12, 12, 12, peer=False), fixed("a", 3, 3, 3))[0]["verdict"], "not met")
        self.assertEqual(self.rows(fixed("ours", 11, 11, 11, peer=False), fixed("a", 1, 1, 1))[0]["verdict"], "not met")

    def test_a_missing_peer_says_why_and_judges_nothing_of_its_own(self):
        figures = (MPPS.aim(Aim("A-2", ratio=5.5, peer="a")),)
        row = taken([fixed("ours", 1, 1, 1, peer=False), broken("a", Missing("not installed"))], figures=figures)[1]["rows"][0]
        self.assertEqual((row["verdict"], row["ratio"]), ("missing: not installed", None))

    def test_an_absolute_aim_is_judged_without_the_peer(self):
        row = self.rows(fixed("ours", 1, 1, 1, peer=False), broken("a", Missing("not installed")))[0]
        self.assertEqual(row["verdict"], "not met; missing: not installed")

    def test_an_aim_that_is_met_is_not_said_to_be_while_the_peer_is_missing(self):
        row = self.rows(fixed("ours", 99e6, 99e6, 99e6, peer=False), broken("a", Missing("not installed")))[0]
        self.assertEqual(row["verdict"], "missing: not installed")

    def test_a_failed_round_is_a_failed_row(self):
        results = iter([{"pps_core": 99e6}, {"pps_core": 99e6, "ok": False}, {"pps_core": 99e6}])
        once = Device("ours", "ours", lambda run: next(results), peer=False)
        row = taken([once, fixed("a", 1, 1, 1)], figures=self.figures)[1]["rows"][0]
        self.assertTrue(row["verdict"].startswith("failed: "))

    def test_our_failure_is_no_figure(self):
        lossy = Device("ours", "ours", lambda run: {"pps_core": 99e6, "ok": False}, peer=False)
        result = taken([lossy, fixed("a", 1, 1, 1)], figures=self.figures)[1]
        self.assertTrue(result["rows"][0]["verdict"].startswith("failed: "))
        self.assertIsNone(result["rows"][0]["ours"])
        self.assertIn("failed", result["devices"][0])

    def test_a_run_that_raises_is_a_failure_not_an_end(self):
        for error in (Failed("no"), KeyError("x"), ValueError("y")):
            _, result = taken([broken("ours", error, peer=False), fixed("a", 1, 1, 1)])
            self.assertIn("failed", result["devices"][0])
            self.assertEqual(result["devices"][1]["figures"]["pps_core"]["n"], 3)

    def test_what_shall_be_small_compares_the_other_way(self):
        small = Figure("pps_core", "us", 1e-6, better="lower", aims=(Aim("L", most=2), Aim("L", ratio=3, peer="a")))
        row = taken([fixed("ours", 2, 2, 2, peer=False), fixed("a", 6, 6, 6)], figures=(small,))[1]["rows"][0]
        self.assertEqual((row["ratio"], row["verdict"]), (3.0, "met"))

    def test_an_aim_is_one_thing(self):
        for wrong in ({}, {"least": 1, "most": 2}, {"ratio": 2}, {"least": 1, "peer": "a"}):
            self.assertRaises(ValueError, lambda words=wrong: Aim("A", **words))


class Statistics(unittest.TestCase):
    def test_summary_leaves_out_what_is_not_there(self):
        self.assertIsNone(stats.summary([None, None]))
        self.assertEqual(stats.summary([3, None, 1, 2]), {"median": 2, "min": 1, "max": 3, "n": 3})


class Baseline(unittest.TestCase):
    def test_words(self):
        figures = {"a": (100, "lower"), "b": (103, "lower"), "c": (90, "lower"), "d": (90, "higher"), "e": (1, "lower")}
        words = baseline.compare(figures, {"a": 101, "b": 100, "c": 100, "d": 100})
        self.assertEqual({name: word for name, (_, _, word) in words.items()},
                         {"a": "ok", "b": "worse", "c": "better", "d": "worse", "e": "new"})

    def test_update_keeps_what_was_not_measured(self):
        with tempfile.TemporaryDirectory() as directory:
            path = os.path.join(directory, "baseline.json")
            baseline.update({"a": (1, "lower"), "b": (2, "lower")}, path)
            baseline.update({"b": (3, "lower")}, path)
            self.assertEqual(baseline.load(path), {"a": 1, "b": 3})

    def test_only_stable_figures_count(self):
        stable = Figure("pps_core", "instructions", better="lower", stable=True)
        _, result = taken([fixed("ours", 1, 1, 1, peer=False)], figures=(stable,))
        _, other = taken([fixed("ours", 1, 1, 1, peer=False)])
        self.assertEqual(baseline.stable([result, other]), {"b.pps_core": (1e6, "lower")})


class Catalogue(unittest.TestCase):
    def test_every_benchmark_has_ours_first_and_names_its_peers(self):
        for benchmark in catalogue.load().values():
            names = [device.name for device in benchmark.devices]
            self.assertEqual(names[0], "ours", benchmark.name)
            self.assertEqual(len(names), len(set(names)), benchmark.name)
            self.assertFalse(benchmark.devices[0].peer, benchmark.name)
            for aim in (aim for figure in benchmark.figures for aim in figure.aims if aim.peer):
                self.assertIn(aim.peer, names, benchmark.name)

    def test_selection(self):
        found = {b.name: b for b in (Benchmark("x-1", "", [], []), Benchmark("x-2", "", [], [], quick=False))}
        self.assertEqual([b.name for b in catalogue.chosen(found, [], False)], ["x-1"])
        self.assertEqual([b.name for b in catalogue.chosen(found, [], True)], ["x-1", "x-2"])
        self.assertEqual([b.name for b in catalogue.chosen(found, ["x-2", "x*"], False)], ["x-2", "x-1"])
        self.assertRaises(KeyError, catalogue.chosen, found, ["y"], False)

    def test_peers(self):
        some = Benchmark("x", "", [fixed("ours", peer=False), fixed("ovs"), fixed("ovs-stateless"), fixed("linux")], [])
        names = lambda peers: [device.name for device in catalogue.devices(some, peers)]  # noqa: E731
        self.assertEqual(names(None), ["ours", "ovs", "ovs-stateless", "linux"])
        self.assertEqual(names([]), ["ours"])
        slow = Benchmark("x", "", [fixed("ours", peer=False), Device("a", "a", None, quick=False)], [])
        self.assertEqual([device.name for device in catalogue.devices(slow, None, full=False)], ["ours"])
        self.assertEqual(names(["ovs"]), ["ours", "ovs", "ovs-stateless"])


class Report(unittest.TestCase):
    def test_the_page_holds_every_row_and_stands_alone(self):
        _, summed = taken([fixed("ours", 1, 2, 3, peer=False), fixed("<a>", 1, 1, 1), broken("b", Missing("no <such> thing"))])
        summed["plots"] = [{"title": "over time", "x": "s", "y": "Mpps", "series": [["ours", [[0, 0], [1, 2]]]]}]
        machine = {"cpu": "c", "cpus": 2, "virtual": True, "system": "s", "kernel": "k", "load": [0, 0, 0], "date": "d"}
        page = report.page({"machine": machine, "benchmarks": [summed], "seconds": 1, "rounds": 3, "cpu": 1, "command": "x"})
        for text in ("&lt;a&gt;", "no &lt;such&gt; thing", "<svg", "polyline", 'id="b"'):
            self.assertIn(text, page)
        self.assertNotIn("<a>", page)
        self.assertNotRegex(page, r"(src|href)=[\"']?http")

    def test_the_table_is_aligned(self):
        _, summed = taken([fixed("ours", 1, 2, 3, peer=False), fixed("a", 1, 1, 1)])
        lines = table.text(summed["rows"]).splitlines()
        self.assertEqual(len(lines), 2)
        self.assertEqual(lines[0].index("verdict") >= len(lines[1].rstrip()), True)
        self.assertIn("2.00 (1.00..3.00)", lines[1])


if __name__ == "__main__":
    unittest.main()
