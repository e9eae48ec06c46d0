# SPDX-License-Identifier: Apache-2.0
"""The models of scale: a card, several, a fleet; and the packets that the formulas are checked with."""
import json
import unittest

import scale_measure
import scale_page
from models import card, fleet, queues
from models.bus import Bus

COSTS = card.Costs(cycles=100, dram_bytes=64, to_fw=188, from_fw=174)
FLEET_COSTS = fleet.Costs(mapping_bytes=3000, session_bytes=350, message_bytes=360, base_s=0.001, each_s=1e-5, all_base_s=0.002,
                          all_each_s=2e-5, most=65536)


class Card(unittest.TestCase):
    def test_cores_are_the_formula(self):
        self.assertAlmostEqual(card.cores_per_second(card.CARD.but(cores=8, hz=2e9, work=0.5), 100), 80e6)

    def test_each_part_can_be_first(self):
        at_ease = card.CARD.but(cores=10 ** 6, memory_bps=1e15, pipelines=1000, line_bps=1e15, bus=Bus(links=1000, dma_ns=0))
        for part, change in (("cores", {"cores": 1}), ("bus", {"bus": Bus(dma_ns=1000)}), ("blocks", {"pipelines": 1, "pipeline_hz": 1e6}),
                             ("memory", {"memory_bps": 1e6}), ("wire", {"line_bps": 1e6})):
            name, pps = card.first(card.limits(at_ease.but(**change), 60, COSTS))
            self.assertEqual((name, pps), (part, card.limits(at_ease.but(**change), 60, COSTS)[part]))

    def test_what_each_part_takes(self):
        one = card.CARD.but(line_bps=200e9, pipelines=1, pipeline_hz=1e9, memory_bps=42.6e9)
        found = card.limits(one, 1500, COSTS)
        self.assertAlmostEqual(found["wire"], 200e9 / 8 / 1524)
        self.assertAlmostEqual(found["blocks"], 1e9 / 24)
        self.assertAlmostEqual(found["memory"], 1e8)
        self.assertEqual(found["bus"], one.bus.pps(188, 174))

    def test_cards_are_whole(self):
        self.assertEqual([card.cards_for(1e12, bps) for bps in (2e11, 1.99e11, 1e12, 2e12)], [5, 6, 1, 1])

    def test_sessions_by_memory_and_by_index(self):
        self.assertEqual(card.sessions(card.CARD.but(memory_bytes=1e9, index_entries=65536), 250), (4e6, 32768))


class Fleet(unittest.TestCase):
    def test_everybody_in_one_vpc_knows_everybody_else(self):
        one = fleet.FLEET.but(hosts=10, vnics=3, vpc_guests=30)
        self.assertEqual(fleet.shape(one), (1, 10, 1, 27))

    def test_a_vpc_on_one_host_has_nothing_to_tell(self):
        row = fleet.found(fleet.FLEET.but(hosts=10, vnics=3, vpc_guests=1), FLEET_COSTS)
        self.assertEqual((row["mappings"], row["messages"], row["document"]), (0, 0, 0))

    def test_a_change_goes_to_each_other_host(self):
        row = fleet.found(fleet.FLEET.but(hosts=100, vnics=1, vpc_guests=100, life_s=200), FLEET_COSTS)
        self.assertAlmostEqual(row["changes"], 1)
        self.assertAlmostEqual(row["messages"], 99)
        self.assertAlmostEqual(row["told"], 0.99)
        self.assertAlmostEqual(row["bits"], 99 * 360 * 8)
        self.assertAlmostEqual(row["apply_s"], 0.001 + 99e-5)

    def test_the_last_host_waits_for_all_before_it(self):
        self.assertAlmostEqual(fleet.last(fleet.FLEET.but(sends=100, network_s=0.5), 101, 0, 0.25), 1 + 0.5 + 0.25)
        self.assertAlmostEqual(fleet.last(fleet.FLEET.but(sends=1e9, network_s=0), 1, 1, 0.5), 0.25 + 0.5)
        self.assertIsNone(fleet.last(fleet.FLEET, 10, 2, 0.5))

    def test_all_at_once_is_two_of_them_behind_at_most(self):
        row = fleet.found(fleet.FLEET.but(hosts=100, vnics=1, vpc_guests=100, life_s=0.1, sends=1e9, network_s=0), FLEET_COSTS)
        self.assertIsNone(row["last_s"])
        self.assertAlmostEqual(row["together_s"], 2 * (0.002 + 99 * 2e-5), places=6)

    def test_what_is_full_first(self):
        busy = fleet.FLEET.but(hosts=1000, vnics=100, vpc_guests=100000, life_s=864000)
        self.assertEqual(fleet.first(fleet.found(busy, FLEET_COSTS))[0], "document")
        self.assertEqual(fleet.first(fleet.found(busy.but(life_s=600), FLEET_COSTS))[0], "host")
        self.assertEqual(fleet.first(fleet.found(busy.but(life_s=600, sends=10), FLEET_COSTS))[0], "controller")


