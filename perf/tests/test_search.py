# SPDX-License-Identifier: Apache-2.0
"""The search against devices that are simulated: it converges to what they can do, also where trials are noisy."""
import math
import random
import unittest

from harness import search
from harness.search import LOWER, NDR, PDR, UPPER, Goal, Search, Trial


def device(capacity, noise=lambda: 0.0, small_loss_from=None):
    """Forwards up to `capacity`; `noise()` is a part of the packets that is lost besides, and from some rate on a few are."""

    def measure(rate):
        offered = int(rate)
        passed = min(rate, capacity)
        if small_loss_from is not None and rate > small_loss_from:
            passed = min(passed, offered * 0.998)
        return Trial(rate, offered, int(passed * (1 - noise())) if noise() or passed < rate else offered)

    return measure


def results(measure, least=1e5, most=3e7, goals=(NDR, PDR), budget=300):
    return {found.goal.name: found for found in Search(measure, least, most, goals, budget).run()}


class Convergence(unittest.TestCase):
    def test_capacity_is_found_to_the_width(self):
        for capacity in (2.5e5, 1e6, 7.77e6, 2.9e7):
            found = results(device(capacity))
            for name in ("NDR", "PDR"):
                one = found[name]
                self.assertTrue(one.complete, (capacity, one))
                self.assertLessEqual(one.rate, capacity * 1.006)  # PDR may lie above, by what may be lost
                self.assertGreaterEqual(one.upper, capacity)
                self.assertGreaterEqual(one.rate, capacity * 0.98, (capacity, one))
            self.assertLessEqual(found["NDR"].rate, capacity)

    def test_ndr_lies_below_pdr_where_few_packets_are_lost_early(self):
        found = results(device(8e6, small_loss_from=5e6))
        self.assertAlmostEqual(found["NDR"].rate / 5e6, 1, delta=0.02)
        self.assertAlmostEqual(found["PDR"].rate / 8e6, 1, delta=0.02)

    def test_a_third_of_the_trials_may_be_spoilt(self):
        for seed in range(20):
            draw = random.Random(seed)
            found = results(device(6e6, lambda draw=draw: 0.05 if draw.random() < 0.3 else 0.0))
            self.assertGreaterEqual(found["PDR"].rate, 6e6 * 0.9, seed)
            self.assertLessEqual(found["PDR"].rate, 6e6 * 1.006, seed)

    def test_a_device_faster_than_the_generator(self):
        found = results(device(1e9))["NDR"]
        self.assertEqual((found.rate, found.upper, found.complete), (3e7, math.inf, True))

    def test_a_device_slower_than_the_least_rate_has_none(self):
        found = results(device(1e4))["NDR"]
        self.assertEqual((found.rate, found.throughput), (0.0, 0.0))
        self.assertLessEqual(found.upper, 1e5)

    def test_the_budget_ends_it_and_says_so(self):
        found = results(device(6e6), budget=5)["NDR"]
        self.assertFalse(found.complete)
        self.assertLessEqual(found.trials, 5)

    def test_trials_are_few_and_serve_all_goals(self):
        both, one = results(device(6e6))["NDR"].trials, results(device(6e6), goals=(NDR,))["NDR"].trials
        self.assertLess(both, 2 * one)
        self.assertLess(both, 150)


class Classification(unittest.TestCase):
    good, bad = Trial(1e6, 1000, 1000), Trial(1e6, 1000, 990)

    def test_known_as_soon_as_the_rest_cannot_change_it(self):
        goal = Goal("g", 0.0, trials=7, exceed=0.5)
        self.assertIsNone(search.classify([], goal))
        self.assertIsNone(search.classify([self.good] * 3 + [self.bad] * 3, goal))
        self.assertEqual(search.classify([self.good] * 4, goal), LOWER)
        self.assertEqual(search.classify([self.bad] * 4, goal), UPPER)
        self.assertEqual(search.classify([self.bad] * 3 + [self.good] * 4, goal), LOWER)

    def test_loss_at_the_ratio_is_allowed(self):
        goal = Goal("g", 0.01, trials=1)
        self.assertEqual(search.classify([self.bad], goal), LOWER)

    def test_conditional_throughput_leaves_out_what_may_exceed(self):
        goal = Goal("g", 0.0, trials=3, exceed=0.5)
        rates = [Trial(1e6, 1000, n) for n in (1000, 500, 999)]
        self.assertAlmostEqual(search.conditional(rates, goal), 999e3)

    def test_nothing_offered_is_all_lost(self):
        self.assertEqual(Trial(1, 0, 0).loss, 1.0)


if __name__ == "__main__":
    unittest.main()
