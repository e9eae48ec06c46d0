#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""avs-bench-latency by a fixed table of costs: its outcome is the same on every machine, and what a second, short simulation finds."""
import json
import math
import os
import subprocess
import tempfile
import unittest

BENCH = os.path.join(os.environ["AVS_BUILD_DIR"], "bin", "avs-bench-latency")
FRAMES = 5000


def table():
    """A turn without packets takes 50 ns, one with a packet 200, a full one 3,200: 10 Mpps. The firmware's own: 25, 75, 6,400."""
    found = {"clock": [[20]], "publish": [[0]],
             "post": [[10 + 35 * n] for n in range(33)], "pre": [[10 + 45 * n] for n in range(33)],
             "ring": [[5 + 15 * n] for n in range(33)], "firmware": [[5 + 50 * n] for n in range(65)]}
    found["firmware"][32] = [3200 - 20 - found["post"][32][0] - found["pre"][32][0] - found["ring"][32][0]]
    found["firmware"][64] = [6400 - 20]
    found["firmware"][1] = [55]
    found["post"][1] = [45]
    found["pre"][1] = [60]
    return found


def simulated(costs, rate, frames, queue=4096):
    """Latencies of frames that come at a constant rate, in ns; turns with packets and in all."""
    due = [round(1e12 / rate * (k + 1)) / 1e3 for k in range(frames)]
    waiting, leaving, latency = [], [], []
    at, next_frame, turns, busy, lost = 0.0, 0, 0, 0, 0
    while len(latency) + lost < frames:
        at += costs["clock"][0][0] + costs["post"][len(leaving)][0]
        latency += [at - arrived for arrived in leaving]
        while next_frame < frames and due[next_frame] <= at:
            if len(waiting) < queue:
                waiting.append(due[next_frame])
            else:
                lost += 1
            next_frame += 1
        leaving, waiting = waiting[:32], waiting[32:]
        n = len(leaving)
        at += costs["pre"][n][0] + costs["ring"][n][0] + costs["firmware"][n][0]
        turns += 1
        busy += n > 0
    return sorted(latency), turns, busy, lost


def quantile(values, share):
    return values[max(math.ceil(share * len(values)) - 1, 0)]


