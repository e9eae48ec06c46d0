#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""usage: dpdk_telemetry.py SOCKET COMMAND    One command to DPDK's telemetry socket; prints the value of its answer as JSON."""
import json
import socket
import sys

ANSWER_MAX = 1 << 16

path, command = sys.argv[1:]
client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
client.connect(path)  # waits: DPDK lets one wait to be accepted
client.settimeout(10)
hello = json.loads(client.recv(ANSWER_MAX))
if set(hello) != {"version", "pid", "max_output_len"}:
    sys.exit(f"this is not DPDK's telemetry: {hello}")
client.send(command.encode())
answer = json.loads(client.recv(ANSWER_MAX))
name = command.split(",")[0]
if list(answer) != [name]:
    sys.exit(f"an answer to something else: {answer}")
json.dump(answer[name], sys.stdout)
