#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""UDP flows both ways whose packets are numbered: is each there, once, and in its order?

usage: udp_order.py echo ADDRESS PORT
       udp_order.py ask FROM TO PORT FLOWS PACKETS_A_SECOND FILE

`ask` sends until SIGTERM, waits for what is under way, and writes FILE: packets sent, those that came back up to the last ("back"), and
how many of either direction did not have the number that was next in their flow ("wrong"). `echo` sends back what it gets, and with
it how many of the flow it has found so.
"""
import json
import select
import signal
import socket
import struct
import sys
import time

HEAD = struct.Struct("!III")  # flow, number, packets of the flow that echo did not expect
SIZE = 600
SETTLE = 1.0
BUFFER = 8 << 20
SO_RCVBUFFORCE = 33  # asm-generic/socket.h: beyond what the host allows by default


def bound(address, port=0):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    s.bind((address, port))
    s.setblocking(False)
    return s


def echo(address, port):
    s = bound(address, port)
    seen, wrong = {}, {}
    while True:
        select.select([s], [], [])
        try:
            while True:
                data, sender = s.recvfrom(2048)
                flow, number, _ = HEAD.unpack_from(data)
                expected = seen.get(flow, 0)
                wrong[flow] = wrong.get(flow, 0) + (number != expected)
                seen[flow] = number + 1
                s.sendto(HEAD.pack(flow, number, wrong[flow]) + data[HEAD.size:], sender)
        except BlockingIOError:
            pass


class Asker:
    def __init__(self, source, to, port, flows):
        self.sockets = [bound(source) for _ in range(flows)]
        for s in self.sockets:
            s.connect((to, port))
        self.sent, self.seen, self.there = [0] * flows, [0] * flows, [0] * flows
        self.wrong = [0] * flows

    def send(self, flow):
        self.sockets[flow].send(HEAD.pack(flow, self.sent[flow], 0).ljust(SIZE, b"x"))
        self.sent[flow] += 1

    def receive(self, seconds):
        for s in select.select(self.sockets, [], [], seconds)[0]:
            try:
                while True:
                    flow, number, there_wrong = HEAD.unpack_from(s.recv(2048))
                    self.wrong[flow] += number != self.seen[flow]
                    self.seen[flow] = number + 1
                    self.there[flow] = there_wrong
            except BlockingIOError:
                pass

    def write(self, path):
        with open(path, "w", encoding="ascii") as f:
            json.dump({"sent": sum(self.sent), "back": sum(self.seen),
                       "wrong": sum(self.wrong) + sum(self.there)}, f)


def ask(source, to, port, flows, rate, path):
    asker, stop = Asker(source, to, port, flows), []
    signal.signal(signal.SIGTERM, lambda *_: stop.append(True))
    due, flow = time.monotonic(), 0
    while not stop:
        asker.send(flow)
        flow = (flow + 1) % flows
        due = max(due + 1 / rate, time.monotonic() - 0.05)
        asker.receive(max(0.0, due - time.monotonic()))
    end = time.monotonic() + SETTLE
    while time.monotonic() < end:
        asker.receive(0.1)
    asker.write(path)


if __name__ == "__main__":
    if sys.argv[1] == "echo":
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        echo(sys.argv[2], int(sys.argv[3]))
    ask(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]), float(sys.argv[6]), sys.argv[7])