class Latency(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)

    def call(self, costs, *options):
        path = os.path.join(self.directory.name, "costs.json")
        with open(path, "w", encoding="ascii") as file:
            json.dump(costs, file)
        return subprocess.run([BENCH, "--json", "--costs", path, *map(str, options)], capture_output=True, text=True, check=False)

    def run_bench(self, *options, costs=None):
        done = self.call(costs or table(), *options)
        self.assertEqual(done.returncode, 0, done.stderr)
        found = json.loads(done.stdout)
        self.assertTrue(found["ok"])
        for way in ("embedded", "hardware"):
            for load in found[way]["loads"]:
                self.assertEqual(load["offered"], load["delivered"] + load["lost"])
        return found

    def one(self, way, load, *options, costs=None):
        return self.run_bench("--load", load, *options, costs=costs)[way]["loads"][0]

    def test_a_packet_by_itself_takes_what_the_table_says(self):
        """It waits 30 ns until the port is looked at; 60 + 20 + 55 until the firmware is done; 20 + 45 until it has left."""
        for case in ("overlay", "forward"):
            found = self.one("embedded", 10, "--arrivals", "constant", "--frames", FRAMES, "--case", case)
            self.assertEqual(found["pps"], 1e6)
            self.assertEqual([found[key] for key in ("p50_ns", "max_ns", "mean_ns", "mean_burst")], [230, 230, 230, 1])

    def test_a_nic_in_hardware_adds_its_own_time(self):
        """600 before the ring, 20 until that is looked at, 55 in the firmware, 1,500 behind."""
        found = self.one("hardware", 10, "--arrivals", "constant", "--frames", FRAMES, "--pipeline", "600,1500")
        self.assertEqual(found["pps"], 1e6)
        self.assertEqual([found[key] for key in ("p50_ns", "max_ns")], [2175, 2175])

    def test_each_load_is_what_a_second_simulation_finds(self):
        for load in (33, 90, 100):
            found = self.one("embedded", load, "--arrivals", "constant", "--frames", FRAMES)
            latency, turns, busy, _ = simulated(table(), load * 1e5, FRAMES)
            self.assertEqual((found["turns"], found["delivered"], found["lost"]), (turns, FRAMES, 0))
            self.assertAlmostEqual(found["mean_burst"], FRAMES / busy, places=5)
            for key, share in (("p50_ns", 0.5), ("p90_ns", 0.9), ("p99_ns", 0.99), ("p999_ns", 0.999), ("max_ns", 1)):
                self.assertAlmostEqual(found[key], quantile(latency, share), delta=0.01)

    def test_more_load_does_not_take_less(self):
        found = self.run_bench("--load", "10,50,90,99", "--frames", 20000)
        for way in ("embedded", "hardware"):
            for key in ("p50_ns", "p90_ns", "p99_ns", "p999_ns", "mean_ns", "mean_burst"):
                values = [load[key] for load in found[way]["loads"]]
                self.assertEqual(values, sorted(values), (way, key))
                self.assertLess(values[0], values[-1])

    def test_beyond_capacity_the_queue_fills_and_the_rest_is_lost(self):
        small, large = (self.one("embedded", 200, "--arrivals", "constant", "--frames", 20000, "--queue", queue) for queue in (64, 4096))
        for found, queue in ((small, 64), (large, 4096)):
            *_, lost = simulated(table(), 2e7, 20000, queue)
            self.assertEqual(found["longest_queue"], queue)
            self.assertEqual(found["lost"], lost)
            self.assertGreater(lost, 5000)
            # Who waits behind a full queue leaves after so many full turns.
            self.assertGreater(found["max_ns"], queue * 100)
            self.assertLess(found["max_ns"], (queue + 96) * 100)

    def test_bursts_wait_for_each_other(self):
        bursts = self.one("embedded", 50, "--arrivals", "bursts:32", "--frames", 10000)
        self.assertGreater(bursts["p50_ns"], 2 * self.one("embedded", 50, "--frames", 10000)["p50_ns"])

    def test_counters_are_published_now_and_then(self):
        costs = {**table(), "publish": [[5000]]}
        found = self.one("embedded", 10, "--arrivals", "constant", "--frames", 25000, costs=costs)
        self.assertEqual(found["p50_ns"], 230)
        self.assertGreater(found["max_ns"], 4000)
        self.assertLess(found["max_ns"], 6000)

    def test_a_cost_is_one_of_those_in_its_row(self):
        costs = {**table(), "pre": [[10], [60, 1060]] + table()["pre"][2:]}
        found = self.one("embedded", 1, "--arrivals", "constant", "--frames", FRAMES, costs=costs)
        self.assertAlmostEqual(found["mean_ns"], (230 + 1230) / 2, delta=50)
        self.assertTrue(1205 <= found["max_ns"] <= 1255)

    def test_the_same_seed_finds_the_same(self):
        costs = {**table(), "clock": [[15, 25]]}
        first, again, other = (self.run_bench("--frames", 20000, "--seed", seed, costs=costs) for seed in (7, 7, 8))
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)

    def test_a_table_that_is_none_is_refused(self):
        for costs, why in (({**table(), "pre": table()["pre"][:5]}, "33 rows 'pre'"), ({**table(), "ring": None}, "33 rows 'ring'"),
                           ({**table(), "post": [[-1]] * 33}, "33 rows 'post'"), ({**table(), "firmware": [[]] * 65}, "65 rows 'firmware'"),
                           ({**table(), "clock": [[0]]}, "takes no time"), ({}, "1 rows 'clock'")):
            done = self.call(costs)
            self.assertEqual((done.returncode, done.stdout), (1, ""), costs)
            self.assertIn(why, done.stderr)

    def test_bad_options_are_refused(self):
        for options in (("--load", "0"), ("--load", "10,"), ("--load", ",".join(["10"] * 17)), ("--pipeline", "1"), ("--pipeline", "1,2,3"),
                        ("--arrivals", "bursts:1"), ("--arrivals", "sometimes"), ("--frames", "0"), ("--case", "none"), ("more",)):
            done = self.call(table(), *options)
            self.assertEqual((done.returncode, done.stdout), (2, ""), options)
            self.assertTrue(done.stderr)


if __name__ == "__main__":
    unittest.main()
