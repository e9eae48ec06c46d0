#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: http_get.py PLACE PATH    PLACE: ADDRESS:PORT or a UNIX socket's path. The body; exit code 1 unless it is 200."""
import http.client
import socket
import sys


class Connection(http.client.HTTPConnection):
    def __init__(self, place):
        self.place = place
        super().__init__("localhost" if "/" in place else place, timeout=10)

    def connect(self):
        if "/" not in self.place:
            super().connect()
            return
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.place)


connection = Connection(sys.argv[1])
connection.request("GET", sys.argv[2])
answer = connection.getresponse()
sys.stdout.write(answer.read().decode())
if answer.status != 200:
    sys.exit(f"{answer.status} {answer.reason}")
