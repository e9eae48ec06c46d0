# SPDX-License-Identifier: Apache-2.0
"""The benchmark of two workers, with a program that says what it is asked for."""
import unittest

from benchmarks import workers
from harness.benchmark import Missing


class Machine:
    """A run on these two CPUs, on which a worker does `alone` packets a second, or `shared` when both are busy."""

    cpu, seconds = 1, 1.0

    def __init__(self, other=0, alone=10.0, shared=10.0):
        self.other_cpu, self.alone, self.shared = other, alone, shared
        self.asked = []

    @staticmethod
    def program(name):
        return name

    def json(self, *command):
        options = dict(zip(command[1::2], command[2::2]))
        self.asked.append((options["--workers"], options["--cpu"]))
        return {"pps": self.alone if len(self.asked) <= 2 else self.shared}


class Workers(unittest.TestCase):
    def test_first_worker_has_the_lower_cpu(self):
        run = Machine()
        workers.together(run)
        self.assertEqual(run.asked, [(2, 0)])

    def test_processes_alone_and_then_at_once(self):
        run = Machine(alone=10.0, shared=8.0)
        result = workers.processes(run)
        self.assertEqual(sorted(run.asked), [(1, 0), (1, 0), (1, 1), (1, 1)])
        self.assertEqual(result["pps"], 16.0)
        self.assertAlmostEqual(result["scale"], 1.6)

    def test_one_cpu_is_not_enough(self):
        for measure in (workers.together, workers.processes):
            with self.assertRaises(Missing):
                measure(Machine(other=1))


if __name__ == "__main__":
    unittest.main()
