# SPDX-License-Identifier: Apache-2.0
"""Costs measured on one core here, carried to the paper's cores: the ratio to software AVS times what the paper says of that."""
from .bus import Bus, bandwidth

CONNECTION = 10  # packets of connect, request, response, close: the first one walks the policy
RING = (188, 174)  # bytes each way of a 60-byte packet (paper-t11 measures)
JUMBO_SLICED = (8514, 170, 156)  # bytes of a frame, and each way over the ring


def scaled(cal, costs, packets=CONNECTION):
    """Packets and connections a second of both; `costs` of a packet and of a first one, in any unit."""
    gain = costs["software"] / costs["firmware"]
    work = cal.sw_pps_core * costs["software"]  # what a core does a second, where the software baseline does what the paper says
    cores_pps = cal.triton_cores * cal.sw_pps_core * gain
    sep = cal.sep_cores * work / (costs["software_new"] + (packets - 1) * costs["software"])
    ours = cal.triton_cores * work / (costs["firmware_new"] + (packets - 1) * costs["firmware"])
    return {"gain": gain, "pps_core": cal.sw_pps_core * gain, "cores_pps": cores_pps, "pps": min(cores_pps, Bus().pps(*RING)),
            "sep_pps": cal.sep_cores * cal.sw_pps_core, "cps": ours, "sep_cps": sep, "cps_gain": 100 * (ours / sep - 1),
            "bps": bandwidth(Bus(), *JUMBO_SLICED, cores_pps, cal.line_bps)[0], "sep_bps": cal.sep_cores * cal.sw_bps_core}
