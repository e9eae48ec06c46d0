#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The table of counters: counters.py HOST STATS.json DROPS.json ... Exit code 1 when conservation does not hold."""
import json
import sys


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def reasons(drops, port):
    found = [f"{row['reason']} {row['packets']}" for row in drops if row["port"] == port]
    return "  (" + ", ".join(found) + ")" if found else ""


def main(words):
    hosts = [(words[i], load(words[i + 1]), load(words[i + 2])) for i in range(0, len(words), 3)]
    status = 0
    print(f"{'host':<5} {'port':<8} {'rx packets':>11} {'tx packets':>11} {'rx MB':>8} {'tx MB':>8} {'drops':>6}")
    for host, stats, drops in hosts:
        for port in stats["ports"]:
            print(f"{host:<5} {port['name']:<8} {port['rx_packets']:>11} {port['tx_packets']:>11} "
                  f"{port['rx_bytes'] / 1e6:>8.1f} {port['tx_bytes'] / 1e6:>8.1f} {port['drops']:>6}"
                  + reasons(drops, port["name"]))
    print()
    print(f"{'host':<5} {'sessions':>8} {'created':>8} {'vectors':>9} {'fast path':>10}   conservation")
    for host, stats, _ in hosts:
        total = stats["conservation"]
        vectors = sum(worker["vectors"] for worker in stats["workers"])
        fast = sum(worker["hits_flow_id"] + worker["hits_table"] for worker in stats["workers"])
        share = f"{100 * fast / vectors:.2f} %" if vectors else "-"
        equation = (f"{total['rx']} rx + {total['originated']} originated + {total['copies']} copies + "
                    f"{total['segments_added']} segments = "
                    f"{total['tx']} tx + {total['consumed']} consumed + {total['merged']} merged + "
                    f"{total['drops']} drops + {total['in_flight']} in flight")
        print(f"{host:<5} {stats['sessions']['used']:>8} {stats['sessions']['created']:>8} {vectors:>9} {share:>10}   "
              f"{'holds' if total['ok'] else 'BROKEN'}: {equation}")
        if not total["ok"] or not all(port["conservation"]["ok"] for port in stats["ports"]):
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
