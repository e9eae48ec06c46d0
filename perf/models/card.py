# SPDX-License-Identifier: Apache-2.0
"""One card: what its cores, its bus, its blocks and its memory let through, and which of them is full first.

Pre- and Post-Processor are hardware there, so a packet costs the cores what the firmware takes of it, nothing else:

    packets/s of the cores = cores * clock * work / cycles

`cycles` are measured on one core here, `work` is what a core of the card does in a cycle beside that one.
"""
import dataclasses
import math

from .bus import Bus

WIRE = 24  # bytes of a frame's FCS, preamble and gap
LINE = 64  # bytes of a cache line, and of a beat


@dataclasses.dataclass(frozen=True)
class Card:
    """What is assumed of it: none of this is measured here."""

    cores: int = 8
    hz: float = 2.5e9
    work: float = 0.5             # of a core in a cycle, beside the core that was measured in a tick of its time-stamp counter
    line_bps: float = 200e9
    bus: Bus = Bus()
    pipelines: int = 2            # of Pre and Post, each takes a beat of 64 bytes a cycle
    pipeline_hz: float = 322e6
    index_entries: int = 65536    # of the flow index on the chip; two to a session
    memory_bytes: float = 16e9    # for sessions and tables
    memory_bps: float = 40e9      # bytes a second that the cores and the bus get out of it

    def but(self, **values):
        return dataclasses.replace(self, **values)


CARD = Card()


@dataclasses.dataclass(frozen=True)
class Costs:
    """What a packet takes of a card: measured here, but for what the slots are in."""

    cycles: float        # of the firmware
    dram_bytes: float    # that the firmware fetches from memory
    to_fw: float         # bytes over the rx ring
    from_fw: float       # and back


def cores_per_second(card, cycles):
    """Of packets, or connections, that take so many cycles: a second of all cores, as if every one had its share."""
    return card.cores * card.hz * card.work / cycles


def limits(card, frame, costs):
    """Packets a second of `frame` bytes that each part lets through."""
    return {"cores": cores_per_second(card, costs.cycles),
            "bus": card.bus.pps(costs.to_fw, costs.from_fw),
            "blocks": card.pipelines * card.pipeline_hz / math.ceil(frame / LINE),
            "memory": card.memory_bps / (costs.dram_bytes + costs.to_fw + costs.from_fw),
            "wire": card.line_bps / 8 / (frame + WIRE)}


def first(found):
    """The part that is full first, and at how many packets a second."""
    name = min(found, key=found.get)
    return name, found[name]


def sessions(card, bytes_each):
    """Sessions that fit: in its memory, and of them those whose both directions the flow index on the chip holds."""
    return card.memory_bytes / bytes_each, card.index_entries / 2


def cards_for(bps, card_bps):
    """Cards that carry so many bits a second, each its share."""
    return math.ceil(bps / card_bps)
