# SPDX-License-Identifier: Apache-2.0
"""Tables of a run as blocks of a page (run_page.py)."""
import unittest

import run_page


def figure(median):
    return {"median": median, "min": median, "max": median, "n": 1}


def summary(name, key, unit, medians):
    """A benchmark with one figure; ours first, then a peer each."""
    devices = [{"name": title, "title": title, "figures": {key: figure(median)} if median else {}} for title, median in medians.items()]
    row = {"benchmark": name, "figure": key, "unit": unit, "ours": devices[0]["figures"][key], "peer": None, "peer_title": None,
           "theirs": None, "ratio": None, "aims": ["A-9 x2"] if name == "tcp" else [], "verdict": ""}
    return {"name": name, "devices": devices, "rows": [row], "figures": {key: unit}, "tables": []}


class Blocks(unittest.TestCase):
    def test_what_was_not_measured_has_no_block(self):
        machine = {"cpu": "a", "cpus": 2, "virtual": False, "system": "b", "kernel": "c", "load": [1.0], "date": "d", "compiler": "e",
                   "dpdk": "f", "ovs": "g", "commit": "h"}
        tcp, forward = summary("tcp", "gbps", "Gbit/s", {"ours": 2}), summary("forward-1k", "mpps", "Mpps", {"ours": 3})
        found = dict(run_page.blocks({"machine": machine, "command": "x", "took_s": 61.0, "benchmarks": [tcp, forward]}))
        self.assertEqual(set(found), {"run", "aims", "rates"})
        self.assertIn("1 min 1 s", found["run"])
        self.assertIn("| tcp | A-9 x2 |", found["aims"])
        self.assertNotIn("forward-1k", found["aims"])
        self.assertIn("| forward-1k |", found["rates"])
        self.assertNotIn("tcp", found["rates"])

    def test_devices_are_columns_and_a_missing_figure_is_empty(self):
        text = run_page.by_benchmark("t", [summary("tcp", "gbps", "Gbit/s", {"ours": 2, "bridge": None}),
                                           summary("rtt", "p50_us", "us, p50", {"ours": 4, "ovs": 5})])
        self.assertIn("|  | ours | bridge | ovs |", text)
        self.assertIn("| `tcp`, Gbit/s | 2.00 |  |  |", text)
        self.assertIn("| `rtt`, us, p50 | 4.00 |  | 5.00 |", text)


if __name__ == "__main__":
    unittest.main()
