#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Many UDP flows of one tenant, whose payload says whose it is.

usage: udp_flows.py send TENANT FROM TO FLOWS PACKETS_A_SECOND
       udp_flows.py receive TENANT ADDRESS FLOWS FILE

`receive` writes FILE again and again: packets received, flows seen, packets that are not what they say, and the longest
time between two packets since FILE was removed last, in ms. Both run until they are ended.
"""
import json
import os
import selectors
import signal
import socket
import sys
import time

SENDERS = 100  # sockets of the sender; the flows are these times as many ports of the receiver as it takes
SPORT, DPORT = 20000, 30000
WRITE_EVERY = 0.05


def payload(tenant, sport, dport):
    """Of 1,000 bytes, the same for each packet of the flow."""
    return (f"{tenant} {sport} {dport} ".encode() * 100)[:1000]


def send(tenant, source, to, flows, rate):
    sockets = []
    for i in range(SENDERS):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.bind((source, SPORT + i))
        s.setblocking(False)
        sockets.append(s)
    packets = [(sockets[i % SENDERS], payload(tenant, SPORT + i % SENDERS, DPORT + i // SENDERS),
                (to, DPORT + i // SENDERS)) for i in range(flows)]
    due, sent = time.monotonic(), 0
    while True:
        for s, data, address in packets:
            try:
                s.sendto(data, address)
            except OSError:
                pass  # nobody takes them just now: the loss is what is looked at
            sent += 1
            if sent % 50 == 0:
                due = max(due + 50 / rate, time.monotonic() - 0.1)
                time.sleep(max(0.0, due - time.monotonic()))


class Receiver:
    def __init__(self, tenant, path):
        self.tenant, self.path = tenant, path
        self.received = self.bad = 0
        self.flows = set()
        self.last, self.gap, self.written = time.monotonic(), 0.0, 0.0

    def take(self, data, sport, dport):
        now = time.monotonic()
        self.gap, self.last = max(self.gap, now - self.last), now
        self.received += 1
        self.flows.add((sport, dport))
        self.bad += data != payload(self.tenant, sport, dport)

    def write(self):
        if not os.path.exists(self.path):
            self.gap = 0.0
        with open(self.path + ".new", "w", encoding="ascii") as f:
            json.dump({"received": self.received, "flows": len(self.flows), "bad": self.bad,
                       "gap_ms": round(1000 * self.gap)}, f)
        os.rename(self.path + ".new", self.path)
        self.written = time.monotonic()


def receive(tenant, address, flows, path):
    waiting = selectors.DefaultSelector()
    for port in range(DPORT, DPORT + (flows + SENDERS - 1) // SENDERS):
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        s.bind((address, port))
        s.setblocking(False)
        waiting.register(s, selectors.EVENT_READ, port)
    receiver = Receiver(tenant, path)
    while True:
        for key, _ in waiting.select(WRITE_EVERY):
            try:
                while True:
                    data, (_, sport) = key.fileobj.recvfrom(2048)
                    receiver.take(data, sport, key.data)
            except BlockingIOError:
                pass
        if time.monotonic() - receiver.written > WRITE_EVERY:
            receiver.write()


def main(what, tenant, *rest):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    if what == "send":
        send(tenant, rest[0], rest[1], int(rest[2]), int(rest[3]))
    receive(tenant, rest[0], int(rest[1]), rest[2])


if __name__ == "__main__":
    main(*sys.argv[1:])
