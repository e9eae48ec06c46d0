# SPDX-License-Identifier: Apache-2.0
"""The models of the paper's baselines: what they conserve, where their limits are, that they say the same each time."""
import math
import unittest

from models import bus, offload, paper_scale, sep_path
from models.calibration import PAPER, sensitivity

MILLIONS = sep_path.Traffic(2e6, 24e6)


class SepPath(unittest.TestCase):
    def total(self, series):
        return [hardware + software for _, hardware, software in series]

    def test_nothing_is_forwarded_that_was_not_offered_nor_beyond_a_path(self):
        for cal in (PAPER, PAPER.but(hw_flows=5e5), PAPER.but(insert_rate=1e9, insert_cost=0.001)):
            for _, hardware, software in sep_path.refresh(cal, MILLIONS, 17, 100):
                self.assertLessEqual(hardware + software, MILLIONS.pps * 1.000001)
                self.assertLessEqual(hardware, cal.hw_pps * 1.000001)
                self.assertLessEqual(software, cal.sep_cores * cal.sw_pps_core * 1.000001)

    def test_software_spends_what_it_has(self):
        for budget, offered, stale, cost in ((1e5, 1e6, 1e6, 5), (1e6, 1e5, 1e6, 5), (1e5, 1e5, 0, 5), (1e5, 1e6, 1e6, 1)):
            packets, opened = sep_path.forwarded(budget, offered, 1e6, stale, cost)
            self.assertLessEqual(packets + opened * (cost - 1), budget * 1.000001)
            self.assertLessEqual(packets, offered)
            self.assertLessEqual(opened, min(stale, packets) * 1.000001)
            if packets < offered * 0.999999:
                self.assertGreater(packets + opened * (cost - 1), budget * 0.9999)

    def test_all_hits_before_and_in_the_end(self):
        rates = self.total(sep_path.refresh(PAPER, MILLIONS, 17, 100))
        self.assertEqual(len(set(rates[:170])), 1)
        self.assertAlmostEqual(rates[0], 24e6)
        self.assertAlmostEqual(rates[-1], 24e6)
        self.assertLess(min(rates), 6e6)

    def test_the_cache_fills_at_its_rate(self):
        state, traffic = sep_path.State(known=2e6), MILLIONS
        for _ in range(100):
            sep_path.step(PAPER, traffic, state, 0.1)
        self.assertAlmostEqual(state.cached, 10 * PAPER.insert_rate, delta=1)

    def test_what_the_cache_cannot_hold_stays_with_software(self):
        half = PAPER.but(hw_flows=1e6)
        _, hardware, software = sep_path.refresh(half, MILLIONS, 200, 100)[-1]
        self.assertAlmostEqual(hardware, 12e6)
        self.assertAlmostEqual(software, 9e6)

    def test_the_papers_refresh(self):
        found = sep_path.dip(sep_path.refresh(PAPER, MILLIONS, 17, 100), 17)
        self.assertAlmostEqual(found["drop"], 0.75, delta=0.05)
        self.assertTrue(30 < found["seconds"] < 70)

    def test_slower_insertion_and_fewer_cores_lose_more(self):
        def lost(cal):
            return sep_path.dip(sep_path.refresh(cal, MILLIONS, 17, 100), 17)["lost"]

        self.assertGreater(lost(PAPER.but(insert_rate=16e3)), lost(PAPER))
        self.assertGreater(lost(PAPER.but(sep_cores=5)), lost(PAPER))
        self.assertGreater(lost(PAPER), 10 * sep_path.dip(
            sep_path.triton_refresh(PAPER, 2.25e6, sep_path.Traffic(2e6, 18e6), 17, 100), 17)["lost"])

    def test_the_step_hardly_matters(self):
        lost = [sep_path.dip(sep_path.refresh(PAPER, MILLIONS, 17, 100, dt), 17)["lost"] for dt in (0.1, 0.05)]
        self.assertAlmostEqual(lost[0], lost[1], delta=0.3)

    def test_it_says_the_same_each_time(self):
        self.assertEqual(sep_path.refresh(PAPER, MILLIONS, 17, 40), sep_path.refresh(PAPER, MILLIONS, 17, 40))


