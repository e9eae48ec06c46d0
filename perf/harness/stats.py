# SPDX-License-Identifier: Apache-2.0
"""Numbers of several runs as one: median, minimum, maximum; the ratio of two."""
import statistics


def summary(values):
    """Of one figure's values in several runs; None without any."""
    values = [value for value in values if value is not None]
    if not values:
        return None
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "n": len(values)}


def ratio(ours, peer, better="higher"):
    """How many times better ours is, by the medians: for what shall be small, the peer's over ours. None without both."""
    if ours is None or peer is None:
        return None
    over, under = (ours, peer) if better == "higher" else (peer, ours)
    return over["median"] / under["median"] if under["median"] else None
