# SPDX-License-Identifier: Apache-2.0
"""A fleet of hosts: what each has to know, what a change costs, and when the last host has it.

Every host of a VPC has a mapping for each guest of it that lives elsewhere, and is told of each that comes or goes. One controller
tells the hosts one after the other; a host carries out one change at a time.
"""
import dataclasses


@dataclasses.dataclass(frozen=True)
class Fleet:
    """What is assumed of it."""

    hosts: int = 1000
    vnics: int = 50               # a host
    vpc_guests: int = 2000        # vNICs of a VPC, on as many hosts as may be
    life_s: float = 86400.0       # of a guest: it comes and goes once
    sends: float = 20000.0        # messages a second of the controller
    network_s: float = 0.001      # from the controller to a host
    sessions: float = 1e6         # a host

    def but(self, **values):
        return dataclasses.replace(self, **values)


@dataclasses.dataclass(frozen=True)
class Costs:
    """Measured here, with the product."""

    mapping_bytes: float  # of memory
    session_bytes: float
    message_bytes: float  # of a change of one mapping, request and answer
    base_s: float         # of one change where there are no mappings yet
    each_s: float         # and of each mapping that is there
    all_base_s: float     # the same of all mappings again, some of them others
    all_each_s: float
    most: int             # mappings of a document


FLEET = Fleet()


def shape(fleet):
    """(VPCs, hosts of one, VPCs of a host, mappings of a host); guests of a VPC lie on different hosts as long as there are some."""
    guests = fleet.hosts * fleet.vnics
    vpcs = max(guests / fleet.vpc_guests, 1)
    members = min(fleet.vpc_guests, guests)
    spread = min(fleet.hosts, members)
    on_host = vpcs * spread / fleet.hosts
    return vpcs, spread, on_host, on_host * members * (1 - 1 / spread)


def found(fleet, costs):
    """What each host holds and does, and how long a change takes until the last host of the VPC has it."""
    vpcs, spread, on_host, mappings = shape(fleet)
    changes = 2 * fleet.hosts * fleet.vnics / fleet.life_s  # a second in the fleet: a mapping comes, and goes
    messages = changes * (spread - 1)
    told = messages / fleet.hosts
    apply_s = costs.base_s + costs.each_s * mappings
    return {"vpcs": vpcs, "hosts_of_vpc": spread, "vpcs_of_host": on_host, "mappings": mappings,
            "memory_bytes": mappings * costs.mapping_bytes + fleet.sessions * costs.session_bytes,
            "changes": changes, "messages": messages, "bits": messages * costs.message_bytes * 8, "told": told, "apply_s": apply_s,
            "controller": messages / fleet.sends, "host": told * apply_s, "document": mappings / costs.most,
            "last_s": last(fleet, spread, told, apply_s), "together_s": together(fleet, spread, costs.all_base_s + costs.all_each_s * mappings)}


def last(fleet, spread, told, apply_s):
    """Seconds until the last host has a change: the controller's round, the way, the changes before it there, and its own; None: never."""
    load = told * apply_s
    if load >= 1:
        return None
    waiting = load * apply_s / (2 * (1 - load))  # M/D/1
    return (spread - 1) / fleet.sends + fleet.network_s + waiting + apply_s


def together(fleet, spread, all_s):
    """The same at most, when a host is given all that came while it was busy as one document: it may have just begun with another one."""
    return (spread - 1) / fleet.sends + fleet.network_s + 2 * all_s


def first(row):
    """What is full first: (name, share)."""
    name = max(("controller", "host", "document"), key=row.get)
    return name, row[name]
