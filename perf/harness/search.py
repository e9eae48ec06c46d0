# SPDX-License-Identifier: Apache-2.0
"""NDR and PDR (RFC 2544, RFC 9411) by a search like MLRsearch (IETF draft-ietf-bmwg-mlrsearch): several loss ratios in one go.

A trial offers a rate for a while and counts what is lost. One trial says little on a shared machine, so a rate is tried until
it is sure what it is for a goal: too high if more than `exceed` of all the trials a goal wants lose more than its ratio, low
enough if no more than that can. What is still open stays open. The bounds then close in, each trial serving all goals.
"""
import dataclasses
import math

LOWER, UPPER = "lower", "upper"


@dataclasses.dataclass(frozen=True)
class Trial:
    rate: float  # offered, packets a second
    offered: int
    received: int

    @property
    def loss(self):
        return max(0, self.offered - self.received) / self.offered if self.offered else 1.0


@dataclasses.dataclass(frozen=True)
class Goal:
    name: str
    loss: float  # ratio that may be lost
    trials: int = 7  # at one rate, at most
    exceed: float = 0.5  # part of them that may lose more
    width: float = 0.01  # of the interval that ends the search, relative


NDR, PDR = Goal("NDR", 0.0), Goal("PDR", 0.005)


@dataclasses.dataclass(frozen=True)
class Found:
    """A goal's result. `rate` is the highest that is low enough; `throughput` what was received there (conditional throughput)."""

    goal: Goal
    rate: float
    upper: float  # lowest that is too high; infinite: none was
    throughput: float
    trials: int
    complete: bool  # closed in to the width


def classify(trials, goal):
    """LOWER, UPPER, or None: not known yet."""
    bad = sum(trial.loss > goal.loss for trial in trials)
    wanted = max(goal.trials, len(trials))
    if bad > goal.exceed * wanted:
        return UPPER
    if bad + wanted - len(trials) <= goal.exceed * wanted:
        return LOWER
    return None


def conditional(trials, goal):
    """Of the trials at a rate, the forwarding rate that all but `exceed` of them reach."""
    rates = sorted((trial.rate * (1 - trial.loss) for trial in trials), reverse=True)
    return rates[min(math.floor((1 - goal.exceed) * len(rates)), len(rates) - 1)]


class Search:
    """`measure(rate)` makes a trial. Rates are from `least` to `most`; `budget` trials at most in all."""

    def __init__(self, measure, least, most, goals=(NDR, PDR), budget=150):
        self.measure, self.least, self.most, self.goals, self.budget = measure, least, most, goals, budget
        self.at = {}  # rate -> its trials

    def trials(self):
        return sum(len(some) for some in self.at.values())

    def spent(self):
        return self.trials() >= self.budget

    def settle(self, rate, goal):
        """Tries the rate until it is known what it is for the goal; None when the budget is spent."""
        while (known := classify(self.at.setdefault(rate, []), goal)) is None and not self.spent():
            self.at[rate].append(self.measure(rate))
        return known

    def bounds(self, goal):
        """The highest lower bound below the lowest upper bound, and that: 0 and infinity where there is none."""
        known = {rate: classify(some, goal) for rate, some in self.at.items()}
        upper = min((rate for rate, kind in known.items() if kind == UPPER), default=math.inf)
        lower = max((rate for rate, kind in known.items() if kind == LOWER and rate < upper), default=0.0)
        return lower, upper

    def next_rate(self, goal, guess):
        """Where to look for a goal next; None: it is found."""
        lower, upper = self.bounds(goal)
        if lower >= self.most or upper <= self.least:
            return None
        if lower and upper < math.inf:
            return None if upper - lower <= goal.width * upper else math.sqrt(lower * upper)
        if not lower and upper == math.inf:
            return guess
        if lower:  # outwards, by steps that grow with the distance from the guess
            return min(self.most, lower * max(1 + 2 * goal.width, (lower / guess) ** 2))
        return max(self.least, upper / max(1 + 2 * goal.width, (guess / upper) ** 2))

    def run(self):
        """Begins with what comes through at the highest rate (MRR), as a guess of all goals; a list of Found."""
        first = self.measure(self.most)
        self.at[self.most] = [first]
        guess = min(self.most, max(self.least, first.received / first.offered * self.most))
        strictest_last = sorted(self.goals, key=lambda each: each.loss, reverse=True)
        while not self.spent():  # a trial for one goal may reopen another
            goal = next((each for each in strictest_last if self.next_rate(each, guess) is not None), None)
            if goal is None:
                break
            self.settle(self.next_rate(goal, guess), goal)
            guess = self.bounds(goal)[0] or guess  # also of the next goal, which allows less
        return [self.found(goal) for goal in self.goals]

    def found(self, goal):
        lower, upper = self.bounds(goal)
        closed = lower >= self.most or upper <= self.least or (upper < math.inf and upper - lower <= goal.width * upper)
        return Found(goal, lower, upper, conditional(self.at[lower], goal) if lower else 0.0, self.trials(), closed)
