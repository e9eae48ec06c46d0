# SPDX-License-Identifier: Apache-2.0
"""The numbers that the models are set by, each with where it comes from; and what the results hang on."""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Calibration:
    # Said in the paper (section in brackets).
    sw_pps_core: float = 1.5e6      # packets a second a core of software AVS (1)
    sw_bps_core: float = 10e9       # bits a second a core of software AVS, packets of 1,500 bytes (1)
    hw_pps: float = 24e6            # packets a second of Sep-path's hardware (7.1)
    sep_cores: int = 6              # cores of Sep-path's software (7.1)
    triton_cores: int = 8           # cores of Triton (7.1)
    line_bps: float = 200e9         # bandwidth of the hardware path, which Triton comes near (7.2)
    insert_rate: float = 2e6 / 60   # flows a second into the hardware's cache: 2 M in about a minute (7.1)
    # Said in words only, or fitted to a figure of the paper.
    hw_flows: float = 2e6           # flows that the hardware's cache holds: the 2 M connections of its figure 10 at least
    rtt_flows: float = 50e3         # of them with RTT kept: "tens of thousands" (2.3)
    slow_cost: float = 5.0          # a first packet costs so many later ones: measured here, avs-software --new against without
    insert_cost: float = 90.0       # and an insertion so many: fitted, so that a refresh costs 75 % at first (7.1)

    def but(self, **values):
        return dataclasses.replace(self, **values)


PAPER = Calibration()


def sensitivity(calibration, variations, outcome):
    """Rows of what comes out when one value at a time is another: (name, value, outcome), the first one as calibrated."""
    rows = [("as calibrated", None, outcome(calibration))]
    for name, values in variations.items():
        rows += [(name, value, outcome(calibration.but(**{name: value}))) for value in values]
    return rows