class Bus(unittest.TestCase):
    def test_two_links_of_pcie_4(self):
        self.assertAlmostEqual(bus.Bus().bits() / 1e9, 252.06, places=1)
        self.assertEqual(bus.Bus().wire(256), 282)
        self.assertEqual(bus.Bus().wire(257), 257 + 2 * 26)

    def test_a_dma_takes_16_ns_and_its_bytes(self):
        one = bus.Bus()
        self.assertAlmostEqual(one.seconds(0), 16e-9)
        self.assertAlmostEqual(one.seconds(256) - 16e-9, 282 * 8 / one.bits())

    def test_sharing_halves(self):
        apart = bus.Bus(shared=False)
        self.assertAlmostEqual(apart.pps(1000, 1000), 2 * bus.Bus().pps(1000, 1000))

    def test_the_limit_is_the_smallest(self):
        one = bus.Bus()
        self.assertEqual(bus.bandwidth(one, 8514, 8642, 8642, 1e9, 1e15)[1], "bus")
        self.assertEqual(bus.bandwidth(one, 8514, 170, 156, 1e9, 200e9)[1:2], ("line",))
        value, name, limits = bus.bandwidth(one, 100, 170, 156, 1e6, 200e9)
        self.assertEqual((value, name), (8e8, "cores"))
        self.assertEqual(value, min(limits.values()))

    def test_a_crossing_is_the_sum_of_its_parts(self):
        parts = bus.Bus().crossing(188, 174, 70)
        self.assertGreater(sum(parts.values()), 2 * 900)
        self.assertEqual(parts["software"], 70)


class Offload(unittest.TestCase):
    def test_ratios_are_ratios_and_the_same_each_time(self):
        found = offload.table(hosts=50)
        self.assertEqual(found, offload.table(hosts=50))
        self.assertTrue(all(0 <= value <= 1 for row in found.values() for value in row.values()))

    def test_hardware_without_bounds_takes_all_but_the_short(self):
        unbound = PAPER.but(rtt_flows=math.inf, insert_rate=math.inf, hw_flows=math.inf)
        for host in offload.draw("C", 20, 24, 1):
            for vm in offload.offloaded(unbound, host):
                self.assertAlmostEqual(vm.ratio, max(0, 1 - offload.INSERT_DELAY / vm.kind.life_s))

    def test_each_bound_costs(self):
        at_ease = offload.table(hosts=50)["D"]["mean"]
        for bound in ({"rtt_flows": 1e3}, {"insert_rate": 500}, {"hw_flows": 1e4}):
            self.assertLess(offload.table(PAPER.but(**bound), hosts=50)["D"]["mean"], at_ease, bound)

    def test_shares_of_kinds_are_whole(self):
        for shares in offload.REGIONS.values():
            self.assertAlmostEqual(sum(shares), 1)


class PaperScale(unittest.TestCase):
    costs = {"software": 300, "software_new": 1500, "firmware": 200, "firmware_new": 1000}

    def test_the_ratio_is_what_is_carried(self):
        found = paper_scale.scaled(PAPER, self.costs)
        self.assertAlmostEqual(found["gain"], 1.5)
        self.assertAlmostEqual(found["cores_pps"], 18e6)  # 8 cores of 1.5 times 1.5 Mpps: the paper's
        self.assertAlmostEqual(found["cps_gain"], 100)  # 8 cores of 1.5 against 6
        self.assertEqual(found, {**paper_scale.scaled(PAPER, {key: 7 * value for key, value in self.costs.items()})})

    def test_cores_alone_bring_a_third(self):
        same = {**self.costs, "firmware": 300, "firmware_new": 1500}
        self.assertAlmostEqual(paper_scale.scaled(PAPER, same)["cps_gain"], 100 / 3)

    def test_a_measured_connection_takes_the_place_of_its_packets(self):
        six = {**self.costs, "software_connection": 6000, "firmware_connection": 3000}
        self.assertEqual(paper_scale.connection(six, "software", 6), 6000)
        self.assertEqual(paper_scale.connection(six, "firmware", 10), 3000 + 4 * 200)
        self.assertEqual(paper_scale.connection(self.costs, "firmware", 10), 1000 + 9 * 200)
        self.assertAlmostEqual(paper_scale.scaled(PAPER, six, 6)["cps_gain"], 100 * (8 / 6 * 2 - 1))

    def test_sensitivity_begins_with_what_is_calibrated(self):
        rows = sensitivity(PAPER, {"sep_cores": (1, 2)}, lambda cal: cal.sep_cores)
        self.assertEqual(rows, [("as calibrated", None, 6), ("sep_cores", 1, 1), ("sep_cores", 2, 2)])


if __name__ == "__main__":
    unittest.main()
