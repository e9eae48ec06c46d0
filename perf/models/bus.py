# SPDX-License-Identifier: Apache-2.0
"""The bus between the FPGA and the SoC: two 8-lane PCIe 4.0 links that both crossings of a packet share.

Bytes are what the HS-ring carries, as measured; the bus adds a header to each transaction, and each DMA takes its 16 ns.
"""
import dataclasses
import math


@dataclasses.dataclass(frozen=True)
class Bus:
    links: int = 2
    lanes: int = 8
    gigatransfers: float = 16e9      # PCIe 4.0, a second and lane
    coding: float = 128 / 130
    payload: int = 256               # bytes of a transaction at most
    header: int = 26                 # bytes around it: framing 4, sequence 2, header 16, LCRC 4
    dma_ns: float = 16.0             # of the paper: one packet's DMA
    shared: bool = True              # both crossings on one bus; False: each direction has the links for itself
    read_ns: float = 900.0           # a read across the bus and back (Neugebauer et al., SIGCOMM 2018, figure 5)

    def bits(self):
        """Bits a second of all links, one direction, headers included."""
        return self.links * self.lanes * self.gigatransfers * self.coding

    def wire(self, size):
        """Bytes on the bus of a transfer of `size`."""
        return size + math.ceil(size / self.payload) * self.header

    def seconds(self, size):
        """How long one packet's DMA of `size` bytes keeps the bus."""
        return self.dma_ns * 1e-9 + self.wire(size) * 8 / self.bits()

    def pps(self, to_fw, from_fw):
        """Packets a second, with so many bytes each way."""
        there, back = self.seconds(to_fw), self.seconds(from_fw)
        return 1 / (there + back) if self.shared else 1 / max(there, back)

    def crossing(self, to_fw, from_fw, software_ns):
        """Nanoseconds that the way to the SoC and back adds: a posted write, software, a doorbell, and the card's read of the slot."""
        one_way = self.read_ns / 2
        dma = (self.seconds(to_fw) + self.seconds(from_fw)) * 1e9
        return {"to SoC": one_way, "doorbell": one_way, "read back": self.read_ns, "DMA": dma, "software": software_ns}


def bandwidth(bus, frame, to_fw, from_fw, cpu_pps, line_bps):
    """Bits of frames a second and what limits them: bus, cores or line."""
    limits = {"bus": bus.pps(to_fw, from_fw) * frame * 8, "cores": cpu_pps * frame * 8, "line": line_bps}
    name = min(limits, key=limits.get)
    return limits[name], name, limits
