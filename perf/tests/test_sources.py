# SPDX-License-Identifier: Apache-2.0
"""What is written for and read from other programs: Pktgen's script, testpmd's statistics, terminals, programs that end."""
import contextlib
import os
import stat
import tempfile
import time
import types
import unittest
from unittest import mock

from harness import process
from harness.benchmark import Failed, Missing
from harness.run import Run
from peers import testpmd as null_peer
from sources import between, pktgen, testpmd


class Directory(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = folder.name

    def write(self, name, text="", mode=0o644):
        path = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path


class Pktgen(Directory):
    def test_it_is_missing_where_nothing_names_it(self):
        with mock.patch.dict(os.environ, {"PATH": self.path}, clear=True):
            self.assertRaisesRegex(Missing, "no pktgen", pktgen.program)
            os.environ["PKTGEN"] = self.write("not-executable")
            self.assertRaisesRegex(Missing, "no pktgen", pktgen.program)

    def test_it_is_found_in_path_and_by_name(self):
        found = self.write("bin/pktgen", mode=0o755)
        with mock.patch.dict(os.environ, {"PATH": f"/nowhere:{os.path.dirname(found)}"}, clear=True):
            self.assertEqual(pktgen.program(), found)
            os.environ["PKTGEN"] = other = self.write("x/other", mode=0o755)
            self.assertEqual(pktgen.program(), other)

    def test_script_names_its_library_flows_and_places(self):
        path = self.write("src/build/app/pktgen", mode=0o755)
        self.assertRaises(Missing, pktgen.script, path, "/r", 2)
        self.write("src/Pktgen.lua")
        text = pktgen.script(path, "/tmp/result", 2.5)
        for part in (f"{os.path.realpath(self.path)}/src/?.lua", 'io.open("/tmp/result", "w")', '"max", 2023)', "pktgen.delay(2500)",
                     '{"start", "min", "max"}'):
            self.assertIn(part, text)


class Testpmd(Directory):
    def test_rates_and_counts_of_its_statistics(self):
        log = self.write("log", "  RX-packets: 0 RX-missed: 0\n  Rx-pps:            0\n  RX-packets: 900\n  Rx-pps:          450  Rx-bps: 3\n")
        self.assertEqual(testpmd.rate(log, "Rx"), [450])


class Between(Directory):
    def test_sockets_left_over_are_no_sign_of_life(self):
        run = types.SimpleNamespace(file=lambda name: os.path.join(self.path, name))
        for path in between.sockets(run):
            self.write(os.path.basename(path))
        between.no_sockets(run)
        self.assertFalse(any(os.path.exists(path) for path in between.sockets(run)))
        between.no_sockets(run)  # nor is there anything wrong without


class NullToNull(Directory):
    def test_both_ports_count_for_the_time_of_the_core(self):
        log = self.write("null.log", "Tx-pps: 100\nTx-pps: 100\n")
        run = types.SimpleNamespace(file=lambda name: log, tool=lambda *names: "testpmd", cpu=1, other_cpu=0, seconds=2)

        @contextlib.contextmanager
        def started(*command, log):
            self.assertIn("--vdev=net_null1,size=60,copy=1", command)
            yield types.SimpleNamespace(pid=1)

        def sleep(seconds):
            self.write("null.log", "Tx-pps: 100\nTx-pps: 100\nTx-pps: 40\nTx-pps: 60\n")

        with mock.patch.multiple(null_peer, started=started, wait_for=mock.Mock(), cpu_seconds=mock.Mock(side_effect=[1.0, 2.0])), \
                mock.patch.object(null_peer.time, "sleep", sleep), \
                mock.patch.object(null_peer.time, "monotonic", mock.Mock(side_effect=[10.0, 14.0])):
            result = null_peer.measure(run, copies=True)
        self.assertEqual(result["pps"], 100)
        self.assertEqual(result["pps_core"], 400)  # the core was ours a quarter of the time


class Processes(Directory):
    def test_a_program_that_ends_says_its_last_words(self):
        log = os.path.join(self.path, "log")
        with process.started("sh", "-c", "echo no luck; exit 3", log=log) as child:
            self.assertRaisesRegex(Failed, "ended: no luck", process.wait_for, "x", child, lambda: False)

    def test_waiting_has_an_end(self):
        with process.started("sleep", "60", log=os.path.join(self.path, "log")) as child:
            self.assertRaisesRegex(Failed, "not within", process.wait_for, "x", child, lambda: False, 0.2)
        self.assertIsNotNone(child.returncode)

    def test_a_terminal_is_one(self):
        log = os.path.join(self.path, "log")
        with process.on_terminal("sh", "-c", "test -t 0 && test -t 1 && echo terminal; sleep 60", log=log) as child:
            process.wait_for("words", child, lambda: "terminal" in process.read(log))


def sleeps(pid):
    """Is it still a `sleep` that runs?"""
    try:
        return process.read(f"/proc/{pid}/comm") == "sleep\n" and process.read(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class Commands(Directory):
    def run_of(self):
        return Run(cpu=0, seconds=1, warmup=0, build=self.path, directory=self.path)

    def test_exit_code_77_is_missing_and_others_fail(self):
        run = self.run_of()
        self.assertRaisesRegex(Missing, "^no root$", run.json, "sh", "-c", "echo no root; exit 77")
        self.assertRaisesRegex(Failed, "^bad$", run.json, "sh", "-c", "echo bad >&2; exit 1")
        self.assertRaisesRegex(Failed, "no JSON", run.json, "echo", "hello")
        self.assertEqual(run.json("printf", "noise\\n{\"a\": 1}\\n"), {"a": 1})

    def test_a_time_out_ends_the_whole_group(self):
        run = self.run_of()
        mark = self.write("pid")
        for timeout in (0.3, 3, 30):  # a busy machine may not come as far in the first
            self.assertRaisesRegex(Failed, f"more than {timeout} s", run.text, "sh", "-c", f"sleep 60 & echo $! >{mark}; wait", timeout=timeout)
            if process.read(mark):
                break
        pid = int(process.read(mark))
        end = time.monotonic() + 10  # it has closed its output, which is not yet its end
        while sleeps(pid) and time.monotonic() < end:
            time.sleep(0.01)
        self.assertFalse(sleeps(pid))

    def test_programs_that_are_not_there(self):
        run = self.run_of()
        self.assertRaisesRegex(Missing, "avsd is not built", run.program, "avsd")
        self.assertRaisesRegex(Missing, "a-package is not installed", run.tool, "no-such-program", "a-package")
        self.assertTrue(os.stat(run.tool("sh")).st_mode & stat.S_IXUSR)


if __name__ == "__main__":
    unittest.main()
