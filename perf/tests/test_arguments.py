# SPDX-License-Identifier: Apache-2.0
"""The command line: what is chosen, and what is refused with words that help."""
import contextlib
import io
import unittest

from harness import catalogue, cli


class Arguments(unittest.TestCase):
    def refused(self, *words):
        """Exit code 2; the last line of stderr."""
        error = io.StringIO()
        with contextlib.redirect_stderr(error), self.assertRaises(SystemExit) as ended:
            cli.arguments(words)
        self.assertEqual(ended.exception.code, 2)
        return error.getvalue().splitlines()[-1]

    def test_length_and_what_it_has(self):
        quick, full, some = (cli.arguments(words) for words in ([], ["--full"], ["--rounds", "7", "--seconds", "0.5"]))
        self.assertEqual((quick.rounds, quick.seconds, full.rounds, full.seconds), (2, 1.0, 5, 2.0))
        self.assertEqual((some.rounds, some.seconds), (7, 0.5))
        self.assertLess(len(quick.chosen), len(full.chosen))

    def test_no_rounds_and_no_time_are_refused(self):
        for words in (["--rounds", "0"], ["--rounds", "-1"], ["--seconds", "0"], ["--seconds", "-3"], ["--seconds", "nan"]):
            self.assertIn("is less than", self.refused(*words))
        self.assertIn("invalid int value: 'two'", self.refused("--rounds", "two"))

    def test_names_that_are_not_there(self):
        self.assertIn("--list shows them", self.refused("no-such-benchmark"))
        self.assertIn("there are", self.refused("--cpu", "100000"))

    def test_a_peer_that_none_of_the_benchmarks_has(self):
        self.assertIn("they have ovs, ovs-stateless (", self.refused("forward-1k", "--peer", "osv"))
        self.assertIn("they have none (", self.refused("eip-1k", "--peer", "ovs"))
        self.assertIn("has a peer 'bridge'", self.refused("forward-1k", "--peer", "ovs", "--peer", "bridge"))

    def test_peers_that_are_there(self):
        forward = catalogue.load()["forward-1k"]
        for peers, names in ((["none"], ["ours"]), (["ovs"], ["ours", "ovs", "ovs-stateless"]), (["ovs-stateless"], ["ours", "ovs-stateless"])):
            args = cli.arguments(["forward-1k", *(word for peer in peers for word in ("--peer", peer))])
            self.assertEqual([device.name for device in catalogue.devices(forward, args.peers)], names)

    def test_results_that_cannot_be_kept_are_not_measured(self):
        error = io.StringIO()
        with contextlib.redirect_stderr(error):
            self.assertEqual(cli.main(["forward-1k", "--output", "/dev/null/bench"]), 1)
        self.assertIn("cannot write to /dev/null/bench: Not a directory", error.getvalue())

    def test_the_list_stands_in_columns(self):
        text = io.StringIO()
        with contextlib.redirect_stdout(text):
            self.assertEqual(cli.main(["--list"]), 0)
        lines = text.getvalue().splitlines()
        self.assertEqual(len(lines), len(catalogue.load()))
        self.assertEqual({line.index(word, len(line.split()[0])) for line in lines for word in [line.split()[1]]}, {lines[0].index("quick")})


if __name__ == "__main__":
    unittest.main()
