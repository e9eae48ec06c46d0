# SPDX-License-Identifier: Apache-2.0
"""Costs measured on one core here, carried to the paper's cores: the ratio to software AVS times what the paper says of that."""
from .bus import Bus, bandwidth

CONNECTION = 10  # packets of connect, request, response, close
SIX = 6  # of them in the connections whose cost is measured: without a request and its answer
RING = (188, 174)  # bytes each way of a 60-byte packet (the frame and 128, and 114, as paper-t11 finds)
JUMBO_SLICED = (8514, 170, 156)  # bytes of a frame, and each way over the ring


def connection(costs, who, packets):
    """Cost of one: as measured of six packets and more of known flows; else of a first packet and the others."""
    six = costs.get(f"{who}_connection")
    return six + (packets - SIX) * costs[who] if six else costs[f"{who}_new"] + (packets - 1) * costs[who]


def scaled(cal, costs, packets=CONNECTION):
    """Packets and connections a second of both; `costs` of a packet, a first one and a connection of six, in any unit."""
    gain = costs["software"] / costs["firmware"]
    work = cal.sw_pps_core * costs["software"]  # what a core does a second, where the software baseline does what the paper says
    cores_pps = cal.triton_cores * cal.sw_pps_core * gain
    sep = cal.sep_cores * work / connection(costs, "software", packets)
    ours = cal.triton_cores * work / connection(costs, "firmware", packets)
    return {"gain": gain, "pps_core": cal.sw_pps_core * gain, "cores_pps": cores_pps, "pps": min(cores_pps, Bus().pps(*RING)),
            "sep_pps": cal.sep_cores * cal.sw_pps_core, "cps": ours, "sep_cps": sep, "cps_gain": 100 * (ours / sep - 1),
            "bps": bandwidth(Bus(), *JUMBO_SLICED, cores_pps, cal.line_bps)[0], "sep_bps": cal.sep_cores * cal.sw_bps_core}
