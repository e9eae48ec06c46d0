#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A vhost-user front-end that lies. What it says is refused or kept, and nothing else happens.

    vhost_messages.py SOCKET SEED ROUNDS

Each round connects, says some messages, some of them as the protocol has them, and goes; the back-end may hang up at any time.
In each tenth round it asks for what is not offered, and then the back-end has to.
With no rounds its messages are true, its rings lie, and it stays until it is ended. With -1 it says half a message and has to be hung up on.
Prints how many messages it sent and how often that was. (QEMU's documentation, "Vhost-user Protocol".)
"""
import array
import os
import random
import select
import socket
import struct
import sys
import time

GET_FEATURES, SET_FEATURES, SET_OWNER, RESET_OWNER, SET_MEM_TABLE, SET_LOG_BASE, SET_LOG_FD = 1, 2, 3, 4, 5, 6, 7
SET_VRING_NUM, SET_VRING_ADDR, SET_VRING_BASE, GET_VRING_BASE, SET_VRING_KICK, SET_VRING_CALL, SET_VRING_ERR = 8, 9, 10, 11, 12, 13, 14
GET_PROTOCOL_FEATURES, SET_PROTOCOL_FEATURES, GET_QUEUE_NUM, SET_VRING_ENABLE = 15, 16, 17, 18
POSTCOPY_ADVISE, GET_INFLIGHT_FD, SET_INFLIGHT_FD = 28, 31, 32
MEMORY = 1 << 20
USER = 0x7000_0000_0000


def u64(*values):
    return struct.pack(f"<{len(values)}Q", *(v & (1 << 64) - 1 for v in values))


class FrontEnd:
    def __init__(self, path, draw):
        self.draw, self.sent, self.refused = draw, 0, 0
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)  # which blocks while others before us are not accepted yet
        self.sock.connect(self.path)

    def descriptor(self):
        """Memory, an event, or something that is neither."""
        kind = self.draw.randrange(4)
        if kind == 0:
            return os.eventfd(0)
        if kind == 1:
            return os.open("/dev/null", os.O_RDWR)
        fd = os.memfd_create("guest")
        os.ftruncate(fd, MEMORY if kind == 2 else 0)
        return fd

    def say(self, request, payload=b"", flags=1, size=None, fds=0, cut=None, with_fds=()):
        """False when the other end has hung up."""
        message = struct.pack("<III", request, flags, len(payload) if size is None else size) + payload
        opened = [self.descriptor() for _ in range(fds)] + [os.dup(fd) for fd in with_fds]
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", opened))] if opened else []
        try:
            self.sock.sendmsg([message[:cut]], rights)
            self.sent += 1
        except OSError:
            return False
        finally:
            for fd in opened:
                os.close(fd)
        try:
            while select.select([self.sock], [], [], 0)[0]:
                if not self.sock.recv(4096):
                    return False
        except OSError:
            return False
        return True

    def begins(self):
        deadline = time.monotonic() + 20
        while not self.proper():  # as long as the one before is not gone, the next one is sent away
            if time.monotonic() > deadline:
                sys.exit("hung up on before anything was wrong")
            time.sleep(0.02)
            self.sock.close()
            self.connect()

    def is_refused(self):
        """Post-copy and regions of packets in flight, by a front-end that was well-behaved so far."""
        self.begins()
        self.sock.settimeout(20)
        try:
            self.say(self.draw.choice([POSTCOPY_ADVISE, GET_INFLIGHT_FD, SET_INFLIGHT_FD]), u64(MEMORY, 0, 0))
            while self.sock.recv(4096):
                pass
        except TimeoutError:
            sys.exit("what is not offered was not refused")
        except OSError:
            pass
        self.refused += 1

    def regions(self, count):
        table = struct.pack("<II", count, 0)
        for _ in range(min(count, 8)):
            table += u64(self.odd(0), self.odd(MEMORY), self.odd(USER), self.odd(0))
        return table

    def odd(self, value):
        return self.draw.choice([value, value, value, 0, 1, value + 1, value - 1, 1 << 63, (1 << 64) - 1, self.draw.getrandbits(64)])

    def ring(self):
        return self.draw.choice([0, 0, 1, 1, 2, 7, 255, 0xFFFFFFFF])

    def proper(self):
        """As a guest begins, so that what follows gets further than the door."""
        good = u64(0, MEMORY, USER, 0)
        for request, payload, fds in [
                (SET_OWNER, b"", []), (GET_FEATURES, b"", []), (SET_FEATURES, u64(1 << 32 | 1 << 30 | 1 << 15), []),
                (SET_PROTOCOL_FEATURES, u64(1 | 1 << 3), []), (SET_MEM_TABLE, struct.pack("<II", 1, 0) + good, [self.memory])]:
            if not self.say(request, payload, with_fds=fds):
                return False
        for index in (0, 1):
            for request, payload, fds in [
                    (SET_VRING_NUM, struct.pack("<II", index, 256), []), (SET_VRING_BASE, struct.pack("<II", index, 0), []),
                    (SET_VRING_ADDR, struct.pack("<II", index, 0) + u64(USER, USER + 0x3000, USER + 0x2000, 0), []),
                    (SET_VRING_CALL, u64(index), [self.event]), (SET_VRING_KICK, u64(index), [self.event]),
                    (SET_VRING_ENABLE, struct.pack("<II", index, 1), [])]:
                if not self.say(request, payload, with_fds=fds):
                    return False
        return True

    def shorten(self):
        """Memory that goes away while it is used."""
        os.ftruncate(self.memory, self.draw.choice([0, 0x1000, 0x2000]))
        os.eventfd_write(self.event, 1)
        return self.say(GET_FEATURES)

    def unmap(self):
        """Memory that cannot be mapped, which is answered (flag 8), and then a word about one of two rings that run."""
        table = struct.pack("<II", 1, 0) + u64(0, MEMORY, USER, 1 << 63)
        return (self.say(SET_MEM_TABLE, table, flags=1 | 8, with_fds=[self.memory])
                and self.say(SET_VRING_CALL, u64(self.draw.randrange(2)), with_fds=[self.event])
                and self.say(SET_VRING_KICK, u64(self.draw.randrange(2)), with_fds=[self.event]))

    def odd_message(self):
        d = self.draw
        pair = struct.pack("<II", self.ring(), self.odd(256) & 0xFFFFFFFF)
        return d.choice([
            lambda: self.say(SET_MEM_TABLE, self.regions(d.choice([0, 1, 2, 8, 9, 0xFFFFFFFF])), fds=d.randrange(10)),
            lambda: self.say(SET_VRING_NUM, pair), lambda: self.say(SET_VRING_BASE, pair),
            lambda: self.say(SET_VRING_ENABLE, pair), lambda: self.say(GET_VRING_BASE, pair),
            lambda: self.say(SET_VRING_ADDR, pair + u64(*(self.odd(USER + 0x1000) for _ in range(4)))),
            lambda: self.say(d.choice([SET_VRING_KICK, SET_VRING_CALL, SET_VRING_ERR]), u64(self.odd(0)), fds=d.randrange(4)),
            lambda: self.say(d.choice([SET_LOG_BASE, SET_LOG_FD]), u64(self.odd(MEMORY), self.odd(0)) + d.randbytes(8), fds=d.randrange(3)),
            lambda: self.say(d.choice([POSTCOPY_ADVISE, GET_INFLIGHT_FD, SET_INFLIGHT_FD]), u64(self.odd(MEMORY), self.odd(0)) + d.randbytes(8)),
            lambda: self.say(d.choice([SET_FEATURES, SET_PROTOCOL_FEATURES]), u64(d.getrandbits(64))),
            lambda: self.say(d.randrange(60), d.randbytes(d.randrange(300)), fds=d.randrange(3)),
            lambda: self.say(d.getrandbits(32), d.randbytes(8), flags=d.getrandbits(32)),
            lambda: self.say(SET_OWNER, d.randbytes(16), size=d.choice([0, 15, 17, 4096, 1 << 31, 0xFFFFFFFF])),
            lambda: self.say(SET_OWNER, fds=200),
            lambda: self.say(GET_FEATURES, cut=d.randrange(1, 12)),
            self.shorten, self.unmap,
        ])()

    def lies_in_its_rings(self):
        """More is available than the ring holds."""
        self.start()
        self.begins()
        os.pwrite(self.memory, struct.pack("<H", 5000), 0x2002)
        os.eventfd_write(self.event, 1)
        while self.sock.recv(4096):
            pass

    def says_half(self):
        self.start()
        self.begins()
        self.sock.settimeout(20)
        try:
            self.sock.sendall(struct.pack("<III", SET_VRING_NUM, 1, 8))
            while self.sock.recv(4096):
                pass
        except TimeoutError:
            sys.exit("half a message was waited for")
        except OSError:
            pass

    def start(self):
        self.memory, self.event = os.memfd_create("guest"), os.eventfd(0)
        os.ftruncate(self.memory, MEMORY)
        self.connect()

    def round(self, number):
        self.start()
        if number % 10 == 9:
            self.is_refused()
        elif self.draw.random() < 0.3 or self.proper():
            for _ in range(self.draw.randrange(1, 8)):
                if not self.odd_message():
                    break
        self.sock.close()
        os.close(self.memory)
        os.close(self.event)


def main(path, seed, rounds):
    front_end = FrontEnd(path, random.Random(seed))
    if rounds < 0:
        front_end.says_half()
    if rounds == 0:
        front_end.lies_in_its_rings()
    for number in range(rounds):
        front_end.round(number)
    print(f"{front_end.sent} messages, refused {front_end.refused} times as it has to be")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
