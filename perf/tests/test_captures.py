# SPDX-License-Identifier: Apache-2.0
"""Captures that peers send: what a frame of them is, and what is made of a rate."""
import os
import struct
import tempfile
import types
import unittest
from unittest import mock

from harness import capture_file
from peers import ovs


def write(path, sizes):
    with open(path, "wb") as file:
        file.write(struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
        for size in sizes:
            file.write(struct.pack("=IIII", 0, 0, size, size) + bytes(size))


class Captures(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.path = os.path.join(directory.name, "some.pcap")

    def test_mean_of_frames(self):
        write(self.path, [60, 590, 1514])
        self.assertAlmostEqual(capture_file.mean_frame(self.path), (60 + 590 + 1514) / 3)

    def test_none(self):
        write(self.path, [])
        self.assertEqual(capture_file.mean_frame(self.path), 0)

    def test_rate_in_bits(self):
        write(self.path, [100, 150])
        run = types.SimpleNamespace(need_root=lambda: None, cpu=1, seconds=1, json=mock.Mock(return_value={"pps_core": 4e6}))
        result = ovs.replay("ct", "OVS", lambda run: self.path).measure(run)
        self.assertAlmostEqual(result["gbps_core"], 4e6 * 125 * 8 / 1e9)


if __name__ == "__main__":
    unittest.main()