class Queues(unittest.TestCase):
    alike = queues.Traffic(flows=1000, packets=60000)

    def test_shares_are_whole_and_the_same_each_time(self):
        for traffic in (self.alike, queues.Traffic(zipf=1.0)):
            self.assertAlmostEqual(sum(queues.weights(traffic)), 1)
            self.assertAlmostEqual(sum(queues.shares(traffic, 8)), 1)
            self.assertEqual(queues.shares(traffic, 8), queues.shares(traffic, 8))

    def test_popular_flows_make_a_core_hot(self):
        even, hot = (max(queues.shares(queues.Traffic(zipf=zipf), 8)) for zipf in (0, 1.2))
        self.assertLess(even, 0.16)
        self.assertGreater(hot, 0.2)

    def test_below_the_bound_nothing_is_lost_and_above_it_something(self):
        for zipf in (0.0, 1.0):
            traffic = queues.Traffic(zipf=zipf, packets=60000)
            bound = queues.bound(traffic, 8, 1e6)
            self.assertEqual(queues.simulate(traffic, 8, 1e6, 1e9, 0.95 * bound)["lost"], 0)
            self.assertGreater(queues.simulate(traffic, 8, 1e6, 1e9, 1.3 * bound)["lost"], 0.005)

    def test_overload_lets_through_what_the_formula_says(self):
        traffic = queues.Traffic(zipf=1.0, packets=200000)
        for rate, bus in ((6e6, 1e9), (12e6, 1e9), (12e6, 3e6)):
            found = queues.simulate(traffic, 8, 1e6, bus, rate)["pps"]
            self.assertAlmostEqual(found / queues.through(traffic, 8, 1e6, bus, rate), 1, delta=0.03)

    def test_one_core_without_a_queue_to_speak_of_waits_as_theory_says(self):
        """M/D/1 at half load: nobody waits for long; the longest of many stays within tens of service times."""
        found = queues.simulate(queues.Traffic(flows=1), 1, 1e6, 1e9, 5e5)
        self.assertEqual(found["lost"], 0)
        self.assertTrue(5e-6 < found["longest_s"] < 30e-6)


class Page(unittest.TestCase):
    def test_its_tables_are_what_follows_from_what_was_kept(self):
        """All but the simulation's, which takes a while."""
        with open(scale_measure.KEPT, encoding="utf-8") as file:
            kept = scale_page.Kept(json.load(file))
        with open(scale_page.PAGE, encoding="utf-8") as file:
            page = file.read()
        for name, block in scale_page.BLOCKS.items():
            self.assertIn(f"<!-- {name} -->", page)
            if name != "checks":
                self.assertIn(f"<!-- {name} -->\n{block(kept)}\n<!-- /{name} -->", page)


if __name__ == "__main__":
    unittest.main()
