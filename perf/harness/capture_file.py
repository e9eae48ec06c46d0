# SPDX-License-Identifier: Apache-2.0
"""What a capture (pcap, of this machine's byte order) says of itself."""
import os
import struct

HEAD, RECORD = 24, 16


def mean_frame(path):
    """Bytes of a frame, on average."""
    frames = total = 0
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        file.seek(HEAD)
        while file.tell() < size:
            length = struct.unpack("=IIII", file.read(RECORD))[2]
            file.seek(length, os.SEEK_CUR)
            frames, total = frames + 1, total + length
    return total / frames if frames else 0
