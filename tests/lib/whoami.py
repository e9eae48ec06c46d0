#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Says who one is seen as: answers "ADDRESS PORT" of the asker, over TCP and UDP, until it is ended.

    whoami.py serve ADDRESS PORT
    whoami.py ask tcp|udp ADDRESS PORT [FROM_PORT]      prints the answer; fails after 3 s without one
"""
import select
import socket
import sys


def family(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def bound(kind, address, port):
    s = socket.socket(family(address), kind)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind((address, port))
    return s


def serve(address, port):
    udp = bound(socket.SOCK_DGRAM, address, port)
    tcp = bound(socket.SOCK_STREAM, address, port)
    tcp.listen(64)
    while True:
        for ready in select.select([udp, tcp], [], [])[0]:
            if ready is udp:
                _, peer = udp.recvfrom(2048)
                udp.sendto(f"{peer[0]} {peer[1]}".encode(), peer)
            else:
                connection, peer = tcp.accept()
                with connection:
                    connection.sendall(f"{peer[0]} {peer[1]}".encode())


def ask(kind, address, port, from_port=0):
    with socket.socket(family(address), socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM) as s:
        s.settimeout(3)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("", from_port))
        s.connect((address, port))
        if kind == "udp":
            s.send(b"?")
        print(s.recv(2048).decode())


def main():
    if sys.argv[1] == "serve":
        serve(sys.argv[2], int(sys.argv[3]))
    else:
        ask(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]) if len(sys.argv) > 5 else 0)


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        sys.exit(f"whoami: {error}")
    except KeyboardInterrupt:
        pass
