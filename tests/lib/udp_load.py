# SPDX-License-Identifier: Apache-2.0
"""UDP at a rate, as fast as it goes, and counted. Standard library only.

    udp_load.py send ADDRESS PORT PPS SECONDS   prints how many were sent
    udp_load.py flood ADDRESS PORT              small packets until it is ended
    udp_load.py count FILE PORT...              counts; at each SIGUSR1 writes "PORT PACKETS" lines to FILE and begins anew
"""
import os
import select
import signal
import socket
import sys
import time

RCVBUFFORCE = 33


def udp():
    return socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def send(address, port, pps, seconds):
    s, sent, begin = udp(), 0, time.monotonic()
    s.connect((address, int(port)))
    end = int(int(pps) * float(seconds))
    while sent < end:
        due = min(end, int((time.monotonic() - begin) * int(pps)) + 1)
        while sent < due:
            s.send(b"quiet" * 4)
            sent += 1
        time.sleep(0.002)
    print(sent)


def flood(address, port):
    s = udp()
    s.connect((address, int(port)))
    while True:
        try:
            s.send(b"noise")
        except OSError:  # no buffers: it is held back
            pass


def count(file, *ports):
    sockets, counts = {}, {}
    wanted = []
    signal.signal(signal.SIGUSR1, lambda *_: wanted.append(1))
    for port in ports:
        s = udp()
        s.setsockopt(socket.SOL_SOCKET, RCVBUFFORCE, 1 << 23)
        s.bind(("0.0.0.0", int(port)))
        s.setblocking(False)
        sockets[s] = port
        counts[port] = 0
    while True:
        for s in select.select(list(sockets), [], [], 0.1)[0]:
            try:
                for _ in range(1000):
                    s.recv(64)
                    counts[sockets[s]] += 1
            except BlockingIOError:
                pass
        if wanted:
            wanted.clear()
            with open(file + ".new", "w", encoding="ascii") as f:
                f.writelines(f"{port} {n}\n" for port, n in counts.items())
            os.rename(file + ".new", file)
            counts = dict.fromkeys(counts, 0)


if __name__ == "__main__":
    {"send": send, "flood": flood, "count": count}[sys.argv[1]](*sys.argv[2:])
